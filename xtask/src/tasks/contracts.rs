//! `cargo xtask contracts`

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::{checkout::Checkout, process, setup};

/// The workspace's program that compiles.
const COMPILER: &str = "infera-contracts-compile";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail when contracts/artifacts differs from what the sources give
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    setup::run(checkout)?;
    process::run(&mut checkout.build(&["--bin", COMPILER]))?;
    process::run(&mut compiler(checkout, arguments.check)?)
}

/// Compiles what `forge test` runs, a folder of tests at a time: npm's compiler has two gigabytes of memory, and all at once take
/// more. forge keeps what is compiled.
pub(super) fn build_for_tests(checkout: &Checkout) -> Result<()> {
    let tests = checkout.contracts().join("test");
    let unreadable = || format!("cannot list {}", tests.display());
    let mut folders = Vec::new();
    for entry in fs::read_dir(&tests).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        if entry.path().is_dir() {
            folders.push(Path::new("test").join(entry.file_name()));
        }
    }
    folders.sort();
    process::run(checkout.foundry("forge").args(["build", "src", "script"]))?;
    for folder in folders {
        process::run(checkout.foundry("forge").arg("build").arg(folder))?;
    }
    Ok(())
}

/// The compiler, which must be built.
pub(super) fn compiler(checkout: &Checkout, check: bool) -> Result<Command> {
    let mut compiler = Command::new(checkout.program("debug", COMPILER)?);
    compiler.arg("--project").arg(checkout.contracts()).args(check.then_some("--check"));
    Ok(compiler)
}
