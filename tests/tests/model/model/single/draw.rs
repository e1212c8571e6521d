//! Whom a scheduler picks.

use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolValue,
};
use infera_contracts::ISingleJobRegistry::{self, SingleTerms};

use super::{
    super::{
        Model,
        draw::{BEACON_REACH, pick},
        outcome::{Refusal, Result},
    },
    REVERSE_AUCTION, ROUND_ROBIN, SinglePhase,
    job::max_fee,
};

const MAX_SKIPS: u64 = 2;
/// The golden ratio's fraction, in parts of `STRIDE_UNIT`.
const STRIDE: u64 = 618_033_988_749;
const STRIDE_UNIT: u64 = 1_000_000_000_000;

impl Model {
    /// What the view `drawnOf` gives.
    pub(crate) fn drawn_of(&self, terms: &SingleTerms) -> (u32, u128) {
        let id = self.single_id_of(terms);
        let job = self.single(id);
        match job.phase {
            SinglePhase::Drawn => (job.executor, job.fee),
            SinglePhase::Requested if terms.scheduler != REVERSE_AUCTION => {
                self.draw_single(id, terms, 0).ok().flatten().unwrap_or_default()
            }
            _ => (0, 0),
        }
    }

    /// Whom the scheduler picks now, and the fee; none when too few are eligible.
    ///
    /// The `caller` is taken for able to lock the stake, because it locks it next; 0 is nobody.
    pub(super) fn draw_single(&self, id: B256, terms: &SingleTerms, caller: u32) -> Result<Option<(u32, u128)>> {
        let Some(randomness) = self.single_randomness(id) else { return Err(self.without_beacon(id)) };
        let job = self.single(id);
        let mut candidates = self.offers.weights_before(0, job.request_time / self.config.epoch_length);
        let total: u64 = candidates.iter().map(|(_, weight)| weight).sum();
        for skips in 0..=MAX_SKIPS {
            let random = if terms.scheduler == ROUND_ROBIN {
                place_on_the_wheel(job.turn, total)
            } else {
                U256::from_be_bytes(keccak256((randomness, U256::from(skips)).abi_encode()).0)
            };
            let Some(candidate) = pick(&mut candidates, random) else { break };
            if let Some(fee) = self.offered_fee(id, terms, candidate)
                && (candidate == caller || self.can_lock(candidate, self.single_lock(fee), u16::MAX))
            {
                return Ok(Some((candidate, fee)));
            }
        }
        Ok(None)
    }

    /// What an executor gets by its offer as of the request; none for who doesn't serve the version or is too dear.
    pub(super) fn offered_fee(&self, id: B256, terms: &SingleTerms, executor: u32) -> Option<u128> {
        let epoch = self.single(id).request_time / self.config.epoch_length;
        let offer = self.offers.offer_before(executor, 0, epoch);
        let fee = offer.price * u128::from(terms.maxUnits);
        let serves = offer.capacity != 0 && U256::from(fee) <= max_fee(terms);
        serves.then_some(fee.max(self.config.single.minFee))
    }

    /// The beacon's block hash, mixed with the job; none before it and after its end.
    pub(crate) fn single_randomness(&self, id: B256) -> Option<B256> {
        let block = self.single_beacon_block(id);
        if self.single_beacon_expired(id) || block >= self.number {
            return None;
        }
        let hash = self.hashes.get(&block).expect("every block's hash is told");
        Some(keccak256((*hash, id).abi_encode()))
    }

    pub(super) fn without_beacon(&self, id: B256) -> Refusal {
        if self.single_beacon_expired(id) {
            return Refusal::of(ISingleJobRegistry::BeaconOutOfReach { jobId: id });
        }
        let availableAtBlock = U256::from(self.single_beacon_block(id) + 1);
        Refusal::of(ISingleJobRegistry::BeaconNotReady { jobId: id, availableAtBlock })
    }

    /// Whether hash or weights are forgotten.
    pub(super) fn single_beacon_expired(&self, id: B256) -> bool {
        let requested = self.single(id).request_time / self.config.epoch_length;
        self.epoch() > requested + 1 || self.number.saturating_sub(self.single_beacon_block(id)) > BEACON_REACH
    }

    pub(super) fn single_beacon_block(&self, id: B256) -> u64 {
        self.single(id).request_block + u64::from(self.config.single.beaconDelay)
    }
}

/// Turns are a golden part of the whole weight apart.
fn place_on_the_wheel(turn: u64, total: u64) -> U256 {
    U256::from(turn) * (U256::from(total) * U256::from(STRIDE) / U256::from(STRIDE_UNIT))
}
