//! Prints how many signed transfers a second a chain takes in process, and where the time goes.
//!
//! ```sh
//! cargo run --release -p infera-devnet --example transfers             # or only what starts with an argument
//! cargo run --release -p infera-devnet --example transfers -- --json   # what `cargo xtask bench` asks for
//! ```
#![allow(clippy::print_stdout)]

use std::{
    fmt,
    time::{Duration, Instant},
};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    genesis::GenesisAccount,
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256, utils::Unit},
    signers::local::PrivateKeySigner,
};
use anyhow::Context;
use infera_devnet::{Config, Devnet, MiningMode};
use serde_json::{Value, json};

const ACCOUNTS: u64 = 100_000;
const SENDERS: u64 = 1_000;
const TRANSFERS: u64 = 50_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let transfers = sign()?;
    if wanted == "--json" {
        println!("{}", figures(&transfers).await?);
        return Ok(());
    }
    let is_wanted = |name: &str| name.starts_with(&wanted);
    for per_block in [1_000, 5_000] {
        if is_wanted("requests") {
            let measured = requests(&transfers, per_block).await?;
            println!("requests, one each, {per_block} a block: {measured}");
        }
        if is_wanted("bulk") {
            println!("bulk, {per_block} a block: {}", bulk(&transfers, per_block)?);
        }
    }
    let few = transfers.get(..5_000).context("too few transfers")?;
    if is_wanted("automine") {
        println!("automine, a block and a root each: {:.0} a second", automine(few.iter()).await?);
    }
    // All wait for the first of their sender, and then all follow at once.
    if is_wanted("queued") {
        println!("queued behind gaps under automine: {:.0} a second", automine(few.iter().rev()).await?);
    }
    Ok(())
}

/// The figures that the benchmarks show, of one run.
async fn figures(transfers: &[Bytes]) -> anyhow::Result<Value> {
    let of = |rate: Rate| json!({"perSecond": rate.per_second(), "sending": rate.sending, "mining": rate.mining});
    let few = transfers.get(..5_000).context("too few transfers")?;
    Ok(json!({
        "blocksOf1000": of(bulk(transfers, 1_000)?),
        "blocksOf5000": of(bulk(transfers, 5_000)?),
        "automine": automine(few.iter()).await?,
    }))
}

/// How long a transfer takes, in microseconds, and how much of it a processor works.
struct Rate {
    sending: f64,
    mining: f64,
    processor: f64,
}

impl Rate {
    fn of(sending: Duration, mining: Duration, processor_before: Duration) -> anyhow::Result<Self> {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / TRANSFERS as f64;
        let processor = processor_time()? - processor_before;
        Ok(Self { sending: each(sending), mining: each(mining), processor: each(processor) })
    }

    fn per_second(&self) -> f64 {
        1e6 / (self.sending + self.mining)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sending, mining, processor } = self;
        let rate = self.per_second();
        write!(
            f,
            "{rate:.0} a second (each: {sending:.1} µs to send, {mining:.1} µs to mine, {processor:.1} µs of processor)"
        )
    }
}

/// Requests to send, one after the other, and then a block.
async fn requests(transfers: &[Bytes], per_block: usize) -> anyhow::Result<Rate> {
    let devnet = chain(MiningMode::Manual)?;
    let client = devnet.client();
    let (mut sending, mut mining, before) = (Duration::ZERO, Duration::ZERO, processor_time()?);
    for block in transfers.chunks(per_block) {
        let began = Instant::now();
        for raw in block {
            client.request::<_, B256>("eth_sendRawTransaction", (raw,)).await?;
        }
        sending += began.elapsed();
        let began = Instant::now();
        devnet.mine(1)?;
        mining += began.elapsed();
    }
    Rate::of(sending, mining, before)
}

/// All transactions of a block at once.
fn bulk(transfers: &[Bytes], per_block: usize) -> anyhow::Result<Rate> {
    let devnet = chain(MiningMode::Manual)?;
    let (mut sending, mut mining, before) = (Duration::ZERO, Duration::ZERO, processor_time()?);
    for block in transfers.chunks(per_block) {
        let began = Instant::now();
        devnet.send_raw(block).into_iter().collect::<Result<Vec<_>, _>>()?;
        sending += began.elapsed();
        let began = Instant::now();
        devnet.mine(1)?;
        mining += began.elapsed();
    }
    Rate::of(sending, mining, before)
}

/// Transfers a second.
async fn automine(transfers: impl ExactSizeIterator<Item = &Bytes>) -> anyhow::Result<f64> {
    let devnet = chain(MiningMode::Automine)?;
    let client = devnet.client();
    let (count, began) = (transfers.len(), Instant::now());
    for raw in transfers {
        client.request::<_, B256>("eth_sendRawTransaction", (raw,)).await?;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Processor time that this process has taken.
fn processor_time() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(") ").next().context("no fields")?.split(' ').skip(11).take(2);
    let ticks: u64 = fields.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn key(index: u64) -> anyhow::Result<PrivateKeySigner> {
    Ok(PrivateKeySigner::from_bytes(&keccak256(index.to_be_bytes()))?)
}

fn receiver(index: u64) -> Address {
    Address::from_word(keccak256(index.to_le_bytes()))
}

/// Transfers from all senders in turn to all accounts in turn.
fn sign() -> anyhow::Result<Vec<Bytes>> {
    let keys = (0..SENDERS).map(key).collect::<anyhow::Result<Vec<_>>>()?;
    (0..TRANSFERS)
        .zip(keys.iter().cycle())
        .map(|(index, key)| {
            let mut tx = TxEip1559 {
                chain_id: 31337,
                nonce: index / SENDERS,
                gas_limit: 21_000,
                max_fee_per_gas: 100_000_000_000_000,
                max_priority_fee_per_gas: 1,
                to: TxKind::Call(receiver(index * 7 % ACCOUNTS)),
                value: U256::from(1),
                ..Default::default()
            };
            let signature = key.sign_transaction_sync(&mut tx)?;
            Ok(TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into())
        })
        .collect()
}

fn chain(mining: MiningMode) -> anyhow::Result<Devnet> {
    let mut genesis = alloy::genesis::Genesis {
        config: serde_json::from_value(serde_json::json!({
            "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0, "byzantiumBlock": 0,
            "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0,
            "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0,
        }))?,
        gas_limit: 200_000_000,
        ..Default::default()
    };
    let rich = |ether: u64| GenesisAccount { balance: U256::from(ether) * Unit::ETHER.wei(), ..Default::default() };
    genesis.alloc.extend((0..ACCOUNTS).map(|index| (receiver(index), rich(1))));
    for index in 0..SENDERS {
        genesis.alloc.insert(key(index)?.address(), rich(1_000_000_000));
    }
    Ok(Devnet::start(Config { mining, accounts: 0, genesis: Some(genesis), ..Config::default() })?)
}
