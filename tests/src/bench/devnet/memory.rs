//! What a development chain holds in memory after many blocks.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::node::Node;
use crate::bench::{Cell, Row, Unit};

/// So many blocks of [`TRANSFERS`] each: a hundredth of what the target is about, which anvil would hold in tens of gigabytes.
const BLOCKS: u64 = 1_000;
const TRANSFERS: u64 = 10;

/// Blocks that are asked for in one request.
const BATCH: u64 = 20;

/// Mebibytes that `program` holds after [`BLOCKS`] blocks.
pub(super) async fn of_blocks(program: &Path) -> Result<f64> {
    let (node, _) = Node::start(program).await?;
    node.ask("evm_setAutomine", json!([false])).await?;
    let accounts = node.ask("eth_accounts", json!([])).await?;
    let from = accounts.get(0).context("there are development accounts")?;
    for batch in 0..BLOCKS / BATCH {
        let calls = (batch * BATCH..(batch + 1) * BATCH).flat_map(|block| {
            let transfer = move |place: u64| {
                let nonce = block * TRANSFERS + place;
                // Ever new receivers.
                let to = format!("0x{:040x}", nonce + 0x1_0000);
                let fees = ("0x77359400", "0x1");
                (
                    "eth_sendTransaction",
                    json!([{
                        "from": from, "to": to, "value": "0x1", "nonce": format!("{nonce:#x}"), "gas": "0x5208",
                        "maxFeePerGas": fees.0, "maxPriorityFeePerGas": fees.1,
                    }]),
                )
            };
            (0..TRANSFERS).map(transfer).chain([("evm_mine", json!([]))]).collect::<Vec<(&str, Value)>>()
        });
        node.ask_all(calls).await?;
    }
    let bytes = resident(node.process()?)?;
    Ok(bytes as f64 / f64::from(1 << 20))
}

/// Memory that a process holds, in bytes.
fn resident(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("reading {path}, which only Linux has"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes << 10)
}

pub(super) fn row((ours, theirs): (f64, f64)) -> Row {
    let cells = vec![
        Cell::Figure(ours, Unit::Mebibytes),
        Cell::Figure(theirs, Unit::Mebibytes),
        Cell::Figure(theirs / ours, Unit::Ratio),
    ];
    Row { name: "memory after 1,000 blocks of 10 transfers".to_owned(), cells }
}

pub(super) fn note() -> String {
    "Memory is what the process holds after these transfers to ever new accounts, measured once; anvil's varies from run to run. The \
     next table has 100,000 blocks of the devnet, of which anvil, at 0.16 to 0.36 MiB a block, would hold 16 to 36 GiB: it was \
     not tried."
        .to_owned()
}
