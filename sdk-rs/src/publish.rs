//! Publishes models.

use alloy::primitives::{Address, B256};
use infera_contracts::{IModelRegistry, IModelRegistry::VerificationProfile};
use infera_protocol::{ids, task::Task};

use crate::{Deployment, Error, Result, Sender};

/// A model's first version, or its next one.
#[derive(Debug, Clone)]
pub struct ModelPublication {
    /// Name, unique for its publisher.
    pub name: String,
    /// keccak256 of the canonical manifest.
    pub manifest_hash: B256,
    /// What the model does.
    pub task: Task,
    /// Where the files can be had.
    pub content_uri: String,
    /// Runtime classes (for instance keccak256("fp32/libtorch-2.11")) with their verification profiles.
    pub classes: Vec<(B256, VerificationProfile)>,
}

/// Publishes a model, or adds a version when the sender has published the name before. Returns its id and version.
pub async fn publish_model(
    sender: &Sender,
    deployment: &Deployment,
    publication: &ModelPublication,
) -> Result<(B256, u32)> {
    let registry = IModelRegistry::new(deployment.model_registry, sender.provider());
    let model = ids::model_id(sender.address(), &publication.name);
    let classes: Vec<_> = publication
        .classes
        .iter()
        .map(|(class, profile)| IModelRegistry::RuntimeClassInput { runtimeClass: *class, profile: profile.clone() })
        .collect();
    let (hash, task) = (publication.manifest_hash, publication.task as u8);
    let uri = publication.content_uri.clone();

    let publisher =
        registry.publisherOf(model).call().await.map_err(|error| {
            Error::from_call("ModelRegistry", deployment.model_registry, "looking the model up", error)
        })?;
    let sent = if publisher == Address::ZERO {
        let call = registry.publish(publication.name.clone(), hash, task, uri, classes);
        sender.call("publishing the model", call).await?
    } else {
        sender.call("adding a model version", registry.addVersion(model, hash, task, uri, classes)).await?
    };
    let version = sent
        .receipt
        .logs()
        .iter()
        .find_map(|log| log.log_decode::<IModelRegistry::VersionAdded>().ok())
        .map(|log| log.inner.version)
        .ok_or_else(|| Error::UnexpectedAnswer {
            what: "ModelRegistry",
            address: deployment.model_registry,
            detail: "no VersionAdded event".to_owned(),
        })?;
    Ok((model, version))
}
