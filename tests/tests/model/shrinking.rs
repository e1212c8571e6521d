//! Makes a sequence that shows a difference as small as it gets.
//!
//! proptest would try a few thousand of its own simplifications, most of them behind the difference. This knows the step at which
//! the difference shows: all that is behind it goes first, then runs of steps from long to short, then what is odd about steps.

use crate::{
    operation::{By, Calls, Flaw, Given, Operation},
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

/// Operations that are less odd in one respect; none for what is plain.
fn simpler(operation: &Operation) -> Vec<Operation> {
    use Operation as Op;
    let changed = |change: &dyn Fn(&mut Operation)| {
        let mut changed = operation.clone();
        change(&mut changed);
        changed
    };
    let candidates = match operation {
        Op::Request { .. } => vec![
            changed(&|op| {
                if let Op::Request { flaw, .. } = op {
                    *flaw = Flaw::Sound
                }
            }),
            changed(&|op| {
                if let Op::Request { callback, .. } = op {
                    *callback = None
                }
            }),
            changed(&|op| {
                if let Op::Request { on_failure, .. } = op {
                    *on_failure = false
                }
            }),
            changed(&|op| {
                if let Op::Request { refund_to, .. } = op {
                    *refund_to = None
                }
            }),
            changed(&|op| {
                if let Op::Request { odd, .. } = op {
                    *odd = 0
                }
            }),
            changed(&|op| {
                if let Op::Request { by, .. } = op {
                    *by = By::Rightful
                }
            }),
            changed(&|op| {
                if let Op::Request { commit_window, .. } = op {
                    *commit_window = 60
                }
            }),
            changed(&|op| {
                if let Op::Request { reveal_window, .. } = op {
                    *reveal_window = 30
                }
            }),
            changed(&|op| {
                if let Op::Request { size, quorum, .. } = op {
                    (*size, *quorum) = (1, 1)
                }
            }),
        ],
        Op::Commit { .. } => vec![
            changed(&|op| {
                if let Op::Commit { answer, .. } = op {
                    *answer = 0
                }
            }),
            changed(&|op| {
                if let Op::Commit { by, .. } = op {
                    *by = By::Rightful
                }
            }),
            changed(&|op| {
                if let Op::Commit { seat, .. } = op {
                    *seat = 0
                }
            }),
        ],
        Op::Resolve { job, by, .. } => vec![Op::Resolve { job: *job, answers: Given::Complete, by: *by }],
        Op::Mine { .. } => vec![Op::Mine { blocks: 1 }],
        Op::Batch { calls: Calls(calls), by } => {
            let without = |position: usize| {
                let mut rest = calls.clone();
                rest.remove(position);
                Op::Batch { calls: Calls(rest), by: *by }
            };
            (0..calls.len()).map(without).collect()
        }
        _ => Vec::new(),
    };
    candidates.into_iter().filter(|candidate| candidate != operation).collect()
}
