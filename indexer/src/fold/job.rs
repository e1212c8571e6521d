//! A job, folded from its events.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};

use super::{JobTerms, Record};
use crate::{
    event::{IndexedEvent, InferaEvent, JobRegistryEvent, StakingEvent},
    names::{JobPhase, RefundReason, SeatOutcome},
    wei::Wei,
};

/// When and where something happened on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// Height.
    pub block: u64,
    /// The log's number in the block.
    pub log_index: u64,
    /// Unix seconds of the block.
    pub timestamp: u64,
    /// The transaction.
    pub transaction: B256,
}

impl From<&IndexedEvent> for Moment {
    fn from(event: &IndexedEvent) -> Self {
        Self {
            block: event.block,
            log_index: event.log_index,
            timestamp: event.timestamp,
            transaction: event.transaction,
        }
    }
}

/// One draw of the committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draw {
    /// When.
    pub at: Moment,
    /// Randomness of the draw.
    pub beacon: B256,
    /// Executor ids by seat; 0 is an empty seat.
    pub committee: Vec<u32>,
}

/// Whether an executor still has its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It has.
    Seated,
    /// It gave the seat back.
    Declined,
    /// It missed the commit deadline, and the seat was drawn again.
    Replaced,
}

/// An opened commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reveal {
    /// When.
    pub at: Moment,
    /// The task's result bytes.
    pub result: Bytes,
    /// keccak256 of the output vector; the vector itself is in the `Revealed` event.
    pub vector_hash: B256,
}

/// A cut of stake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slash {
    /// When.
    pub at: Moment,
    /// What was cut.
    pub amount: Wei,
    /// What of it was burned.
    pub burned: Wei,
    /// Who brought the proof.
    pub prover: Address,
    /// What the prover got.
    pub reward: Wei,
    /// The offence's number for this executor, from 1; None until the offence's event is read.
    pub strike: u8,
    /// Percent of the stake.
    pub percent: u8,
}

/// One executor's part in the job. A seat that was drawn again has several records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatRecord {
    /// Seat number, from 0.
    pub seat: u8,
    /// The executor.
    pub executor_id: u32,
    /// Whether it still has the seat.
    pub standing: Standing,
    /// The commitment.
    pub commitment: Option<B256>,
    /// When it committed.
    pub committed_at: Option<Moment>,
    /// The opened commitment.
    pub reveal: Option<Reveal>,
    /// How it ended.
    pub outcome: Option<SeatOutcome>,
    /// What it earned.
    pub payment: Wei,
    /// Reputation before and after the settlement.
    pub reputation: Option<(u64, u64)>,
    /// What it lost.
    pub slash: Option<Slash>,
}

/// How the job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Ending {
    /// The answers agreed.
    Resolved {
        /// When.
        at: Moment,
        /// The seat whose result is the result.
        centre: u8,
        /// Seats in the cluster.
        agreeing: Vec<u8>,
        /// keccak256 of the result.
        result_hash: B256,
        /// keccak256 of the centre's vector.
        vector_hash: B256,
        /// Credited to the requester.
        refund: Wei,
    },
    /// The requester got the money back.
    Refunded {
        /// When.
        at: Moment,
        /// Why.
        reason: RefundReason,
        /// Credited to the requester.
        refund: Wei,
    },
}

impl Ending {
    /// When the job ended.
    pub fn at(&self) -> &Moment {
        match self {
            Self::Resolved { at, .. } | Self::Refunded { at, .. } => at,
        }
    }
}

/// One call of the requester's contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// When.
    pub at: Moment,
    /// Who was called.
    pub target: Address,
    /// Whether it took the call.
    pub success: bool,
}

/// A job from its request to where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// The job.
    pub id: B256,
    /// Where it stands.
    pub phase: JobPhase,
    /// What was asked and offered.
    pub terms: JobTerms,
    /// The input, empty when it lies at `input_uri`.
    pub input: Bytes,
    /// The task's parameters.
    pub parameters: Bytes,
    /// Where to fetch the input, empty when it is inline.
    pub input_uri: String,
    /// When it was asked.
    pub requested: Moment,
    /// Every draw, oldest first.
    pub draws: Vec<Draw>,
    /// Fee of every seat; None before the draw.
    pub seat_fee: Option<Wei>,
    /// Unix seconds after which commitments are closed.
    pub commit_deadline: Option<u64>,
    /// Unix seconds after which reveals are late (the grace comes on top).
    pub reveal_deadline: Option<u64>,
    /// Every executor that was ever drawn, by seat and then by draw.
    pub seats: Vec<SeatRecord>,
    /// Stake that is locked for seats now, by executor.
    pub locked: BTreeMap<u32, Wei>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Every callback, oldest first.
    pub callbacks: Vec<Callback>,
    /// Bounties paid for moving the job on.
    pub bounties: Wei,
}

impl JobRecord {
    /// The record of the executor that has this seat now.
    pub fn seated(&self, seat: u8) -> Option<&SeatRecord> {
        self.seats.iter().find(|record| record.seat == seat && record.standing == Standing::Seated)
    }

    /// The records of all executors that have a seat now, by seat.
    pub fn committee(&self) -> impl Iterator<Item = &SeatRecord> {
        self.seats.iter().filter(|record| record.standing == Standing::Seated)
    }

    /// The result bytes; None unless the job is resolved.
    pub fn result(&self) -> Option<&Bytes> {
        let Some(Ending::Resolved { centre, .. }) = &self.ending else { return None };
        Some(&self.seated(*centre)?.reveal.as_ref()?.result)
    }

    fn seat_of(&mut self, executor_id: u32) -> Option<&mut SeatRecord> {
        self.seats.iter_mut().rev().find(|record| record.executor_id == executor_id)
    }

    fn draw(&mut self, committee: &[u32]) {
        for (seat, executor_id) in (0u8..).zip(committee) {
            if self.seated(seat).is_some_and(|record| record.executor_id == *executor_id) {
                continue;
            }
            for record in &mut self.seats {
                if record.seat == seat && record.standing == Standing::Seated {
                    record.standing = Standing::Replaced;
                }
            }
            if *executor_id != 0 {
                // Behind the seat's earlier holders.
                let position = self.seats.partition_point(|record| record.seat <= seat);
                self.seats.insert(position, SeatRecord::new(seat, *executor_id));
            }
        }
    }
}

impl SeatRecord {
    fn new(seat: u8, executor_id: u32) -> Self {
        Self {
            seat,
            executor_id,
            standing: Standing::Seated,
            commitment: None,
            committed_at: None,
            reveal: None,
            outcome: None,
            payment: Wei::ZERO,
            reputation: None,
            slash: None,
        }
    }
}

impl Record for JobRecord {
    fn begin(event: &IndexedEvent) -> Option<Self> {
        let InferaEvent::JobRegistry(JobRegistryEvent::JobRequested(request)) = &event.event else { return None };
        Some(Self {
            id: request.jobId,
            phase: JobPhase::Requested,
            terms: JobTerms::from(&request.terms),
            input: request.input.clone(),
            parameters: request.parameters.clone(),
            input_uri: request.inputUri.clone(),
            requested: Moment::from(event),
            draws: Vec::new(),
            seat_fee: None,
            commit_deadline: None,
            reveal_deadline: None,
            seats: Vec::new(),
            locked: BTreeMap::new(),
            ending: None,
            callbacks: Vec::new(),
            bounties: Wei::ZERO,
        })
    }

    fn apply(&mut self, event: &IndexedEvent) {
        let at = Moment::from(event);
        match &event.event {
            InferaEvent::JobRegistry(event) => self.apply_registry(at, event),
            InferaEvent::Staking(StakingEvent::SeatLocked(e)) => {
                self.locked.insert(e.executorId, e.amount.into());
            }
            InferaEvent::Staking(StakingEvent::SeatUnlocked(e)) => {
                self.locked.remove(&e.executorId);
            }
            InferaEvent::Staking(StakingEvent::SeatSettled(e)) => {
                self.locked.remove(&e.executorId);
                if let Some(seat) = self.seat_of(e.executorId) {
                    seat.outcome = Some(SeatOutcome::from(e.outcome));
                    seat.payment = e.payment.into();
                    seat.reputation = Some((e.reputationBefore.saturating_to(), e.reputationAfter.saturating_to()));
                }
            }
            InferaEvent::Staking(StakingEvent::Slashed(e)) => {
                if let Some(seat) = self.seat_of(e.executorId) {
                    seat.slash = Some(Slash {
                        at,
                        amount: e.amount.into(),
                        burned: e.amount.saturating_sub(e.reward).into(),
                        prover: e.prover,
                        reward: e.reward.into(),
                        strike: e.strike,
                        percent: e.percent,
                    });
                }
            }
            _ => {}
        }
    }
}

impl JobRecord {
    fn apply_registry(&mut self, at: Moment, event: &JobRegistryEvent) {
        match event {
            JobRegistryEvent::CommitteeDrawn(e) => {
                self.phase = JobPhase::Committing;
                self.seat_fee = Some(e.seatFee.into());
                self.commit_deadline = Some(e.commitDeadline);
                self.draw(&e.committee);
                self.draws.push(Draw { at, beacon: e.beacon, committee: e.committee.clone() });
            }
            JobRegistryEvent::SeatDeclined(e) => {
                if let Some(seat) = self.seat_of(e.executorId) {
                    seat.standing = Standing::Declined;
                }
            }
            JobRegistryEvent::Committed(e) => {
                if let Some(seat) = self.seat_of(e.executorId) {
                    seat.commitment = Some(e.commitment);
                    seat.committed_at = Some(at);
                }
            }
            JobRegistryEvent::RevealPhaseOpened(e) => {
                self.phase = JobPhase::Revealing;
                self.reveal_deadline = Some(e.revealDeadline);
            }
            JobRegistryEvent::Revealed(e) => {
                if let Some(seat) = self.seat_of(e.executorId) {
                    seat.reveal = Some(Reveal { at, result: e.result.clone(), vector_hash: keccak256(&e.vector) });
                }
            }
            JobRegistryEvent::RevealedSame(e) => {
                let same = self.seated(e.sameAs).and_then(|seat| seat.reveal.clone());
                if let (Some(seat), Some(same)) = (self.seat_of(e.executorId), same) {
                    seat.reveal = Some(Reveal { at, ..same });
                }
            }
            JobRegistryEvent::JobResolved(e) => {
                self.phase = JobPhase::Resolved;
                self.ending = Some(Ending::Resolved {
                    at,
                    centre: e.centre,
                    agreeing: (0..8).filter(|seat| e.agreeing & (1 << seat) != 0).collect(),
                    result_hash: e.resultHash,
                    vector_hash: e.vectorHash,
                    refund: e.refund.into(),
                });
            }
            JobRegistryEvent::JobRefunded(e) => {
                self.phase = JobPhase::Refunded;
                self.ending =
                    Some(Ending::Refunded { at, reason: RefundReason::from(e.reason), refund: e.refund.into() });
            }
            JobRegistryEvent::CallbackExecuted(e) => {
                self.callbacks.push(Callback { at, target: e.target, success: e.success });
            }
            JobRegistryEvent::JobAdvanced(e) => self.bounties += e.bounty.into(),
            // Credits repeat what other events say; a second request can't have the same id; a nonce is no job's.
            JobRegistryEvent::Credited(_)
            | JobRegistryEvent::Withdrawn(_)
            | JobRegistryEvent::NonceRevoked(_)
            | JobRegistryEvent::JobRequested(_) => {}
        }
    }
}
