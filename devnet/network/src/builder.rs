//! What a network is started with.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use infera_sdk::DeploymentParameters;

use crate::{ExecutorPlan, ModelPlan, Network, Result, Stage, chain::ChainPlan};

/// Called as the set-up proceeds.
pub(crate) type Observer = Arc<dyn Fn(Stage) + Send + Sync>;

/// Builds a [`Network`].
#[derive(Clone)]
pub struct NetworkBuilder {
    pub(crate) model: ModelPlan,
    pub(crate) executors: Vec<ExecutorPlan>,
    pub(crate) parameters: Option<DeploymentParameters>,
    pub(crate) block_time: Duration,
    pub(crate) chain: ChainPlan,
    pub(crate) indexer_address: SocketAddr,
    pub(crate) indexer_behind_faulty_rpc: bool,
    pub(crate) observer: Observer,
}

impl NetworkBuilder {
    pub(crate) fn new(model: ModelPlan) -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            model,
            executors: Vec::new(),
            parameters: None,
            block_time: Duration::from_secs(1),
            chain: ChainPlan::Own(any_port),
            indexer_address: any_port,
            indexer_behind_faulty_rpc: false,
            observer: Arc::new(|_| {}),
        }
    }

    /// Adds an executor.
    pub fn executor(mut self, plan: ExecutorPlan) -> Self {
        self.executors.push(plan);
        self
    }

    /// Other contract parameters than the devnet preset.
    pub fn parameters(mut self, parameters: DeploymentParameters) -> Self {
        self.parameters = Some(parameters);
        self
    }

    /// Interval between blocks once the network is set up; one second if not given.
    pub fn block_time(mut self, interval: Duration) -> Self {
        self.block_time = interval;
        self
    }

    /// Where JSON-RPC is served; a free port on loopback if not given.
    pub fn rpc_address(mut self, address: SocketAddr) -> Self {
        self.chain = ChainPlan::Own(address);
        self
    }

    /// Runs on a development chain that is there already (anvil, or another devnet) instead of one of its own. The chain must
    /// fund the accounts of the usual development mnemonic, and let its time and mining be steered.
    pub fn on_chain(mut self, rpc_url: impl Into<String>) -> Self {
        self.chain = ChainPlan::External(rpc_url.into());
        self
    }

    /// Where the indexer's API is served; a free port on loopback if not given.
    pub fn indexer_address(mut self, address: SocketAddr) -> Self {
        self.indexer_address = address;
        self
    }

    /// Puts a [faulty RPC](crate::FaultyRpc) between the indexer and the chain; see [`Network::indexer_rpc`](crate::Network::indexer_rpc).
    pub fn indexer_behind_faulty_rpc(mut self) -> Self {
        self.indexer_behind_faulty_rpc = true;
        self
    }

    /// Tells how the set-up proceeds.
    pub fn observe(mut self, observer: impl Fn(Stage) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Starts everything and returns when executors can be drawn.
    pub async fn start(self) -> Result<Network> {
        Network::start(self).await
    }
}
