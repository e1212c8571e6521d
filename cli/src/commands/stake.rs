//! `infera stake`: stake with somebody else's executor.

use std::fmt::{self, Display};

use alloy::primitives::U256;
use anyhow::bail;
use clap::Subcommand;
use infera_contracts::IStaking;
use infera_indexer::Wei;
use infera_sdk::{Client, Delegator, Error};
use serde::Serialize;

use crate::{
    amount,
    chain::{AccountArguments, NetworkArguments},
    output::Output,
};

const EXAMPLE: &str = "\
Example:
  infera stake delegate --deployment deployment.json --key-file key.json --executor 3 --amount 50
  infera stake withdraw --deployment deployment.json --key-file key.json --executor 3
  infera stake undelegate --deployment deployment.json --key-file key.json --executor 3 --all
  infera stake complete --deployment deployment.json --key-file key.json --executor 3 \\
      --matures-at 20244

Delegated stake backs the executor's seats, earns with them less the commission, and is slashed with
them. What leaves can still be slashed until it has matured.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLE)]
pub(crate) enum Command {
    /// Put stake with an executor
    Delegate(DelegateArguments),
    /// Ask for stake back
    Undelegate(UndelegateArguments),
    /// Take out what has matured
    Complete(CompleteArguments),
    /// Pay the earnings out
    Withdraw(Holding),
    /// Show stake and earnings with an executor
    Show(Holding),
}

/// Whose stake with which executor.
#[derive(Debug, clap::Args)]
pub(crate) struct Holding {
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,

    /// Id of the executor
    #[arg(long, value_name = "NUMBER")]
    executor: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DelegateArguments {
    #[command(flatten)]
    holding: Holding,

    /// How much to add, in INFER
    #[arg(long, value_parser = amount::parse)]
    amount: U256,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UndelegateArguments {
    #[command(flatten)]
    holding: Holding,
    #[command(flatten)]
    share: Share,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Share {
    /// How much to ask for, in INFER
    #[arg(long, value_parser = amount::parse)]
    amount: Option<U256>,

    /// Ask for all there is
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompleteArguments {
    #[command(flatten)]
    holding: Holding,

    /// Epoch in which it matures, as `infera stake undelegate` told
    #[arg(long, value_name = "EPOCH")]
    matures_at: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HoldingReport {
    executor_id: u32,
    stake: Wei,
    earnings: Wei,
}

impl Display for HoldingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at stake with executor {}, {} to withdraw", self.stake, self.executor_id, self.earnings)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UndelegateReport {
    executor_id: u32,
    matures_at_epoch: u64,
    /// Unix seconds.
    matures_at: u64,
}

impl Display for UndelegateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it can be taken out from Unix time {} on, with `infera stake complete --executor {} --matures-at {}`",
            self.matures_at, self.executor_id, self.matures_at_epoch
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaidReport {
    executor_id: u32,
    paid: Wei,
}

impl Display for PaidReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} were paid out from executor {}", self.paid, self.executor_id)
    }
}

impl Holding {
    async fn connect(&self) -> anyhow::Result<(Client, Delegator)> {
        let (client, sender) = self.account.connect(&self.network).await?;
        let delegator = Delegator::new(sender, client.deployment().clone());
        Ok((client, delegator))
    }

    async fn report(&self, delegator: &Delegator, output: Output) -> anyhow::Result<()> {
        let held = delegator.stake_with(self.executor).await?;
        output.print(&HoldingReport {
            executor_id: self.executor,
            stake: Wei(held.stake),
            earnings: Wei(held.earnings),
        })
    }
}

pub(crate) async fn run(command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Delegate(arguments) => delegate(&arguments, output).await,
        Command::Undelegate(arguments) => undelegate(&arguments, output).await,
        Command::Complete(arguments) => complete(&arguments, output).await,
        Command::Withdraw(holding) => withdraw(&holding, output).await,
        Command::Show(holding) => {
            let (_, delegator) = holding.connect().await?;
            holding.report(&delegator, output).await
        }
    }
}

async fn delegate(arguments: &DelegateArguments, output: Output) -> anyhow::Result<()> {
    let (_, delegator) = arguments.holding.connect().await?;
    delegator.delegate(arguments.holding.executor, arguments.amount).await?;
    arguments.holding.report(&delegator, output).await
}

async fn undelegate(arguments: &UndelegateArguments, output: Output) -> anyhow::Result<()> {
    let (client, delegator) = arguments.holding.connect().await?;
    let executor_id = arguments.holding.executor;
    // The contract reads the largest number as all there is.
    let matures_at_epoch = delegator.undelegate(executor_id, arguments.share.amount.unwrap_or(U256::MAX)).await?;
    let at = client.deployment().staking;
    let epoch_length = IStaking::new(at, client.provider()).epochLength().call().await;
    let epoch_length =
        epoch_length.map_err(|error| Error::from_call("Staking", at, "reading the length of an epoch", error))?;
    let matures_at = matures_at_epoch.saturating_mul(epoch_length);
    output.print(&UndelegateReport { executor_id, matures_at_epoch, matures_at })
}

async fn complete(arguments: &CompleteArguments, output: Output) -> anyhow::Result<()> {
    let (client, delegator) = arguments.holding.connect().await?;
    let (executor_id, epoch) = (arguments.holding.executor, arguments.matures_at);
    let at = client.deployment().staking;
    let staking = IStaking::new(at, client.provider());
    let paid = staking.undelegationOf(executor_id, delegator.address(), epoch).call().await;
    let paid = paid.map_err(|error| Error::from_call("Staking", at, "reading the exit", error))?;
    delegator.complete(executor_id, epoch).await?;
    output.print(&PaidReport { executor_id, paid: Wei(paid) })
}

async fn withdraw(holding: &Holding, output: Output) -> anyhow::Result<()> {
    let (_, delegator) = holding.connect().await?;
    let held = delegator.stake_with(holding.executor).await?;
    if held.earnings.is_zero() {
        bail!("{} has earned nothing with executor {} yet", delegator.address(), holding.executor);
    }
    delegator.withdraw(holding.executor).await?;
    output.print(&PaidReport { executor_id: holding.executor, paid: Wei(held.earnings) })
}
