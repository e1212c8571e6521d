//! A development chain with anvil's flags.

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use infera_devnet::command::{self, Args};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "infera-devnet", version)]
struct Arguments {
    #[command(flatten)]
    devnet: Args,
    /// A flag of anvil's, without effect here: RUST_LOG decides what is logged
    #[arg(short, long, hide = true, action = clap::ArgAction::Count)]
    verbosity: u8,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match command::run(Arguments::parse().devnet).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not as `main`'s result: that would add a backtrace where the environment asks for them.
            tracing::debug!(?error);
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
