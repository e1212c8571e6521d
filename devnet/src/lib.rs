//! A development chain: an Ethereum execution layer on revm, in process or served as JSON-RPC.
//!
//! [`Devnet::start`] makes a chain. [`Devnet::client`] and [`Devnet::provider`] speak to it without a socket;
//! [`Devnet::serve`] answers the same requests over HTTP and WebSocket,
//! `Devnet::serve_ipc` over a Unix socket. [`command`] is the program
//! `infera-devnet`, which takes anvil's flags.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use alloy::providers::Provider;
//! use infera_devnet::{Config, Devnet};
//!
//! let devnet = Devnet::start(Config::default())?;
//! assert_eq!(devnet.provider().get_chain_id().await?, 31337);
//!
//! let server = devnet.serve(([127, 0, 0, 1], 0).into()).await?;
//! println!("{}", server.http_url());
//! # Ok(())
//! # }
//! ```

mod accounts;
mod block_log;
mod chain;
mod clock;
pub mod command;
mod config;
mod console;
mod cores;
mod devnet;
mod dump;
mod error;
mod genesis;
mod hub;
#[cfg(unix)]
mod ipc;
mod pacer;
mod record;
mod rpc;
mod send;
mod server;
mod spec;
mod state;
mod transport;
mod wire;

pub use alloy_hardforks::EthereumHardfork;

#[cfg(unix)]
pub use crate::ipc::IpcServer;
pub use crate::{
    clock::{Clock, ManualClock, SystemClock},
    config::{Config, DEFAULT_DERIVATION_PATH, DEFAULT_MNEMONIC, MiningMode},
    console::Console,
    devnet::{Devnet, Orphans},
    error::Error,
    server::Server,
    transport::InProcess,
};
