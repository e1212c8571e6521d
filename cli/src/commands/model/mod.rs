//! `infera model`

mod calibrate;
pub(crate) mod profile;
mod publish;
pub(crate) mod verify;

use clap::Subcommand;

use crate::{catalogue::Catalogue, chain::NetworkArguments, output::Output};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a model directory: every file against the manifest, then whether the engine can load it
    Verify(verify::Arguments),
    /// Publish a model, or the next version of one
    Publish(Box<publish::Arguments>),
    /// Name a version whose profile is measured: its answers can cost stake from now on; the list's owner only
    Calibrate(calibrate::Arguments),
    /// List the models of a network
    List(NetworkArguments),
}

pub(crate) async fn run(command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Verify(arguments) => verify::run(arguments, output).await,
        Command::Publish(arguments) => publish::run(&arguments, output).await,
        Command::Calibrate(arguments) => calibrate::run(&arguments, output).await,
        Command::List(network) => output.print(&Catalogue::read(&network.client().await?).await?),
    }
}
