//! From the start of the demo to its first callback.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use crate::{
    bench::{Cell, Progress, Row, Table, Unit},
    places::program,
};

/// The table's name.
pub const NAME: &str = "demo";

/// The programs that the demo consists of.
const PROGRAMS: [&str; 3] = ["infera-demo", "infera", "infera-adversary"];

/// What the demo's JSON says that is of use here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    first_callback_seconds: f64,
    stories: Vec<Story>,
}

#[derive(Debug, Deserialize)]
struct Story {
    seconds: f64,
}

/// Whether the demo's programs are built.
///
/// # Errors
/// Names the first that is not.
pub fn check() -> Result<()> {
    PROGRAMS.into_iter().try_for_each(|name| program(name).map(drop))
}

/// Runs the demo so many times, one after the other.
///
/// # Errors
/// If the demo is not built or fails.
pub async fn table(runs: usize, progress: Progress<'_>) -> Result<Table> {
    let mut summaries = Vec::new();
    for number in 1..=runs {
        progress(&format!("demo {number} of {runs}"));
        summaries.push(run().await?);
    }
    Ok(table_of(&summaries))
}

async fn run() -> Result<Summary> {
    let mut demo = Command::new(program("infera-demo")?);
    let output =
        demo.arg("--json").stdin(Stdio::null()).kill_on_drop(true).output().await.context("starting the demo")?;
    if !output.status.success() {
        bail!("the demo failed ({}): {}", output.status, reason(&String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).context("reading the demo's JSON")
}

/// What a failed demo says about it: its error rather than the trace that may follow.
fn reason(told: &str) -> &str {
    let error = told.lines().find(|line| line.starts_with("Error: "));
    error.or(told.lines().last()).unwrap_or("it said nothing")
}

fn table_of(summaries: &[Summary]) -> Table {
    let first_callback: Vec<f64> = summaries.iter().map(|summary| summary.first_callback_seconds).collect();
    let job: Vec<f64> = summaries.iter().filter_map(|summary| Some(summary.stories.first()?.seconds)).collect();
    let set_up: Vec<f64> = first_callback.iter().zip(&job).map(|(callback, job)| callback - job).collect();
    let row = |name: &str, samples: &[f64]| Row {
        name: name.to_owned(),
        cells: vec![Cell::spread(samples, Unit::Seconds, "no runs")],
    };
    Table {
        name: NAME,
        subject: "from the start of the built demo",
        columns: vec!["median (10th–90th percentile)"],
        rows: vec![
            row("to the first callback", &first_callback),
            row("of which: chain, contracts, six executors, indexer", &set_up),
            row("of which: the job", &job),
        ],
        bound: "The job's blocks of one second (request, beacon, commitments, reveals, resolution); before it, six \
                processes that each hash and load 91 MB of weights, on the cores there are."
            .to_owned(),
        notes: vec![format!("{} runs of the demo; every executor is a process of its own.", summaries.len())],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;
    use crate::bench::Statistics;

    #[test]
    fn a_failed_demo_is_quoted_by_its_error() {
        assert_eq!(reason("== The scene\nError: no chain\n\nStack backtrace:\n   0: main\n"), "Error: no chain");
        assert_eq!(reason("== The scene\nkilled\n"), "killed");
        assert_eq!(reason(""), "it said nothing");
    }

    #[test]
    fn the_set_up_is_what_the_first_callback_took_beyond_its_job() {
        let json = r#"{ "firstCallbackSeconds": 9.5, "stories": [{ "story": "honest", "seconds": 4.0 }, { "seconds": 7.0 }] }"#;
        let table = table_of(&[serde_json::from_str(json).unwrap()]);
        let seconds: Vec<_> = table
            .rows
            .iter()
            .map(|row| match row.cells[0] {
                Cell::Spread(Statistics { median, .. }, Unit::Seconds) => median,
                ref other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seconds, [9.5, 5.5, 4.0]);
    }
}
