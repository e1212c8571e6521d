//! `infera withdraw`

use std::fmt::{self, Display};

use alloy::primitives::{Address, B256};
use anyhow::bail;
use infera_contracts::IJobRegistry;
use infera_indexer::Wei;
use infera_sdk::Error;
use serde::Serialize;

use crate::{
    chain::{AccountArguments, NetworkArguments},
    output::Output,
};

const EXAMPLE: &str = "\
Example:
  infera withdraw --deployment deployment.json --key-file requester.key

Contracts push no money to an account: what a finished job leaves over is credited, and waits.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,

    /// Whose credit to pay out, to itself [default: the key's account]
    #[arg(long = "account", value_name = "ADDRESS")]
    credited: Option<Address>,
}

#[derive(Serialize)]
struct Report {
    account: Address,
    amount: Wei,
    transaction: B256,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} were paid to {} in transaction {}", self.amount, self.account, self.transaction)
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let account = arguments.credited.unwrap_or(sender.address());
    let at = client.deployment().job_registry;
    let registry = IJobRegistry::new(at, client.provider());
    let credit = registry.creditOf(account).call().await;
    let credit = credit.map_err(|error| Error::from_call("JobRegistry", at, "reading the credit", error))?;
    if credit.is_zero() {
        bail!("{account} has no credit in the job registry {at}: refunds appear when a job is final");
    }
    let sent = sender.call("withdrawing the credit", registry.withdrawFor(account)).await?;
    output.print(&Report { account, amount: Wei(credit), transaction: sent.transaction })
}
