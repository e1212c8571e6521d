//! Every task of the project. Run it as `cargo xtask <task>`; `cargo xtask help <task>` explains one.

mod checkout;
mod process;
mod progress;
mod setup;
mod tasks;

use std::process::ExitCode;

use anyhow::Result;
use checkout::Checkout;
use clap::{Parser, Subcommand};

/// Tasks of the Infera checkout
///
/// Start with `cargo xtask demo`. Whatever a task needs it sets up first, inside the checkout's .infera and
/// the node_modules of contracts and devnet/tests/clients; delete these and target to be back at a fresh clone.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Download what building and testing need: libtorch, the contract tools, the model, other clients
    ///
    /// About 800 MB, all checked by their hashes. Done steps are not repeated, and an interrupted one starts again where the
    /// last complete download ended. Set LIBTORCH to the absolute path of a libtorch 2.11 to use that one, for
    /// instance one with CUDA.
    Setup,
    /// Run the main job: a contract asks, staked executors answer, one cheats and is caught
    ///
    /// Sets up, builds, starts a chain, four executors and the indexer on free ports, prints what happens, and
    /// ends everything it started.
    Demo(tasks::demo::Arguments),
    /// Set up, build and run every test, Solidity and Rust
    ///
    /// Stops at the first step that fails, and ends with a table of the steps and their times.
    Test(tasks::test::Arguments),
    /// Compile the contracts into contracts/artifacts, which Rust embeds
    ///
    /// Needed after a change under contracts/src; commit the result. Settings come from contracts/foundry.toml.
    Contracts(tasks::contracts::Arguments),
    /// Analyse the contracts with slither; fail on a finding that nobody has judged
    ///
    /// Needs slither on your PATH, or named in SLITHER. contracts/slither.triage.json has the judgements.
    Slither,
    /// Measure: event to commitment, engine latency, gas, the demo, the devnet beside anvil
    ///
    /// Builds in release mode first. Close other programs for figures worth keeping.
    Bench(tasks::bench::Arguments),
    /// Fuzz the devnet: requests, files of blocks, block logs, dumps, genesis files
    ///
    /// Inputs that are nearly right, from a seed that is printed. What fails is kept in devnet/tests/fuzz/corpus, from
    /// where every test run repeats it. A short slice of the same inputs runs with the tests.
    Fuzz(tasks::fuzz::Arguments),
    /// Build the book into book/html
    ///
    /// Uses the mdbook on your PATH, or installs a pinned one into .infera/tools first, which takes minutes.
    Book,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::say(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let checkout = Checkout::current()?;
    match task {
        Task::Setup => setup::run_for_tests(&checkout),
        Task::Demo(arguments) => tasks::demo::run(&checkout, &arguments),
        Task::Test(arguments) => tasks::test::run(&checkout, &arguments),
        Task::Contracts(arguments) => tasks::contracts::run(&checkout, &arguments),
        Task::Bench(arguments) => tasks::bench::run(&checkout, &arguments),
        Task::Slither => tasks::slither::run(&checkout),
        Task::Fuzz(arguments) => tasks::fuzz::run(&checkout, &arguments),
        Task::Book => tasks::book::run(&checkout),
    }
}
