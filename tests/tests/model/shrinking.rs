//! Makes a sequence that shows a difference as small as it gets.
//!
//! proptest would try a few thousand of its own simplifications, most of them behind the difference. This knows the step at which
//! the difference shows: all that is behind it goes first, then runs of steps from long to short, then what is odd about steps.

mod single;

use self::single::simpler_single;
use crate::{
    operation::{Asked, By, Calls, Flaw, Given, Operation, Receipts, Signed},
    trial::Difference,
};

/// Blocks that are tried in place of a run of steps.
const MOST_BLOCKS: u16 = 3;

/// A sequence and the difference in its last step.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) operations: Vec<Operation>,
    pub(crate) difference: Difference,
}

/// The smallest sequence that `differs` still tells a difference of; none if it tells none of the whole.
pub(crate) fn smallest(
    operations: &[Operation],
    differs: impl Fn(&[Operation]) -> Option<Difference>,
) -> Option<Found> {
    let difference = differs(operations)?;
    let mut found = Found { operations: operations.to_vec(), difference };
    found.cut();
    for most_blocks in [0, MOST_BLOCKS] {
        loop {
            let before = found.operations.clone();
            let mut length = if most_blocks == 0 { before.len() / 2 } else { 2 };
            while length != 0 {
                found.drop_runs(length, most_blocks, &differs);
                length /= 2;
            }
            found.simplify(&differs);
            if found.operations == before {
                break;
            }
        }
    }
    Some(found)
}

impl Found {
    /// Forgets what comes behind the difference.
    fn cut(&mut self) {
        self.operations.truncate(self.difference.step + 1);
    }

    /// Takes other operations if they show a difference too.
    fn take(&mut self, operations: Vec<Operation>, differs: &impl Fn(&[Operation]) -> Option<Difference>) -> bool {
        let Some(difference) = differs(&operations) else { return false };
        *self = Self { operations, difference };
        self.cut();
        true
    }

    /// Leaves runs of steps out, the last ones first: they build on the others. Who is drawn depends on every block before;
    /// up to so many blocks without transactions in place of the run may draw those again who matter.
    fn drop_runs(&mut self, length: usize, most_blocks: u16, differs: &impl Fn(&[Operation]) -> Option<Difference>) {
        let mut end = self.operations.len();
        while end != 0 {
            let start = end.saturating_sub(length);
            let is_plain = matches!(self.operations[start..end], [Operation::Mine { .. }]);
            for blocks in 0..=if is_plain { 0 } else { most_blocks } {
                let mine = (blocks != 0).then_some(Operation::Mine { blocks });
                let mut rest = self.operations.clone();
                rest.splice(start..end, mine);
                if self.take(rest, differs) {
                    break;
                }
            }
            end = start.min(self.operations.len());
        }
    }

    fn simplify(&mut self, differs: &impl Fn(&[Operation]) -> Option<Difference>) {
        for position in 0..self.operations.len() {
            let Some(operation) = self.operations.get(position) else { break };
            for simpler in simpler(operation) {
                let mut operations = self.operations.clone();
                operations[position] = simpler;
                if self.take(operations, differs) {
                    break;
                }
            }
        }
    }
}

/// The operation with another value in one of its fields.
macro_rules! with {
    ($operation:expr, $variant:ident, $field:ident = $value:expr) => {{
        let (mut changed, value) = ($operation.clone(), $value);
        if let Operation::$variant { $field, .. } = &mut changed {
            *$field = value;
        }
        changed
    }};
}

/// Operations that are less odd in one respect; none for what is plain.
fn simpler(operation: &Operation) -> Vec<Operation> {
    let candidates = match operation {
        Operation::Request { .. } => vec![
            with!(operation, Request, flaw = Flaw::Sound),
            with!(operation, Request, callback = None),
            with!(operation, Request, on_failure = false),
            with!(operation, Request, refund_to = None),
            with!(operation, Request, pool = 0),
            with!(operation, Request, odd = 0),
            with!(operation, Request, by = By::Rightful),
            with!(operation, Request, commit_window = 60),
            with!(operation, Request, reveal_window = 30),
            with!(with!(operation, Request, size = 1), Request, quorum = 1),
        ],
        Operation::Commit { .. } => vec![
            with!(operation, Commit, answer = 0),
            with!(operation, Commit, by = By::Rightful),
            with!(operation, Commit, seat = 0),
        ],
        Operation::Resolve { .. } => vec![with!(operation, Resolve, answers = Given::Complete)],
        Operation::Mine { .. } => vec![Operation::Mine { blocks: 1 }],
        Operation::Batch { calls, .. } => {
            one_less(calls).into_iter().map(|calls| with!(operation, Batch, calls = calls)).collect()
        }
        Operation::RequestMany { requests, .. } => {
            one_less(requests).into_iter().map(|requests| with!(operation, RequestMany, requests = requests)).collect()
        }
        Operation::Order { request: Asked(request), .. } => {
            let requests = simpler(request).into_iter().map(|request| Asked(Box::new(request)));
            let mut candidates: Vec<_> = requests.map(|request| with!(operation, Order, request = request)).collect();
            candidates.push(with!(operation, Order, signed = Signed::Rightly));
            candidates.push(with!(operation, Order, relay_fee = 0));
            candidates
        }
        Operation::Subscribe { request: Asked(request), .. } => {
            let requests = simpler(request).into_iter().map(|request| Asked(Box::new(request)));
            requests.map(|request| with!(operation, Subscribe, request = request)).collect()
        }
        Operation::Challenge { .. } => vec![
            with!(operation, Challenge, flaw = Flaw::Sound),
            with!(operation, Challenge, odd = 0),
            with!(operation, Challenge, seat = 0),
        ],
        Operation::Decide { .. } => {
            vec![with!(operation, Decide, accused = None), with!(operation, Decide, courts = None)]
        }
        Operation::Equivocate { .. } => vec![with!(operation, Equivocate, receipts = Receipts::Conflicting)],
        Operation::Single(single) => simpler_single(single),
        _ => Vec::new(),
    };
    candidates.into_iter().filter(|candidate| candidate != operation).collect()
}

/// The calls without each of them.
fn one_less(Calls(calls): &Calls) -> Vec<Calls> {
    let without = |position: usize| calls.iter().take(position).chain(calls.iter().skip(position + 1)).cloned();
    (0..calls.len()).map(|left_out| Calls(without(left_out).collect())).collect()
}
