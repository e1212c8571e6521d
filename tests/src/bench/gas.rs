//! Gas of a redundant job, transaction by transaction.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::{
    bench::{
        Cell, Row, Table, Unit,
        jobs::{JobRun, Jobs, Step},
    },
    places::root,
};

/// The table's name.
pub const NAME: &str = "gas";

/// Before the names of the Solidity tests' figures.
const SNAPSHOT_PREFIX: &str = "redundant_job_3_";

/// Gas figures of the Solidity tests, by name.
type Snapshots = BTreeMap<String, String>;

/// The table from the receipts of `jobs`, beside the figures of the Solidity tests.
///
/// # Errors
/// If the Solidity tests' figures can't be read.
pub fn table(jobs: &Jobs) -> Result<Table> {
    let path = root().join("contracts/snapshots/gas.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let snapshots = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    Ok(table_beside(jobs, &snapshots))
}

fn table_beside(jobs: &Jobs, snapshots: &Snapshots) -> Table {
    let all = || std::iter::once(&jobs.first).chain(&jobs.later);
    let mut steps: Vec<Step> = all().flat_map(|job| &job.transactions).map(|(step, _)| *step).collect();
    steps.sort();
    steps.dedup();
    let mut rows: Vec<Row> = steps
        .into_iter()
        .map(|step| {
            let gas = |job: &JobRun| job.transactions.iter().find(|(other, _)| *other == step).map(|(_, gas)| *gas);
            row(name(step), gas, snapshot_name(step).as_deref(), jobs, snapshots)
        })
        .collect();
    rows.push(row("whole job".to_owned(), |job| Some(job.total_gas()), Some("total"), jobs, snapshots));
    Table {
        name: NAME,
        subject: "transaction",
        columns: vec!["first job of a network", "later jobs", "Solidity test"],
        rows,
        bound: "21,000 for each of the seven or eight transactions; 16 a non-zero byte of calldata, so 12,000 for every \
                vector of 384 int16, which is sent to be revealed and again to be compared, unless its reveal resolves; \
                and about 22,000 for every storage word that is written first."
            .to_owned(),
        notes: vec![
            "From receipts of the stories' proposals, median and 10th to 90th percentile. Request and callback include \
             the consumer's own work: ProposalRouter stores the proposal, quotes the job, and pays the budget out."
                .to_owned(),
            "The Solidity test has a consumer that does the least, a 256-byte input, 1,000 registered executors and \
             accounts that were used before."
                .to_owned(),
            "Three executors that reveal in one block leave the resolution to a transaction of its own; the last to \
             reveal in a later block resolves in the same one. Rows of both kinds add up over different jobs."
                .to_owned(),
        ],
    }
}

fn row(
    name: String,
    gas: impl Fn(&JobRun) -> Option<u64>,
    snapshot: Option<&str>,
    jobs: &Jobs,
    snapshots: &Snapshots,
) -> Row {
    let figure = |gas: Option<f64>| gas.map_or(Cell::Nothing, |gas| Cell::Figure(gas, Unit::Gas));
    let later: Vec<f64> = jobs.later.iter().filter_map(&gas).map(|gas| gas as f64).collect();
    let snapshot = snapshot.and_then(|name| snapshots.get(&format!("{SNAPSHOT_PREFIX}{name}"))?.parse().ok());
    let later = if later.is_empty() { Cell::Nothing } else { Cell::spread(&later, Unit::Gas, "") };
    Row { name, cells: vec![figure(gas(&jobs.first).map(|gas| gas as f64)), later, figure(snapshot)] }
}

fn name(step: Step) -> String {
    match step {
        Step::Request => "request, by the consumer contract".to_owned(),
        Step::Commit(1) => "first commitment, with the draw".to_owned(),
        Step::Commit(number) => format!("{} commitment", ordinal(number)),
        Step::Reveal(number) => format!("{} reveal", ordinal(number)),
        Step::RevealAndResolve => "last reveal, with resolution and callback".to_owned(),
        Step::Resolve => "resolution and callback".to_owned(),
    }
}

/// Name of a step's figure in the Solidity tests, which have the last reveal resolve.
fn snapshot_name(step: Step) -> Option<String> {
    match step {
        Step::Request => Some("request".to_owned()),
        Step::Commit(number) => Some(format!("{}_commit", ordinal(number))),
        Step::Reveal(number) => Some(format!("{}_reveal", ordinal(number))),
        Step::RevealAndResolve => Some("reveal_and_resolve".to_owned()),
        Step::Resolve => None,
    }
}

/// A committee has at most seven seats.
fn ordinal(number: usize) -> &'static str {
    match number {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        5 => "fifth",
        6 => "sixth",
        _ => "seventh",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::time::Duration;

    use super::*;
    use crate::bench::Statistics;

    fn job(transactions: &[(Step, u64)]) -> JobRun {
        JobRun { commitments: Vec::new(), transactions: transactions.to_vec(), took: Duration::ZERO }
    }

    #[test]
    fn each_transaction_stands_beside_its_figure_in_solidity_and_the_total_adds_up() {
        let jobs = Jobs {
            first: job(&[(Step::Request, 100), (Step::Commit(1), 50), (Step::Resolve, 7)]),
            later: vec![
                job(&[(Step::Request, 80), (Step::Commit(1), 40), (Step::RevealAndResolve, 9)]),
                job(&[(Step::Request, 82), (Step::Commit(1), 40), (Step::RevealAndResolve, 9)]),
            ],
        };
        let snapshots = Snapshots::from([("redundant_job_3_first_commit".to_owned(), "45".to_owned())]);
        let rows = table_beside(&jobs, &snapshots).rows;
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "request, by the consumer contract",
                "first commitment, with the draw",
                "last reveal, with resolution and callback",
                "resolution and callback",
                "whole job",
            ]
        );
        let figure = |gas| Cell::Figure(gas, Unit::Gas);
        let same = |gas| Cell::Spread(Statistics { count: 2, median: gas, p10: gas, p90: gas }, Unit::Gas);
        assert_eq!(rows[1].cells, [figure(50.0), same(40.0), figure(45.0)]);
        assert_eq!(rows[2].cells, [Cell::Nothing, same(9.0), Cell::Nothing]);
        assert_eq!(rows[4].cells[0], figure(157.0));
        assert!(matches!(rows[4].cells[1], Cell::Spread(Statistics { median: 130.0, .. }, _)), "{:?}", rows[4]);
    }

    #[test]
    fn the_solidity_tests_have_a_figure_for_every_step_that_they_take() {
        let text = std::fs::read_to_string(root().join("contracts/snapshots/gas.json")).unwrap();
        let snapshots: Snapshots = serde_json::from_str(&text).unwrap();
        let steps = [Step::Request, Step::RevealAndResolve]
            .into_iter()
            .chain((1..=3).map(Step::Commit))
            .chain((1..=2).map(Step::Reveal));
        for step in steps {
            let name = snapshot_name(step).unwrap();
            assert!(snapshots.contains_key(&format!("{SNAPSHOT_PREFIX}{name}")), "{name}");
        }
    }
}
