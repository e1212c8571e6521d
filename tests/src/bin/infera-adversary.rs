//! An executor that cheats, to show that it does not pay.

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use infera_engine::{Engine, EngineConfig, unchanged};
use infera_executor::command::NodeArguments;
use infera_network::READY_PREFIX;
use infera_tests::cheats::{Silence, int8_weights};

/// Runs an executor that cheats, against a network of your own.
#[derive(Parser)]
struct Arguments {
    /// How it cheats.
    #[arg(long)]
    cheat: Cheat,
    /// The model directory.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    #[command(flatten)]
    node: NodeArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Cheat {
    /// Computes with weights rounded to eight bits.
    Int8,
    /// Commits, but never reveals.
    Silent,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Arguments { cheat, model, node: arguments } = Arguments::parse();
    let engine = tokio::task::spawn_blocking(move || {
        let weights = match cheat {
            Cheat::Int8 => int8_weights(),
            Cheat::Silent => unchanged(),
        };
        Engine::load_with(EngineConfig::new(model), weights)
    })
    .await?
    .context("loading the model")?;
    let node = arguments
        .prepare(Arc::new(engine), |honest| match cheat {
            Cheat::Int8 => honest,
            Cheat::Silent => Silence::around(honest),
        })
        .await?;
    arguments
        .run(node, |ready| {
            let line = serde_json::to_string(&ready).unwrap_or_default();
            // The parent may have stopped listening; the node runs all the same.
            let _ = writeln!(std::io::stdout(), "{READY_PREFIX}{line}");
        })
        .await?;
    Ok(())
}
