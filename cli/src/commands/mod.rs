//! One module a command: its flags, what it calls, what it prints.

pub(crate) mod advance;
pub(crate) mod challenge;
pub(crate) mod deploy;
pub(crate) mod executor;
pub(crate) mod explain;
pub(crate) mod indexer;
pub(crate) mod model;
pub(crate) mod request;
pub(crate) mod stake;
pub(crate) mod up;
pub(crate) mod vrf;
pub(crate) mod withdraw;

use crate::{
    arguments::{Cli, Command},
    output::Output,
};

/// Runs the command that was asked for.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<()> {
    let output = Output { json: cli.json };
    match cli.command {
        Command::Up(arguments) => up::run(&arguments, cli.verbose, output).await,
        Command::Request(arguments) => request::run(&arguments, output).await,
        Command::Explain(arguments) => explain::run(&arguments, output).await,
        Command::Advance(arguments) => advance::run(&arguments, output).await,
        Command::Withdraw(arguments) => withdraw::run(&arguments, output).await,
        Command::Challenge(command) => challenge::run(command, output).await,
        Command::Model(command) => model::run(command, output).await,
        Command::Executor(command) => executor::run(command, output).await,
        Command::Stake(command) => stake::run(command, output).await,
        Command::Indexer(arguments) => indexer::run(&arguments, output).await,
        Command::Deploy(arguments) => deploy::run(&arguments, output).await,
        Command::Devnet(arguments) => infera_devnet::command::run(*arguments).await,
        Command::Vrf(command) => vrf::run(&command),
    }
}
