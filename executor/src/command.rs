//! The node as a program: what `infera executor run` and programs like it take, and how they run.

use std::{path::PathBuf, sync::Arc, time::Duration};

use alloy::providers::{Provider, ProviderBuilder};
use infera_protocol::engine::InferenceEngine;
use infera_sdk::{Deployment, read_key, read_password};

use crate::{
    Node, NodeConfig, Result,
    broadcast::{Broadcaster, RpcBroadcaster},
    input::Reach,
};

/// Where a node finds its chain, its key and its memory.
#[derive(Debug, Clone, clap::Args)]
pub struct NodeArguments {
    /// JSON-RPC endpoint of the chain.
    #[arg(long, env = "INFERA_RPC_URL", default_value = "http://127.0.0.1:8545")]
    pub rpc_url: String,
    /// Deployment file: the contracts' addresses, as `infera deploy` and `infera up` write it.
    #[arg(long, value_name = "FILE", env = "INFERA_DEPLOYMENT")]
    pub deployment: PathBuf,
    /// File with the signer's key: a JSON keystore, or (for development) the secret key in hex.
    #[arg(long, value_name = "FILE")]
    pub signer_key_file: PathBuf,
    /// File whose first line is the keystore's password; else the environment variable INFERA_PASSWORD is used.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The node's journal. Keep it: it is what keeps a restarted node from computing or signing anything twice.
    #[arg(long, value_name = "FILE", default_value = "infera-executor.sqlite")]
    pub journal: PathBuf,
    /// Milliseconds between two looks at the chain's head.
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub poll_interval: u64,
    /// Fetch inputs from private addresses too. For networks on one machine: it lets requesters make the node send requests
    /// into its own network.
    #[arg(long)]
    pub allow_private_inputs: bool,
    /// Stop when standard input closes: a node that another program starts ends with it.
    #[arg(long)]
    pub exit_on_stdin_close: bool,
}

/// What a node says once it runs.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// The executor's id on chain.
    pub executor_id: u32,
}

impl NodeArguments {
    /// Reads the files, checks the chain and the models, and returns a node that is ready to run. `wrap` may put another
    /// broadcaster around the node's own.
    pub async fn prepare(
        &self,
        engine: Arc<dyn InferenceEngine>,
        wrap: impl FnOnce(Arc<dyn Broadcaster>) -> Arc<dyn Broadcaster>,
    ) -> Result<Node> {
        let deployment = Deployment::load(&self.deployment)?;
        let password = read_password(self.password_file.as_deref())?;
        let signer = read_key(&self.signer_key_file, password.as_ref().map(|password| password.as_str()))?;
        let url = self.rpc_url.parse().map_err(|error| {
            infera_sdk::Error::Invalid(format!(
                "{} is not an RPC URL ({error}): it looks like http://host:port",
                self.rpc_url
            ))
        })?;
        let provider = ProviderBuilder::new().connect_http(url).erased();
        let config = NodeConfig {
            broadcaster: wrap(Arc::new(RpcBroadcaster::new(provider.clone()))),
            provider,
            rpc_url: self.rpc_url.clone(),
            deployment,
            signer,
            journal: self.journal.clone(),
            poll_interval: Duration::from_millis(self.poll_interval),
            input_reach: if self.allow_private_inputs { Reach::Any } else { Reach::Public },
        };
        Node::prepare(config, engine).await
    }

    /// Runs the node until it is told to stop: by SIGINT, SIGTERM, or the end of standard input if that was asked for.
    /// `announce` is called once it runs.
    pub async fn run(&self, node: Node, announce: impl FnOnce(Ready)) -> Result<()> {
        let handle = node.start();
        announce(Ready { executor_id: handle.executor_id });
        let cancellation = handle.cancellation();
        let exit_on_stdin_close = self.exit_on_stdin_close;
        let stopper = tokio::spawn(async move {
            match crate::shutdown::requested(exit_on_stdin_close).await {
                Ok(()) => cancellation.cancel(),
                Err(error) => tracing::warn!(%error, "this node can only be killed"),
            }
        });
        let ended = handle.finished().await;
        stopper.abort();
        ended
    }
}
