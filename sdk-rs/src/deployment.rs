//! Where a network's contracts are.

use std::path::Path;

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The addresses of one deployment, and the chain it lives on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// Chain id of the L3.
    pub chain_id: u64,
    /// Block of the first contract: nothing of Infera lies before it.
    pub deployed_at_block: u64,
    /// `JobRegistry`.
    pub job_registry: Address,
    /// `ModelRegistry`.
    pub model_registry: Address,
    /// `ExecutorRegistry`.
    pub executor_registry: Address,
    /// `Staking`.
    pub staking: Address,
    /// `Slashing`.
    pub slashing: Address,
    /// `Reputation`.
    pub reputation: Address,
    /// `Sortition`.
    pub sortition: Address,
    /// `BlockhashBeacon`.
    pub beacon: Address,
    /// `AgreementVerifier`.
    pub agreement_verifier: Address,
    /// `VifVerifier`.
    pub vif_verifier: Address,
    /// `CalibrationList`.
    pub calibration_list: Address,
    /// `Court`.
    pub court: Address,
}

impl Deployment {
    /// Reads a deployment file (JSON, as [`Deployment::save`] writes it).
    pub fn load(path: &Path) -> Result<Self> {
        let problem = |reason: String| Error::File { name: path.display().to_string(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| problem(error.to_string()))
    }

    /// Writes the deployment file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let problem = |reason: String| Error::File { name: path.display().to_string(), reason };
        let text = serde_json::to_string_pretty(self).map_err(|error| problem(error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(|error| problem(error.to_string()))
    }

    /// Every contract that emits events.
    pub fn event_sources(&self) -> [Address; 6] {
        [self.job_registry, self.model_registry, self.executor_registry, self.staking, self.sortition, self.court]
    }
}
