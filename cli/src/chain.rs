//! Flags that say which chain, which contracts and which account.

use std::path::{Path, PathBuf};

use alloy::{
    providers::{DynProvider, Provider as _, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use anyhow::Context as _;
use infera_executor::key::read_key;
use infera_sdk::{Client, Deployment, Operator, Sender};
use zeroize::Zeroizing;

/// The environment variable that opens keystores when no password file is given; `executor run` reads it too.
const PASSWORD: &str = "INFERA_PASSWORD";

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
    pub(crate) async fn sender(&self, provider: DynProvider) -> anyhow::Result<Sender> {
        Ok(Sender::new(provider, open_key(&self.key_file, self.password_file.as_deref())?).await?)
    }

    /// The executor's owner whose key this is.
    pub(crate) async fn operator(&self, client: &Client) -> anyhow::Result<(Sender, Operator)> {
        let sender = self.sender(client.provider().clone()).await?;
        Ok((sender.clone(), Operator::new(sender, client.deployment().clone())))
    }
}

/// Reads a key file, with the password from `password_file` or the environment.
pub(crate) fn open_key(path: &Path, password_file: Option<&Path>) -> anyhow::Result<PrivateKeySigner> {
    let password = match password_file {
        None => std::env::var(PASSWORD).ok().map(Zeroizing::new),
        Some(file) => {
            let text = std::fs::read_to_string(file).map(Zeroizing::new);
            let text = text.with_context(|| format!("cannot read the password file {}", file.display()))?;
            Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
        }
    };
    Ok(read_key(path, password.as_ref().map(|password| password.as_str()))?)
}
