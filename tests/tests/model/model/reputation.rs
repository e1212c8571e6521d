//! The reputation formulas.

/// The score of who has done nothing yet.
pub(crate) const INITIAL: u128 = 500_000;
/// Below it, an executor is ejected.
pub(crate) const EJECTION_LINE: u128 = 200_000;
const MAXIMUM: u128 = 1_000_000;

/// How a seat ended, by its number in the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatOutcome {
    Success,
    Miss,
    Outlier,
    Silent,
    Neutral,
}

/// The score after a seat. Rounds towards the lower score.
pub(crate) fn step(score: u128, outcome: SeatOutcome, protocol_fee: u128, full_step_fee: u128) -> u128 {
    match outcome {
        SeatOutcome::Success => score + (MAXIMUM - score) * protocol_fee.min(full_step_fee) / (64 * full_step_fee),
        SeatOutcome::Miss => score - score.div_ceil(64),
        SeatOutcome::Outlier => score - score.div_ceil(8),
        SeatOutcome::Silent | SeatOutcome::Neutral => score,
    }
}

/// One percent of the distance to the start for each epoch, at most 64 of them, rounded towards the lower score.
pub(crate) fn drift(score: u128, epochs: u64) -> u128 {
    (0..epochs.min(64)).fold(score, |score, _| {
        if score > INITIAL { score - (score - INITIAL).div_ceil(100) } else { score + (INITIAL - score) / 100 }
    })
}
