//! The chain under a network: the devnet of this process, or any development chain behind a URL.
//!
//! Mining and time are steered through JSON-RPC alone, so the devnet and anvil are handled alike.

use std::{net::SocketAddr, time::Duration};

use alloy::{
    primitives::{U64, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use infera_devnet::{Config, DEFAULT_MNEMONIC, Devnet, MiningMode, Orphans, Server};

use crate::{Error, FaultyRpc, Result, Role};

/// Which chain a network runs on.
#[derive(Debug, Clone)]
pub(crate) enum ChainPlan {
    /// A devnet of its own, served at this address.
    Own(SocketAddr),
    /// A development chain that runs already, with the usual development accounts funded.
    External(String),
}

/// A running chain.
pub(crate) struct Chain {
    pub(crate) provider: DynProvider,
    pub(crate) rpc_url: String,
    /// Kept alive with the network.
    own: Option<OwnChain>,
}

struct OwnChain {
    devnet: Devnet,
    address: SocketAddr,
    /// None while nobody is to be answered.
    server: Option<Server>,
}

impl Chain {
    pub(crate) async fn start(plan: ChainPlan, accounts: usize) -> Result<Self> {
        match plan {
            ChainPlan::Own(address) => {
                let accounts = u32::try_from(accounts).unwrap_or(u32::MAX);
                // Automine while the network is set up, so that it takes no longer than its transactions.
                let devnet = Devnet::start(Config { accounts, mining: MiningMode::Automine, ..Config::default() })?;
                let server = devnet.serve(address).await?;
                Ok(Self {
                    provider: devnet.provider().erased(),
                    rpc_url: server.http_url(),
                    own: Some(OwnChain { devnet, address: server.local_addr(), server: Some(server) }),
                })
            }
            ChainPlan::External(rpc_url) => {
                let chain = Self { provider: connect(&rpc_url)?, rpc_url, own: None };
                chain.steer("evm_setAutomine", serde_json::json!([true])).await?;
                Ok(chain)
            }
        }
    }

    /// The chain of this process, if it is one.
    /// A faulty RPC before the chain, where one is wanted.
    pub(crate) async fn faulty_rpc(&self, wanted: bool) -> Result<Option<FaultyRpc>> {
        Ok(if wanted { Some(FaultyRpc::start(self.rpc_url.clone()).await?) } else { None })
    }

    /// How a part reaches the chain: through `rpc`, or else directly.
    pub(crate) fn behind(&self, rpc: Option<&FaultyRpc>) -> Result<(DynProvider, String)> {
        match rpc {
            Some(rpc) => Ok((connect(&rpc.url())?, rpc.url())),
            None => Ok((self.provider.clone(), self.rpc_url.clone())),
        }
    }

    pub(crate) fn devnet(&self) -> Option<&Devnet> {
        self.own.as_ref().map(|own| &own.devnet)
    }

    /// Blocks at a fixed interval from now on.
    pub(crate) async fn mine_every(&self, interval: Duration) -> Result<()> {
        if let Some(devnet) = self.devnet() {
            devnet.set_mining(MiningMode::Interval(interval));
            return Ok(());
        }
        // JSON-RPC knows whole seconds only.
        let seconds = interval.as_secs().max(1);
        self.steer("evm_setAutomine", serde_json::json!([false])).await?;
        self.steer("evm_setIntervalMining", serde_json::json!([seconds])).await
    }

    /// No blocks by themselves from now on.
    pub(crate) async fn stop_mining(&self) -> Result<()> {
        self.steer("evm_setIntervalMining", serde_json::json!([0])).await?;
        self.steer("evm_setAutomine", serde_json::json!([false])).await
    }

    pub(crate) async fn mine(&self, count: u64) -> Result<()> {
        self.steer("anvil_mine", serde_json::json!([U64::from(count)])).await
    }

    /// Replaces the last `depth` blocks.
    pub(crate) async fn reorganize(&self, depth: u64, orphans: Orphans) -> Result<()> {
        match (self.devnet(), orphans) {
            (Some(devnet), orphans) => Ok(devnet.reorganize(depth, orphans)?),
            (None, Orphans::Drop) => self.steer("anvil_reorg", serde_json::json!([depth, []])).await,
            (None, Orphans::Requeue) => {
                let reason = "a chain of another process drops the transactions of a reorg; ask for Orphans::Drop";
                Err(Error::Unknown(reason.to_owned()))
            }
        }
    }

    fn own_mut(&mut self) -> Result<&mut OwnChain> {
        let url = &self.rpc_url;
        self.own.as_mut().ok_or_else(|| Error::Unknown(format!("the chain at {url} is another process: stop it there")))
    }

    /// Stops answering over HTTP.
    pub(crate) async fn cut(&mut self) -> Result<()> {
        if let Some(server) = self.own_mut()?.server.take() {
            server.shutdown().await;
        }
        Ok(())
    }

    /// Answers over HTTP again.
    pub(crate) async fn restore(&mut self) -> Result<()> {
        let own = self.own_mut()?;
        if own.server.is_none() {
            own.server = Some(own.devnet.serve(own.address).await?);
        }
        Ok(())
    }

    /// Moves the chain's time forward and makes a block there.
    pub(crate) async fn skip(&self, seconds: u64) -> Result<()> {
        self.steer("evm_increaseTime", serde_json::json!([U256::from(seconds)])).await?;
        self.steer("evm_mine", serde_json::json!([])).await
    }

    async fn steer(&self, method: &'static str, parameters: serde_json::Value) -> Result<()> {
        let answer = self.provider.raw_request::<_, serde_json::Value>(method.into(), parameters).await;
        answer.map(|_| ()).map_err(|error| infera_sdk::Error::from_rpc(method, error).into())
    }
}

/// A provider for the JSON-RPC at `rpc_url`.
pub(crate) fn connect(rpc_url: &str) -> Result<DynProvider> {
    let url = rpc_url.parse().map_err(|error| Error::Unknown(format!("{rpc_url} is no RPC URL: {error}")))?;
    Ok(ProviderBuilder::new().connect_http(url).erased())
}

/// The key of a role: every development chain funds the accounts of this mnemonic.
pub(crate) fn key(role: Role) -> Result<PrivateKeySigner> {
    let index = u32::try_from(role.account()).unwrap_or(u32::MAX);
    MnemonicBuilder::<English>::default()
        .phrase(DEFAULT_MNEMONIC)
        .index(index)
        .and_then(|builder| builder.build())
        .map_err(|error| Error::Unknown(format!("the key of {role:?} cannot be derived: {error}")))
}
