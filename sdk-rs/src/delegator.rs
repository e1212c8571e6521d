//! What an account does that puts its stake with somebody else's executor.

use alloy::primitives::{Address, U256};
use infera_contracts::IStaking;

use crate::{Deployment, Error, Result, Sender};

/// An account's stake with one executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelegatedStake {
    /// Active stake, in wei.
    pub stake: U256,
    /// Wei that [`Delegator::withdraw`] would pay.
    pub earnings: U256,
}

/// An account that delegates.
#[derive(Debug, Clone)]
pub struct Delegator {
    sender: Sender,
    deployment: Deployment,
}

impl Delegator {
    /// The account whose key `sender` holds.
    pub fn new(sender: Sender, deployment: Deployment) -> Self {
        Self { sender, deployment }
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.sender.address()
    }

    fn staking(&self) -> IStaking::IStakingInstance<&alloy::providers::DynProvider> {
        IStaking::new(self.deployment.staking, self.sender.provider())
    }

    fn error(&self, action: &str, error: alloy::contract::Error) -> Error {
        Error::from_call("Staking", self.deployment.staking, action, error)
    }

    /// What the account has with an executor.
    pub async fn stake_with(&self, executor_id: u32) -> Result<DelegatedStake> {
        let held = self.staking().delegationOf(executor_id, self.address()).call().await;
        let held = held.map_err(|error| self.error("reading the delegation", error))?;
        Ok(DelegatedStake { stake: held.amount, earnings: held.earnings })
    }

    /// Puts `amount` wei with an executor.
    pub async fn delegate(&self, executor_id: u32, amount: U256) -> Result<()> {
        self.sender.call("delegating", self.staking().delegate(executor_id).value(amount)).await?;
        Ok(())
    }

    /// Starts the exit of `amount` wei, `U256::MAX` for all there is; returns the epoch at whose start it matures.
    pub async fn undelegate(&self, executor_id: u32, amount: U256) -> Result<u64> {
        let sent = self.sender.call("undelegating", self.staking().undelegate(executor_id, amount)).await?;
        let logs = sent.receipt.logs().iter();
        let requested =
            logs.filter_map(|log| log.log_decode::<IStaking::UndelegationRequested>().ok()).map(|log| log.inner.data);
        requested.last().map(|event| event.maturesAtEpoch).ok_or_else(|| Error::UnexpectedAnswer {
            what: "Staking",
            address: self.deployment.staking,
            detail: "no UndelegationRequested event".to_owned(),
        })
    }

    /// Takes an exit out that matured at the start of the epoch.
    pub async fn complete(&self, executor_id: u32, matures_at_epoch: u64) -> Result<()> {
        let call = self.staking();
        let call = call.completeUndelegation(executor_id, self.address(), matures_at_epoch);
        self.sender.call("completing the exit", call).await?;
        Ok(())
    }

    /// Pays the account's earnings out to it.
    pub async fn withdraw(&self, executor_id: u32) -> Result<()> {
        let call = self.staking();
        self.sender.call("withdrawing the earnings", call.withdrawDelegation(executor_id, self.address())).await?;
        Ok(())
    }
}
