//! Running other programs, with errors that name them.

use std::{
    io,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, anyhow, ensure};

/// Runs to the end; an error unless it succeeds. It writes where this program writes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", name(command)))?;
    ensure!(status.success(), "{} failed ({status})", describe(command));
    Ok(())
}

/// Like [`run`], for a program that ends when its standard input does: it dies with this one, however that dies.
pub(crate) fn run_with_lifeline(command: &mut Command) -> Result<()> {
    let child = command.stdin(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("cannot start {}", name(command)))?;
    // `wait` would close a pipe that the child still holds.
    let lifeline = child.stdin.take();
    let status = child.wait().with_context(|| format!("cannot wait for {}", name(command)))?;
    drop(lifeline);
    ensure!(status.success(), "{} failed ({status})", describe(command));
    Ok(())
}

/// Like [`run`], with what the program prints on standard output sent to standard error.
pub(crate) fn run_on_stderr(command: &mut Command) -> Result<()> {
    run(command.stdout(Stdio::from(io::stderr())))
}

/// Runs to the end and returns what it printed on standard output, trimmed.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", name(command)))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(anyhow!("{} failed ({}): {}", describe(command), output.status, reason.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// The command line, as one would type it but for quotes.
pub(crate) fn describe(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| format!(" {}", argument.to_string_lossy()));
    std::iter::once(name(command)).chain(arguments).collect()
}
