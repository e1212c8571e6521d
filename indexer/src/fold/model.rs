//! A model with its versions, folded from its events.

use alloy::primitives::{Address, B256};
use infera_contracts::IModelRegistry;
use infera_protocol::profile::{ResultRule as ProtocolRule, VerificationProfile as ProtocolProfile};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::{
    event::{IndexedEvent, InferaEvent, ModelRegistryEvent},
    names::{ResultRule, VersionStatus},
};

/// How answers of one version and runtime class are verified; see `IModelRegistry.sol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "field by field the struct of the contracts, documented there")]
pub struct VerificationProfile {
    pub rule: ResultRule,
    pub dimension: u16,
    pub scale: u16,
    pub max_cosine_distance_ppb: u32,
    pub norm_tolerance_ppm: u32,
    pub element_tolerance: u32,
    pub bit_exact: bool,
}

impl From<&IModelRegistry::VerificationProfile> for VerificationProfile {
    fn from(profile: &IModelRegistry::VerificationProfile) -> Self {
        Self {
            rule: ResultRule::from(profile.rule),
            dimension: profile.dimension,
            scale: profile.scale,
            max_cosine_distance_ppb: profile.maxCosineDistancePpb,
            norm_tolerance_ppm: profile.normTolerancePpm,
            element_tolerance: profile.elementTolerance,
            bit_exact: profile.bitExact,
        }
    }
}

impl From<&VerificationProfile> for ProtocolProfile {
    fn from(profile: &VerificationProfile) -> Self {
        Self {
            rule: match profile.rule {
                ResultRule::ExactBytes => ProtocolRule::ExactBytes,
                ResultRule::Scores => ProtocolRule::Scores,
                ResultRule::Vector => ProtocolRule::Vector,
                ResultRule::None | ResultRule::Unknown(_) => ProtocolRule::None,
            },
            dimension: profile.dimension,
            scale: profile.scale,
            max_cosine_distance_ppb: profile.max_cosine_distance_ppb,
            norm_tolerance_ppm: profile.norm_tolerance_ppm,
            element_tolerance: profile.element_tolerance,
            bit_exact: profile.bit_exact,
        }
    }
}

/// A runtime class of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeClassRecord {
    /// For instance keccak256("fp32/libtorch-2.11").
    pub runtime_class: B256,
    /// How its answers are verified.
    pub profile: VerificationProfile,
}

/// One version of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionRecord {
    /// Number, from 1.
    pub version: u32,
    /// keccak256 of the canonical manifest.
    pub manifest_hash: B256,
    /// Task number as in `infera_protocol::task`.
    pub task: u8,
    /// Where the files are.
    pub content_uri: String,
    /// Whether it takes new jobs.
    pub status: VersionStatus,
    /// The classes it may run in.
    pub runtime_classes: Vec<RuntimeClassRecord>,
}

/// A model with all its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelRecord {
    /// keccak256(abi.encode(publisher, name)).
    pub id: B256,
    /// Who may add versions.
    pub publisher: Address,
    /// Its name.
    pub name: String,
    /// Versions in the order they were added.
    pub versions: Vec<VersionRecord>,
}

impl ModelRecord {
    /// The profile of a version and class.
    pub fn profile(&self, version: u32, runtime_class: B256) -> Option<&VerificationProfile> {
        let version = self.versions.iter().find(|record| record.version == version)?;
        let class = version.runtime_classes.iter().find(|record| record.runtime_class == runtime_class)?;
        Some(&class.profile)
    }

    fn version(&mut self, version: u32) -> Option<&mut VersionRecord> {
        self.versions.iter_mut().find(|record| record.version == version)
    }
}

impl Record for ModelRecord {
    fn begin(event: &IndexedEvent) -> Option<Self> {
        let InferaEvent::ModelRegistry(ModelRegistryEvent::ModelPublished(e)) = &event.event else { return None };
        Some(Self { id: e.modelId, publisher: e.publisher, name: e.name.clone(), versions: Vec::new() })
    }

    fn apply(&mut self, event: &IndexedEvent) {
        let InferaEvent::ModelRegistry(event) = &event.event else { return };
        match event {
            ModelRegistryEvent::ModelPublished(_)
            | ModelRegistryEvent::LatestAnnounced(_)
            | ModelRegistryEvent::RoyaltyAnnounced(_) => {}
            ModelRegistryEvent::VersionAdded(e) => self.versions.push(VersionRecord {
                version: e.version,
                manifest_hash: e.manifestHash,
                task: e.task,
                content_uri: e.contentUri.clone(),
                // A version is born active; only changes have an event.
                status: VersionStatus::Active,
                runtime_classes: Vec::new(),
            }),
            ModelRegistryEvent::RuntimeClassAdded(e) => {
                if let Some(version) = self.version(e.version) {
                    version.runtime_classes.push(RuntimeClassRecord {
                        runtime_class: e.runtimeClass,
                        profile: VerificationProfile::from(&e.profile),
                    });
                }
            }
            ModelRegistryEvent::VersionStatusChanged(e) => {
                if let Some(version) = self.version(e.version) {
                    version.status = VersionStatus::from(e.status);
                }
            }
        }
    }
}
