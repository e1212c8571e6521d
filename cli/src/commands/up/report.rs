//! What `infera up` prints once the network is up.

use std::{
    fmt::{self, Display},
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, B256};
use infera_indexer::Wei;
use infera_network::{Network, Role};
use infera_protocol::task::Task;
use infera_sdk::Deployment;
use serde::Serialize;

use crate::output::write_fields;

/// The network's endpoints, contracts, model and accounts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    rpc_url: String,
    indexer_url: String,
    chain_id: u64,
    deployment_file: PathBuf,
    deployment: Deployment,
    model: Model,
    executors: Vec<Executor>,
    requester_key_file: PathBuf,
    accounts: Vec<Account>,
}

/// What of the model the network does not know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedModel {
    pub(super) name: String,
    pub(super) task: Task,
    pub(super) runtime_class: String,
    pub(super) price_per_unit: Wei,
}

#[derive(Serialize)]
struct Model {
    id: B256,
    version: u32,
    #[serde(flatten)]
    named: NamedModel,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Executor {
    id: u32,
    name: String,
    owner: Address,
    process: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    role: String,
    address: Address,
    secret_key: B256,
}

impl Report {
    pub(super) fn new(
        network: &Network,
        model: NamedModel,
        requester_key_file: &Path,
        deployment_file: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let published = network.model();
        let running = network.executors();
        let executors = running.iter().map(|executor| Executor {
            id: executor.id,
            name: executor.name.clone(),
            owner: executor.owner,
            process: executor.process_id(),
        });
        let roles = [("deployer", Role::Deployer), ("requester", Role::Requester), ("bystander", Role::Bystander)];
        let roles = roles.into_iter().map(|(name, role)| (name.to_owned(), role)).chain(
            running.iter().enumerate().flat_map(|(index, executor)| {
                [
                    (format!("{} owner", executor.name), Role::Owner(index)),
                    (format!("{} signer", executor.name), Role::Signer(index)),
                ]
            }),
        );
        let accounts = roles.map(|(role, account)| {
            let key = network.key(account)?;
            Ok(Account { role, address: key.address(), secret_key: key.to_bytes() })
        });
        Ok(Self {
            rpc_url: network.rpc_url(),
            indexer_url: network.indexer_url(),
            chain_id: network.deployment().chain_id,
            deployment_file: deployment_file.map_or_else(|| network.deployment_file(), Path::to_path_buf),
            deployment: network.deployment().clone(),
            model: Model { id: published.id, version: published.version, named: model },
            executors: executors.collect(),
            requester_key_file: requester_key_file.to_path_buf(),
            accounts: accounts.collect::<anyhow::Result<_>>()?,
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rpc_url, indexer_url, deployment_file, requester_key_file, .. } = self;
        let NamedModel { name, runtime_class, price_per_unit, .. } = &self.model.named;
        writeln!(f, "\nThe network is up.\n")?;
        write_fields(
            f,
            &[
                ("JSON-RPC", format!("{rpc_url} (chain {})", self.chain_id)),
                ("indexer", indexer_url.clone()),
                ("deployment", deployment_file.display().to_string()),
                ("JobRegistry", self.deployment.job_registry.to_string()),
                ("ModelRegistry", self.deployment.model_registry.to_string()),
                ("ExecutorRegistry", self.deployment.executor_registry.to_string()),
                ("Staking", self.deployment.staking.to_string()),
                (
                    "model",
                    format!("{name}, version {} in {runtime_class}, at {price_per_unit} a unit", self.model.version),
                ),
                ("model id", self.model.id.to_string()),
            ],
        )?;
        writeln!(f, "\nFunded accounts (their keys are public: use them nowhere else)")?;
        for Account { role, address, secret_key } in &self.accounts {
            writeln!(f, "  {address}  {secret_key}  {role}")?;
        }
        writeln!(f, "\nAsk a first question:")?;
        writeln!(f, "  infera request --rpc-url {rpc_url} --deployment {} \\", deployment_file.display())?;
        writeln!(f, "      --key-file {} \\", requester_key_file.display())?;
        writeln!(f, "      --text \"Lower the swap fee to 0.2 percent\" --label fees --label security --label grants")?;
        writeln!(f, "Then learn how it was answered:")?;
        writeln!(f, "  infera explain --indexer-url {indexer_url} JOB")?;
        write!(f, "\nCtrl-C stops everything.")
    }
}
