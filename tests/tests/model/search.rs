//! The search for a sequence that model and contracts tell differently.

use std::{
    cell::RefCell,
    env,
    fmt::Display,
    hash::{BuildHasher, Hasher, RandomState},
    str::FromStr,
    time::Instant,
};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::{
    generator::sequence,
    model::Mutation,
    operation::Operation,
    printer::source,
    stage::Stage,
    trial::{self, Difference, Seen},
};

/// Sequences that are tried without `INFERA_CASES`.
const CASES: u32 = 24;

/// The smallest sequence that was found, and how it is told.
struct Found {
    operations: Vec<Operation>,
    difference: Difference,
}

/// Tries `cases` random sequences; the first that shows a difference shrinks.
fn search(stage: &Stage, seed: u64, cases: u32, mutation: Option<Mutation>, seen: &mut Seen) -> Option<Found> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let seen = RefCell::new(seen);
    let outcome = TestRunner::new_with_rng(config, rng).run(&sequence(), |operations| {
        let told = trial::run(stage, &operations, mutation, &mut seen.borrow_mut());
        told.map_err(|difference| TestCaseError::fail(difference.to_string()))
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(reason, operations)) => {
            match trial::run(stage, &operations, mutation, &mut Seen::default()) {
                Err(difference) => Some(Found { operations, difference }),
                Ok(()) => panic!("{reason}\nwas found in\n{}", source("found", &operations)),
            }
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// A number from the environment.
fn setting<T: FromStr<Err: Display>>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name} is {text:?}: {error}")))
}

#[test]
fn model_and_contracts_tell_every_sequence_alike() {
    let seed = setting("INFERA_SEED").unwrap_or_else(random_seed);
    let cases = setting("INFERA_CASES").unwrap_or(CASES);
    println!("INFERA_SEED={seed} INFERA_CASES={cases}");
    let (stage, mut seen, started) = (Stage::start(), Seen::new(), Instant::now());
    if let Some(found) = search(&stage, seed, cases, None, &mut seen) {
        let source = source("found", &found.operations);
        panic!("{}\nINFERA_SEED={seed} finds it again; as a test for `regressions.rs`:\n\n{source}", found.difference);
    }
    println!("{:?}: {seen:?}", started.elapsed());
}

/// The keys of the standard library's hash maps are random.
fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
