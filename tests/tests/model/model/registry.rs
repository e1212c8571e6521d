//! The life of a job up to its reveals, and what moves it on.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};
use infera_contracts::IJobRegistry::{self, Terms, requestCall, revealCall, revealSameCall};
use infera_protocol::{
    commitment::{Commitment, reveal_hash},
    ids,
    terms::{self, terms_hash},
};

use super::{
    Model,
    arithmetic::basis_points_up,
    config::{Config, Mutation},
    draw::Draw,
    job::{Job, Phase, RefundReason, bit, has},
    outcome::{Refusal, Result, ensure},
    reputation::SeatOutcome,
    slashing::Offence,
};

pub(super) const MAX_VECTOR_BYTES: usize = 2048;
/// Seats that are declined after so many draws stay empty.
const MAX_DECLINE_ROUNDS: u8 = 126;

/// The most that a seat can cost.
pub(super) fn max_seat_fee(terms: &Terms) -> U256 {
    U256::from(terms.maxPricePerUnit) * U256::from(terms.maxUnits)
}

/// Stake that a seat locks.
pub(super) fn lock_for(config: &Config, seat_fee: u128) -> u128 {
    basis_points_up(seat_fee, config.jobs.lockMultiplierBps.into())
}

/// What `request` takes.
pub(crate) fn escrow_of(terms: &Terms) -> U256 {
    let fees = [terms.dispatchFee, terms.advanceReserve, terms.callbackFee];
    max_seat_fee(terms) * U256::from(terms.committeeSize) + fees.into_iter().map(U256::from).sum::<U256>()
}

/// The EIP-712 hash of terms, in whichever interface's struct.
pub(super) fn hash_of(terms: &impl SolValue) -> B256 {
    terms_hash(&terms::Terms::abi_decode(&terms.abi_encode()).unwrap())
}

/// What bounties left of the reserve.
pub(super) fn reserve_left(terms: &Terms, job: &Job) -> u128 {
    (0..job.advances).fold(terms.advanceReserve, |left, _| left - left / 4)
}

impl Model {
    pub(crate) fn id_of(&self, terms: &Terms) -> B256 {
        let at = self.config.at.job_registry;
        ids::job_id(self.config.chain_id, at, terms.requester, terms.nonce, hash_of(terms))
    }

    /// A job that was requested.
    pub(super) fn job_mut(&mut self, id: B256) -> &mut Job {
        self.jobs.get_mut(&id).expect("its phase was asked for before")
    }

    /// Any job; a default one that was never requested.
    pub(crate) fn job(&self, id: B256) -> Job {
        self.jobs.get(&id).cloned().unwrap_or_default()
    }

    fn require_phase(&self, id: B256, phase: Phase) -> Result<()> {
        let actual = self.job(id).phase;
        ensure(actual == phase, || IJobRegistry::WrongPhase { jobId: id, phase: actual as u8 })
    }

    // ---------------------------------------------------------------- requester

    pub(super) fn request(&mut self, from: Address, value: u128, call: &requestCall) -> Result<B256> {
        let terms = &call.terms;
        ensure(from == terms.requester || from == self.config.at.job_desk, || IJobRegistry::NotRequester {
            caller: from,
            requester: terms.requester,
        })?;
        self.admit(terms, call.input.len().max(call.parameters.len()).max(call.inputUri.len()))?;
        if call.inputUri.is_empty() {
            let (expected, actual) = (terms.inputHash, keccak256(&call.input));
            ensure(expected == actual, || IJobRegistry::InputHashMismatch { expected, actual })?;
        } else {
            ensure(call.input.is_empty(), || IJobRegistry::InputAndUri {})?;
        }
        let (expected, actual) = (terms.parametersHash, keccak256(&call.parameters));
        ensure(expected == actual, || IJobRegistry::ParametersHashMismatch { expected, actual })?;
        let (required, given) = (escrow_of(terms), U256::from(value));
        ensure(given >= required, || IJobRegistry::InsufficientPayment { required, given })?;
        let requester = terms.requester;
        self.use_nonce(requester, terms.nonce)?;

        let id = self.id_of(terms);
        let job =
            Job { phase: Phase::Requested, request_block: self.number, request_time: self.time, ..Job::default() };
        self.jobs.insert(id, job);
        self.emit_job(IJobRegistry::JobRequested {
            jobId: id,
            requester,
            modelId: terms.modelId,
            terms: terms.clone(),
            input: call.input.clone(),
            parameters: call.parameters.clone(),
            inputUri: call.inputUri.clone(),
        });
        self.credit(terms.refundTo, id, value - required.to::<u128>());
        Ok(id)
    }

    pub(super) fn revoke_nonce(&mut self, requester: Address, nonce: U256) -> Result<()> {
        self.use_nonce(requester, nonce)?;
        self.emit_job(IJobRegistry::NonceRevoked { requester, nonce });
        Ok(())
    }

    fn use_nonce(&mut self, requester: Address, nonce: U256) -> Result<()> {
        ensure(self.nonces.insert((requester, nonce)), || IJobRegistry::NonceUsed { requester, nonce })
    }

    pub(super) fn cancel(&mut self, from: Address, terms: &Terms) -> Result<()> {
        let requester = terms.requester;
        ensure(from == requester, || IJobRegistry::NotRequester { caller: from, requester })?;
        let id = self.id_of(terms);
        self.require_phase(id, Phase::Requested)?;
        let last = self.beacon_block(id);
        ensure(self.number <= last, || IJobRegistry::TooLate { jobId: id, deadline: U256::from(last) })?;
        self.refund(from, id, terms, RefundReason::Cancelled, false);
        Ok(())
    }

    // ---------------------------------------------------------------- executors

    pub(super) fn commit(&mut self, from: Address, id: B256, commitment: B256) -> Result<()> {
        ensure(!commitment.is_zero(), || IJobRegistry::ZeroCommitment {})?;
        self.require_phase(id, Phase::Committing)?;
        let deadline = self.job(id).deadline;
        ensure(self.time <= deadline, || IJobRegistry::TooLate { jobId: id, deadline: U256::from(deadline) })?;
        let (seat, executor) = self.own_uncommitted_seat(from, id)?;
        let job = self.job_mut(id);
        job.seats[usize::from(seat)] = commitment;
        job.committed |= bit(seat);
        self.emit_job(IJobRegistry::Committed { jobId: id, executorId: executor, seat, commitment });
        self.open_reveal_if_complete(id);
        Ok(())
    }

    pub(super) fn draw_and_commit(&mut self, from: Address, terms: &Terms, commitment: B256) -> Result<()> {
        let id = self.id_of(terms);
        if self.job(id).phase == Phase::Requested && !self.draw(id, terms)? {
            return Err(Refusal::of(IJobRegistry::NoCommitteeFound { jobId: id }));
        }
        self.commit(from, id, commitment)
    }

    pub(super) fn decline(&mut self, from: Address, terms: &Terms) -> Result<()> {
        let id = self.id_of(terms);
        self.require_phase(id, Phase::Committing)?;
        let half = if self.is_mutated(Mutation::LateDecline) { 0 } else { u64::from(terms.commitWindow / 2) };
        let last = self.job(id).deadline - half;
        ensure(self.time <= last, || IJobRegistry::TooLate { jobId: id, deadline: U256::from(last) })?;
        let (seat, executor) = self.own_uncommitted_seat(from, id)?;
        self.emit_job(IJobRegistry::SeatDeclined { jobId: id, executorId: executor, seat });
        self.unlock_seat(id, executor, lock_for(&self.config, self.job(id).seat_fee));

        let mut randomness = B256::ZERO;
        if self.job(id).round < MAX_DECLINE_ROUNDS {
            self.job_mut(id).round += 1;
            randomness = self.randomness(id).unwrap_or_default();
        }
        let draw = self.draw_freed(id, terms, randomness, bit(seat));
        self.seat_drawn(id, randomness, draw)?;
        self.open_reveal_if_complete(id);
        Ok(())
    }

    /// The caller's seat, and who the caller signs for.
    fn own_uncommitted_seat(&self, from: Address, id: B256) -> Result<(u8, u32)> {
        let executor = self.signed_by(from);
        let job = self.job(id);
        let seat = job.committee.iter().position(|member| executor != 0 && *member == executor);
        let Some(seat) = seat.map(|seat| seat as u8) else {
            return Err(Refusal::of(IJobRegistry::NotSeated { jobId: id, executorId: executor }));
        };
        ensure(!has(job.committed, seat), || IJobRegistry::AlreadyCommitted { jobId: id, seat })?;
        Ok((seat, executor))
    }

    fn open_reveal_if_complete(&mut self, id: B256) {
        let job = self.job(id);
        if job.committed == job.occupied() && job.has_quorum() {
            self.open_reveal(id);
        }
    }

    fn open_reveal(&mut self, id: B256) {
        let time = self.time;
        let job = self.job_mut(id);
        (job.phase, job.deadline) = (Phase::Revealing, time + u64::from(job.reveal_window));
        let revealDeadline = job.deadline;
        self.emit_job(IJobRegistry::RevealPhaseOpened { jobId: id, revealDeadline });
    }

    // ---------------------------------------------------------------- reveals

    pub(super) fn reveal(&mut self, call: &revealCall) -> Result<()> {
        let (result_hash, vector_hash) = self.hashes_of(&call.result, &call.vector)?;
        let executor = self.open(call.jobId, call.seat, result_hash, vector_hash, call.salt)?;
        self.emit_job(IJobRegistry::Revealed {
            jobId: call.jobId,
            executorId: executor,
            seat: call.seat,
            result: call.result.clone(),
            vector: call.vector.clone(),
        });
        Ok(())
    }

    pub(super) fn reveal_same(&mut self, call: &revealSameCall) -> Result<()> {
        let (id, same_as) = (call.jobId, call.sameAs);
        let job = self.job(id);
        let answer = reveal_hash(call.resultHash, call.vectorHash);
        let sent = has(job.revealed, same_as) && job.seats[usize::from(same_as)] == answer;
        ensure(sent, || IJobRegistry::AnswerMismatch { jobId: id, seat: same_as })?;
        let executor = self.open(id, call.seat, call.resultHash, call.vectorHash, call.salt)?;
        self.emit_job(IJobRegistry::RevealedSame { jobId: id, executorId: executor, seat: call.seat, sameAs: same_as });
        Ok(())
    }

    /// Opens a commitment, on time or, of a pending seat, late. Returns whose it is.
    pub(super) fn open(&mut self, id: B256, seat: u8, result_hash: B256, vector_hash: B256, salt: B256) -> Result<u32> {
        let job = self.job(id);
        let late = has(job.pending, seat);
        if !late {
            if job.phase == Phase::Committing && self.time > job.deadline && job.has_quorum() {
                self.open_reveal(id);
            }
            self.require_phase(id, Phase::Revealing)?;
            ensure(has(job.committed, seat), || IJobRegistry::NotCommitted { jobId: id, seat })?;
            ensure(!has(job.revealed, seat), || IJobRegistry::AlreadyRevealed { jobId: id, seat })?;
        }
        let end = self.end_of_grace(id);
        ensure(self.time <= end, || IJobRegistry::TooLate { jobId: id, deadline: U256::from(end) })?;

        let executor = job.committee[usize::from(seat)];
        let commitment = Commitment {
            chain_id: self.config.chain_id,
            registry: self.config.at.job_registry,
            job_id: id,
            executor: self.config.executor(executor).owner,
            result_hash,
            vector_hash,
            salt,
        };
        let matches = job.seats[usize::from(seat)] == commitment.hash();
        ensure(matches, || IJobRegistry::CommitmentMismatch { jobId: id, seat })?;
        let job = self.job_mut(id);
        job.seats[usize::from(seat)] = reveal_hash(result_hash, vector_hash);
        if late {
            self.settle_pending(id, seat, executor, SeatOutcome::Neutral);
        } else {
            job.revealed |= bit(seat);
        }
        Ok(executor)
    }

    pub(super) fn end_of_grace(&self, id: B256) -> u64 {
        let end = self.job(id).deadline + u64::from(self.config.jobs.revealGrace);
        if self.is_mutated(Mutation::ShortGrace) { end - 1 } else { end }
    }

    /// Of an answer that isn't too large.
    pub(super) fn hashes_of(&self, result: &[u8], vector: &[u8]) -> Result<(B256, B256)> {
        for (bytes, cap) in [(result, self.config.jobs.maxResultBytes as usize), (vector, MAX_VECTOR_BYTES)] {
            let size = bytes.len();
            ensure(size <= cap, || IJobRegistry::ResultTooLarge { size: U256::from(size), cap: U256::from(cap) })?;
        }
        Ok((keccak256(result), keccak256(vector)))
    }

    pub(super) fn punish_silent(&mut self, from: Address, id: B256, seat: u8) -> Result<()> {
        let job = self.job(id);
        ensure(has(job.pending, seat), || IJobRegistry::NotPending { jobId: id, seat })?;
        let end = self.end_of_grace(id);
        ensure(self.time > end, || IJobRegistry::NotBefore { jobId: id, time: U256::from(end) })?;
        let executor = job.committee[usize::from(seat)];
        self.settle_pending(id, seat, executor, SeatOutcome::Silent);
        self.slash(Offence::NoReveal, executor, id, job.seat_fee, from);
        Ok(())
    }

    // ---------------------------------------------------------------- advance

    pub(super) fn advance_job(&mut self, from: Address, terms: &Terms) -> Result<()> {
        let id = self.id_of(terms);
        let job = self.job(id);
        let bounty_from = job.request_time + u64::from(self.config.jobs.drawBountyDelay);
        let mut bounty = 0;
        if job.phase != Phase::None && (job.phase != Phase::Requested || self.time >= bounty_from) {
            let left = reserve_left(terms, &job);
            bounty = if self.is_mutated(Mutation::GenerousBounty) { left.div_ceil(4) } else { left / 4 };
            self.credit(from, id, bounty);
            self.job_mut(id).advances += 1;
        }
        let phase = match job.phase {
            Phase::Requested => self.advance_requested(from, id, terms)?,
            Phase::Committing => self.advance_committing(from, id, terms)?,
            Phase::Revealing => self.advance_revealing(from, id, terms)?,
            phase => return Err(Refusal::of(IJobRegistry::WrongPhase { jobId: id, phase: phase as u8 })),
        };
        self.emit_job(IJobRegistry::JobAdvanced {
            jobId: id,
            caller: from,
            phase: phase as u8,
            bounty: U256::from(bounty),
        });
        Ok(())
    }

    fn advance_requested(&mut self, from: Address, id: B256, terms: &Terms) -> Result<Phase> {
        if self.beacon_expired(id) {
            self.refund(from, id, terms, RefundReason::BeaconExpired, false);
            return Ok(Phase::Refunded);
        }
        if !self.draw(id, terms)? {
            self.refund(from, id, terms, RefundReason::NoCommittee, false);
            return Ok(Phase::Refunded);
        }
        Ok(Phase::Committing)
    }

    fn advance_committing(&mut self, from: Address, id: B256, terms: &Terms) -> Result<Phase> {
        let job = self.job(id);
        let deadline = job.deadline;
        ensure(self.time > deadline, || IJobRegistry::NotBefore { jobId: id, time: U256::from(deadline) })?;
        if job.has_quorum() {
            self.open_reveal(id);
            return Ok(Phase::Revealing);
        }
        if !job.redrawn {
            let all = ((1_u16 << terms.committeeSize) - 1) as u8;
            let missing = all & !job.committed;
            let next_deadline = self.time + u64::from(terms.commitWindow);
            let job = self.job_mut(id);
            (job.redrawn, job.round, job.deadline) = (true, job.round + 1, next_deadline);
            self.settle_misses(id, terms, missing);
            let randomness = self.randomness(id).unwrap_or_default();
            let draw: Draw = self.draw_freed(id, terms, randomness, missing);
            let occupied = draw.committee.iter().filter(|member| **member != 0).count();
            if occupied >= usize::from(terms.quorum) {
                self.seat_drawn(id, randomness, draw)?;
                return Ok(Phase::Committing);
            }
            self.job_mut(id).vacate(missing);
        }
        self.refund(from, id, terms, RefundReason::TooFewCommitments, false);
        Ok(Phase::Refunded)
    }

    fn advance_revealing(&mut self, from: Address, id: B256, terms: &Terms) -> Result<Phase> {
        let job = self.job(id);
        let enough = job.revealed.count_ones() >= u32::from(terms.quorum);
        ensure(job.revealed != job.committed && !enough, || IJobRegistry::NothingToAdvance { jobId: id })?;
        let end = self.end_of_grace(id);
        ensure(self.time > end, || IJobRegistry::NotBefore { jobId: id, time: U256::from(end) })?;
        self.refund(from, id, terms, RefundReason::TooFewReveals, false);
        Ok(Phase::Refunded)
    }
}
