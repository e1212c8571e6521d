//! `infera executor status`

use std::fmt::{self, Display};

use alloy::{primitives::Address, providers::DynProvider};
use anyhow::bail;
use infera_contracts::{IExecutorRegistry, IStaking};
use infera_indexer::Wei;
use infera_sdk::{Client, Error};
use serde::Serialize;

use crate::{
    chain::NetworkArguments,
    output::{Output, write_fields},
};

const EXAMPLES: &str = "\
Examples:
  infera executor status --deployment deployment.json
  infera executor status --deployment deployment.json --owner 0x… --json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,

    /// Only the executor with this id
    #[arg(long, value_name = "NUMBER", conflicts_with = "owner")]
    id: Option<u32>,

    /// Only the executor of this owner
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<Address>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    id: u32,
    owner: Address,
    /// The zero address when it was revoked.
    signer: Address,
    endpoint: String,
    region: String,
    stake: Wei,
    delegated: Wei,
    /// Of what delegated stake earns, in basis points.
    commission_bps: u16,
    locked: Wei,
    exiting: Wei,
    earnings: Wei,
    /// Of a million.
    reputation: u64,
    ejected: bool,
    jobs_in_flight: u64,
    offers: usize,
    /// Share in draws: stake × reputation.
    weight: u64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Report(Vec<Status>);

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no executor is registered yet");
        }
        self.0.iter().try_for_each(|status| status.fmt(f))
    }
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "executor {}{}", self.id, if self.ejected { " (EJECTED)" } else { "" })?;
        write_fields(
            f,
            &[
                ("  owner", self.owner.to_string()),
                ("  signer", self.signer.to_string()),
                ("  stake", format!("{} ({} locked, {} on the way out)", self.stake, self.locked, self.exiting)),
                ("  delegated", format!("{} (commission {} bps)", self.delegated, self.commission_bps)),
                ("  earnings", self.earnings.to_string()),
                ("  reputation", format!("{} of 1000000", self.reputation)),
                ("  weight", self.weight.to_string()),
                ("  offers", self.offers.to_string()),
                ("  jobs in flight", self.jobs_in_flight.to_string()),
                ("  endpoint", self.endpoint.clone()),
                ("  region", self.region.clone()),
            ],
        )
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let client = arguments.network.client().await?;
    let reader = Reader::new(&client);
    let ids = match (arguments.id, arguments.owner) {
        (Some(id), _) => vec![id],
        (None, Some(owner)) => vec![reader.id_of(owner).await?],
        (None, None) => (1..=reader.count().await?).collect(),
    };
    let mut executors = Vec::with_capacity(ids.len());
    for id in ids {
        executors.push(reader.status(id).await?);
    }
    output.print(&Report(executors))
}

/// Reads the two contracts that know executors.
struct Reader<'a> {
    registry: IExecutorRegistry::IExecutorRegistryInstance<&'a DynProvider>,
    staking: IStaking::IStakingInstance<&'a DynProvider>,
}

impl<'a> Reader<'a> {
    fn new(client: &'a Client) -> Self {
        let at = client.deployment();
        Self {
            registry: IExecutorRegistry::new(at.executor_registry, client.provider()),
            staking: IStaking::new(at.staking, client.provider()),
        }
    }

    fn registry_error(&self, error: alloy::contract::Error) -> Error {
        Error::from_call("ExecutorRegistry", *self.registry.address(), "reading an executor", error)
    }

    fn staking_error(&self, error: alloy::contract::Error) -> Error {
        Error::from_call("Staking", *self.staking.address(), "reading an executor", error)
    }

    async fn count(&self) -> Result<u32, Error> {
        self.registry.executorCount().call().await.map_err(|error| self.registry_error(error))
    }

    async fn id_of(&self, owner: Address) -> anyhow::Result<u32> {
        match self.registry.idOfOwner(owner).call().await.map_err(|error| self.registry_error(error))? {
            0 => bail!("{owner} owns no executor: `infera executor status` without --owner lists all"),
            id => Ok(id),
        }
    }

    async fn status(&self, id: u32) -> anyhow::Result<Status> {
        let registered = self.registry.executorOf(id).call().await.map_err(|error| self.registry_error(error))?;
        if registered.owner.is_zero() {
            bail!("there is no executor {id}: `infera executor status` without --id lists all");
        }
        let offers = self.registry.offeringKeysOf(id).call().await.map_err(|error| self.registry_error(error))?;
        let failed = |error| self.staking_error(error);
        let account = self.staking.accountOf(id).call().await.map_err(failed)?;
        let pool = self.staking.poolOf(id).call().await.map_err(failed)?;
        Ok(Status {
            id,
            owner: registered.owner,
            signer: registered.keys.signer,
            endpoint: registered.endpoint,
            region: registered.region,
            stake: Wei(pool.own),
            delegated: Wei(pool.delegated),
            commission_bps: pool.commissionBps,
            locked: Wei(account.locked),
            exiting: Wei(self.staking.exitingOf(id).call().await.map_err(failed)?),
            earnings: Wei(pool.ownerEarnings),
            reputation: account.reputation.saturating_to(),
            ejected: account.ejected,
            jobs_in_flight: account.inFlight.saturating_to(),
            offers: offers.len(),
            weight: self.staking.weightOf(id).call().await.map_err(failed)?,
        })
    }
}
