//! From the beacon to the commitment.

use std::time::Duration;

use crate::bench::{
    Cell, Row, Table, Unit,
    jobs::{CommitmentTimes, JobRun, Jobs},
};

/// The table's name.
pub const NAME: &str = "commitment";

/// The table over all jobs but the network's first, in which the labels are encoded too.
pub fn table(jobs: &Jobs) -> Table {
    let each = |part: fn(&CommitmentTimes) -> Duration| -> Vec<f64> {
        jobs.later.iter().flat_map(|job| &job.commitments).map(|times| milliseconds(part(times))).collect()
    };
    let one_of = |which: fn(&JobRun) -> Option<&CommitmentTimes>| -> Vec<f64> {
        jobs.later.iter().filter_map(which).map(|times| milliseconds(times.total())).collect()
    };
    let row = |name: &str, samples: &[f64]| Row {
        name: name.to_owned(),
        cells: vec![Cell::spread(samples, Unit::Milliseconds, "no jobs after the first")],
    };
    let took: Vec<f64> = jobs.later.iter().map(|job| job.took.as_secs_f64()).collect();
    Table {
        name: NAME,
        subject: "from the block that fixes the beacon",
        columns: vec!["median (10th–90th percentile)"],
        rows: vec![
            row("to the committee's first commitment", &one_of(|job| job.commitments.first())),
            row("to the committee's last commitment", &one_of(|job| job.commitments.last())),
            row("to any commitment", &each(CommitmentTimes::total)),
            row("part: sees the block, is drawn, asks its model", &each(|times| times.notice)),
            row("part: the model answers", &each(|times| times.inference)),
            row("part: stores, signs, broadcasts", &each(|times| times.submission)),
            Row {
                name: "whole job: proposal sent to callback seen".to_owned(),
                cells: vec![Cell::spread(&took, Unit::Seconds, "no jobs after the first")],
            },
        ],
        bound: "An inference, and a few questions to the chain. The executor learns of a block by asking for it every \
                100 ms, so 50 ms on average pass before it can know; and no commitment counts before the next block, \
                at most 1 s later, so everything well below a second costs the requester nothing. The whole job takes \
                blocks of one second: request, beacon, commitments, reveals, and one for the resolution when the last \
                to reveal was not alone in its block."
            .to_owned(),
        notes: vec![format!(
            "{} jobs of three seats, after one to warm up; four executors in one process share one engine, so the last \
             of a committee waits for the inferences of the other two.",
            jobs.later.len()
        )],
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::indexing_slicing)]

    use super::*;
    use crate::bench::Statistics;

    #[test]
    fn first_and_last_are_of_each_committee_and_the_first_job_is_left_out() {
        let times = |milliseconds| CommitmentTimes {
            notice: Duration::from_millis(milliseconds),
            inference: Duration::from_millis(10),
            submission: Duration::from_millis(5),
        };
        let job = |commitments: &[u64]| JobRun {
            commitments: commitments.iter().copied().map(times).collect(),
            transactions: Vec::new(),
            took: Duration::from_secs(4),
        };
        let jobs = Jobs { first: job(&[1000, 1000, 1000]), later: vec![job(&[1, 2, 3]), job(&[3, 4, 5])] };
        let table = table(&jobs);
        let median = |row: usize| match table.rows[row].cells[0] {
            Cell::Spread(Statistics { median, count, .. }, _) => (median.round() as u64, count),
            ref other => panic!("{other:?}"),
        };
        assert_eq!([median(0), median(1), median(2)], [(17, 2), (19, 2), (18, 6)]);
        assert_eq!([median(3), median(4), median(5)], [(3, 6), (10, 6), (5, 6)]);
    }
}
