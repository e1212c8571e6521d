//! The program `infera`: every part of the network by one name. It wires the libraries together and prints; what is worth
//! knowing lives in them.

mod amount;
mod arguments;
mod catalogue;
mod chain;
mod commands;
mod duration;
mod output;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::arguments::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(cli.verbose);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime's threads")?;
    let ended = runtime.block_on(commands::run(cli));
    // A thread that waits for standard input can't be interrupted and must not hold up the exit.
    runtime.shutdown_background();
    ended
}

/// RUST_LOG decides; without it the number of `-v`.
fn log_to_stderr(verbose: u8) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(match verbose {
            0 => "warn",
            1 => "warn,infera=info",
            2 => "warn,infera=debug",
            _ => "trace",
        })
    });
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
