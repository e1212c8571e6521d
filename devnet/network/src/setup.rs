//! Brings a fresh chain to the point where executors can be drawn: contracts, model, registrations, stake.

use alloy::{
    primitives::{B256, U256, utils::Unit},
    providers::DynProvider,
    signers::local::PrivateKeySigner,
};
use infera_contracts::IModelRegistry::VerificationProfile;
use infera_protocol::task::Task;
use infera_sdk::{
    Deployment, DeploymentParameters, ExecutorRegistration, ModelPublication, Operator, Sender, deploy, publish_model,
};

use crate::{Result, keys::vrf_key};

/// The model that a network's executors offer.
#[derive(Debug, Clone)]
pub struct ModelPlan {
    /// Name in the registry.
    pub name: String,
    /// keccak256 of the canonical manifest.
    pub manifest_hash: B256,
    /// What it does.
    pub task: Task,
    /// keccak256 of the runtime class's name.
    pub runtime_class: B256,
    /// How answers are compared.
    pub profile: VerificationProfile,
    /// Wei per unit that every executor asks.
    pub price_per_unit: u128,
}

/// A published model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedModel {
    /// Its id.
    pub id: B256,
    /// Its version.
    pub version: u32,
    /// keccak256 of the runtime class's name.
    pub runtime_class: B256,
}

/// Deploys the contracts and publishes the model.
pub(crate) async fn contracts_and_model(
    provider: DynProvider,
    deployer: PrivateKeySigner,
    parameters: &DeploymentParameters,
    plan: &ModelPlan,
) -> Result<(Deployment, PublishedModel)> {
    let sender = Sender::new(provider, deployer).await?;
    let deployment = deploy(&sender, parameters).await?;
    let publication = ModelPublication {
        name: plan.name.clone(),
        manifest_hash: plan.manifest_hash,
        task: plan.task,
        content_uri: String::new(),
        classes: vec![(plan.runtime_class, plan.profile.clone())],
    };
    let (id, version) = publish_model(&sender, &deployment, &publication).await?;
    Ok((deployment, PublishedModel { id, version, runtime_class: plan.runtime_class }))
}

/// Registers an executor, stakes for it and offers the model; returns its id. It can be drawn from the next epoch on.
pub(crate) async fn join(
    provider: DynProvider,
    deployment: &Deployment,
    owner: PrivateKeySigner,
    signer: &PrivateKeySigner,
    model: PublishedModel,
    terms: JoinTerms,
) -> Result<u32> {
    let vrf_key = vrf_key(owner.address())?;
    let operator = Operator::new(Sender::new(provider, owner).await?, deployment.clone());
    let registration = ExecutorRegistration {
        signer: signer.clone(),
        vrf_key,
        encryption_key: B256::ZERO,
        endpoint: String::new(),
        region: "local".to_owned(),
    };
    let id = operator.register(&registration).await?;
    operator.stake(id, terms.stake).await?;
    operator.offer(model.id, model.version, model.runtime_class, terms.price_per_unit, terms.capacity).await?;
    Ok(id)
}

/// What an executor joins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JoinTerms {
    pub(crate) stake: U256,
    pub(crate) price_per_unit: u128,
    pub(crate) capacity: u16,
}

/// Jobs that a development executor takes at a time.
pub(crate) const CAPACITY: u16 = 16;

/// Default stake: a hundred INFER.
pub(crate) fn default_stake() -> U256 {
    U256::from(100) * Unit::ETHER.wei()
}
