//! `infera advance`

use std::fmt::{self, Display};

use alloy::primitives::B256;
use anyhow::{Context as _, bail};
use infera_contracts::IJobRegistry::{self, JobAdvanced};
use infera_indexer::{Wei, names::JobPhase};
use serde::Serialize;

use crate::{
    chain::{AccountArguments, NetworkArguments},
    output::Output,
};

const EXAMPLE: &str = "\
Example:
  infera advance 0x5c…e1 --deployment deployment.json --key-file any.key

Executors do this by themselves for jobs that they are drawn for. `infera explain` tells when it is
anybody's turn, and what it leads to.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The job's id
    job: B256,

    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,
}

#[derive(Serialize)]
struct Report {
    job: B256,
    phase: JobPhase,
    bounty: Wei,
    transaction: B256,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {} is {} now; the bounty is {}", self.job, self.phase, self.bounty)
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let job = arguments.job;
    let terms = client.terms_of(job).await?;
    let terms = terms.with_context(|| format!("job {job} was never requested on this network: check its id"))?;
    let phase = JobPhase::from(client.job_state(job).await?.phase);
    if matches!(phase, JobPhase::Resolved | JobPhase::Refunded) {
        bail!("job {job} is {phase} already, there is nothing to advance; `infera explain {job}` tells how it ended");
    }
    let registry = IJobRegistry::new(client.deployment().job_registry, client.provider());
    let sent = sender.call("advancing the job", registry.advanceJob(terms)).await?;
    let advanced = sent.receipt.logs().iter().find_map(|log| log.log_decode::<JobAdvanced>().ok());
    let phase = client.job_state(job).await?.phase.into();
    let bounty = advanced.map(|log| log.inner.bounty).unwrap_or_default().into();
    output.print(&Report { job, phase, bounty, transaction: sent.transaction })
}
