//! Prints how a chain of 100,000 accounts, one of which has 1,000,000 storage slots, starts and goes on.
//!
//! ```sh
//! cargo run --release -p infera-devnet --example slots             # with --json, what `cargo xtask bench` asks for
//! ```
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use alloy::{
    genesis::{Genesis, GenesisAccount},
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256, hex, keccak256, utils::Unit},
    rpc::types::TransactionRequest,
};
use anyhow::{Context, ensure};
use infera_devnet::{Config, Devnet};
use serde_json::json;

const ACCOUNTS: u64 = 100_000;
const SLOTS: u64 = 1_000_000;
const CALLS: u64 = 2_000;

/// Its code stores the second word of the calldata in the slot that the first one names.
const STORE: Address = Address::repeat_byte(0xcc);
const CODE: [u8; 8] = hex!("5f35602035905500");

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let genesis = genesis()?;
    let began = Instant::now();
    let devnet = Devnet::start(Config { genesis: Some(genesis), ..Config::default() })?;
    let start = began.elapsed();
    let client = devnet.client();
    let sender = devnet.accounts().first().context("no account")?.address();

    let began = Instant::now();
    for call in 0..CALLS {
        let calldata: Bytes = [slot(call * 7).0, slot(call).0].concat().into();
        let request = TransactionRequest::default()
            .with_from(sender)
            .with_to(STORE)
            .with_input(calldata)
            .with_nonce(call)
            .with_gas_limit(60_000)
            .with_max_fee_per_gas(10_000_000_000)
            .with_max_priority_fee_per_gas(1);
        client.request::<_, B256>("eth_sendUnsignedTransaction", (request,)).await?;
    }
    let calls = began.elapsed();
    ensure!(devnet.head().number == CALLS, "{} of {CALLS} blocks", devnet.head().number);

    let prove = async || -> anyhow::Result<Duration> {
        let began = Instant::now();
        client.request::<_, serde_json::Value>("eth_getProof", (STORE, [slot(5)], "latest")).await?;
        Ok(began.elapsed())
    };
    let proof = prove().await?;
    let began = Instant::now();
    let snapshot: U256 = client.request("evm_snapshot", ()).await?;
    let reverted: bool = client.request("evm_revert", (snapshot,)).await?;
    ensure!(reverted, "the snapshot is gone");
    let snapshot = began.elapsed();

    let per_second = CALLS as f64 / calls.as_secs_f64();
    if std::env::args().nth(1).is_some_and(|argument| argument == "--json") {
        println!("{}", json!({"start": start.as_secs_f64(), "perSecond": per_second}));
    } else {
        println!("start: {start:.1?}");
        println!("blocks that change one slot each: {per_second:.0} a second");
        println!("a proof: {proof:.1?}; a snapshot and back: {snapshot:.1?}");
    }
    Ok(())
}

fn slot(index: u64) -> B256 {
    keccak256((index % SLOTS).to_be_bytes())
}

fn genesis() -> anyhow::Result<Genesis> {
    let mut genesis = Genesis {
        config: serde_json::from_value(json!({
            "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0, "byzantiumBlock": 0,
            "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0,
            "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0,
        }))?,
        gas_limit: 30_000_000,
        ..Default::default()
    };
    let rich = GenesisAccount { balance: Unit::ETHER.wei(), ..Default::default() };
    let accounts = (0..ACCOUNTS).map(|index| (Address::from_word(keccak256(index.to_le_bytes())), rich.clone()));
    genesis.alloc.extend(accounts);
    let storage = (0..SLOTS).map(|index| (slot(index), B256::from(U256::from(index + 1)))).collect();
    let store = GenesisAccount { code: Some(CODE.into()), storage: Some(storage), ..Default::default() };
    genesis.alloc.insert(STORE, store);
    Ok(genesis)
}
