//! A challenge before a court, folded from the court's events.

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::{Moment, Record};
use crate::{
    event::{CourtEvent, IndexedEvent, InferaEvent},
    names::Verdict,
    wei::Wei,
};

/// Who was credited what by the court.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseCredit {
    /// Who.
    pub account: Address,
    /// How much.
    pub amount: Wei,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseRecord {
    /// The court's job, which names the case.
    pub id: B256,
    /// The job whose answer is challenged.
    pub job_id: B256,
    /// That job's registry.
    pub registry: Address,
    /// The accused answer's seat.
    pub seat: u8,
    /// The accused.
    pub executor_id: u32,
    /// Who challenged.
    pub challenger: Address,
    /// What the challenger put up.
    pub bond: Wei,
    /// When it was opened.
    pub opened: Moment,
    /// Where it stands.
    pub verdict: Verdict,
    /// When it was closed.
    pub closed: Option<Moment>,
    /// What the court credited: the bond's parts, and what was paid beyond.
    pub credits: Vec<CaseCredit>,
    /// Whether another tier's registry failed to take the verdict, and wasn't told again since.
    pub undelivered: bool,
}

impl Record for CaseRecord {
    fn begin(event: &IndexedEvent) -> Option<Self> {
        let InferaEvent::Court(CourtEvent::Challenged(e)) = &event.event else { return None };
        Some(Self {
            id: e.courtJobId,
            job_id: e.jobId,
            registry: e.registry,
            seat: e.seat,
            executor_id: e.executorId,
            challenger: e.challenger,
            bond: e.bond.into(),
            opened: Moment::from(event),
            verdict: Verdict::Pending,
            closed: None,
            credits: Vec::new(),
            undelivered: false,
        })
    }

    fn apply(&mut self, event: &IndexedEvent) {
        let InferaEvent::Court(court) = &event.event else { return };
        match court {
            CourtEvent::Challenged(_) | CourtEvent::Withdrawn(_) => {}
            CourtEvent::Decided(e) => {
                self.verdict = Verdict::from(e.verdict);
                self.closed = Some(Moment::from(event));
            }
            CourtEvent::Credited(e) => {
                self.credits.push(CaseCredit { account: e.account, amount: e.amount.into() });
            }
            CourtEvent::VerdictUndelivered(_) => self.undelivered = true,
            CourtEvent::VerdictDelivered(_) => self.undelivered = false,
        }
    }
}
