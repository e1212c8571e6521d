//! The search for a sequence that model and contracts tell differently.

use std::{
    cell::RefCell,
    env,
    fmt::Display,
    hash::{BuildHasher, Hasher, RandomState},
    str::FromStr,
};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use crate::{
    generator::{sequence, sequence_of_singles},
    model::Mutation,
    operation::Operation,
    printer::source,
    shrinking::{Found, smallest},
    stage::Stage,
    trial::{self, Seen, Views},
};

/// Sequences that are tried without `INFERA_CASES`.
const CASES: u32 = 80;

/// Events, verdicts and errors that so many random sequences hardly ever miss.
const EXPECTED: [&str; 11] = [
    "JobResolved",
    "JobRefunded",
    "Slashed",
    "Convicted",
    "Acquitted",
    "Lapsed",
    // After an equivocation that was punished.
    "AlreadyPunished",
    "Charged",
    "RequestRefused",
    "IntervalServed",
    "AccountWithdrawn",
];

/// The same of sequences of single jobs alone.
const CASES_OF_SINGLES: u32 = 30;
const EXPECTED_OF_SINGLES: [&str; 5] = ["SeatTaken", "Submitted", "Proven", "JobFinalised", "JobRefunded"];

/// Tries `cases` random sequences; the first that shows a difference shrinks.
pub(crate) fn search(
    stage: &Stage,
    seed: u64,
    cases: u32,
    mutation: Option<Mutation>,
    seen: &mut Seen,
) -> Option<Found> {
    search_among(sequence(), stage, seed, cases, mutation, seen)
}

fn search_among(
    sequences: impl Strategy<Value = Vec<Operation>>,
    stage: &Stage,
    seed: u64,
    cases: u32,
    mutation: Option<Mutation>,
    seen: &mut Seen,
) -> Option<Found> {
    // Shrinking is ours.
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let seen = RefCell::new(seen);
    let outcome = TestRunner::new_with_rng(config, rng).run(&sequences, |operations| {
        let told = trial::run(stage, &operations, mutation, Views::Often, &mut seen.borrow_mut());
        told.map_err(|difference| TestCaseError::fail(difference.to_string()))
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(reason, operations)) => {
            let differs = |views| {
                move |operations: &[_]| trial::run(stage, operations, mutation, views, &mut Seen::default()).err()
            };
            // Up to the step that differs, views need no look.
            let found = differs(Views::Often)(&operations)
                .and_then(|difference| smallest(&operations[..=difference.step], differs(Views::Last)));
            // Else the stage remembers something.
            Some(found.unwrap_or_else(|| panic!("{reason}\nonly once, in\n{}", source("found", &operations))))
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// A number from the environment.
fn setting<T: FromStr<Err: Display>>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name} is {text:?}: {error}")))
}

/// Panics over a difference, and where enough sequences miss something that is expected of them.
fn tell_alike(sequences: impl Strategy<Value = Vec<Operation>>, enough: u32, expected: &[&str]) {
    let seed = setting("INFERA_SEED").unwrap_or_else(random_seed);
    let cases = setting("INFERA_CASES").unwrap_or(enough);
    println!("INFERA_SEED={seed} INFERA_CASES={cases}");
    let (stage, mut seen) = (Stage::start(), Seen::new());
    if let Some(Found { operations, difference }) = search_among(sequences, &stage, seed, cases, None, &mut seen) {
        let source = source("found", &operations);
        panic!("{difference}\nINFERA_SEED={seed} finds it again; as a test for `regressions.rs`:\n\n{source}");
    }
    println!("{seen:#?}");
    let missing: Vec<_> = expected.iter().filter(|name| !seen.contains_key(**name)).collect();
    assert!(
        missing.is_empty() || cases < enough,
        "INFERA_SEED={seed} is too tame: no {missing:?} in {cases} sequences"
    );
}

#[test]
fn model_and_contracts_tell_every_sequence_alike() {
    tell_alike(sequence(), CASES, &EXPECTED);
}

#[test]
fn model_and_contracts_tell_single_jobs_alike() {
    tell_alike(sequence_of_singles(), CASES_OF_SINGLES, &EXPECTED_OF_SINGLES);
}

/// The keys of the standard library's hash maps are random.
fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
