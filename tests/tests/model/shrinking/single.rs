//! Steps about single jobs that are less odd in one respect.

use crate::operation::{AllOf, By, Flaw, Operation, Single};

/// The step with another value in one of its fields.
macro_rules! with {
    ($step:expr, $variant:ident, $field:ident = $value:expr) => {{
        let mut changed = $step.clone();
        if let Single::$variant { $field, .. } = &mut changed {
            *$field = $value;
        }
        changed
    }};
}

/// None for what is plain.
pub(super) fn simpler_single(step: &Single) -> Vec<Operation> {
    let candidates = match step {
        Single::Ask { .. } => vec![
            with!(step, Ask, flaw = Flaw::Sound),
            with!(step, Ask, callback = None),
            with!(step, Ask, provisionally = false),
            with!(step, Ask, on_failure = false),
            with!(step, Ask, refund_to = None),
            with!(step, Ask, odd = 0),
            with!(step, Ask, by = By::Rightful),
            with!(step, Ask, submit_window = 60),
            with!(step, Ask, takeover_window = 30),
        ],
        Single::Submit { .. } => vec![with!(step, Submit, answer = 0)],
        Single::Prove { .. } => vec![with!(step, Prove, answer = 0)],
        Single::TryEach { calls: AllOf(calls), .. } => {
            let without = |position: usize| calls.iter().take(position).chain(calls.iter().skip(position + 1)).cloned();
            (0..calls.len()).map(|left_out| with!(step, TryEach, calls = AllOf(without(left_out).collect()))).collect()
        }
        _ => Vec::new(),
    };
    candidates.into_iter().map(Operation::Single).collect()
}
