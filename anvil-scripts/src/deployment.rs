//! Deploys the contracts and says what that cost.

use std::fmt;

use alloy::{
    primitives::{Address, U256, utils::format_ether},
    providers::Provider,
};
use infera_sdk::{Deployment, DeploymentParameters, Error, Result, Sender, deploy};
use serde::Serialize;

/// Parameters that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Preset {
    /// Short epochs and windows, small stakes
    Devnet,
    /// For a live network
    Production,
}

impl Preset {
    /// The preset's parameters, with these accounts as owner and guardian; without them the deployer is both, but not of a
    /// live network.
    pub fn parameters(self, owner: Option<Address>, guardian: Option<Address>) -> Result<DeploymentParameters> {
        match self {
            Self::Devnet => Ok(DeploymentParameters::devnet()?.governed_by(owner, guardian)),
            Self::Production => DeploymentParameters::production(owner, guardian),
        }
    }
}

/// What a deployment came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentReport {
    /// Who deployed and paid.
    pub deployer: Address,
    /// What it paid, in wei.
    pub cost: U256,
    /// Where the contracts are.
    pub deployment: Deployment,
}

/// Deploys all contracts from the sender's account, which must send nothing else meanwhile.
pub async fn deploy_and_account(sender: &Sender, parameters: &DeploymentParameters) -> Result<DeploymentReport> {
    let before = balance(sender).await?;
    let deployment = deploy(sender, parameters).await?;
    let cost = before.saturating_sub(balance(sender).await?);
    Ok(DeploymentReport { deployer: sender.address(), cost, deployment })
}

async fn balance(sender: &Sender) -> Result<U256> {
    let balance = sender.provider().get_balance(sender.address()).await;
    balance.map_err(|error| Error::from_rpc("reading the deployer's balance", error))
}

impl fmt::Display for DeploymentReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = &self.deployment;
        writeln!(f, "chain {}, from block {} on", at.chain_id, at.deployed_at_block)?;
        for (name, address) in at.contracts() {
            writeln!(f, "{name:<18} {address}")?;
        }
        writeln!(f, "{} paid {} INFER for gas", self.deployer, format_ether(self.cost))
    }
}
