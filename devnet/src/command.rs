//! The program: anvil's flags, anvil's banner.

mod anvil;
mod banner;

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use alloy::{
    genesis::Genesis,
    primitives::{U256, utils::Unit},
};
use alloy_hardforks::EthereumHardfork;
use anyhow::Context;
use clap::Parser;
use tokio::io::AsyncReadExt;

use self::anvil::AnvilFlags;
use crate::{Config, Console, DEFAULT_DERIVATION_PATH, DEFAULT_MNEMONIC, Devnet, MiningMode, chain::bounds::LARGEST};

/// A development chain, served as JSON-RPC over HTTP and WebSocket. Takes anvil's flags.
#[derive(Clone, Debug, Parser)]
#[command(name = "infera-devnet", version)]
pub struct Args {
    /// Port to listen on; 0 takes a free one
    #[arg(short, long, default_value_t = 8545, value_name = "NUM")]
    pub port: u16,

    /// Addresses to listen on
    #[arg(long, value_name = "IP_ADDR", env = "ANVIL_IP_ADDR", value_delimiter = ',', default_value = "127.0.0.1")]
    pub host: Vec<IpAddr>,

    /// EIP-155 chain id [default: 31337, or the genesis file's]
    #[arg(long, value_name = "CHAIN_ID")]
    pub chain_id: Option<u64>,

    /// Seconds between blocks, made with or without transactions. Without it, each transaction gets its block at once
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, visible_alias = "blockTime")]
    pub block_time: Option<Duration>,

    /// Make blocks only when asked to (evm_mine, anvil_mine)
    #[arg(long, visible_alias = "no-mine", conflicts_with = "block_time")]
    pub no_mining: bool,

    /// Number of development accounts [default: 10, or 0 with a genesis file]
    #[arg(short, long, value_name = "NUM")]
    pub accounts: Option<u32>,

    /// BIP-39 phrase of the development accounts
    #[arg(short, long, value_name = "PHRASE", default_value = DEFAULT_MNEMONIC, hide_default_value = true)]
    pub mnemonic: String,

    /// Where the keys of the development accounts are derived, but for their index
    #[arg(long, value_name = "PATH", default_value = DEFAULT_DERIVATION_PATH)]
    pub derivation_path: String,

    /// What each development account owns, in ether
    #[arg(long, value_name = "NUM", default_value_t = 10_000)]
    pub balance: u64,

    /// Timestamp of the first block, in Unix seconds
    #[arg(long, value_name = "NUM")]
    pub timestamp: Option<u64>,

    /// Gas limit of every block
    #[arg(long, value_name = "GAS", default_value_t = 30_000_000)]
    pub gas_limit: u64,

    /// Blocks without a gas limit: one that nothing reaches
    #[arg(long, conflicts_with = "gas_limit")]
    pub disable_block_gas_limit: bool,

    /// Base fee of the first block, in wei per gas
    #[arg(long, visible_alias = "base-fee", value_name = "FEE", default_value_t = 1_000_000_000)]
    pub block_base_fee_per_gas: u64,

    /// Fork in force, from frontier to osaka, or latest
    #[arg(long, value_name = "NAME", value_parser = hardfork, default_value = "osaka")]
    pub hardfork: EthereumHardfork,

    /// First block and state, in geth's genesis.json format
    #[arg(long, visible_alias = "genesis", value_name = "PATH")]
    pub init: Option<PathBuf>,

    /// Keep the chain in this file, block by block, and go on with it if it exists
    #[arg(long, value_name = "PATH")]
    pub state: Option<PathBuf>,

    /// Start with the chain in this dump, as --dump-state and anvil_dumpState write it
    #[arg(long, value_name = "PATH", conflicts_with = "state")]
    pub load_state: Option<PathBuf>,

    /// Add the blocks in this file, RLP as geth exports it, before anyone connects
    #[arg(long, value_name = "PATH")]
    pub import: Option<PathBuf>,

    /// Write a dump of the chain here on exit
    #[arg(long, value_name = "PATH")]
    pub dump_state: Option<PathBuf>,

    /// From which the blocks' randomness is drawn
    #[arg(long, value_name = "NUM", default_value_t = 0)]
    pub seed: u64,

    /// Take transactions from any account without its key
    #[arg(long, visible_alias = "auto-unlock")]
    pub auto_impersonate: bool,

    /// Order in which transactions go into blocks: by what they pay
    #[arg(long, value_name = "ORDER", value_parser = ["fees"], default_value = "fees", hide = true)]
    pub order: String,

    /// Write accounts, keys and the first block's figures to this file, as JSON
    #[arg(long, value_name = "PATH")]
    pub config_out: Option<PathBuf>,

    /// Answer a send whose transaction reverts with an error, as Hardhat does
    #[arg(long)]
    pub errors_for_reverted_sends: bool,

    /// Do not print what contracts write with console.log
    #[arg(long, visible_alias = "no-console-log")]
    pub disable_console_log: bool,

    /// Listen on a Unix socket too
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "/tmp/anvil.ipc", visible_alias = "ipcpath")]
    pub ipc: Option<PathBuf>,

    /// Print nothing on standard output
    #[arg(long, short_alias = 'q', visible_alias = "quiet")]
    pub silent: bool,

    /// Exit when standard input ends: a child dies with its parent
    #[arg(long)]
    pub exit_on_stdin_close: bool,

    #[command(flatten)]
    anvil: AnvilFlags,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = f64::from_str(text).map_err(|error| error.to_string())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if duration.is_zero() {
        return Err("must be more than zero; leave it out for a block per transaction".to_owned());
    }
    Ok(duration)
}

fn hardfork(name: &str) -> Result<EthereumHardfork, String> {
    match name.to_ascii_lowercase().as_str() {
        "latest" => Ok(EthereumHardfork::Osaka),
        "merge" => Ok(EthereumHardfork::Paris),
        name => EthereumHardfork::from_str(name).map_err(|_| "unknown fork".to_owned()),
    }
}

impl Args {
    /// What the chain is started with.
    ///
    /// # Errors
    /// If the genesis file can't be read.
    pub fn config(&self) -> anyhow::Result<Config> {
        let genesis: Option<Genesis> = match &self.init {
            None => None,
            Some(path) => {
                let text =
                    std::fs::read(path).with_context(|| format!("cannot read the genesis file {}", path.display()))?;
                let genesis = serde_json::from_slice(&text)
                    .with_context(|| format!("{} is not a genesis in geth's JSON format", path.display()))?;
                Some(genesis)
            }
        };
        let chain_id = genesis.as_ref().map(|genesis| genesis.config.chain_id).filter(|id| *id != 0);
        Ok(Config {
            chain_id: self.chain_id.or(chain_id).unwrap_or(31337),
            hardfork: self.hardfork,
            mining: match (self.no_mining, self.block_time) {
                (true, _) => MiningMode::Manual,
                (false, Some(interval)) => MiningMode::Interval(interval),
                (false, None) => MiningMode::Automine,
            },
            gas_limit: if self.disable_block_gas_limit { LARGEST } else { self.gas_limit },
            base_fee: self.block_base_fee_per_gas,
            timestamp: self.timestamp,
            mnemonic: self.mnemonic.clone(),
            derivation_path: self.derivation_path.clone(),
            auto_impersonate: self.auto_impersonate,
            accounts: self.accounts.unwrap_or(if genesis.is_some() { 0 } else { 10 }),
            balance: U256::from(self.balance) * Unit::ETHER.wei(),
            genesis,
            errors_for_reverted_sends: self.errors_for_reverted_sends,
            console: (!self.silent && !self.disable_console_log).then(|| Console::new(print_line)),
            seed: self.seed,
            ..Config::default()
        })
    }
}

/// Runs a chain until SIGINT, SIGTERM or, if asked for, the end of standard input.
///
/// # Errors
/// If the chain can't be started or served, or its state not be read or saved.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.config()?;
    let end = end(args.exit_on_stdin_close)?;
    let devnet = match &args.state {
        Some(path) => Devnet::open(config.clone(), path)?,
        None => Devnet::start(config.clone())?,
    };
    if let Some(path) = &args.load_state {
        devnet.load(path)?;
    }
    if let Some(path) = &args.import {
        let added = devnet.import(path)?;
        tracing::info!(path = %path.display(), added, head = devnet.head().number, "blocks imported");
    }
    let mut servers = Vec::new();
    for host in &args.host {
        servers.push(devnet.serve(SocketAddr::new(*host, args.port)).await?);
    }
    if servers.is_empty() {
        servers.push(devnet.serve((Ipv4Addr::LOCALHOST, args.port).into()).await?);
    }
    if let Some(path) = &args.config_out {
        std::fs::write(path, banner::description(&devnet, &config).to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    #[cfg(unix)]
    let ipc = args.ipc.as_deref().map(|path| devnet.serve_ipc(path)).transpose()?;
    if !args.silent {
        #[cfg(unix)]
        if let Some(ipc) = &ipc {
            writeln!(io::stdout(), "IPC path: {}", ipc.path().display())?;
        }
        let addresses: Vec<_> = servers.iter().map(crate::Server::local_addr).collect();
        banner::print(&mut io::stdout().lock(), &devnet, &config, &addresses)?;
    }

    end.await?;
    for server in servers {
        server.shutdown().await;
    }
    #[cfg(unix)]
    drop(ipc);
    if let Some(path) = &args.dump_state {
        devnet.save(path)?;
    }
    Ok(devnet.close_log()?)
}

/// Whoever started the program need not read what it prints.
fn print_line(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

/// Ends when the program is to. It counts from the call on, not from the first poll: who has read the banner may stop us.
fn end(with_stdin: bool) -> io::Result<impl Future<Output = io::Result<()>>> {
    #[cfg(unix)]
    let (mut interrupt, mut terminate) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    #[cfg(unix)]
    let stopped = async move {
        tokio::select! {
            _ = interrupt.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        }
    };
    #[cfg(not(unix))]
    let stopped = tokio::signal::ctrl_c();
    let stdin_ends = async move {
        if !with_stdin {
            std::future::pending::<()>().await;
        }
        let mut stdin = tokio::io::stdin();
        let mut buffer = [0u8; 1024];
        while !matches!(stdin.read(&mut buffer).await, Ok(0) | Err(_)) {}
    };
    Ok(async move {
        tokio::select! {
            () = stdin_ends => Ok(()),
            result = stopped => result,
        }
    })
}
