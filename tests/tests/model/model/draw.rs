//! Who sits on a job's committee.

use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolValue,
};
use infera_contracts::IJobRegistry::{self, Terms};

use super::{
    Model,
    job::{Phase, seats_of},
    outcome::{Refusal, Result},
    registry::{lock_for, max_seat_fee},
};

/// Blocks back from which a hash can be had.
pub(super) const BEACON_REACH: u64 = 8191;

/// A draw that is not recorded yet.
pub(crate) struct Draw {
    pub(crate) committee: Vec<u32>,
    pub(crate) highest_fee: u128,
    pub(crate) seated: Vec<u32>,
}

impl Model {
    /// What the view `committeeOf` gives.
    pub(crate) fn committee_of(&self, id: B256, terms: &Terms) -> (Vec<u32>, u128) {
        let job = self.jobs.get(&id).cloned().unwrap_or_default();
        if job.phase != Phase::Requested {
            return (job.committee, job.seat_fee);
        }
        let drawn = self.randomness(id).and_then(|randomness| self.draw_all(id, terms, randomness));
        drawn.map(|(draw, fee)| (draw.committee, fee)).unwrap_or_default()
    }

    /// Draws the committee of a requested job and locks its stake. `false`, and nothing changes, when too few are eligible.
    pub(super) fn draw(&mut self, id: B256, terms: &Terms) -> Result<bool> {
        let Some(randomness) = self.randomness(id) else {
            if self.beacon_expired(id) {
                return Err(Refusal::of(IJobRegistry::BeaconOutOfReach { jobId: id }));
            }
            let availableAtBlock = U256::from(self.beacon_block(id) + 1);
            return Err(Refusal::of(IJobRegistry::BeaconNotReady { jobId: id, availableAtBlock }));
        };
        let Some((draw, fee)) = self.draw_all(id, terms, randomness) else { return Ok(false) };
        let deadline = self.time + u64::from(terms.commitWindow);
        let job = self.job_mut(id);
        (job.phase, job.seat_fee, job.deadline) = (Phase::Committing, fee, deadline);
        (job.quorum, job.reveal_window) = (terms.quorum, terms.revealWindow);
        self.seat_drawn(id, randomness, draw)?;
        Ok(true)
    }

    /// Records a draw and locks the stake of those whom it seated.
    pub(super) fn seat_drawn(&mut self, id: B256, randomness: B256, draw: Draw) -> Result<()> {
        let job = self.job_mut(id);
        job.committee.clone_from(&draw.committee);
        let (seat_fee, deadline) = (job.seat_fee, job.deadline);
        self.lock_seats(id, &draw.seated, lock_for(&self.config, seat_fee))?;
        self.emit_job(IJobRegistry::CommitteeDrawn {
            jobId: id,
            beacon: randomness,
            committee: draw.committee,
            seatFee: seat_fee,
            commitDeadline: deadline,
        });
        Ok(())
    }

    /// The whole committee as it would be drawn now, and the fee: what the dearest of them asks.
    fn draw_all(&self, id: B256, terms: &Terms, randomness: B256) -> Option<(Draw, u128)> {
        let size = terms.committeeSize;
        let all = (1_u16 << size) - 1;
        let empty = vec![0; usize::from(size)];
        let draw = self.draw_seats(id, terms, randomness, empty, all as u8, max_seat_fee(terms).to());
        let fee = draw.highest_fee.max(self.config.jobs.minSeatFee);
        (draw.seated.len() == usize::from(size)).then_some((draw, fee))
    }

    /// Freed seats once more, at the fee that the first draw fixed; they stay empty where nobody is eligible.
    pub(super) fn draw_freed(&self, id: B256, terms: &Terms, randomness: B256, seats: u8) -> Draw {
        let job = &self.jobs[&id];
        if randomness.is_zero() {
            let mut left = job.clone();
            left.vacate(seats);
            return Draw { committee: left.committee, highest_fee: 0, seated: Vec::new() };
        }
        self.draw_seats(id, terms, randomness, job.committee.clone(), seats, job.seat_fee)
    }

    /// Candidates come one after the other, without replacement, by their frozen weights; the eligible take the seats in
    /// ascending order. Two skips for each seat of the committee are allowed.
    fn draw_seats(
        &self,
        id: B256,
        terms: &Terms,
        randomness: B256,
        mut committee: Vec<u32>,
        seats: u8,
        fee_bound: u128,
    ) -> Draw {
        let job = &self.jobs[&id];
        let seed = keccak256((randomness, U256::from(job.round)).abi_encode());
        let epoch = job.request_time / self.config.epoch_length;
        let mut candidates = self.offers.weights_before(terms.pool, epoch);
        candidates.retain(|(candidate, _)| !committee.contains(candidate));
        if terms.requester == self.config.at.court {
            let judged = self.excluded_from(id);
            candidates.retain(|(candidate, _)| !judged.contains(candidate));
        }
        let mut skips_left = 2 * committee.len();
        let mut free = seats_of(seats).map(usize::from).peekable();
        for seat in seats_of(seats) {
            committee[usize::from(seat)] = 0;
        }

        let mut draw = Draw { committee, highest_fee: 0, seated: Vec::new() };
        let mut index = 0_u64;
        while let Some(seat) = free.peek().copied() {
            let random = U256::from_be_bytes(keccak256((seed, U256::from(index)).abi_encode()).0);
            let Some(candidate) = pick(&mut candidates, random) else { break };
            index += 1;
            let offer = self.offers.offer_before(candidate, terms.pool, epoch);
            let fee = offer.price * u128::from(terms.maxUnits);
            let lock = lock_for(&self.config, fee_bound);
            if fee > fee_bound || !self.can_lock(candidate, lock, offer.capacity) {
                if skips_left == 0 {
                    break;
                }
                skips_left -= 1;
                continue;
            }
            draw.committee[seat] = candidate;
            draw.seated.push(candidate);
            draw.highest_fee = draw.highest_fee.max(fee);
            free.next();
        }
        draw
    }

    /// The beacon's block hash, mixed with the job; none before it and after its end.
    pub(super) fn randomness(&self, id: B256) -> Option<B256> {
        if self.beacon_expired(id) || self.beacon_block(id) >= self.number {
            return None;
        }
        let hash = self.hashes.get(&self.beacon_block(id)).expect("every block's hash is told");
        Some(keccak256((*hash, id).abi_encode()))
    }

    /// Whether hash or weights are forgotten.
    pub(super) fn beacon_expired(&self, id: B256) -> bool {
        let requested = self.jobs[&id].request_time / self.config.epoch_length;
        self.epoch() > requested + 1 || self.number.saturating_sub(self.beacon_block(id)) > BEACON_REACH
    }

    pub(super) fn beacon_block(&self, id: B256) -> u64 {
        self.jobs[&id].request_block + u64::from(self.config.jobs.beaconDelay)
    }
}

/// Takes the candidate that a random number picks: the first of which it and all before it weigh more than the number modulo
/// the total.
pub(super) fn pick(candidates: &mut Vec<(u32, u64)>, random: U256) -> Option<u32> {
    let total: u64 = candidates.iter().map(|(_, weight)| weight).sum();
    let mut rest: u64 = random.checked_rem(U256::from(total))?.to();
    let position = candidates.iter().position(|(_, weight)| match rest.checked_sub(*weight) {
        Some(left) => {
            rest = left;
            false
        }
        None => true,
    })?;
    Some(candidates.remove(position).0)
}
