//! What events amount to: jobs, cases, executors and models as pure functions of the events about them.
//!
//! Each record starts from nothing and applies events in chain order; it never looks at a clock, a store or a node. So a
//! record can always be made anew from its events, which is what a rollback does.

mod case;
mod executor;
mod job;
mod model;
mod terms;

pub use case::{CaseCredit, CaseRecord};
pub use executor::{ExecutorRecord, Exit, Keys, OfferingRecord, Outcomes};
pub use job::{Callback, Draw, Ending, JobRecord, Moment, Reveal, SeatRecord, Slash, Standing};
pub use model::{ModelRecord, RuntimeClassRecord, VerificationProfile, VersionRecord};
pub use terms::JobTerms;

use crate::event::IndexedEvent;

/// A record that is folded from events.
pub trait Record: Sized {
    /// The record that `event` begins, or None when records of this kind don't begin with it.
    fn begin(event: &IndexedEvent) -> Option<Self>;

    /// Applies one more event about this record.
    fn apply(&mut self, event: &IndexedEvent);

    /// Folds all events about one record, in chain order; None when the one that begins it is not among them.
    fn fold<'a>(events: impl IntoIterator<Item = &'a IndexedEvent>) -> Option<Self> {
        events.into_iter().fold(None, Self::step)
    }

    /// One event more.
    fn step(record: Option<Self>, event: &IndexedEvent) -> Option<Self> {
        match record {
            None => Self::begin(event),
            Some(mut record) => {
                record.apply(event);
                Some(record)
            }
        }
    }
}
