//! What the node serves: checked against the chain before it starts.

use std::collections::HashMap;

use alloy::{
    primitives::B256,
    providers::{DynProvider, Provider},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use infera_contracts::{IExecutorRegistry, IJobRegistry::Terms, IModelRegistry};
use infera_protocol::{
    engine::{InferenceEngine, ModelIdentity},
    task::Task,
};
use infera_sdk::Deployment;

use crate::{Error, NodeConfig, Result};

/// The executor behind a signer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) id: u32,
    pub(crate) owner: alloy::primitives::Address,
}

/// An active offering.
#[derive(Debug, Clone, Copy)]
struct Offered {
    model: B256,
    version: u32,
    runtime_class: B256,
}

/// The models that the node serves, by what terms name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Serving {
    models: HashMap<(B256, u32, B256), (ModelIdentity, Task)>,
}

impl Serving {
    /// Reads what the executor offers on chain; refuses an offered model whose files the engine has not loaded.
    pub(crate) async fn check(config: &NodeConfig, executor: u32, engine: &dyn InferenceEngine) -> Result<Self> {
        let registry = IModelRegistry::new(config.deployment.model_registry, &config.provider);
        let loaded = engine.models();
        let mut models = HashMap::new();
        for Offered { model, version, runtime_class } in offered(config, executor).await? {
            let unknown = || Error::UnknownModel { model, version };
            let on_chain = match registry.versionOf(model, version).call().await {
                Ok(on_chain) => on_chain,
                Err(error) => {
                    let address = config.deployment.model_registry;
                    let action = "looking the model up";
                    return Err(match infera_sdk::Error::from_call("ModelRegistry", address, action, error) {
                        infera_sdk::Error::Reverted { .. } => unknown(),
                        other => other.into(),
                    });
                }
            };
            let identity = ModelIdentity { manifest_hash: on_chain.manifestHash, runtime_class };
            let task = Task::try_from(on_chain.task).map_err(|_| unknown())?;
            if !loaded.contains(&identity) {
                let loaded = loaded.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                return Err(Error::WrongModelFiles { model, version, expected: on_chain.manifestHash, loaded });
            }
            models.insert((model, version, runtime_class), (identity, task));
        }
        Ok(Self { models })
    }

    /// The engine's model for these terms, if the node serves it.
    pub(crate) fn model(&self, terms: &Terms) -> Option<(ModelIdentity, Task)> {
        self.models.get(&(terms.modelId, terms.version, terms.runtimeClass)).copied()
    }
}

/// Finds the executor that registered `signer`.
pub(crate) async fn identify(
    provider: &DynProvider,
    deployment: &Deployment,
    signer: alloy::primitives::Address,
) -> Result<Identity> {
    let registry = IExecutorRegistry::new(deployment.executor_registry, provider);
    let failed = |error| {
        infera_sdk::Error::from_call("ExecutorRegistry", deployment.executor_registry, "looking the executor up", error)
    };
    let id = registry.idOfSigner(signer).call().await.map_err(failed)?;
    if id == 0 {
        return Err(Error::UnknownSigner(signer));
    }
    let owner = registry.ownerOf(id).call().await.map_err(failed)?;
    Ok(Identity { id, owner })
}

/// The executor's active offerings: the last event of each says how it stands.
async fn offered(config: &NodeConfig, executor: u32) -> Result<Vec<Offered>> {
    let filter = Filter::new()
        .address(config.deployment.executor_registry)
        .event_signature(IExecutorRegistry::OfferingChanged::SIGNATURE_HASH)
        .topic1(alloy::primitives::U256::from(executor))
        .from_block(config.deployment.deployed_at_block);
    let logs = config
        .provider
        .get_logs(&filter)
        .await
        .map_err(|error| infera_sdk::Error::from_rpc("reading the executor's offerings", error))?;
    let mut offerings: HashMap<_, Offered> = HashMap::new();
    for log in logs {
        let Ok(change) = log.log_decode::<IExecutorRegistry::OfferingChanged>() else { continue };
        let change = change.inner.data;
        let key = (change.modelId, change.version, change.runtimeClass, change.pool);
        if change.offering.active {
            let (model, version, runtime_class) = (change.modelId, change.version, change.runtimeClass);
            offerings.insert(key, Offered { model, version, runtime_class });
        } else {
            offerings.remove(&key);
        }
    }
    Ok(offerings.into_values().collect())
}
