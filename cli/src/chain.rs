//! Flags that say which chain, which contracts and which account.

use std::path::{Path, PathBuf};

use alloy::{
    providers::{DynProvider, Provider as _, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use anyhow::Context as _;
use infera_sdk::{Client, Deployment, Sender, read_key, read_password};

/// Which chain.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RpcArguments {
    /// JSON-RPC endpoint of the chain
    #[arg(long, value_name = "URL", env = "INFERA_RPC_URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc_url: String,
}

impl RpcArguments {
    pub(crate) fn provider(&self) -> anyhow::Result<DynProvider> {
        let url = self.rpc_url.parse();
        let url = url.with_context(|| format!("{:?} is no RPC URL: it looks like http://host:port", self.rpc_url))?;
        Ok(ProviderBuilder::new().connect_http(url).erased())
    }
}

/// Which contracts on which chain.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NetworkArguments {
    #[command(flatten)]
    pub(crate) rpc: RpcArguments,

    /// Deployment file: the contracts' addresses, as `infera deploy` and `infera up` write it
    #[arg(long, value_name = "FILE", env = "INFERA_DEPLOYMENT")]
    pub(crate) deployment: PathBuf,
}

impl NetworkArguments {
    /// A client of the deployment, checked to be on this chain.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::connect(self.rpc.provider()?, Deployment::load(&self.deployment)?).await?)
    }
}

/// Which account signs.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AccountArguments {
    /// File with the account's key: a JSON keystore, or (for development) the secret key in hex
    #[arg(long, value_name = "FILE", env = "INFERA_KEY_FILE")]
    key_file: PathBuf,

    /// File whose first line is the keystore's password; else the environment variable INFERA_PASSWORD is used
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl AccountArguments {
    /// The account on a chain.
    pub(crate) async fn sender(&self, rpc: &RpcArguments) -> anyhow::Result<Sender> {
        let key = self.key()?;
        Ok(Sender::new(rpc.provider()?, key).await?)
    }

    /// The account on a network. The key is opened before the chain is asked: what is wrong here is told first.
    pub(crate) async fn connect(&self, network: &NetworkArguments) -> anyhow::Result<(Client, Sender)> {
        let key = self.key()?;
        let client = network.client().await?;
        let sender = Sender::new(client.provider().clone(), key).await?;
        Ok((client, sender))
    }

    fn key(&self) -> anyhow::Result<PrivateKeySigner> {
        open_key(&self.key_file, self.password_file.as_deref())
    }
}

/// Opens a key file, with the password from `password_file` or the environment.
pub(crate) fn open_key(path: &Path, password_file: Option<&Path>) -> anyhow::Result<PrivateKeySigner> {
    let password = read_password(password_file)?;
    Ok(read_key(path, password.as_ref().map(|password| password.as_str()))?)
}
