//! What an executor's owner does on chain: register, stake, offer models, leave.

use alloy::{
    primitives::{B256, Bytes, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use infera_contracts::{IExecutorRegistry, IExecutorRegistry::Keys, IStaking};
use infera_protocol::eip712;

use crate::{Deployment, Error, Result, Sender};

/// What an executor registers with.
#[derive(Debug, Clone)]
pub struct ExecutorRegistration {
    /// Hot key that commits and reveals; only its address and a proof of possession leave this process.
    pub signer: PrivateKeySigner,
    /// Secret key of the VRF; only its public key and a proof of possession leave this process.
    pub vrf_key: PrivateKeySigner,
    /// X25519 public key for private inputs.
    pub encryption_key: B256,
    /// Where the executor serves, if it does.
    pub endpoint: String,
    /// Region, for instance `eu-central`.
    pub region: String,
}

/// Own stake on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Wei that will be paid, unless slashed before.
    pub amount: U256,
    /// It can be taken out from the start of this epoch on.
    pub matures_at_epoch: u64,
}

/// An executor's owner.
#[derive(Debug, Clone)]
pub struct Operator {
    sender: Sender,
    deployment: Deployment,
}

impl Operator {
    /// The owner whose cold key `sender` holds.
    pub fn new(sender: Sender, deployment: Deployment) -> Self {
        Self { sender, deployment }
    }

    fn registry(&self) -> IExecutorRegistry::IExecutorRegistryInstance<&alloy::providers::DynProvider> {
        IExecutorRegistry::new(self.deployment.executor_registry, self.sender.provider())
    }

    fn staking(&self) -> IStaking::IStakingInstance<&alloy::providers::DynProvider> {
        IStaking::new(self.deployment.staking, self.sender.provider())
    }

    fn registry_error(&self, action: &str, error: alloy::contract::Error) -> Error {
        Error::from_call("ExecutorRegistry", self.deployment.executor_registry, action, error)
    }

    /// The owner's executor id, if it is registered.
    pub async fn executor_id(&self) -> Result<Option<u32>> {
        let id = self.registry().idOfOwner(self.sender.address()).call().await;
        let id = id.map_err(|error| self.registry_error("looking the executor up", error))?;
        Ok((id != 0).then_some(id))
    }

    /// Registers the owner as an executor; returns its id. An owner that is registered already gets its id back.
    pub async fn register(&self, registration: &ExecutorRegistration) -> Result<u32> {
        if let Some(id) = self.executor_id().await? {
            return Ok(id);
        }
        let registry = self.registry();
        let owner = self.sender.address();
        let (chain_id, at) = (self.deployment.chain_id, self.deployment.executor_registry);
        let vrf_possession =
            sign("VRF key", &registration.vrf_key, eip712::vrf_possession_digest(chain_id, at, owner))?;
        let signer_possession =
            sign("signer", &registration.signer, eip712::signer_possession_digest(chain_id, at, owner))?;
        let point = registration.vrf_key.credential().verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&[u8]>| U256::from_be_slice(bytes.unwrap_or_default());
        let keys = Keys {
            signer: registration.signer.address(),
            vrfX: coordinate(point.x().map(AsRef::as_ref)),
            vrfY: coordinate(point.y().map(AsRef::as_ref)),
            encryptionKey: registration.encryption_key,
        };
        let call = registry.register(
            keys,
            vrf_possession,
            signer_possession,
            registration.endpoint.clone(),
            registration.region.clone(),
        );
        self.sender.call("registering the executor", call).await?;
        self.executor_id().await?.ok_or_else(|| Error::UnexpectedAnswer {
            what: "ExecutorRegistry",
            address: self.deployment.executor_registry,
            detail: "registered, but no id".to_owned(),
        })
    }

    /// Adds `amount` wei of own stake. It weighs in draws from the next epoch on, once the weights are refreshed.
    pub async fn stake(&self, executor_id: u32, amount: U256) -> Result<()> {
        self.sender.call("staking", self.staking().stake(executor_id).value(amount)).await?;
        Ok(())
    }

    /// Offers a model version in the public pool; capacity 0 withdraws the offer. `price` in wei per unit. Acts on jobs
    /// that are requested from the next epoch on.
    pub async fn offer(
        &self,
        model: B256,
        version: u32,
        runtime_class: B256,
        price: u128,
        capacity: u16,
    ) -> Result<()> {
        let price = price
            .try_into()
            .map_err(|_| Error::Invalid(format!("a price of {price} wei per unit does not fit 96 bits")))?;
        let registry = self.registry();
        let call = registry.setOffering(model, version, runtime_class, 0, price, capacity);
        self.sender.call("offering the model", call).await?;
        Ok(())
    }

    /// Recomputes the executor's weights from stake and reputation; they act from the next epoch.
    pub async fn refresh_weights(&self, executor_id: u32) -> Result<()> {
        self.sender.call("refreshing the weights", self.registry().refreshWeights(executor_id)).await?;
        Ok(())
    }

    /// Starts the exit of `amount` wei of own stake; `U256::MAX` takes all there is.
    pub async fn request_exit(&self, amount: U256) -> Result<()> {
        self.sender.call("requesting the exit", self.staking().requestExit(amount)).await?;
        Ok(())
    }

    /// Exits of the last 32 exit periods that were not taken out, in the order they mature.
    pub async fn exits(&self, executor_id: u32) -> Result<Vec<Exit>> {
        const PERIODS: u64 = 32;
        let staking = self.staking();
        let failed = |error| Error::from_call("Staking", self.deployment.staking, "reading the exits", error);
        let newest = staking.exitMaturity().call().await.map_err(failed)?;
        let period = staking.unbondingEpochs().call().await.map_err(failed)?;
        let mut exits = Vec::new();
        for back in (0..=PERIODS).rev() {
            let Some(matures_at_epoch) = newest.checked_sub(back * period) else { continue };
            let amount = staking.exitOf(executor_id, matures_at_epoch).call().await.map_err(failed)?;
            if !amount.is_zero() {
                exits.push(Exit { amount, matures_at_epoch });
            }
        }
        Ok(exits)
    }

    /// Takes an exit out that matured at the start of the epoch.
    pub async fn complete_exit(&self, executor_id: u32, matures_at_epoch: u64) -> Result<()> {
        self.sender.call("completing the exit", self.staking().completeExit(executor_id, matures_at_epoch)).await?;
        Ok(())
    }

    /// Announces the commission on delegators' earnings, in basis points; it acts from the next epoch.
    pub async fn announce_commission(&self, basis_points: u16) -> Result<()> {
        self.sender.call("announcing the commission", self.staking().announceCommission(basis_points)).await?;
        Ok(())
    }

    /// Takes an ejected executor back once all of its own stake has left.
    pub async fn reinstate(&self, executor_id: u32) -> Result<()> {
        self.sender.call("taking the executor back", self.staking().reinstate(executor_id)).await?;
        Ok(())
    }

    /// Pays the owner's part of the earnings out to it.
    pub async fn withdraw_earnings(&self, executor_id: u32) -> Result<()> {
        self.sender.call("withdrawing the earnings", self.staking().withdrawEarnings(executor_id)).await?;
        Ok(())
    }
}

/// A key's signature as contracts take it: 65 bytes r, s, v. `name` is what errors call the key.
fn sign(name: &str, key: &PrivateKeySigner, digest: B256) -> Result<Bytes> {
    let signature =
        key.sign_hash_sync(&digest).map_err(|error| Error::Invalid(format!("the {name} did not sign: {error}")))?;
    Ok(Bytes::from(signature.as_bytes().to_vec()))
}
