//! A development chain as a process, asked over HTTP.

use std::{
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// A chain that says nothing for so long does not start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running chain. Dropped, it is killed.
pub(super) struct Node {
    process: Child,
    client: reqwest::Client,
    url: String,
}

impl Node {
    /// Starts `program`, which takes anvil's flags; with the milliseconds to its first answer.
    pub(super) async fn start(program: &Path) -> Result<(Self, f64)> {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr())?.port();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let started = Instant::now();
        let process = Command::new(program)
            .args(["--quiet", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let node = Self { process, client, url: format!("http://127.0.0.1:{port}") };
        while node.ask("eth_chainId", json!([])).await.is_err() {
            ensure!(started.elapsed() < PATIENCE, "{} does not answer within {PATIENCE:?}", program.display());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok((node, started.elapsed().as_secs_f64() * 1e3))
    }

    /// The result of a call.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Result<Value> {
        let mut answer = self.post(call(method, params).to_string()).await?;
        let result = answer.get_mut("result").map(Value::take);
        result.with_context(|| format!("{method}: {answer}"))
    }

    /// Its process.
    pub(super) fn process(&self) -> Result<u32> {
        self.process.id().context("the chain's process has ended")
    }

    /// Sends signed transactions in one request.
    pub(super) async fn send_batch(&self, transactions: &[String]) -> Result<()> {
        self.ask_all(transactions.iter().map(|raw| ("eth_sendRawTransaction", json!([raw])))).await
    }

    /// Asks for all of these in one request, in which none may fail.
    pub(super) async fn ask_all(&self, calls: impl IntoIterator<Item = (&str, Value)>) -> Result<()> {
        let calls: Vec<_> = calls.into_iter().map(|(method, params)| call(method, params)).collect();
        let count = calls.len();
        let answers = self.post(Value::Array(calls).to_string()).await?;
        let answers = answers.as_array().context("a batch is answered by a list")?;
        let refused = answers.iter().find(|answer| answer.get("result").is_none());
        ensure!(refused.is_none(), "a call of a batch was refused: {refused:?}");
        ensure!(answers.len() == count, "{} of {count} are answered", answers.len());
        Ok(())
    }

    /// The nonce of `account` at the head.
    pub(super) async fn nonce(&self, account: &str) -> Result<u64> {
        let nonce = self.ask("eth_getTransactionCount", json!([account, "latest"])).await?;
        let digits = nonce.as_str().and_then(|text| text.strip_prefix("0x")).context("a nonce is a quantity")?;
        Ok(u64::from_str_radix(digits, 16)?)
    }

    async fn post(&self, body: String) -> Result<Value> {
        let request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        Ok(request.send().await?.json().await?)
    }
}

fn call(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}
