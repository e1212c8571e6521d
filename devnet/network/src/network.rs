//! A running network and the handles to its parts.

use std::{net::SocketAddr, path::Path, time::Duration};

use alloy::{
    primitives::{Address, B256},
    providers::{DynProvider, Provider},
    signers::local::PrivateKeySigner,
};
use futures::{StreamExt, stream::FuturesUnordered};
use infera_devnet::Devnet;
use infera_indexer::{Indexer, IndexerConfig, StoreLocation, stream::StreamConfig};
use infera_sdk::{Client, Deployment, DeploymentParameters, Sender};
use tempfile::TempDir;

use crate::{
    EndedExecutor, Error, ExecutorPlan, FaultyRpc, ModelPlan, NetworkBuilder, PublishedModel, Result, Role,
    RunningExecutor,
    builder::Observer,
    chain::{self, Chain},
    executor::Site,
    setup::{CAPACITY, JoinTerms, contracts_and_model, join},
};

/// How far the set-up is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The chain answers at this URL.
    ChainStarted(String),
    /// The contracts are deployed; the job registry is here.
    ContractsDeployed(Address),
    /// The model is published under this id.
    ModelPublished(B256),
    /// An executor has registered, staked and offered the model.
    ExecutorJoined {
        /// Name in the network.
        name: String,
        /// Id on chain.
        id: u32,
    },
    /// An executor runs.
    ExecutorStarted {
        /// Name in the network.
        name: String,
        /// Its process, if it has one of its own.
        process: Option<u32>,
    },
    /// The indexer's API answers at this URL.
    IndexerStarted(String),
}

/// A running network. Dropping it stops its parts.
pub struct Network {
    pub(crate) chain: Chain,
    pub(crate) block_time: Duration,
    pub(crate) deployment: Deployment,
    parameters: DeploymentParameters,
    model: PublishedModel,
    executors: Vec<RunningExecutor>,
    pub(crate) indexer: Option<Indexer>,
    pub(crate) indexer_rpc: Option<FaultyRpc>,
    pub(crate) indexer_address: SocketAddr,
    observer: Observer,
    plan: ModelPlan,
    pub(crate) directory: TempDir,
}

impl Network {
    /// Builds a network whose executors offer `model`.
    pub fn builder(model: ModelPlan) -> NetworkBuilder {
        NetworkBuilder::new(model)
    }

    pub(crate) async fn start(builder: NetworkBuilder) -> Result<Self> {
        let observer = builder.observer.clone();
        let parameters = match builder.parameters {
            Some(parameters) => parameters,
            None => DeploymentParameters::devnet()?,
        };
        let directory = tempfile::tempdir().map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
        let accounts = Role::accounts(builder.executors.len()).max(10);
        let chain = Chain::start(builder.chain, accounts).await?;
        observer(Stage::ChainStarted(chain.rpc_url.clone()));

        let deployer = chain::key(Role::Deployer)?;
        let (deployment, model) =
            contracts_and_model(chain.provider.clone(), deployer, &parameters, &builder.model).await?;
        observer(Stage::ContractsDeployed(deployment.job_registry));
        observer(Stage::ModelPublished(model.id));
        let deployment_file = directory.path().join("deployment.json");
        deployment.save(&deployment_file)?;

        let indexer_rpc = chain.faulty_rpc(builder.indexer_behind_faulty_rpc).await?;
        let address = builder.indexer_address;
        let indexer = start_indexer(&chain, indexer_rpc.as_ref(), &deployment, directory.path(), address).await?;
        let mut network = Self {
            chain,
            block_time: builder.block_time,
            deployment,
            parameters,
            model,
            executors: Vec::new(),
            indexer_address: indexer.address(),
            indexer: Some(indexer),
            indexer_rpc,
            observer,
            plan: builder.model,
            directory,
        };
        (network.observer)(Stage::IndexerStarted(network.indexer_url()));
        for plan in builder.executors {
            network.join(plan).await?;
        }
        network.next_epoch().await?;
        network.chain.mine_every(network.block_time).await?;
        network.start_executors().await?;
        Ok(network)
    }

    /// Registers one more executor, without starting it. It can be drawn from the next epoch on.
    async fn join(&mut self, plan: ExecutorPlan) -> Result<()> {
        let index = self.executors.len();
        let name = format!("executor-{}", index + 1);
        let (owner, signer) = (self.key(Role::Owner(index))?, self.key(Role::Signer(index))?);
        self.ensure_funded(&name, signer.address(), Role::accounts(index + 1)).await?;
        let terms = JoinTerms { stake: plan.stake, price_per_unit: self.plan.price_per_unit, capacity: CAPACITY };
        let owner_address = owner.address();
        let id = join(self.chain.provider.clone(), &self.deployment, owner, &signer, self.model, terms).await?;
        let signer_file = self.directory.path().join(format!("{name}.key"));
        write_secret(&signer_file, &signer)?;
        let faulty_rpc = self.chain.faulty_rpc(plan.behind_faulty_rpc).await?;
        let (provider, rpc_url) = self.chain.behind(faulty_rpc.as_ref())?;
        let site = Site {
            provider,
            rpc_url,
            deployment: self.deployment.clone(),
            deployment_file: self.deployment_file(),
            signer,
            signer_file,
            journal: self.directory.path().join(format!("{name}.sqlite")),
            log: self.directory.path().join(format!("{name}.log")),
        };
        (self.observer)(Stage::ExecutorJoined { name: name.clone(), id });
        self.executors.push(RunningExecutor::new(name, id, owner_address, plan, site, faulty_rpc));
        Ok(())
    }

    /// An executor whose signer owns nothing would start, and never send anything.
    async fn ensure_funded(&self, name: &str, signer: Address, accounts: usize) -> Result<()> {
        let balance = self.chain.provider.get_balance(signer).await;
        if balance.map_err(|error| infera_sdk::Error::from_rpc("reading the signer's balance", error))?.is_zero() {
            return Err(Error::Unknown(format!(
                "the signer of {name}, {signer}, owns nothing on {}: start that chain with {accounts} accounts or more",
                self.chain.rpc_url
            )));
        }
        Ok(())
    }

    /// Processes load their models side by side, so they are started together.
    async fn start_executors(&mut self) -> Result<()> {
        let mut starting = tokio::task::JoinSet::new();
        for (index, mut executor) in std::mem::take(&mut self.executors).into_iter().enumerate() {
            starting.spawn(async move {
                let started = executor.start().await;
                (index, executor, started)
            });
        }
        let mut started = Vec::new();
        while let Some(finished) = starting.join_next().await {
            let (index, executor, outcome) =
                finished.map_err(|error| Error::Unknown(format!("an executor's start was interrupted: {error}")))?;
            outcome?;
            (self.observer)(Stage::ExecutorStarted { name: executor.name.clone(), process: executor.process_id() });
            started.push((index, executor));
        }
        started.sort_by_key(|(index, _)| *index);
        self.executors = started.into_iter().map(|(_, executor)| executor).collect();
        Ok(())
    }

    /// Moves the chain's time to the next epoch, where changed weights act.
    pub async fn next_epoch(&self) -> Result<()> {
        self.chain.skip(self.parameters.epoch_length).await
    }

    /// The chain, if it is a devnet of this process.
    pub fn devnet(&self) -> Option<&Devnet> {
        self.chain.devnet()
    }

    /// JSON-RPC over HTTP.
    pub fn rpc_url(&self) -> String {
        self.chain.rpc_url.clone()
    }

    /// A provider in this process.
    pub fn provider(&self) -> &DynProvider {
        &self.chain.provider
    }

    /// The indexer's API.
    pub fn indexer_url(&self) -> String {
        format!("http://{}", self.indexer_address)
    }

    /// What happens to the indexer's calls of the chain, if it was planned
    /// [behind a faulty RPC](NetworkBuilder::indexer_behind_faulty_rpc). Holding all of them pauses it.
    pub fn indexer_rpc(&self) -> Option<&FaultyRpc> {
        self.indexer_rpc.as_ref()
    }

    /// The indexer, while it runs.
    pub fn indexer(&self) -> Option<&Indexer> {
        self.indexer.as_ref()
    }

    /// Where the contracts are.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The deployment as a file, for programs.
    pub fn deployment_file(&self) -> std::path::PathBuf {
        self.directory.path().join("deployment.json")
    }

    /// What the contracts were deployed with.
    pub fn parameters(&self) -> &DeploymentParameters {
        &self.parameters
    }

    /// The model that the executors offer.
    pub fn model(&self) -> PublishedModel {
        self.model
    }

    /// The key of a part.
    pub fn key(&self, role: Role) -> Result<PrivateKeySigner> {
        chain::key(role)
    }

    /// A client in this process.
    pub async fn client(&self) -> Result<Client> {
        Ok(Client::connect(self.chain.provider.clone(), self.deployment.clone()).await?)
    }

    /// A sender for a part's account.
    pub async fn sender(&self, role: Role) -> Result<Sender> {
        Ok(Sender::new(self.chain.provider.clone(), self.key(role)?).await?)
    }

    /// The executors in the order they were added.
    pub fn executors(&self) -> &[RunningExecutor] {
        &self.executors
    }

    /// An executor by its position, to stop, kill or restart it.
    pub fn executor(&mut self, index: usize) -> Result<&mut RunningExecutor> {
        let count = self.executors.len();
        self.executors
            .get_mut(index)
            .ok_or_else(|| Error::Unknown(format!("the network has {count} executors, there is no number {index}")))
    }

    /// Waits until the process of an executor ends that nobody stopped or killed, and tells each such end once. Without
    /// processes it waits for ever. Others run on; [`RunningExecutor::restart`] brings it back.
    pub async fn executor_ended(&mut self) -> EndedExecutor {
        let ends = self.executors.iter().enumerate().filter_map(|(index, executor)| Some((index, executor.end()?)));
        let mut ends: FuturesUnordered<_> = ends.map(|(index, end)| async move { (index, end.await) }).collect();
        match ends.next().await {
            Some((index, ended)) => {
                self.executors.get_mut(index).into_iter().for_each(|executor| executor.end_told = true);
                ended
            }
            None => std::future::pending().await,
        }
    }

    /// Stops everything in an orderly way: executors, indexer, chain.
    pub async fn shutdown(mut self) -> Result<()> {
        for executor in &mut self.executors {
            executor.stop().await?;
        }
        self.stop_indexer().await
    }
}

pub(crate) async fn start_indexer(
    chain: &Chain,
    behind: Option<&FaultyRpc>,
    deployment: &Deployment,
    directory: &Path,
    address: SocketAddr,
) -> Result<Indexer> {
    let (provider, rpc_url) = chain.behind(behind)?;
    let config = IndexerConfig {
        listen: address,
        store: StoreLocation::File(directory.join("indexer.sqlite")),
        stream: StreamConfig::new(&rpc_url),
    };
    Ok(Indexer::start(config, provider, deployment.clone()).await?)
}

/// Writes a key that only this user can read.
fn write_secret(path: &Path, key: &PrivateKeySigner) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let failed = |source| Error::File { path: path.to_owned(), source };
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(format!("{}\n", key.to_bytes()).as_bytes()).map_err(failed)
}
