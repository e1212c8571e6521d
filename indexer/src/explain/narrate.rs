//! One sentence an event.

use alloy::primitives::{B256, hex};
use infera_contracts::{IJobRegistry::JobRequested, IStaking::SeatSettled};
use infera_protocol::output::{SCORES_PER_COSINE, ZeroShotParameters, ZeroShotResult};

use super::text::{account, clock, counted, list, preview, short};
use crate::{
    event::{CourtEvent, IndexedEvent, InferaEvent, JobRegistryEvent, StakingEvent},
    fold::{JobRecord, VerificationProfile},
    names::{JobPhase, Offence, RefundReason, ResultRule, SeatOutcome, Verdict},
    wei::Wei,
};

/// Tells a job's events in words.
pub(super) struct Narrator<'a> {
    job: &'a JobRecord,
    rule: Option<ResultRule>,
    labels: Vec<String>,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(job: &'a JobRecord, profile: Option<&VerificationProfile>) -> Self {
        let labels = ZeroShotParameters::decode(&job.parameters);
        Self {
            job,
            rule: profile.map(|profile| profile.rule),
            labels: labels.map(|parameters| parameters.labels().to_vec()).unwrap_or_default(),
        }
    }

    /// What the events of one transaction mean, the cause before its consequences: contracts tell who is paid before they
    /// tell why.
    pub(super) fn sentences(&self, events: &[IndexedEvent]) -> Vec<String> {
        let mut events: Vec<&IndexedEvent> = events.iter().collect();
        events.sort_by_key(|event| rank(&event.event));
        events.into_iter().filter_map(|event| self.sentence(event)).collect()
    }

    /// What an event of the job means; None for those that only repeat another.
    fn sentence(&self, event: &IndexedEvent) -> Option<String> {
        match &event.event {
            InferaEvent::JobRegistry(event) => self.job_registry(event),
            InferaEvent::Staking(event) => staking(event),
            InferaEvent::Court(event) => court(event),
            InferaEvent::ModelRegistry(_) | InferaEvent::ExecutorRegistry(_) | InferaEvent::Sortition(_) => None,
        }
    }

    fn job_registry(&self, event: &JobRegistryEvent) -> Option<String> {
        Some(match event {
            JobRegistryEvent::JobRequested(e) => self.request(e),
            JobRegistryEvent::CommitteeDrawn(e) => {
                let again = if self
                    .job
                    .draws
                    .first()
                    .is_some_and(|first| first.beacon == e.beacon && first.committee == e.committee)
                {
                    "is drawn"
                } else {
                    "is now"
                };
                let empty = e.committee.iter().filter(|executor| **executor == 0).count();
                let gaps = if empty == 0 { String::new() } else { format!(" ({} empty)", counted(empty, "seat")) };
                format!(
                    "The committee {again}: executors {}{gaps}, {} a seat. Commitments close at {}.",
                    list(e.committee.iter().filter(|executor| **executor != 0)),
                    Wei::from(e.seatFee),
                    clock(e.commitDeadline)
                )
            }
            JobRegistryEvent::SeatDeclined(e) => {
                format!("Executor {} gives seat {} back, which costs it nothing.", e.executorId, e.seat)
            }
            JobRegistryEvent::Committed(e) => {
                format!("Executor {} (seat {}) commits to an answer that nobody can read yet.", e.executorId, e.seat)
            }
            JobRegistryEvent::RevealPhaseOpened(e) => {
                format!("No more commitments are taken; answers are to be revealed until {}.", clock(e.revealDeadline))
            }
            JobRegistryEvent::Revealed(e) => format!(
                "Executor {} (seat {}) reveals {} with a vector of {} elements.",
                e.executorId,
                e.seat,
                self.result(&e.result),
                e.vector.len() / 2
            ),
            JobRegistryEvent::RevealedSame(e) => {
                format!("Executor {} (seat {}) reveals the same answer as seat {}.", e.executorId, e.seat, e.sameAs)
            }
            JobRegistryEvent::JobResolved(e) => {
                let agreeing: Vec<u8> = (0..8).filter(|seat| e.agreeing & (1 << seat) != 0).collect();
                let result = self.job.result().map_or_else(|| short(&e.resultHash), |result| self.result(result));
                format!(
                    "{} agree ({}): the result is {result}. {} go back to the requester.",
                    counted(agreeing.len(), "answer"),
                    if agreeing.len() == 1 {
                        format!("seat {}", list(agreeing))
                    } else {
                        format!("seats {}", list(agreeing))
                    },
                    Wei(e.refund)
                )
            }
            JobRegistryEvent::JobRefunded(e) => {
                format!("{} {} go back to the requester.", refund_reason(RefundReason::from(e.reason)), Wei(e.refund))
            }
            JobRegistryEvent::CallbackExecuted(e) => {
                let what = if self.job.phase == JobPhase::Refunded { "failure" } else { "result" };
                if e.success {
                    format!("The contract {} takes the {what}.", account(&e.target))
                } else {
                    format!(
                        "The contract {} fails to take the {what}; anyone may call retryCallback.",
                        account(&e.target)
                    )
                }
            }
            JobRegistryEvent::JobAdvanced(e) => {
                format!("{} calls advanceJob for a bounty of {}.", account(&e.caller), Wei(e.bounty))
            }
            JobRegistryEvent::Credited(e) => format!("{} is credited {}.", account(&e.account), Wei(e.amount)),
            JobRegistryEvent::Withdrawn(_) | JobRegistryEvent::NonceRevoked(_) => return None,
        })
    }

    fn request(&self, request: &JobRequested) -> String {
        let terms = &self.job.terms;
        let input = if request.inputUri.is_empty() {
            preview(&request.input).unwrap_or_else(|| format!("an input of {} bytes", request.input.len()))
        } else {
            format!("the input at {}", request.inputUri)
        };
        let question = if self.labels.is_empty() {
            String::new()
        } else {
            let labels = self.labels.iter().map(|label| format!("“{label}”"));
            format!(" Which fits best: {}?", labels.collect::<Vec<_>>().join(" or "))
        };
        format!(
            "{} asks model {} version {} about {input}.{question} {} are wanted, {} of which must agree.",
            account(&request.requester),
            short(&terms.model_id),
            terms.version,
            counted(usize::from(terms.committee_size), "answer"),
            terms.quorum
        )
    }

    /// Result bytes in words.
    pub(super) fn result(&self, result: &[u8]) -> String {
        if self.rule == Some(ResultRule::Vector) {
            return "an embedding".into();
        }
        if self.rule.is_none_or(|rule| rule == ResultRule::Scores)
            && let Ok(result) = ZeroShotResult::decode(result)
        {
            let winner = usize::from(result.winner());
            let label = self.labels.get(winner).map_or_else(|| format!("label {winner}"), |label| format!("“{label}”"));
            return format!("{label} (score {})", score(result.best()));
        }
        match preview(result) {
            Some(text) => text,
            None if result.is_empty() => "an empty result".into(),
            None if result.len() <= B256::len_bytes() => hex::encode_prefixed(result),
            None => format!("a result of {} bytes", result.len()),
        }
    }
}

/// Orders what happens in one transaction.
fn rank(event: &InferaEvent) -> u8 {
    match event {
        InferaEvent::JobRegistry(JobRegistryEvent::JobAdvanced(_)) => 0,
        InferaEvent::JobRegistry(JobRegistryEvent::Credited(_)) => 3,
        InferaEvent::JobRegistry(JobRegistryEvent::CallbackExecuted(_)) => 4,
        InferaEvent::JobRegistry(_) | InferaEvent::Court(_) => 1,
        _ => 2,
    }
}

/// A fixed-point score as a decimal.
fn score(parts: i32) -> String {
    let (whole, fraction) = (parts.abs() / SCORES_PER_COSINE, parts.abs() % SCORES_PER_COSINE);
    format!("{}{whole}.{fraction:06}", if parts < 0 { "−" } else { "" })
}

fn staking(event: &StakingEvent) -> Option<String> {
    Some(match event {
        StakingEvent::SeatLocked(e) => format!("Executor {} has {} of its stake locked.", e.executorId, Wei(e.amount)),
        StakingEvent::SeatUnlocked(e) => {
            format!("Executor {} has {} of its stake unlocked.", e.executorId, Wei(e.amount))
        }
        StakingEvent::SeatSettled(e) => settlement(e),
        StakingEvent::Slashed(e) => {
            let offence = match Offence::from(e.offence) {
                Offence::NoReveal => "not opening its commitment".to_owned(),
                Offence::Equivocation => "signing two results".to_owned(),
                Offence::InvalidVif => "a false VIF proof".to_owned(),
                Offence::InvalidOpening => "opening something else than it committed to".to_owned(),
                Offence::Conviction => "an answer that a court found wrong".to_owned(),
                Offence::Unknown(number) => format!("offence {number}"),
            };
            let reward = if e.reward.is_zero() {
                String::new()
            } else {
                format!(", {} go to {} who brought the proof", Wei(e.reward), account(&e.prover))
            };
            format!(
                "Executor {} is slashed {}, {} % of its stake, for {offence} (strike {}): {} are burned{reward}.",
                e.executorId,
                Wei(e.amount),
                e.percent,
                e.strike,
                Wei(e.amount.saturating_sub(e.reward))
            )
        }
        _ => return None,
    })
}

fn court(event: &CourtEvent) -> Option<String> {
    Some(match event {
        CourtEvent::Challenged(e) => format!(
            "{} challenges the answer of executor {} (seat {}) before a court, with a bond of {}: job {} asks again.",
            account(&e.challenger),
            e.executorId,
            e.seat,
            Wei(e.bond),
            short(&e.courtJobId)
        ),
        CourtEvent::Decided(e) => match Verdict::from(e.verdict) {
            Verdict::Convicted => format!("The court finds executor {}'s answer wrong.", e.executorId),
            Verdict::Acquitted => format!("The court finds that executor {}'s answer holds.", e.executorId),
            Verdict::Lapsed => {
                format!("The court has no answer: executor {}'s can be challenged again.", e.executorId)
            }
            other => format!("The case about executor {}'s answer is {other}.", e.executorId),
        },
        _ => return None,
    })
}

fn settlement(settled: &SeatSettled) -> String {
    let executor = settled.executorId;
    let what = match SeatOutcome::from(settled.outcome) {
        SeatOutcome::Success => format!("Executor {executor}'s answer agrees"),
        SeatOutcome::Miss => format!("Executor {executor} did not commit"),
        SeatOutcome::Outlier => format!("Executor {executor}'s answer disagrees with the result"),
        SeatOutcome::Silent => format!("Executor {executor} did not open its commitment"),
        SeatOutcome::Neutral => format!("Executor {executor} is neither rewarded nor blamed"),
        SeatOutcome::Unknown(number) => format!("Executor {executor}'s seat ended with outcome {number}"),
    };
    let payment =
        if settled.payment.is_zero() { "paid nothing".into() } else { format!("paid {}", Wei(settled.payment)) };
    let reputation = if settled.reputationBefore == settled.reputationAfter {
        format!("reputation stays {}", settled.reputationAfter)
    } else {
        format!("reputation {} → {}", settled.reputationBefore, settled.reputationAfter)
    };
    format!("{what}: {payment}, {reputation}.")
}

/// Why the requester got the money back, as a sentence.
pub(super) fn refund_reason(reason: RefundReason) -> String {
    match reason {
        RefundReason::Cancelled => "The requester cancelled the job before its committee could be known.".into(),
        RefundReason::BeaconExpired => {
            "Nobody drew the committee while the hash of the beacon's block could still be had.".into()
        }
        RefundReason::NoCommittee => {
            "Too few executors serve this model at this price with free stake and capacity for a committee.".into()
        }
        RefundReason::TooFewCommitments => "Too few executors committed to an answer in time.".into(),
        RefundReason::TooFewReveals => "Too few executors opened their commitments in time.".into(),
        RefundReason::NoAgreement => "Too few answers agree with each other.".into(),
        RefundReason::Unknown(number) => format!("The job was refunded for reason {number}."),
    }
}
