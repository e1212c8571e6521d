//! Flags that say which chain and which account, and how to print.

use std::{
    fmt::Display,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use infera_sdk::{Error, Result, Sender, read_key, read_password};
use serde::Serialize;

/// Which chain, and which account pays.
#[derive(Debug, Clone, clap::Args)]
pub struct AccountArguments {
    /// JSON-RPC endpoint of the chain
    #[arg(long, value_name = "URL", env = "INFERA_RPC_URL", default_value = "http://127.0.0.1:8545")]
    pub rpc_url: String,
    /// Do nothing if the endpoint serves another chain than this one
    #[arg(long, value_name = "ID")]
    pub chain_id: Option<u64>,
    /// File with the key of the account that pays: a JSON keystore, or (for development) the secret key in hex
    #[arg(long, value_name = "FILE", env = "INFERA_KEY_FILE")]
    pub key_file: PathBuf,
    /// File whose first line is the keystore's password; else the environment variable INFERA_PASSWORD is used
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

impl AccountArguments {
    /// The account on its chain. What is wrong with files and flags is told before the chain is asked.
    pub async fn sender(&self) -> Result<Sender> {
        let password = read_password(self.password_file.as_deref())?;
        let key = read_key(&self.key_file, password.as_ref().map(|password| password.as_str()))?;
        let sender = Sender::new(connect(&self.rpc_url)?, key).await?;
        match self.chain_id {
            Some(expected) if expected != sender.chain_id() => Err(Error::Invalid(format!(
                "{} serves chain {}, not chain {expected}: pass that chain's --rpc-url, or another --chain-id",
                self.rpc_url,
                sender.chain_id()
            ))),
            _ => Ok(sender),
        }
    }
}

/// A provider for an HTTP URL. Nothing is asked yet.
pub fn connect(rpc_url: &str) -> Result<DynProvider> {
    let url = rpc_url.parse();
    let url = url.map_err(|error| {
        Error::Invalid(format!("{rpc_url:?} is no RPC URL ({error}): it looks like http://host:port"))
    })?;
    Ok(ProviderBuilder::new().connect_http(url).erased())
}

/// Prints a program's data on stdout, as JSON or as text.
pub fn print(report: &(impl Serialize + Display), json: bool) -> anyhow::Result<()> {
    let text = if json { serde_json::to_string_pretty(report)? } else { report.to_string() };
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Tells a person on stderr what is going on.
pub fn progress(message: impl Display) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Ends a program: prints why it failed, if it did.
pub fn exit(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Logs to stderr what RUST_LOG asks for.
pub fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
}
