//! A running network and the handles to its parts.

use std::path::Path;

use alloy::{
    primitives::{Address, B256},
    providers::{DynProvider, Provider},
    signers::local::PrivateKeySigner,
};
use infera_devnet::{Config, Devnet, MiningMode, Server};
use infera_sdk::{Client, Deployment, DeploymentParameters, Sender};
use tempfile::TempDir;

use crate::{
    Error, ExecutorPlan, ModelPlan, NetworkBuilder, PublishedModel, Result, Role, RunningExecutor,
    builder::Observer,
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
    devnet: Devnet,
    server: Server,
    provider: DynProvider,
    deployment: Deployment,
    parameters: DeploymentParameters,
    model: PublishedModel,
    executors: Vec<RunningExecutor>,
    indexer: infera_indexer::IndexerHandle,
    observer: Observer,
    plan: ModelPlan,
    directory: TempDir,
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
        let directory = tempfile::tempdir()
            .map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
        let accounts = u32::try_from(Role::accounts(builder.executors.len()).max(10)).unwrap_or(u32::MAX);
        // Automine while the network is set up, so that it takes no longer than its transactions.
        let devnet = Devnet::start(Config { accounts, mining: MiningMode::Automine, ..Config::default() })?;
        let server = devnet.serve(builder.rpc_address).await?;
        let provider = devnet.provider().erased();
        observer(Stage::ChainStarted(server.http_url()));

        let key = |role: Role| role.key(devnet.accounts());
        let (deployment, model) =
            contracts_and_model(provider.clone(), key(Role::Deployer)?, &parameters, &builder.model).await?;
        observer(Stage::ContractsDeployed(deployment.job_registry));
        observer(Stage::ModelPublished(model.id));
        let deployment_file = directory.path().join("deployment.json");
        deployment.save(&deployment_file)?;

        let mut network = Self {
            indexer: start_indexer(&provider, &server.http_url(), &deployment, directory.path(), builder.indexer_address)
                .await?,
            devnet,
            server,
            provider,
            deployment,
            parameters,
            model,
            executors: Vec::new(),
            observer,
            plan: builder.model,
            directory,
        };
        (network.observer)(Stage::IndexerStarted(network.indexer_url()));
        for plan in builder.executors {
            network.join(plan).await?;
        }
        network.next_epoch().await?;
        network.devnet.set_mining(MiningMode::Interval(builder.block_time));
        network.start_executors().await?;
        Ok(network)
    }

    /// Registers one more executor, without starting it. It can be drawn from the next epoch on.
    async fn join(&mut self, plan: ExecutorPlan) -> Result<()> {
        let index = self.executors.len();
        let name = format!("executor-{}", index + 1);
        let (owner, signer) = (self.key(Role::Owner(index))?, self.key(Role::Signer(index))?);
        let terms =
            JoinTerms { stake: plan.stake, price_per_unit: self.plan.price_per_unit, capacity: CAPACITY };
        let owner_address = owner.address();
        let id = join(self.provider.clone(), &self.deployment, owner, &signer, self.model, terms).await?;
        let signer_file = self.directory.path().join(format!("{name}.key"));
        write_secret(&signer_file, &signer)?;
        let site = Site {
            provider: self.provider.clone(),
            rpc_url: self.server.http_url(),
            deployment: self.deployment.clone(),
            deployment_file: self.deployment_file(),
            signer,
            signer_file,
            journal: self.directory.path().join(format!("{name}.sqlite")),
        };
        (self.observer)(Stage::ExecutorJoined { name: name.clone(), id });
        self.executors.push(RunningExecutor::new(name, id, owner_address, plan, site));
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
        self.devnet.increase_time(self.parameters.epoch_length);
        self.devnet.mine(1)?;
        Ok(())
    }

    /// The chain.
    pub fn devnet(&self) -> &Devnet {
        &self.devnet
    }

    /// JSON-RPC over HTTP.
    pub fn rpc_url(&self) -> String {
        self.server.http_url()
    }

    /// A provider in this process.
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// The indexer's API.
    pub fn indexer_url(&self) -> String {
        format!("http://{}", self.indexer.local_address())
    }

    /// The indexer.
    pub fn indexer(&self) -> &infera_indexer::IndexerHandle {
        &self.indexer
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
        role.key(self.devnet.accounts())
    }

    /// A client in this process.
    pub async fn client(&self) -> Result<Client> {
        Ok(Client::connect(self.provider.clone(), self.deployment.clone()).await?)
    }

    /// A sender for a part's account.
    pub async fn sender(&self, role: Role) -> Result<Sender> {
        Ok(Sender::new(self.provider.clone(), self.key(role)?).await?)
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

    /// Stops everything in an orderly way: executors, indexer, chain.
    pub async fn shutdown(mut self) -> Result<()> {
        for executor in &mut self.executors {
            executor.stop().await?;
        }
        self.indexer.shutdown().await.map_err(|error| Error::Indexer(error.to_string()))?;
        Ok(())
    }
}

async fn start_indexer(
    provider: &DynProvider,
    rpc_url: &str,
    deployment: &Deployment,
    directory: &Path,
    address: std::net::SocketAddr,
) -> Result<infera_indexer::IndexerHandle> {
    let config = infera_indexer::IndexerConfig::new(rpc_url, deployment.clone(), directory.join("indexer.sqlite"), address);
    infera_indexer::Indexer::start(config, provider.clone())
        .await
        .map_err(|error| Error::Indexer(error.to_string()))
}

/// Writes a key that only this user can read.
fn write_secret(path: &Path, key: &PrivateKeySigner) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let failed = |source| Error::File { path: path.to_owned(), source };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(format!("{}\n", key.to_bytes()).as_bytes()).map_err(failed)
}
