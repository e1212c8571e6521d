//! Gas of a redundant job, transaction by transaction.

use crate::bench::{
    Cell, Row, Table, Unit,
    jobs::{JobRun, Jobs, Step},
};

/// The table's name.
pub const NAME: &str = "gas";

/// The table from the receipts of `jobs`.
pub fn table(jobs: &Jobs) -> Table {
    let all = || std::iter::once(&jobs.first).chain(&jobs.later);
    let mut steps: Vec<Step> = all().flat_map(|job| &job.transactions).map(|(step, _)| *step).collect();
    steps.sort();
    steps.dedup();
    let mut rows: Vec<Row> = steps
        .into_iter()
        .map(|step| {
            let gas = |job: &JobRun| job.transactions.iter().find(|(other, _)| *other == step).map(|(_, gas)| *gas);
            row(name(step), gas, jobs)
        })
        .collect();
    rows.push(row("whole job".to_owned(), |job| Some(job.total_gas()), jobs));
    Table {
        name: NAME,
        subject: "transaction",
        columns: vec!["first job of a network", "later jobs"],
        rows,
        bound: "21,000 for each of the seven or eight transactions; 16 a non-zero byte of calldata, so 12,000 for every \
                vector of 384 int16, which is sent to be revealed and again to be compared, unless its reveal resolves; \
                and about 22,000 for every storage word that is written first."
            .to_owned(),
        notes: vec![
            "From receipts of the stories' proposals, median and 10th to 90th percentile. Request and callback include \
             the consumer's own work: ProposalRouter stores the proposal, quotes the job, and pays the budget out."
                .to_owned(),
            "The page of the [JobRegistry](contracts/job-registry.md) has the figures of the Solidity test: a consumer that does the least, a 256-byte \
             input, 1,000 registered executors and accounts that were used before."
                .to_owned(),
            "Three executors that reveal in one block leave the resolution to a transaction of its own; the last to \
             reveal in a later block resolves in the same one. Rows of both kinds add up over different jobs."
                .to_owned(),
        ],
    }
}

fn row(name: String, gas: impl Fn(&JobRun) -> Option<u64>, jobs: &Jobs) -> Row {
    let first = gas(&jobs.first).map_or(Cell::Nothing, |gas| Cell::Figure(gas as f64, Unit::Gas));
    let later: Vec<f64> = jobs.later.iter().filter_map(&gas).map(|gas| gas as f64).collect();
    let later = if later.is_empty() { Cell::Nothing } else { Cell::spread(&later, Unit::Gas, "") };
    Row { name, cells: vec![first, later] }
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
    fn each_transaction_has_its_row_and_the_total_adds_up() {
        let jobs = Jobs {
            first: job(&[(Step::Request, 100), (Step::Commit(1), 50), (Step::Resolve, 7)]),
            later: vec![
                job(&[(Step::Request, 80), (Step::Commit(1), 40), (Step::RevealAndResolve, 9)]),
                job(&[(Step::Request, 82), (Step::Commit(1), 40), (Step::RevealAndResolve, 9)]),
            ],
        };
        let rows = table(&jobs).rows;
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
        assert_eq!(rows[1].cells, [figure(50.0), same(40.0)]);
        assert_eq!(rows[2].cells, [Cell::Nothing, same(9.0)]);
        assert_eq!(rows[4].cells[0], figure(157.0));
        assert!(matches!(rows[4].cells[1], Cell::Spread(Statistics { median: 130.0, .. }, _)), "{:?}", rows[4]);
    }
}
