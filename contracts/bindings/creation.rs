//! Deployable bytecode, read from the committed artifacts.

use alloy::primitives::{Bytes, hex};

/// A contract that can be deployed: its name and its artifact.
#[derive(Debug, Clone, Copy)]
pub struct Creation {
    /// The contract's name in Solidity.
    pub name: &'static str,
    artifact: &'static str,
}

/// When an artifact cannot be used: the committed file was damaged. Never worth a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactError {
    /// The contract whose artifact is damaged.
    pub contract: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for ArtifactError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the artifact of {} is damaged ({}); run `cargo xtask contracts`", self.contract, self.reason)
    }
}

impl std::error::Error for ArtifactError {}

impl Creation {
    /// Creation bytecode followed by the ABI-encoded constructor `arguments`.
    pub fn code(&self, arguments: &[u8]) -> Result<Bytes, ArtifactError> {
        let damaged = |reason: String| ArtifactError { contract: self.name, reason };
        let artifact: serde_json::Value =
            serde_json::from_str(self.artifact).map_err(|error| damaged(error.to_string()))?;
        let text = artifact
            .pointer("/bytecode/object")
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| damaged("no bytecode.object".to_owned()))?;
        let mut code = hex::decode(text).map_err(|error| damaged(error.to_string()))?;
        if code.is_empty() {
            return Err(damaged("empty bytecode".to_owned()));
        }
        code.extend_from_slice(arguments);
        Ok(code.into())
    }

    /// The constructor's argument types as the ABI names them, for instance `(uint16,uint32),address`.
    pub fn constructor_types(&self) -> Result<Vec<String>, ArtifactError> {
        let artifact: alloy::json_abi::ContractObject = serde_json::from_str(self.artifact)
            .map_err(|error| ArtifactError { contract: self.name, reason: error.to_string() })?;
        Ok(artifact
            .abi
            .and_then(|abi| abi.constructor)
            .map(|constructor| constructor.inputs.iter().map(|input| input.selector_type().into_owned()).collect())
            .unwrap_or_default())
    }
}

macro_rules! creations {
    ($($(#[$documentation:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$documentation])*
        pub const $constant: Creation =
            Creation { name: $name, artifact: include_str!(concat!("../artifacts/", $name, ".json")) };)*

        /// Every deployable contract.
        pub const ALL: &[Creation] = &[$($constant),*];
    };
}

creations! {
    /// What executors did, epoch by epoch.
    ACTIVITY_LOG = "ActivityLog";
    /// Which answers agree.
    AGREEMENT_VERIFIER = "AgreementVerifier";
    /// Randomness from block hashes.
    BLOCKHASH_BEACON = "BlockhashBeacon";
    /// Which verification profiles can cost stake.
    CALIBRATION_LIST = "CalibrationList";
    /// Challenges of answers.
    COURT = "Court";
    /// Executors' identity, keys and offerings.
    EXECUTOR_REGISTRY = "ExecutorRegistry";
    /// Which jobs are taken.
    JOB_ADMISSION = "JobAdmission";
    /// Requests on behalf of others.
    JOB_DESK = "JobDesk";
    /// The life of a job.
    JOB_REGISTRY = "JobRegistry";
    /// Models and their versions.
    MODEL_REGISTRY = "ModelRegistry";
    /// Payment for requests off chain.
    PAYMENT_CHANNELS = "PaymentChannels";
    /// Policies and parameters in force.
    POLICY_REGISTRY = "PolicyRegistry";
    /// Verifiers that proven jobs may name.
    PROOF_VERIFIER_LIST = "ProofVerifierList";
    /// The demo's consumer contract.
    PROPOSAL_ROUTER = "ProposalRouter";
    /// Reputation formulas.
    REPUTATION = "Reputation";
    /// Emission from the reserve.
    REWARD_DISTRIBUTOR = "RewardDistributor";
    /// Jobs of one executor.
    SINGLE_JOB_REGISTRY = "SingleJobRegistry";
    /// What an offence costs.
    SLASHING = "Slashing";
    /// Weighted draws.
    SORTITION = "Sortition";
    /// Custody of stake and earnings.
    STAKING = "Staking";
    /// Executors' keys for VIFs, and false VIFs.
    VIFS = "Vifs";
    /// VRF and VIF proofs.
    VIF_VERIFIER = "VifVerifier";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_contract_has_bytecode_below_the_size_limit() {
        for creation in ALL {
            let artifact: serde_json::Value = serde_json::from_str(creation.artifact).unwrap();
            let runtime = artifact.pointer("/deployedBytecode/object").unwrap().as_str().unwrap();
            let bytes = hex::decode(runtime).unwrap().len();
            assert!(bytes > 0 && bytes <= 23_500, "{} has {bytes} bytes of runtime code", creation.name);
            assert!(creation.code(&[]).is_ok());
        }
    }
}
