//! `infera executor`

pub(crate) mod engine;
mod leave;
mod offer;
mod register;
mod run;
mod stake;
mod status;

use clap::Subcommand;
use infera_sdk::Operator;

use crate::output::Output;

const ABOUT: &str = "\
Run an executor, and manage its registration and stake.

An executor has an owner key, kept cold, that holds stake and earnings; a signer key that its node uses and that can lose no
stake by being stolen; and a VRF key. A typical start:

  infera executor register --deployment deployment.json --key-file owner.json --signer 0x… \\
      --vrf-key-file vrf.json --stake 100 --price 0.00001
  (send some INFER to the signer, for gas)
  infera executor run --deployment deployment.json --signer-key-file signer.json --model DIR";

#[derive(Debug, Subcommand)]
#[command(long_about = ABOUT)]
pub(crate) enum Command {
    /// Run a node: answer the jobs that it is drawn for
    Run(Box<run::Arguments>),
    /// Register an executor with its keys, stake and first offer
    Register(Box<register::Arguments>),
    /// Offer a model version at a price, change the offer, or withdraw it
    Offer(offer::Arguments),
    /// Add stake
    Stake(stake::Arguments),
    /// Show executors: stake, reputation, earnings, jobs in flight
    Status(status::Arguments),
    /// Take stake out: ask for it, and fetch it when it has matured
    Exit(leave::ExitArguments),
    /// Pay the executor's earnings out to its owner
    Withdraw(leave::WithdrawArguments),
}

pub(crate) async fn run(command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Run(arguments) => run::run(&arguments).await,
        Command::Register(arguments) => register::run(&arguments, output).await,
        Command::Offer(arguments) => offer::run(&arguments, output).await,
        Command::Stake(arguments) => stake::run(&arguments, output).await,
        Command::Status(arguments) => status::run(&arguments, output).await,
        Command::Exit(arguments) => leave::exit(&arguments, output).await,
        Command::Withdraw(arguments) => leave::withdraw(&arguments, output).await,
    }
}

/// The executor of this owner.
async fn registered(operator: &Operator, owner: alloy::primitives::Address) -> anyhow::Result<u32> {
    match operator.executor_id().await? {
        Some(id) => Ok(id),
        None => anyhow::bail!("{owner} owns no executor: register it first (`infera executor register`), or use its owner's key"),
    }
}
