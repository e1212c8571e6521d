//! Why a job waits, failed or succeeded, in words.
//!
//! A pure function: the same events, time and parameters give the same words.

mod comparison;
mod narrate;
mod text;
mod timeline;
mod waiting;

use alloy::primitives::{Address, B256};
use infera_contracts::IJobRegistry;
use serde::{Deserialize, Serialize};

pub use self::comparison::Comparison;
use self::{narrate::Narrator, waiting::Waiting};
use crate::{
    block::TransactionRecord,
    event::IndexedEvent,
    fold::{JobRecord, Record, VerificationProfile},
    names::JobPhase,
    wei::Wei,
};

/// What of the job registry's parameters decides how long a job may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobParameters {
    /// Blocks from the request to the beacon.
    pub beacon_delay: u16,
    /// Seconds after the reveal deadline in which late reveals are accepted.
    pub reveal_grace: u32,
}

impl From<&IJobRegistry::Parameters> for JobParameters {
    fn from(parameters: &IJobRegistry::Parameters) -> Self {
        Self { beacon_delay: parameters.beaconDelay, reveal_grace: parameters.revealGrace }
    }
}

/// What an explanation needs beside the job's events.
#[derive(Clone, Copy, Debug)]
pub struct ExplainContext<'a> {
    /// The chain's time, Unix seconds.
    pub now: u64,
    /// The newest block; None when the chain was not seen yet.
    pub head: Option<u64>,
    /// The registry's parameters.
    pub parameters: JobParameters,
    /// How the version's answers are compared, when that is known.
    pub profile: Option<&'a VerificationProfile>,
    /// What the job's transactions cost.
    pub transactions: &'a [TransactionRecord],
}

/// One transaction in the life of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Unix seconds.
    pub timestamp: u64,
    /// Height.
    pub block: u64,
    /// The transaction.
    pub transaction: B256,
    /// Who sent it; None when its receipt was not read.
    pub sender: Option<Address>,
    /// Gas it used.
    pub gas_used: Option<u64>,
    /// What happened, one sentence an event.
    pub events: Vec<String>,
}

/// Where a job stands and how it came there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The job.
    pub job: B256,
    /// Where it stands.
    pub phase: JobPhase,
    /// The state in one sentence.
    pub summary: String,
    /// Everything that happened, oldest first.
    pub steps: Vec<Step>,
    /// How near the revealed answers are to each other.
    pub comparisons: Vec<Comparison>,
    /// Largest distance that counts as agreement, in parts per billion.
    pub accepted_distance_ppb: Option<u32>,
    /// What the job waits for; None when it is over.
    pub waiting_for: Option<String>,
    /// Unix seconds until which it waits.
    pub deadline: Option<u64>,
    /// Seconds until then; negative when that is past.
    pub seconds_left: Option<i64>,
    /// What anyone can do when the wait is in vain.
    pub way_out: Option<String>,
    /// Gas of all steps whose receipt was read.
    pub gas_used: u64,
    /// Paid to executors so far.
    pub paid: Wei,
}

/// Explains a job from its events, which must be in chain order; None when the request is not among them.
pub fn explain(events: &[IndexedEvent], context: &ExplainContext<'_>) -> Option<Explanation> {
    let job = JobRecord::fold(events)?;
    let Waiting { summary, waiting_for, deadline, way_out } = waiting::assess(&job, context);
    let steps = steps(&job, events, context);
    let mut paid = Wei::ZERO;
    for seat in &job.seats {
        paid += seat.payment;
    }
    Some(Explanation {
        job: job.id,
        phase: job.phase,
        summary,
        gas_used: steps.iter().filter_map(|step| step.gas_used).sum(),
        steps,
        comparisons: comparison::compare(events, context.profile),
        accepted_distance_ppb: context.profile.map(|profile| profile.max_cosine_distance_ppb),
        waiting_for,
        deadline,
        seconds_left: deadline.map(|deadline| deadline.cast_signed().saturating_sub(context.now.cast_signed())),
        way_out,
        paid,
    })
}

/// One step per transaction.
fn steps(job: &JobRecord, events: &[IndexedEvent], context: &ExplainContext<'_>) -> Vec<Step> {
    let narrator = Narrator::new(job, context.profile);
    let same_transaction = |a: &IndexedEvent, b: &IndexedEvent| (a.block, a.transaction) == (b.block, b.transaction);
    let step = |events: &[IndexedEvent]| {
        let first = events.first()?;
        let receipt = context.transactions.iter().find(|transaction| transaction.hash == first.transaction);
        Some(Step {
            timestamp: first.timestamp,
            block: first.block,
            transaction: first.transaction,
            sender: receipt.map(|receipt| receipt.sender),
            gas_used: receipt.map(|receipt| receipt.gas_used),
            events: narrator.sentences(events),
        })
    };
    events.chunk_by(same_transaction).filter_map(step).collect()
}
