//! A sequence as the source of a test.

use crate::operation::Operation;

/// A test of this name that replays the sequence, for `regressions.rs`.
pub(crate) fn source(name: &str, operations: &[Operation]) -> String {
    let lines: String = operations.iter().map(|operation| format!("        {operation:?},\n")).collect();
    format!(
        "#[test]\nfn {name}() {{\n    replay(&{name}_operations());\n}}\n\n\
         #[rustfmt::skip]\nfn {name}_operations() -> Vec<Operation> {{\n    vec![\n{lines}    ]\n}}\n"
    )
}
