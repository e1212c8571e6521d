//! `infera explain`

use std::path::PathBuf;

use alloy::{primitives::B256, providers::Provider as _};
use anyhow::{Context as _, bail};
use infera_indexer::{Indexer, IndexerConfig, StoreLocation, explain::Explanation, redact, stream::StreamConfig};
use infera_sdk::{Client, Deployment, Error};
use serde::Deserialize;

use super::indexer::DEFAULT_PORT;
use crate::{
    chain::RpcArguments,
    output::{Output, progress},
};

const EXAMPLES: &str = "\
Examples:
  infera explain 0x5c…e1
  infera explain 0x5c…e1 --indexer-url http://indexer.example --json
  infera explain 0x5c…e1 --rpc-url https://rpc.example --deployment deployment.json

Tells a job's life transaction by transaction: gas, how far the answers are apart, payments,
reputation, punishments; and, if it is not over, what it waits for and what anyone can do then.
The last form needs no indexer: it reads the chain from the deployment's first block on.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The job's id
    job: B256,

    /// The indexer to ask [default: http://127.0.0.1:8560, unless --deployment is given]
    #[arg(long, value_name = "URL", env = "INFERA_INDEXER_URL")]
    indexer_url: Option<String>,

    #[command(flatten)]
    rpc: RpcArguments,

    /// Deployment file: read the chain itself and ask no indexer
    #[arg(long, value_name = "FILE", env = "INFERA_DEPLOYMENT")]
    deployment: Option<PathBuf>,
}

/// How the indexer's API tells errors.
#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let explanation = match (&arguments.indexer_url, &arguments.deployment) {
        (None, Some(deployment)) => from_the_chain(arguments, Deployment::load(deployment)?).await?,
        (Some(url), _) => ask(url, arguments.job).await?,
        (None, None) => ask(&format!("http://127.0.0.1:{DEFAULT_PORT}"), arguments.job).await?,
    };
    output.print(&explanation)
}

async fn ask(indexer: &str, job: B256) -> anyhow::Result<Explanation> {
    let shown = redact(indexer);
    let answer = reqwest::get(format!("{}/v1/jobs/{job}/explain", indexer.trim_end_matches('/'))).await;
    let answer = answer.map_err(reqwest::Error::without_url).with_context(|| {
        format!(
            "the indexer at {shown} does not answer: start it with `infera indexer`, name another with --indexer-url, \
             or read the chain itself with --deployment"
        )
    })?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(reqwest::Error::without_url);
    let body = body.with_context(|| format!("the indexer at {shown} did not end its answer"))?;
    if status.is_success() {
        return serde_json::from_slice(&body).with_context(|| format!("the answer of {shown} is no explanation"));
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => bail!("the indexer at {shown} says: {}", refusal.error.message),
        Err(_) => bail!("{shown} answers with status {status}: is this an indexer's URL?"),
    }
}

/// Runs an indexer in memory until it has read the chain, and asks that one.
async fn from_the_chain(arguments: &Arguments, deployment: Deployment) -> anyhow::Result<Explanation> {
    let client = Client::connect(arguments.rpc.provider()?, deployment.clone()).await?;
    let head = client.provider().get_block_number().await;
    let head = head.map_err(|error| Error::from_rpc("reading the head", error))?;
    progress(format_args!("reading blocks {} to {head}", deployment.deployed_at_block));
    let config = IndexerConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        store: StoreLocation::Memory,
        stream: StreamConfig::new(&arguments.rpc.rpc_url),
    };
    let mut indexer = Indexer::start(config, client.provider().clone(), deployment).await?;
    let mut health = indexer.health();
    let read = health.wait_for(|health| health.tip.is_some_and(|tip| tip.number >= head));
    tokio::select! {
        ended = indexer.wait() => bail!("the chain could not be read: {}", ended.err().map_or_else(String::new, |error| error.to_string())),
        read = read => { read.context("the indexer ended")?; }
    }
    let explanation = ask(&indexer.url(), arguments.job).await;
    indexer.stop().await?;
    explanation
}
