//! What a job waits for, until when, and what anyone can do then.

use super::{
    ExplainContext,
    narrate::{Narrator, refund_reason},
    text::{account, clock, counted, list},
};
use crate::{
    fold::{Ending, JobRecord, SeatRecord},
    names::JobPhase,
};

/// Blocks for which the chain gives a block's hash (EIP-2935).
const BLOCK_HASH_REACH: u64 = 8_191;

/// A job's state in words.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) summary: String,
    pub(super) waiting_for: Option<String>,
    pub(super) deadline: Option<u64>,
    pub(super) way_out: Option<String>,
}

pub(super) fn assess(job: &JobRecord, context: &ExplainContext<'_>) -> Waiting {
    match (&job.ending, job.phase) {
        (Some(Ending::Resolved { agreeing, .. }), _) => resolved(job, context, agreeing.len()),
        (Some(Ending::Refunded { reason, .. }), _) => {
            ended(job, context, format!("Failed: {}", refund_reason(*reason)))
        }
        (None, JobPhase::Committing) => committing(job, context),
        (None, JobPhase::Revealing) => revealing(job, context),
        (None, _) => requested(job, context),
    }
}

fn requested(job: &JobRecord, context: &ExplainContext<'_>) -> Waiting {
    let beacon = job.requested.block.saturating_add(u64::from(context.parameters.beacon_delay));
    let last = beacon.saturating_add(BLOCK_HASH_REACH);
    let head = context.head.unwrap_or(job.requested.block);
    let summary = format!(
        "Paid for; the committee of {} is not drawn yet.",
        counted(usize::from(job.terms.committee_size), "executor")
    );
    let (waiting_for, way_out) = if head < beacon {
        (
            format!("block {beacon}, whose hash decides who is drawn (the newest block is {head})"),
            "until that block the requester may cancel for a full refund; after it any drawn executor may commit"
                .to_owned(),
        )
    } else if head < last {
        (
            "the first commitment of a drawn executor, which draws the committee".into(),
            format!(
                "anyone may call advanceJob to draw the committee, or to refund the job if too few executors are eligible; \
                     after block {last} the draw's randomness is out of reach and advanceJob refunds the job"
            ),
        )
    } else {
        (
            "nothing any more: the hash that would decide the draw is out of reach".into(),
            "anyone may call advanceJob, which refunds the job".into(),
        )
    };
    Waiting { summary, waiting_for: Some(waiting_for), deadline: None, way_out: Some(way_out) }
}

fn committing(job: &JobRecord, context: &ExplainContext<'_>) -> Waiting {
    let seated: Vec<&SeatRecord> = job.committee().collect();
    let missing: Vec<u32> = waited(&seated, |seat| seat.commitment.is_none());
    let committed = seated.len() - missing.len();
    let quorum = usize::from(job.terms.quorum);
    let deadline = job.commit_deadline.unwrap_or_default();
    let summary = format!("Committed to an answer: {committed} of {}.", counted(seated.len(), "executor"));
    let redrawn = job.draws.len() > 1;
    let after = if committed >= quorum {
        "opens the reveal phase for those who committed"
    } else if redrawn {
        "draws the missing seats again, or refunds the job if that was done before or too few executors are left"
    } else {
        "draws the missing seats again, or refunds the job if too few executors are left"
    };
    let over = context.now > deadline;
    let waiting_for = match (missing.as_slice(), over) {
        // Seats that were given back stay empty when nobody else is eligible.
        ([], false) => format!("its seats to be drawn again at {}, because too few are filled", clock(deadline)),
        ([], true) => "someone to call advanceJob: too few seats are filled".into(),
        (missing, false) => format!("the commitment of {} until {}", executors(missing), clock(deadline)),
        (missing, true) => format!(
            "someone to call advanceJob: the commitment of {} did not come by {}",
            executors(missing),
            clock(deadline)
        ),
    };
    Waiting {
        summary,
        waiting_for: Some(waiting_for),
        deadline: Some(deadline),
        way_out: Some(if over {
            format!("anyone may call advanceJob, which {after}")
        } else {
            format!("after {} anyone may call advanceJob, which {after}", clock(deadline))
        }),
    }
}

fn revealing(job: &JobRecord, context: &ExplainContext<'_>) -> Waiting {
    let committed: Vec<&SeatRecord> = job.committee().filter(|seat| seat.commitment.is_some()).collect();
    let missing = waited(&committed, |seat| seat.reveal.is_none());
    let revealed = committed.len() - missing.len();
    let quorum = usize::from(job.terms.quorum);
    let deadline = job.reveal_deadline.unwrap_or_default();
    let end = deadline.saturating_add(u64::from(context.parameters.reveal_grace));
    let summary = format!("Revealed: {revealed} of {}.", counted(committed.len(), "answer"));
    if missing.is_empty() {
        return Waiting {
            summary,
            waiting_for: Some("someone to call resolve, which compares the answers and pays".into()),
            deadline: None,
            way_out: Some("anyone may call resolve with the revealed answers; it pays the dispatch fee".into()),
        };
    }
    // An answer waits for nobody from the deadline on; a refund waits for those who may still make a quorum.
    let (from, step) = if revealed >= quorum {
        (deadline, "resolve, which decides without the silent if the answers agree")
    } else {
        (end, "advanceJob, which refunds the job")
    };
    let (waiting_for, way_out) = if context.now > from {
        (
            format!("someone to call {step}: {} did not reveal by {}", executors(&missing), clock(from)),
            format!("anyone may call {step}"),
        )
    } else {
        let grace = if context.now > deadline { "late, but within the grace, " } else { "" };
        let until = if context.now > deadline { end } else { deadline };
        (
            format!("{grace}the reveal of {} until {}", executors(&missing), clock(until)),
            format!("after {} anyone may call {step}", clock(from)),
        )
    };
    let deadline = if context.now > deadline { from } else { deadline };
    Waiting { summary, waiting_for: Some(waiting_for), deadline: Some(deadline), way_out: Some(way_out) }
}

/// Seats whose commitment was not opened when the job ended, and that are not settled since.
fn pending(job: &JobRecord) -> Vec<u32> {
    if job.reveal_deadline.is_none() {
        return Vec::new();
    }
    let silent = job.committee().filter(|seat| seat.commitment.is_some() && seat.outcome.is_none());
    silent.map(|seat| seat.executor_id).collect()
}

fn resolved(job: &JobRecord, context: &ExplainContext<'_>, agreeing: usize) -> Waiting {
    let result = job.result().map(|result| Narrator::new(job, context.profile).result(result));
    let revealed = job.seats.iter().filter(|seat| seat.reveal.is_some()).count();
    let verb = if agreeing == 1 { "counts" } else { "agree" };
    let mut summary = format!("Answered: {agreeing} of {} {verb}", counted(revealed, "answer"));
    if let Some(result) = result {
        summary += &format!("; the result is {result}");
    }
    ended(job, context, summary + ".")
}

/// A job whose money is settled: only its callback and silent seats can still be open.
fn ended(job: &JobRecord, context: &ExplainContext<'_>, summary: String) -> Waiting {
    let silent = pending(job);
    if !silent.is_empty() {
        let deadline = job.reveal_deadline.unwrap_or_default();
        let end = deadline.saturating_add(u64::from(context.parameters.reveal_grace));
        let (waiting_for, way_out) = if context.now > end {
            (
                format!("someone to call punishSilent about {}", executors(&silent)),
                "anyone may call punishSilent, for a part of what is slashed".to_owned(),
            )
        } else {
            (
                format!("the late reveal of {} until {}", executors(&silent), clock(end)),
                format!("after {} anyone may call punishSilent, which slashes the silent", clock(end)),
            )
        };
        return Waiting { summary, waiting_for: Some(waiting_for), deadline: Some(end), way_out: Some(way_out) };
    }
    match job.callbacks.last() {
        Some(callback) if !callback.success => Waiting {
            summary,
            waiting_for: Some(format!("the contract {} to take the call that failed", account(&callback.target))),
            deadline: None,
            way_out: Some("anyone may call retryCallback; all payments are made already".into()),
        },
        _ => Waiting { summary, ..Waiting::default() },
    }
}

fn waited(seats: &[&SeatRecord], is_missing: impl Fn(&SeatRecord) -> bool) -> Vec<u32> {
    seats.iter().filter(|seat| is_missing(seat)).map(|seat| seat.executor_id).collect()
}

fn executors(ids: &[u32]) -> String {
    match ids {
        [id] => format!("executor {id}"),
        ids => format!("executors {}", list(ids)),
    }
}
