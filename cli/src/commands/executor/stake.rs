//! `infera executor stake`

use std::fmt::{self, Display};

use alloy::primitives::U256;
use infera_contracts::IStaking;
use infera_indexer::Wei;
use infera_sdk::Error;
use serde::Serialize;

use super::OwnerArguments;
use crate::{amount, output::Output};

const EXAMPLE: &str = "\
Example:
  infera executor stake --deployment deployment.json --key-file owner.json --amount 50

The stake weighs in draws from the next epoch on.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    owner: OwnerArguments,

    /// How much to add, in INFER
    #[arg(long, value_parser = amount::parse)]
    amount: U256,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    executor_id: u32,
    added: Wei,
    stake: Wei,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "executor {} has {} at stake", self.executor_id, self.stake)
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let (client, operator, executor_id) = arguments.owner.registered().await?;
    operator.stake(executor_id, arguments.amount).await?;
    operator.refresh_weights(executor_id).await?;
    let at = client.deployment().staking;
    let pool = IStaking::new(at, client.provider()).poolOf(executor_id).call().await;
    let pool = pool.map_err(|error| Error::from_call("Staking", at, "reading the stake", error))?;
    output.print(&Report { executor_id, added: Wei(arguments.amount), stake: Wei(pool.own) })
}
