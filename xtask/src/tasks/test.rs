//! `cargo xtask test`

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::contracts;
use crate::{checkout::Checkout, process, progress::say, setup};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Go on after a step that fails, to see all that fails
    #[arg(long)]
    keep_going: bool,
}

/// A part of the test command.
struct Step<'a> {
    name: &'static str,
    work: Box<dyn FnOnce() -> Result<()> + 'a>,
}

/// How a step ended.
struct Outcome {
    name: &'static str,
    duration: Duration,
    passed: bool,
}

pub(crate) fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    let mut outcomes = perform(vec![Step { name: "setup", work: Box::new(|| setup::run_for_tests(checkout)) }], false);
    // Without it nothing else can pass.
    if outcomes.iter().all(|outcome| outcome.passed) {
        outcomes.extend(perform(steps(checkout)?, arguments.keep_going));
    }
    say(format_args!("\n{}", table(&outcomes)));
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed).map(|outcome| outcome.name).collect();
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// What is quick comes first, so that a slip is seen early.
fn steps(checkout: &Checkout) -> Result<Vec<Step<'_>>> {
    let cargo = |arguments: &[&str]| {
        let mut cargo = checkout.cargo();
        cargo.args(arguments);
        cargo
    };
    let forge = |arguments: &[&str]| {
        let mut forge = checkout.foundry("forge");
        forge.args(arguments);
        forge
    };
    Ok(vec![
        step("Rust format", cargo(&["fmt", "--all", "--check"])),
        step("Solidity format", forge(&["fmt", "--check"])),
        Step { name: "Solidity build", work: Box::new(|| contracts::build_for_tests(checkout)) },
        // Gas that differs from the committed figures fails; `forge test` alone writes the new ones.
        step("Solidity tests", forge(&["test", "--gas-snapshot-check", "true", "--gas-snapshot-emit", "false"])),
        step("build", checkout.build(&["--all-targets"])),
        step("artifacts", contracts::compiler(checkout, true)?),
        step("lints", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        step("Rust tests", cargo(&["test", "--workspace", "--no-fail-fast"])),
    ])
}

/// A step that runs one program.
fn step(name: &'static str, mut command: Command) -> Step<'static> {
    Step { name, work: Box::new(move || process::run(&mut command)) }
}

/// Runs the steps in order, to the first that fails unless `keep_going`.
fn perform(steps: Vec<Step<'_>>, keep_going: bool) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for Step { name, work } in steps {
        say(format_args!("\n── {name}"));
        let start = Instant::now();
        let result = work();
        if let Err(error) = &result {
            say(format_args!("error: {error:#}"));
        }
        outcomes.push(Outcome { name, duration: start.elapsed(), passed: result.is_ok() });
        if result.is_err() && !keep_going {
            break;
        }
    }
    outcomes
}

fn table(outcomes: &[Outcome]) -> String {
    let line = |outcome: &Outcome| {
        let verdict = if outcome.passed { "ok" } else { "FAILED" };
        format!("{:<16} {:>7.1} s  {verdict}\n", outcome.name, outcome.duration.as_secs_f64())
    };
    outcomes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use anyhow::bail;

    use super::*;

    fn steps_of_which_the_second_fails() -> Vec<Step<'static>> {
        let step =
            |name, passes: bool| Step { name, work: Box::new(move || if passes { Ok(()) } else { bail!("a reason") }) };
        vec![step("first", true), step("second", false), step("third", true)]
    }

    fn verdicts(outcomes: &[Outcome]) -> Vec<(&str, bool)> {
        outcomes.iter().map(|outcome| (outcome.name, outcome.passed)).collect()
    }

    #[test]
    fn the_first_failure_ends_the_run() {
        let outcomes = perform(steps_of_which_the_second_fails(), false);
        assert_eq!(verdicts(&outcomes), [("first", true), ("second", false)]);
    }

    #[test]
    fn keep_going_runs_every_step_and_still_tells_the_failure() {
        let outcomes = perform(steps_of_which_the_second_fails(), true);
        assert_eq!(verdicts(&outcomes), [("first", true), ("second", false), ("third", true)]);
        let lines: Vec<_> = table(&outcomes).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("second") && lines[1].ends_with("FAILED"), "{lines:?}");
    }

    #[test]
    fn a_program_that_fails_fails_its_step() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 3"]);
        assert!((step("shell", command).work)().unwrap_err().to_string().contains("exit status: 3"));
    }
}
