//! Structured fuzzing of all that reads what strangers wrote: requests, files of blocks, block logs, dumps of the state,
//! genesis files.
//!
//! A slice of it runs with the tests, the same each time. `cargo xtask fuzz` goes on with new seeds for as long as it is
//! told, and keeps what fails in `corpus/`, from where the tests repeat it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod block_log;
#[path = "../common/mod.rs"]
mod common;
mod dump;
mod genesis;
mod import;
mod methods;
mod random;
mod requests;
mod rpc;

use std::{
    fs,
    panic::{self, AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        LazyLock, Once,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use random::Random;
use tokio::runtime::Runtime;

/// The inputs of one reader.
struct Target {
    name: &'static str,
    /// Makes an input.
    generate: fn(&mut Random) -> Vec<u8>,
    /// Gives an input to its reader; why that was no good. It may panic as well.
    run: fn(&[u8]) -> Result<(), String>,
}

const TARGETS: [Target; 5] = [rpc::TARGET, import::TARGET, block_log::TARGET, dump::TARGET, genesis::TARGET];

/// The slice that runs with the tests: its seed, and how many inputs there are for each reader.
const SEED: u64 = 20_250_611;
const SLICE: u64 = 60;

/// An input that takes longer makes its reader hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the chains of all inputs run.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// How many panics there were, on any thread: those behind a chain are as bad as those before it.
fn panics() -> usize {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    static COUNTS: Once = Once::new();
    COUNTS.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            tell(info);
        }));
    });
    PANICS.load(Ordering::SeqCst)
}

impl Target {
    fn named(name: &str) -> Self {
        TARGETS.into_iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target is named {name}"))
    }

    fn corpus(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(self.name)
    }

    /// Why `input` was no good.
    fn check(&self, input: &[u8]) -> Result<(), String> {
        let (done, waits) = mpsc::channel::<()>();
        let input_file = std::env::temp_dir().join(format!("infera-fuzz-{}-{}", self.name, std::process::id()));
        let (name, kept) = (self.name, input.to_vec());
        // What hangs can't be stopped: the input is kept, and the process ends.
        let watch = thread::spawn(move || {
            if waits.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                fs::write(&input_file, kept).unwrap();
                eprintln!("{name}: no end within {PATIENCE:?}; the input is in {}", input_file.display());
                std::process::abort();
            }
        });
        let before = panics();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(input)));
        drop(done);
        watch.join().unwrap();
        if panics() > before {
            return Err("a panic, told above".to_owned());
        }
        outcome.unwrap_or_else(|_| Err("a panic".to_owned()))
    }

    /// Checks the inputs of `seed` as long as `goes_on`; how many there were.
    fn fuzz(&self, seed: u64, mut goes_on: impl FnMut(u64) -> bool) -> u64 {
        let mut seeds = Random::new(seed);
        let mut cases = 0;
        while goes_on(cases) {
            let case = seeds.next();
            let input = (self.generate)(&mut Random::new(case));
            if let Err(reason) = self.check(&input) {
                let path = self.corpus().join(format!("{case:016x}"));
                fs::create_dir_all(self.corpus()).unwrap();
                fs::write(&path, &input).unwrap();
                let path = path.display();
                panic!(
                    "{}: input {cases} of seed {seed}: {reason}\nthe tests repeat it from now on: {path}",
                    self.name
                );
            }
            cases += 1;
        }
        cases
    }
}

fn slice(name: &str) {
    assert_eq!(Target::named(name).fuzz(SEED, |cases| cases < SLICE), SLICE);
}

#[test]
fn a_slice_of_requests_is_answered() {
    slice("rpc");
}

#[test]
fn a_slice_of_block_files_is_imported_or_refused() {
    slice("import");
}

#[test]
fn a_slice_of_block_logs_is_opened_or_refused() {
    slice("block-log");
}

#[test]
fn a_slice_of_dumps_is_loaded_or_refused() {
    slice("dump");
}

#[test]
fn a_slice_of_genesis_files_starts_a_chain_or_is_refused() {
    slice("genesis");
}

#[test]
fn what_once_failed_is_good_for_ever() {
    for target in TARGETS {
        let Ok(corpus) = fs::read_dir(target.corpus()) else { continue };
        for entry in corpus {
            let path = entry.unwrap().path();
            if let Err(reason) = target.check(&fs::read(&path).unwrap()) {
                panic!("{}: {reason}", path.display());
            }
        }
    }
}

#[test]
fn every_method_that_is_fuzzed_is_one() {
    rpc::every_method_is_known();
}

/// What `cargo xtask fuzz` runs: `FUZZ_SECONDS`, shared by the targets in `FUZZ_TARGETS`, from `FUZZ_SEED` on.
#[test]
#[ignore = "takes as long as it is told: cargo xtask fuzz"]
fn fuzz_for_a_while() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: cargo xtask fuzz"));
    let number = |name: &str| variable(name).parse::<u64>().unwrap_or_else(|error| panic!("{name}: {error}"));
    let (seconds, seed, targets) = (number("FUZZ_SECONDS"), number("FUZZ_SEED"), variable("FUZZ_TARGETS"));
    let targets: Vec<Target> = targets.split(',').map(Target::named).collect();
    let share = Duration::from_millis(seconds * 1_000 / targets.len() as u64);
    for target in targets {
        eprintln!("{}: seed {seed}, {share:?}", target.name);
        let start = Instant::now();
        let cases = target.fuzz(seed, |cases| cases == 0 || start.elapsed() < share);
        eprintln!("{}: {cases} inputs, nothing found", target.name);
    }
}
