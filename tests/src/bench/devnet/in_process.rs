//! The devnet without a socket, and a whole network on it: against what was promised.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use infera_network::{ExecutorPlan, Network, scripted};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    bench::{Cell, Progress, Row, Statistics, Table, Unit},
    places::program,
};

/// The table's name.
pub const NAME: &str = "devnet-in-process";

/// What is promised: signed transfers a second with a root a block, seconds until a network runs, and memory.
const TRANSFERS: f64 = 20_000.0;
const START: f64 = 2.0;
const MEMORY: f64 = 1024.0;

/// Blocks of ten transfers, for the memory.
const BLOCKS: &str = "100000";

/// An example of the devnet, which measures in a process of its own.
fn example(name: &str) -> Result<PathBuf> {
    let path = format!("examples/{name}");
    program(&path).with_context(|| format!("`cargo build -p infera-devnet --examples` makes {path}"))
}

/// Whether what measures is there.
pub(super) fn check() -> Result<()> {
    ["transfers", "slots", "memory"].into_iter().try_for_each(|name| example(name).map(drop))
}

/// Measures so many times; the memory once.
///
/// # Errors
/// If a network does not start, or a chain refuses what it is sent.
pub async fn table(rounds: usize, progress: Progress<'_>) -> Result<Table> {
    let (mut starts, mut transfers, mut slots) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        progress(&format!("in process, round {round} of {rounds}"));
        starts.push(network_start().await?);
        transfers.push(run("transfers", &["--json"]).await?);
        slots.push(run("slots", &["--json"]).await?);
    }
    progress("in process, memory");
    let memory = run("memory", &[BLOCKS, "--json"]).await?;
    table_of(&starts, &transfers, &slots, &memory)
}

/// Seconds until a network of three executors can be asked.
async fn network_start() -> Result<f64> {
    let engine = Arc::new(scripted::Engine::default());
    let builder = Network::builder(scripted::model());
    let builder = (0..3).fold(builder, |builder, _| builder.executor(ExecutorPlan::in_process(engine.clone())));
    let started = Instant::now();
    let network = builder.start().await.context("starting a network")?;
    let seconds = started.elapsed().as_secs_f64();
    network.shutdown().await.context("stopping it")?;
    Ok(seconds)
}

async fn run(name: &str, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(example(name)?).args(arguments).kill_on_drop(true).output().await?;
    ensure!(output.status.success(), "{name}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {name} printed"))
}

fn table_of(starts: &[f64], transfers: &[Value], slots: &[Value], memory: &Value) -> Result<Table> {
    let samples_of = |runs: &[Value], path: &str| -> Result<Vec<f64>> {
        let of = |run: &Value| run.pointer(path).and_then(Value::as_f64).with_context(|| format!("no {path} in {run}"));
        runs.iter().map(of).collect()
    };
    let samples = |path: &str| samples_of(transfers, path);
    let mebibytes = |field: &str| -> Result<f64> {
        let bytes = memory.get(field).and_then(Value::as_f64).with_context(|| format!("no {field} in {memory}"))?;
        Ok(bytes / f64::from(1 << 20))
    };
    let rate = |name: &str, path: &str, target: Option<f64>| -> Result<Row> {
        Ok(spread(name, &samples(path)?, Unit::PerSecond, target))
    };
    let part = |name: &str, path: &str| -> Result<Row> { Ok(spread(name, &samples(path)?, Unit::Microseconds, None)) };
    Ok(Table {
        name: NAME,
        subject: "in process",
        columns: vec!["devnet", "target", "how many times as good"],
        rows: vec![
            rate("signed transfers, a root for each block of 1,000", "/blocksOf1000/perSecond", Some(TRANSFERS))?,
            part("part: a sender recovered, a transfer taken", "/blocksOf1000/sending")?,
            part("part: a transfer executed, a thousandth of three roots", "/blocksOf1000/mining")?,
            rate("signed transfers, a root for each block of 5,000", "/blocksOf5000/perSecond", None)?,
            rate("signed transfers, a block and a root for each", "/automine", None)?,
            spread("blocks that change one of 1,000,000 slots", &samples_of(slots, "/perSecond")?, Unit::PerSecond, None),
            spread("start with these and 100,000 accounts", &samples_of(slots, "/start")?, Unit::Seconds, None),
            spread("`Network::builder()` to three executors that run", starts, Unit::Seconds, Some(START)),
            figure("memory after 100,000 blocks of 10 transfers", mebibytes("memory")?, Some(MEMORY)),
            figure("their block log", mebibytes("log")?, None),
        ],
        bound: "A sender's address takes 26 µs of one core with libsecp256k1 (k256: 139 µs); all cores share a block's. A \
                transfer changes two leaves of the state's trie and all branches above them, of which the transfers of a \
                block share the upper ones: the larger the block, the fewer hashes for each. A network's start is the \
                transactions of its set-up, each waiting for its receipt."
            .to_owned(),
        notes: vec![
            "50,000 transfers (5,000 with a root for each) from 1,000 accounts to 100,000, signed before the clock starts; \
             from the encoded transaction to the sealed block, roots of state, transactions and receipts included."
                .to_owned(),
            "Memory is all that the process holds, with a block log, once; the transfers go to 100,000 accounts.".to_owned(),
        ],
    })
}

fn spread(name: &str, samples: &[f64], unit: Unit, target: Option<f64>) -> Row {
    let ratio = |target: f64| -> Option<Statistics> {
        let targets = vec![target; samples.len()];
        match unit {
            Unit::PerSecond => Statistics::of_ratios(samples, &targets),
            _ => Statistics::of_ratios(&targets, samples),
        }
    };
    let ratio = target.and_then(ratio).map_or(Cell::Nothing, |ratio| Cell::Spread(ratio, Unit::Ratio));
    let target = target.map_or(Cell::Nothing, |target| Cell::Figure(target, unit));
    Row { name: name.to_owned(), cells: vec![Cell::spread(samples, unit, "no rounds"), target, ratio] }
}

fn figure(name: &str, value: f64, target: Option<f64>) -> Row {
    let ratio = target.map_or(Cell::Nothing, |target| Cell::Figure(target / value, Unit::Ratio));
    let target = target.map_or(Cell::Nothing, |target| Cell::Figure(target, Unit::Mebibytes));
    Row { name: name.to_owned(), cells: vec![Cell::Figure(value, Unit::Mebibytes), target, ratio] }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn more_transfers_less_time_and_less_memory_are_better() {
        let blocks = json!({"perSecond": 40_000.0, "sending": 15.0, "mining": 10.0});
        let transfers = json!({"blocksOf1000": blocks, "blocksOf5000": blocks, "automine": 3_000.0});
        let slots = json!({"perSecond": 5_000.0, "start": 1.0});
        let memory = json!({"memory": 512u64 << 20, "log": 256u64 << 20});
        let table = table_of(&[0.5], &[transfers], &[slots], &memory).unwrap();
        let ratios: Vec<Option<f64>> = table
            .rows
            .iter()
            .map(|row| match row.cells[2] {
                Cell::Spread(statistics, Unit::Ratio) => Some(statistics.median),
                Cell::Figure(value, Unit::Ratio) => Some(value),
                _ => None,
            })
            .collect();
        assert_eq!(ratios, [Some(2.0), None, None, None, None, None, None, Some(4.0), Some(2.0), None]);
    }

    #[test]
    fn a_run_without_a_figure_is_an_error_that_names_it() {
        let error = table_of(&[1.0], &[json!({})], &[], &json!({})).unwrap_err().to_string();
        assert!(error.contains("/blocksOf1000/perSecond"), "{error}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_network_starts_and_stops_and_the_time_is_taken() {
        assert!(network_start().await.unwrap() > 0.0);
    }
}
