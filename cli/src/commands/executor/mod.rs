//! `infera executor`

pub(crate) mod engine;
mod leave;
mod offer;
mod register;
mod run;
mod stake;
mod status;
mod terms;

use alloy::primitives::Address;
use anyhow::bail;
use clap::Subcommand;
use infera_sdk::{Client, Operator};

use crate::{
    chain::{AccountArguments, NetworkArguments},
    output::Output,
};

const EXAMPLE: &str = "\
Example:
  infera executor register --deployment deployment.json --key-file owner.json \\
      --signer-key-file signer.json --vrf-key-file vrf.json --stake 100 --price 0.00001
  (send some INFER to the signer, for gas)
  infera executor run --deployment deployment.json --signer-key-file signer.json --model DIR

An executor has three keys: its owner's, kept cold, to which stake and earnings belong; a signer's,
with which its node commits and reveals; and one for the VRF.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLE)]
pub(crate) enum Command {
    /// Run a node: answer the jobs that it is drawn for
    Run(Box<run::Arguments>),
    /// Register an executor with its keys, stake and first offer
    Register(Box<register::Arguments>),
    /// Offer a model version at a price, change the offer, or withdraw it
    Offer(offer::Arguments),
    /// Add stake
    Stake(stake::Arguments),
    /// Announce the commission on what delegated stake earns
    Commission(terms::CommissionArguments),
    /// Take an ejected executor back after a full exit
    Reinstate(terms::ReinstateArguments),
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
        Command::Commission(arguments) => terms::commission(&arguments, output).await,
        Command::Reinstate(arguments) => terms::reinstate(&arguments, output).await,
        Command::Status(arguments) => status::run(&arguments, output).await,
        Command::Exit(arguments) => leave::exit(&arguments, output).await,
        Command::Withdraw(arguments) => leave::withdraw(&arguments, output).await,
    }
}

/// Flags that say which executor acts, by its owner.
#[derive(Debug, clap::Args)]
struct OwnerArguments {
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,
}

impl OwnerArguments {
    /// The owner, whether or not its executor is registered.
    async fn connect(&self) -> anyhow::Result<(Client, Operator, Address)> {
        let (client, sender) = self.account.connect(&self.network).await?;
        let owner = sender.address();
        let operator = Operator::new(sender, client.deployment().clone());
        Ok((client, operator, owner))
    }

    /// The owner of a registered executor, and the executor's id.
    async fn registered(&self) -> anyhow::Result<(Client, Operator, u32)> {
        let (client, operator, owner) = self.connect().await?;
        match operator.executor_id().await? {
            Some(id) => Ok((client, operator, id)),
            None => bail!("{owner} owns no executor: register it (`infera executor register`), or use its owner's key"),
        }
    }
}
