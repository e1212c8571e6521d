//! The reputation formulas of the design, section 7, as plain integer arithmetic.

use alloy::{primitives::U256, sol_types::SolValue};
use infera_contracts::{IReputation, creation};
use proptest::prelude::*;

use crate::chain::{Chain, check};

const CASES: u32 = 256;
const MAXIMUM: u128 = 1_000_000;
const START: u128 = 500_000;
/// Wei, as in the presets.
const FULL_STEP_FEE: u128 = 500_000_000_000_000;

/// `SeatOutcome` by its number. Every step rounds towards the lower score.
fn step(score: u128, outcome: u8, protocol_fee: u128) -> u128 {
    match outcome {
        // Success: a 64th of what is missing, in proportion to the protocol fee up to the full step's.
        0 => score + (MAXIMUM - score) * protocol_fee.min(FULL_STEP_FEE) / (64 * FULL_STEP_FEE),
        // Miss.
        1 => score - score.div_ceil(64),
        // Outlier.
        2 => score - score.div_ceil(8),
        _ => score,
    }
}

/// One percent of the distance to the start for each epoch, towards the lower score; at most 64 epochs count.
fn drift(score: u128, epochs: u64) -> u128 {
    (0..epochs.min(64)).fold(score, |score, _| {
        if score > START { score - (score - START).div_ceil(100) } else { score + (START - score) / 100 }
    })
}

#[test]
fn steps_and_drift_follow_the_formulas() {
    let chain = Chain::start();
    let at = chain.deploy(&creation::REPUTATION, &U256::from(FULL_STEP_FEE).abi_encode());
    let reputation = IReputation::new(at, &chain.provider);
    assert_eq!(chain.wait(reputation.initialScore().call()).unwrap(), U256::from(START));

    let score = prop_oneof![0..=MAXIMUM, Just(0), Just(START), Just(MAXIMUM), START - 200..=START + 200];
    let fee = prop_oneof![0..=2 * FULL_STEP_FEE, Just(0), Just(FULL_STEP_FEE), Just(u128::MAX)];
    let epochs = prop_oneof![0..=70_u64, Just(u64::MAX)];
    check(file!(), CASES, (score, 0..=4_u8, fee, epochs), |(score, outcome, fee, epochs)| {
        let stepped = chain.wait(reputation.step(U256::from(score), outcome, U256::from(fee)).call()).unwrap();
        prop_assert_eq!(stepped, U256::from(step(score, outcome, fee)));
        let drifted = chain.wait(reputation.drift(U256::from(score), U256::from(epochs)).call()).unwrap();
        prop_assert_eq!(drifted, U256::from(drift(score, epochs)));
        Ok(())
    });
}
