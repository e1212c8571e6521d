//! The devnet beside anvil: start, latency of questions, transactions a second.

pub mod in_process;
mod load;
mod memory;
mod node;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use self::{load::Sender, node::Node};
use crate::{
    bench::{Cell, Progress, Row, Statistics, Table, Unit},
    places::{program, root},
};

/// The table's name.
pub const NAME: &str = "devnet";

/// How often each question is asked.
const QUESTIONS: usize = 300;
/// Transactions that are sent one by one, each when the one before is answered.
const ONE_BY_ONE: usize = 500;
/// Transactions in one batch, and batches.
const BATCH: usize = 200;
const BATCHES: usize = 10;
/// Transactions that wait behind a missing nonce until it comes.
const QUEUED: usize = 5_000;
/// What is not in a block by then counts as not done.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is measured in every round, in order.
const FIGURES: [(&str, Unit); 10] = [
    ("start to first answer", Unit::Milliseconds),
    ("`eth_chainId`", Unit::Milliseconds),
    ("`eth_call` of a token transfer", Unit::Milliseconds),
    ("`eth_getLogs`, 500 logs in 500 blocks", Unit::Milliseconds),
    ("transfers, one by one", Unit::PerSecond),
    ("token transfers, one by one", Unit::PerSecond),
    ("transfers, in batches of 200", Unit::PerSecond),
    ("token transfers, in batches of 200", Unit::PerSecond),
    ("transfers, 5,000 queued", Unit::PerSecond),
    ("token transfers, 5,000 queued", Unit::PerSecond),
];

/// One figure for each of [`FIGURES`].
type Figures = [f64; FIGURES.len()];

/// Whether what is compared is there.
///
/// # Errors
/// Names what is not.
pub fn check() -> Result<()> {
    program("infera-devnet")?;
    in_process::check()?;
    anvil().map(drop)
}

fn anvil() -> Result<PathBuf> {
    let path = root().join("contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    ensure!(path.is_file(), "anvil is not at {}: run `cargo xtask setup`", path.display());
    Ok(path)
}

/// Lets both take turns so many times.
///
/// # Errors
/// If one of them does not start, or refuses what it is sent.
pub async fn table(rounds: usize, progress: Progress<'_>) -> Result<Table> {
    let (ours, theirs) = (program("infera-devnet")?, anvil()?);
    let mut samples = Vec::new();
    for round in 1..=rounds {
        progress(&format!("devnet and anvil, round {round} of {rounds}"));
        // Whoever is first in one round is second in the next.
        samples.push(if round % 2 == 1 {
            let ours = measure(&ours).await?;
            (ours, measure(&theirs).await?)
        } else {
            let theirs = measure(&theirs).await?;
            (measure(&ours).await?, theirs)
        });
    }
    progress("devnet and anvil, memory");
    let memory = (memory::of_blocks(&ours).await?, memory::of_blocks(&theirs).await?);
    Ok(table_of(&samples, memory))
}

/// `memory`: what each holds after many blocks, in mebibytes.
fn table_of(samples: &[(Figures, Figures)], memory: (f64, f64)) -> Table {
    let row = |(index, (name, unit)): (usize, &(&str, Unit))| {
        let of = |which: fn(&(Figures, Figures)) -> &Figures| -> Vec<f64> {
            samples.iter().filter_map(|sample| which(sample).get(index).copied()).collect()
        };
        let (ours, theirs) = (of(|sample| &sample.0), of(|sample| &sample.1));
        // More is better, so that 2 is always twice as good.
        let ratio = match unit {
            Unit::PerSecond => Statistics::of_ratios(&ours, &theirs),
            _ => Statistics::of_ratios(&theirs, &ours),
        };
        let ratio = ratio.map_or(Cell::Nothing, |ratio| Cell::Spread(ratio, Unit::Ratio));
        let cell = |samples: &[f64]| Cell::spread(samples, *unit, "no rounds");
        Row { name: (*name).to_owned(), cells: vec![cell(&ours), cell(&theirs), ratio] }
    };
    Table {
        name: NAME,
        subject: "over HTTP on loopback",
        columns: vec!["devnet", "anvil 1.7.1", "how many times as good"],
        rows: FIGURES.iter().enumerate().map(row).chain([memory::row(memory)]).collect(),
        bound: "A question over HTTP costs both ends' system calls and the client's JSON, some 50 µs on one core. A \
                transaction costs the recovery of its sender's address, 26 µs with libsecp256k1; under automine, one by \
                one and in batches, also a block with three Merkle roots."
            .to_owned(),
        notes: vec![
            "One client, one connection, automine, no output. Transactions are signed before the clock starts. A \
             latency is the median of 300 questions in a row. Each way of sending has a new chain, and the two take turns \
             to be first."
                .to_owned(),
            memory::note(),
            format!(
                "Sent counts what is in a block: the clock stops when the last one is, or after {} s. Queued: {QUEUED} \
                 transactions of one account, of which the first comes last.",
                PATIENCE.as_secs()
            ),
        ],
    }
}

/// How transactions are sent.
#[derive(Clone, Copy)]
enum Manner {
    OneByOne,
    Batched,
    Queued,
}

/// A round of one program. Every way of sending has a chain of its own: what one leaves undone must not hold up the next.
async fn measure(program: &Path) -> Result<Figures> {
    let (node, start) = Node::start(program).await?;
    let mut tokens = token_sender(&node).await?;
    let (token, call) = tokens.token_call().context("the token was deployed")?;
    let call = json!([{"from": tokens.address(), "to": token, "data": call}, "latest"]);
    let chain_id = latency(&node, "eth_chainId", json!([])).await?;
    let eth_call = latency(&node, "eth_call", call).await?;
    let tokens_one_by_one = one_by_one(&node, &mut tokens).await?;
    let logs = json!([{"address": token, "fromBlock": "0x0", "toBlock": "latest"}]);
    wait_for_logs(&node, &logs).await.with_context(|| program.display().to_string())?;
    let get_logs = latency(&node, "eth_getLogs", logs).await?;
    drop(node);
    Ok([
        start,
        chain_id,
        eth_call,
        get_logs,
        coins(program, Manner::OneByOne).await?,
        tokens_one_by_one,
        coins(program, Manner::Batched).await?,
        token_transfers(program, Manner::Batched).await?,
        coins(program, Manner::Queued).await?,
        token_transfers(program, Manner::Queued).await?,
    ])
}

/// Transfers of coins a second, on a new chain.
async fn coins(program: &Path, manner: Manner) -> Result<f64> {
    let (node, _) = Node::start(program).await?;
    send(&node, &mut Sender::new(1)?, manner).await
}

/// Transfers of a token a second, on a new chain.
async fn token_transfers(program: &Path, manner: Manner) -> Result<f64> {
    let (node, _) = Node::start(program).await?;
    send(&node, &mut token_sender(&node).await?, manner).await
}

/// An account that has deployed its token.
async fn token_sender(node: &Node) -> Result<Sender> {
    let mut sender = Sender::new(0)?;
    node.ask("eth_sendRawTransaction", json!([sender.deploy_token()?])).await?;
    rate(node, &sender, 1, Instant::now()).await?;
    Ok(sender)
}

async fn send(node: &Node, sender: &mut Sender, manner: Manner) -> Result<f64> {
    match manner {
        Manner::OneByOne => one_by_one(node, sender).await,
        Manner::Batched => batched(node, sender).await,
        Manner::Queued => queued(node, sender).await,
    }
}

/// Waits until every token transfer has its log: anvil's come a little after the block.
async fn wait_for_logs(node: &Node, logs: &Value) -> Result<()> {
    let started = Instant::now();
    loop {
        let count = node.ask("eth_getLogs", logs.clone()).await?.as_array().map_or(0, Vec::len);
        if count == ONE_BY_ONE {
            return Ok(());
        }
        ensure!(started.elapsed() < PATIENCE, "{count} of {ONE_BY_ONE} token transfers have a log");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The median of [`QUESTIONS`] answers' times, in milliseconds.
async fn latency(node: &Node, method: &str, params: Value) -> Result<f64> {
    let mut times = Vec::with_capacity(QUESTIONS);
    for _ in 0..QUESTIONS {
        let started = Instant::now();
        node.ask(method, params.clone()).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Statistics::of(&times).context("there are questions")?.median)
}

async fn one_by_one(node: &Node, sender: &mut Sender) -> Result<f64> {
    let transactions = sender.transactions(ONE_BY_ONE)?;
    let started = Instant::now();
    for raw in transactions {
        node.ask("eth_sendRawTransaction", json!([raw])).await?;
    }
    rate(node, sender, ONE_BY_ONE, started).await
}

async fn batched(node: &Node, sender: &mut Sender) -> Result<f64> {
    let transactions = sender.transactions(BATCH * BATCHES)?;
    let started = Instant::now();
    for batch in transactions.chunks(BATCH) {
        node.send_batch(batch).await?;
    }
    rate(node, sender, transactions.len(), started).await
}

async fn queued(node: &Node, sender: &mut Sender) -> Result<f64> {
    let transactions = sender.transactions(QUEUED)?;
    let (first, later) = transactions.split_first().context("there are transactions")?;
    let started = Instant::now();
    for batch in later.chunks(BATCH) {
        node.send_batch(batch).await?;
    }
    node.ask("eth_sendRawTransaction", json!([first])).await?;
    rate(node, sender, QUEUED, started).await
}

/// Transactions a second, from `started` to the block with the last of `count`.
async fn rate(node: &Node, sender: &Sender, count: usize, started: Instant) -> Result<f64> {
    let account = sender.address().to_string();
    loop {
        let missing = sender.signed().saturating_sub(node.nonce(&account).await?);
        let elapsed = started.elapsed();
        if missing == 0 || elapsed > PATIENCE {
            return Ok((count as f64 - missing as f64).max(0.0) / elapsed.as_secs_f64());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

    use super::*;

    #[test]
    fn twice_as_good_is_twice_as_fast_or_twice_as_many() {
        let sample = |factor: f64| {
            let mut figures = [10.0; FIGURES.len()];
            figures[0] *= factor;
            figures[4] /= factor;
            figures
        };
        let table = table_of(&[(sample(1.0), sample(2.0))], (100.0, 250.0));
        let (memory, rows) = table.rows.split_last().unwrap();
        for (index, row) in rows.iter().enumerate() {
            let Cell::Spread(Statistics { median, .. }, Unit::Ratio) = row.cells[2] else { panic!("{row:?}") };
            assert_eq!(median, if index == 0 || index == 4 { 2.0 } else { 1.0 }, "{}", row.name);
        }
        assert_eq!(memory.cells[2], Cell::Figure(2.5, Unit::Ratio));
    }
}
