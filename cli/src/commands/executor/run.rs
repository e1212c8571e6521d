//! `infera executor run`

use std::sync::Arc;

use infera_executor::command::{NodeArguments, Ready};
use infera_network::READY_PREFIX;

use super::engine::EngineArguments;
use crate::output::print_text;

const EXAMPLE: &str = "\
Example:
  infera executor run --model .infera/models/all-minilm-l6-v2 --rpc-url https://rpc.example \\
      --deployment deployment.json --signer-key-file signer.json --password-file signer.password

Checks the model's files, the chain and the signer, and prints `ready {\"executorId\":…}` once it runs.
Stop it with Ctrl-C or SIGTERM; a restart goes on where it stopped. Run one node per signer key.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    engine: EngineArguments,
    #[command(flatten)]
    node: NodeArguments,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let engine = Arc::new(arguments.engine.load().await?);
    let node = arguments.node.prepare(engine, |broadcaster| broadcaster).await?;
    arguments.node.run(node, announce).await?;
    Ok(())
}

fn announce(ready: Ready) {
    let announced = serde_json::to_string(&ready)
        .map_err(anyhow::Error::from)
        .and_then(|ready| print_text(&format!("{READY_PREFIX}{ready}")));
    if let Err(error) = announced {
        crate::output::progress(format_args!("the node runs, but could not say so: {error:#}"));
    }
}
