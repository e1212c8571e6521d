//! The search for a sequence that model and contracts tell differently.

use std::{
    cell::RefCell,
    env,
    fmt::Display,
    hash::{BuildHasher, Hasher, RandomState},
    str::FromStr,
};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::{
    generator::sequence,
    model::Mutation,
    printer::source,
    shrinking::{Found, smallest},
    stage::Stage,
    trial::{self, Seen},
};

/// Sequences that are tried without `INFERA_CASES`.
const CASES: u32 = 24;

/// Of the searches for a rule that is wrong on purpose.
const MUTATION_SEED: u64 = 1;
const MUTATION_CASES: u32 = 200;

/// Events and errors that so many random sequences hardly ever miss.
const EXPECTED: [&str; 3] = ["JobResolved", "JobRefunded", "Slashed"];

/// Tries `cases` random sequences; the first that shows a difference shrinks.
fn search(stage: &Stage, seed: u64, cases: u32, mutation: Option<Mutation>, seen: &mut Seen) -> Option<Found> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
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
            let found = smallest(operations.clone(), |operations| {
                trial::run(stage, operations, mutation, &mut Seen::default()).err()
            });
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

#[test]
fn model_and_contracts_tell_every_sequence_alike() {
    let seed = setting("INFERA_SEED").unwrap_or_else(random_seed);
    let cases = setting("INFERA_CASES").unwrap_or(CASES);
    println!("INFERA_SEED={seed} INFERA_CASES={cases}");
    let (stage, mut seen) = (Stage::start(), Seen::new());
    if let Some(Found { operations, difference }) = search(&stage, seed, cases, None, &mut seen) {
        let source = source("found", &operations);
        panic!("{difference}\nINFERA_SEED={seed} finds it again; as a test for `regressions.rs`:\n\n{source}");
    }
    println!("{seen:#?}");
    let missing: Vec<_> = EXPECTED.iter().filter(|name| !seen.contains_key(**name)).collect();
    assert!(missing.is_empty(), "INFERA_SEED={seed} is too tame: no {missing:?} in {cases} sequences");
}

/// A rule that is wrong in the model is found, by a sequence that is as short as it gets and can be replayed.
fn finds(mutation: Mutation, most_operations: usize) {
    let stage = Stage::start();
    let found = search(&stage, MUTATION_SEED, MUTATION_CASES, Some(mutation), &mut Seen::new());
    let Some(Found { operations, difference }) = found else { panic!("{mutation:?} was not found") };
    println!("{difference}\n{}", source("found", &operations));
    assert!(operations.len() <= most_operations, "{} operations: {operations:?}", operations.len());
    // From its start, as the printed test does; and it is the rule that differs, not the sequence that is odd.
    assert_eq!(trial::run(&Stage::start(), &operations, Some(mutation), &mut Seen::new()), Err(difference));
    assert_eq!(trial::run(&stage, &operations, None, &mut Seen::new()), Ok(()));
}

#[test]
fn a_bounty_that_is_rounded_up_is_found() {
    // A request, its beacon and an advance, and what lets time pass.
    finds(Mutation::GenerousBounty, 5);
}

#[test]
fn a_grace_that_ends_a_second_early_is_found() {
    finds(Mutation::ShortGrace, 6);
}

#[test]
fn a_slash_that_is_rounded_down_is_found() {
    // A job for one, its commitment, silence and a stake that isn't whole.
    finds(Mutation::LenientSlash, 14);
}

/// The keys of the standard library's hash maps are random.
fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
