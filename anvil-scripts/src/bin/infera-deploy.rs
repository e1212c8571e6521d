//! Deploys all contracts to anvil or any other chain.

use std::{path::PathBuf, process::ExitCode};

use alloy::primitives::Address;
use anyhow::Context;
use clap::Parser;
use infera_anvil_scripts::{
    arguments::{AccountArguments, exit, log_to_stderr, print, progress},
    deployment::{Preset, deploy_and_account},
};

/// Deploys all contracts from one account and writes the deployment file.
///
/// The account must send nothing else meanwhile: the contracts' addresses follow from its nonces. Parameters are final but for
/// the few that governance may change, after a delay.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// Parameters of the contracts
    #[arg(long, value_enum, default_value = "devnet")]
    preset: Preset,
    /// Who may replace policies, after a delay [default: the deployer; the production preset needs it]
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<Address>,
    /// Who may pause new jobs for a bounded time [default: the deployer; the production preset needs it]
    #[arg(long, value_name = "ADDRESS")]
    guardian: Option<Address>,
    /// Where to write the deployment file, which other programs take as --deployment
    #[arg(long, value_name = "FILE", default_value = "deployment.json")]
    out: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let parameters = arguments.preset.parameters(arguments.owner, arguments.guardian)?;
    let sender = arguments.account.sender().await?;
    progress(format_args!("deploying from {} to chain {}", sender.address(), sender.chain_id()));
    let report = deploy_and_account(&sender, &parameters).await?;
    let saved = report.deployment.save(&arguments.out);
    // The contracts are there, whether or not the file is.
    print(&report, arguments.json)?;
    saved.context("the contracts are deployed at the addresses above, but the deployment file could not be written")
}
