//! `infera executor commission` and `infera executor reinstate`

use std::fmt::{self, Display};

use serde::Serialize;

use super::OwnerArguments;
use crate::output::Output;

const COMMISSION_EXAMPLE: &str = "\
Example:
  infera executor commission --deployment deployment.json --key-file owner.json --bps 500

Acts from the next epoch on; what was earned before pays the lower of both.";

const REINSTATE_EXAMPLE: &str = "\
Example:
  infera executor reinstate --deployment deployment.json --key-file owner.json

An ejected executor comes back once all of its own stake has left and matured, and no job of its is
in flight. Reputation and delegation start anew; strikes stay.";

#[derive(Debug, clap::Args)]
#[command(after_help = COMMISSION_EXAMPLE)]
pub(crate) struct CommissionArguments {
    #[command(flatten)]
    owner: OwnerArguments,

    /// Part of what delegated stake earns, in basis points (a hundred are one percent), at most 5000
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(..=5000))]
    bps: u16,
}

#[derive(Debug, clap::Args)]
#[command(after_help = REINSTATE_EXAMPLE)]
pub(crate) struct ReinstateArguments {
    #[command(flatten)]
    owner: OwnerArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CommissionReport {
    executor_id: u32,
    commission_bps: u16,
}

impl Display for CommissionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "executor {} takes {} bps from the next epoch on", self.executor_id, self.commission_bps)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReinstateReport {
    executor_id: u32,
}

impl Display for ReinstateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "executor {} is back: stake again to be drawn", self.executor_id)
    }
}

pub(crate) async fn commission(arguments: &CommissionArguments, output: Output) -> anyhow::Result<()> {
    let (_, operator, executor_id) = arguments.owner.registered().await?;
    operator.announce_commission(arguments.bps).await?;
    output.print(&CommissionReport { executor_id, commission_bps: arguments.bps })
}

pub(crate) async fn reinstate(arguments: &ReinstateArguments, output: Output) -> anyhow::Result<()> {
    let (_, operator, executor_id) = arguments.owner.registered().await?;
    operator.reinstate(executor_id).await?;
    output.print(&ReinstateReport { executor_id })
}
