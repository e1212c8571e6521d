//! What a job left on chain: its events in order.

use std::fmt;

use alloy::{primitives::B256, providers::Provider, rpc::types::Filter, sol_types::SolEventInterface};
use infera_contracts::IJobRegistry::IJobRegistryEvents as Event;
use infera_sdk::{Client, Error, Result};
use serde::Serialize;

/// One event of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its block.
    pub block: u64,
    /// Its transaction.
    pub transaction: B256,
    /// The event in words.
    pub what: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {:<6} {}  {}", self.block, self.transaction, self.what)
    }
}

/// All events of the job registry for a job, oldest first.
pub async fn of_job(client: &Client, job: B256) -> Result<Vec<Step>> {
    let deployment = client.deployment();
    let filter = Filter::new().address(deployment.job_registry).topic1(job).from_block(deployment.deployed_at_block);
    let logs = client.provider().get_logs(&filter).await;
    let logs = logs.map_err(|error| Error::from_rpc("reading the job's events", error))?;
    let step = |log: alloy::rpc::types::Log| {
        let event = Event::decode_log(&log.inner).ok()?.data;
        let (block, transaction) = (log.block_number?, log.transaction_hash?);
        Some(Step { block, transaction, what: in_words(&event)? })
    };
    Ok(logs.into_iter().filter_map(step).collect())
}

/// None for events that have no job's id in their first topic.
fn in_words(event: &Event) -> Option<String> {
    Some(match event {
        Event::JobRequested(event) => format!("requested by {}", event.requester),
        Event::CommitteeDrawn(event) => {
            format!("committee drawn: executors {:?}, {} wei a seat", event.committee, event.seatFee)
        }
        Event::SeatDeclined(event) => format!("executor {} gave seat {} back", event.executorId, event.seat),
        Event::Committed(event) => format!("executor {} committed (seat {})", event.executorId, event.seat),
        Event::RevealPhaseOpened(_) => "commitments closed; answers may be revealed".to_owned(),
        Event::Revealed(event) => format!(
            "executor {} revealed {} bytes of result and {} of vector (seat {})",
            event.executorId,
            event.result.len(),
            event.vector.len(),
            event.seat
        ),
        Event::RevealedSame(event) => {
            format!("executor {} revealed the answer of seat {} (seat {})", event.executorId, event.sameAs, event.seat)
        }
        Event::JobResolved(event) => {
            let seats: Vec<_> = (0..8_u8).filter(|seat| event.agreeing >> seat & 1 == 1).collect();
            format!("resolved: seats {seats:?} agree around seat {}", event.centre)
        }
        Event::JobRefunded(event) => format!("refunded {} wei (reason {})", event.refund, event.reason),
        Event::CallbackExecuted(event) if event.success => format!("called {} back", event.target),
        Event::CallbackExecuted(event) => format!("the callback of {} failed", event.target),
        Event::JobAdvanced(event) => format!("moved on by {} for {} wei", event.caller, event.bounty),
        _ => return None,
    })
}
