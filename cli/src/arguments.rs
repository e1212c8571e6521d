//! The program's commands and the flags that all of them take.

use clap::{ArgAction, Parser, Subcommand};

use crate::commands::{
    advance, challenge, deploy, executor, explain, indexer, model, request, stake, up, vrf, withdraw,
};

const EXAMPLES: &str = "\
Examples:
  Start a network on this machine; it prints how to ask a first question:
    infera up

  Ask a network something:
    infera request --deployment deployment.json --key-file requester.key \\
        --text \"Lower the swap fee\" --label fees --label security --label grants

  Learn what became of a job:
    infera explain 0x5c…e1

  Join a network as an executor:
    infera executor register --help
    infera executor run --help

Data goes to standard output, as JSON with --json; everything else to standard error.
The exit status is 0 on success, 1 on failure, 2 when the flags make no sense.";

/// AI inference that smart contracts can trust: staked executors answer, the chain compares and pays.
#[derive(Debug, Parser)]
#[command(name = "infera", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print data as JSON
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,

    /// Log more to standard error: -v what happens, -vv each step, -vvv all; RUST_LOG takes precedence
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole network on this machine: chain, contracts, executors, indexer
    Up(Box<up::Arguments>),
    /// Ask the network and wait for its answer
    Request(Box<request::Arguments>),
    /// Tell what happened to a job, what it waits for and what can be done
    Explain(explain::Arguments),
    /// Move a stuck job on: draw, reopen, or refund it; anyone may, and earns a bounty
    Advance(advance::Arguments),
    /// Pay out what the job registry owes an account: refunds and bounties
    Withdraw(withdraw::Arguments),
    /// Challenge an answer before a court, and close cases
    #[command(subcommand)]
    Challenge(challenge::Command),
    /// Publish, list and verify models
    #[command(subcommand)]
    Model(model::Command),
    /// Run an executor, and manage its registration and stake
    #[command(subcommand)]
    Executor(executor::Command),
    /// Put stake with somebody else's executor, and take it back
    #[command(subcommand)]
    Stake(stake::Command),
    /// Read the chain into a database and serve it as a REST API
    Indexer(indexer::Arguments),
    /// Deploy the contracts
    Deploy(deploy::Arguments),
    /// Run a development chain without contracts; takes anvil's flags
    Devnet(Box<infera_devnet::command::Args>),
    /// Prove and verify verifiable randomness (ECVRF on secp256k1)
    #[command(subcommand)]
    Vrf(vrf::Command),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_every_flag_is_documented() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} has no description", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {} has no help", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
