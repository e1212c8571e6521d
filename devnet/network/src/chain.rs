//! The chain under a network: the devnet of this process, or any development chain behind a URL.
//!
//! Mining and time are steered through JSON-RPC alone, so the devnet and anvil are handled alike.

use std::{net::SocketAddr, time::Duration};

use alloy::{
    primitives::U256,
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use infera_devnet::{Config, DEFAULT_MNEMONIC, Devnet, MiningMode, Server};

use crate::{Error, Result, Role};

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
    own: Option<(Devnet, Server)>,
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
                    own: Some((devnet, server)),
                })
            }
            ChainPlan::External(rpc_url) => {
                let url =
                    rpc_url.parse().map_err(|error| Error::Unknown(format!("{rpc_url} is no RPC URL: {error}")))?;
                let provider = ProviderBuilder::new().connect_http(url).erased();
                let chain = Self { provider, rpc_url, own: None };
                chain.steer("evm_setAutomine", serde_json::json!([true])).await?;
                Ok(chain)
            }
        }
    }

    /// The chain of this process, if it is one.
    pub(crate) fn devnet(&self) -> Option<&Devnet> {
        self.own.as_ref().map(|(devnet, _)| devnet)
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

/// The key of a role: every development chain funds the accounts of this mnemonic.
pub(crate) fn key(role: Role) -> Result<PrivateKeySigner> {
    let index = u32::try_from(role.account()).unwrap_or(u32::MAX);
    MnemonicBuilder::<English>::default()
        .phrase(DEFAULT_MNEMONIC)
        .index(index)
        .and_then(|builder| builder.build())
        .map_err(|error| Error::Unknown(format!("the key of {role:?} cannot be derived: {error}")))
}
