//! Where words go: data to standard output, everything else to standard error.

use std::{
    fmt::{self, Display},
    io::{self, Write as _},
};

use anyhow::Context as _;
use infera_indexer::redact;
use serde::Serialize;

/// How a command prints its data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// As JSON, for programs; else as text, for people.
    pub(crate) json: bool,
}

impl Output {
    /// Prints a command's data.
    pub(crate) fn print(self, report: &(impl Serialize + Display)) -> anyhow::Result<()> {
        if self.json { print_json(report) } else { print_text(&report.to_string()) }
    }
}

/// Prints data as indented JSON.
pub(crate) fn print_json(data: &impl Serialize) -> anyhow::Result<()> {
    print_text(&serde_json::to_string_pretty(data).context("cannot put the data into JSON")?)
}

/// Prints a text and ends its line.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush());
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// Tells a person what is going on.
pub(crate) fn progress(message: impl Display) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Prints why a command failed as one chain, outermost first.
pub(crate) fn error(error: &anyhow::Error) {
    // A URL may carry the key of a paid node.
    progress(format_args!("error: {}", redact(&one_chain(error))));
}

/// Joins the causes, without those that the text before them repeats already.
fn one_chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| {
        if text.is_empty() {
            cause
        } else if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

/// Writes one aligned line per field.
pub(crate) fn write_fields(f: &mut fmt::Formatter<'_>, fields: &[(&str, String)]) -> fmt::Result {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    fields.iter().try_for_each(|(name, value)| writeln!(f, "{name:width$}  {value}"))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::one_chain;

    #[test]
    fn a_cause_that_is_told_already_is_not_repeated() {
        let error = anyhow!("No such file").context("cannot read a.json: No such file").context("no deployment");
        assert_eq!(one_chain(&error), "no deployment: cannot read a.json: No such file");
    }
}
