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
    /// `ActivityLog`.
    pub activity_log: Address,
    /// `ProofVerifierList`.
    pub proof_verifier_list: Address,
    /// `PolicyRegistry`.
    pub policy_registry: Address,
    /// `JobAdmission`.
    pub job_admission: Address,
    /// `JobDesk`.
    pub job_desk: Address,
    /// `RewardDistributor`.
    pub reward_distributor: Address,
    /// `PaymentChannels`.
    pub payment_channels: Address,
    /// `CalibrationList`.
    pub calibration_list: Address,
    /// `Court`.
    pub court: Address,
    /// `Vifs`.
    pub vifs: Address,
    /// `SingleJobRegistry`.
    pub single_job_registry: Address,
}

impl Deployment {
    /// A deployment whose contracts get the addresses that `next` gives, in the order in which they are created.
    pub fn in_order(chain_id: u64, deployed_at_block: u64, mut next: impl FnMut() -> Address) -> Self {
        Self {
            chain_id,
            deployed_at_block,
            model_registry: next(),
            executor_registry: next(),
            staking: next(),
            reputation: next(),
            slashing: next(),
            sortition: next(),
            beacon: next(),
            agreement_verifier: next(),
            vif_verifier: next(),
            activity_log: next(),
            proof_verifier_list: next(),
            policy_registry: next(),
            job_admission: next(),
            job_registry: next(),
            job_desk: next(),
            reward_distributor: next(),
            payment_channels: next(),
            calibration_list: next(),
            court: next(),
            vifs: next(),
            single_job_registry: next(),
        }
    }

    /// Every contract with its name, those first that people look for most.
    pub fn contracts(&self) -> Vec<(&'static str, Address)> {
        vec![
            ("JobRegistry", self.job_registry),
            ("SingleJobRegistry", self.single_job_registry),
            ("JobDesk", self.job_desk),
            ("Court", self.court),
            ("ModelRegistry", self.model_registry),
            ("ExecutorRegistry", self.executor_registry),
            ("Staking", self.staking),
            ("Slashing", self.slashing),
            ("Reputation", self.reputation),
            ("RewardDistributor", self.reward_distributor),
            ("PaymentChannels", self.payment_channels),
            ("PolicyRegistry", self.policy_registry),
            ("Sortition", self.sortition),
            ("BlockhashBeacon", self.beacon),
            ("AgreementVerifier", self.agreement_verifier),
            ("VifVerifier", self.vif_verifier),
            ("ProofVerifierList", self.proof_verifier_list),
            ("JobAdmission", self.job_admission),
            ("Vifs", self.vifs),
            ("ActivityLog", self.activity_log),
            ("CalibrationList", self.calibration_list),
        ]
    }

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
