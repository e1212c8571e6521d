//! `infera executor exit` and `infera executor withdraw`

use std::fmt::{self, Display};

use alloy::primitives::U256;
use anyhow::bail;
use infera_contracts::IStaking;
use infera_indexer::Wei;
use infera_sdk::Error;
use serde::Serialize;

use super::OwnerArguments;
use crate::{amount, output::Output};

const EXIT_EXAMPLES: &str = "\
Examples:
  infera executor exit --deployment deployment.json --key-file owner.json --amount 50
  infera executor exit --deployment deployment.json --key-file owner.json --complete

Ask for an amount, then complete it. What is asked for weighs in draws no more, and can still be
slashed until it has matured: the exits of one period mature together at the end of the next.";

const WITHDRAW_EXAMPLE: &str = "\
Example:
  infera executor withdraw --deployment deployment.json --key-file owner.json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_EXAMPLES)]
pub(crate) struct ExitArguments {
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    step: ExitStep,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct ExitStep {
    /// Ask for this much, in INFER. What stays must be nothing, or at least the minimum stake
    #[arg(long, value_parser = amount::parse)]
    amount: Option<U256>,

    /// Ask for all of the stake
    #[arg(long)]
    all: bool,

    /// Pay a matured exit out to the owner
    #[arg(long)]
    complete: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = WITHDRAW_EXAMPLE)]
pub(crate) struct WithdrawArguments {
    #[command(flatten)]
    owner: OwnerArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExitReport {
    executor_id: u32,
    amount: Wei,
    /// Unix seconds from which the exit can be completed; none when it was.
    matures_at: Option<u64>,
}

impl Display for ExitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.matures_at {
            Some(time) => write!(
                f,
                "{} of executor {} can be taken out from Unix time {time} on, with --complete",
                self.amount, self.executor_id
            ),
            None => write!(f, "{} were paid to the owner of executor {}", self.amount, self.executor_id),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WithdrawReport {
    executor_id: u32,
    earnings: Wei,
}

impl Display for WithdrawReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} were paid to the owner of executor {}", self.earnings, self.executor_id)
    }
}

pub(crate) async fn exit(arguments: &ExitArguments, output: Output) -> anyhow::Result<()> {
    let (client, operator, executor_id) = arguments.owner.registered().await?;
    let at = client.deployment().staking;
    let staking = IStaking::new(at, client.provider());
    let failed = |error| Error::from_call("Staking", at, "reading the stake", error);
    if arguments.step.complete {
        let epoch = staking.currentEpoch().call().await.map_err(failed)?;
        let exits = operator.exits(executor_id).await?;
        let Some(oldest) = exits.first() else {
            bail!("executor {executor_id} has no exit to complete: ask for one with --amount or --all");
        };
        let mut amount = U256::ZERO;
        // Without a mature one the contract says when the oldest matures.
        for exit in exits.iter().filter(|exit| exit.matures_at_epoch <= epoch.max(oldest.matures_at_epoch)) {
            operator.complete_exit(executor_id, exit.matures_at_epoch).await?;
            amount += exit.amount;
        }
        return output.print(&ExitReport { executor_id, amount: Wei(amount), matures_at: None });
    }
    // The contract reads the largest number as all there is.
    operator.request_exit(arguments.step.amount.unwrap_or(U256::MAX)).await?;
    let exits = operator.exits(executor_id).await?;
    let Some(exit) = exits.last() else {
        bail!("the exit was requested, but Staking knows none: was executor {executor_id} slashed whole meanwhile?");
    };
    let epoch_length = staking.epochLength().call().await.map_err(failed)?;
    let matures_at = Some(exit.matures_at_epoch.saturating_mul(epoch_length));
    output.print(&ExitReport { executor_id, amount: Wei(exit.amount), matures_at })
}

pub(crate) async fn withdraw(arguments: &WithdrawArguments, output: Output) -> anyhow::Result<()> {
    let (client, operator, executor_id) = arguments.owner.registered().await?;
    let at = client.deployment().staking;
    let pool = IStaking::new(at, client.provider()).poolOf(executor_id).call().await;
    let pool = pool.map_err(|error| Error::from_call("Staking", at, "reading the earnings", error))?;
    if pool.ownerEarnings.is_zero() {
        bail!("executor {executor_id} has no earnings to withdraw: they come with the jobs it answers");
    }
    operator.withdraw_earnings(executor_id).await?;
    output.print(&WithdrawReport { executor_id, earnings: Wei(pool.ownerEarnings) })
}
