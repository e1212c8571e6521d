//! Sequences that once showed a difference, as the search prints them.

use crate::{operation::Operation, stage::Stage, trial};

/// Runs a sequence on model and contracts; panics where they differ.
pub(crate) fn replay(operations: &[Operation]) {
    if let Err(difference) = trial::run(&Stage::start(), operations, None, &mut Default::default()) {
        panic!("{difference}");
    }
}
