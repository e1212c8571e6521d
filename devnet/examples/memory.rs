//! Prints what blocks of ten transfers take in memory and in the block log, and how long the past takes to come back.
//!
//! ```sh
//! cargo run --release -p infera-devnet --example memory -- 10000          # blocks
//! cargo run --release -p infera-devnet --example memory -- 10000 --json   # what `cargo xtask bench` asks for
//! ```
#![allow(clippy::print_stdout)]

use std::{fs, time::Instant};

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, U64, U256, keccak256},
    rpc::types::TransactionRequest,
};
use anyhow::Context;
use infera_devnet::{Config, Devnet, MiningMode};
use serde_json::json;

/// Accounts that receive, a new one each time until all are there.
const RECEIVERS: u64 = 100_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let blocks: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse().context("the argument is the number of blocks")?,
        None => 10_000,
    };
    let as_json = std::env::args().nth(2).is_some_and(|argument| argument == "--json");
    let folder = std::env::temp_dir().join(format!("devnet-memory-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let path = folder.join("chain.log");
    let config = Config { mining: MiningMode::Manual, ..Config::default() };
    let devnet = Devnet::open(config, &path)?;
    let senders: Vec<Address> = devnet.accounts().iter().map(|signer| signer.address()).collect();
    let client = devnet.client();

    let (before, began) = (resident()?, Instant::now());
    for block in 0..blocks {
        for (place, sender) in (0..).zip(&senders) {
            let number = block * senders.len() as u64 + place;
            let receiver = Address::from_word(keccak256((number % RECEIVERS).to_be_bytes()));
            let transfer = TransactionRequest::default()
                .with_from(*sender)
                .with_to(receiver)
                .with_nonce(block)
                .with_gas_limit(21_000)
                .with_max_fee_per_gas(3_000_000_000)
                .with_max_priority_fee_per_gas(1)
                .with_value(U256::from(1));
            // Not signed: signatures take time, and as much room whatever they say.
            client.request::<_, B256>("eth_sendUnsignedTransaction", (transfer,)).await?;
        }
        devnet.mine(1)?;
    }
    let (made, grown) = (began.elapsed(), resident()?.saturating_sub(before));
    let file = fs::metadata(&path)?.len();
    if as_json {
        let (memory, seconds) = (resident()?, made.as_secs_f64());
        println!("{}", json!({"blocks": blocks, "memory": memory, "log": file, "seconds": seconds}));
        drop((client, devnet));
        return Ok(fs::remove_dir_all(folder)?);
    }
    println!("{blocks} blocks of {} transfers in {made:.1?}", senders.len());
    println!("memory: {} bytes a block, {} MiB for 100,000", grown / blocks, (grown / blocks * 100_000) >> 20);
    println!("log:    {} bytes a block, {} MiB for 100,000", file / blocks, (file / blocks * 100_000) >> 20);

    // The state in the middle is made for the first call, and is there for the next.
    let (someone, middle) = (senders.first().copied().unwrap_or_default(), U64::from(blocks / 2));
    for (what, at) in [("first call", middle), ("second call", middle), ("call a block on", middle + U64::from(1))] {
        let began = Instant::now();
        client.request::<_, U256>("eth_getBalance", (someone, at)).await?;
        println!("{what} at block {at}: {:.1?}", began.elapsed());
    }
    let began = Instant::now();
    client.request::<_, serde_json::Value>("eth_getProof", (someone, Vec::<B256>::new(), middle)).await?;
    println!("proof at block {middle}: {:.1?}", began.elapsed());

    drop((client, devnet));
    let began = Instant::now();
    let again = Devnet::open(Config::default(), &path)?;
    println!("opened again at block {} in {:.1?}", again.head().number, began.elapsed());
    Ok(fs::remove_dir_all(folder)?)
}

/// Memory that this process holds, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("this measures on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes << 10)
}
