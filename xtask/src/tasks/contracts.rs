//! `cargo xtask contracts`

use std::process::Command;

use anyhow::Result;

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

/// The compiler, which must be built.
pub(super) fn compiler(checkout: &Checkout, check: bool) -> Result<Command> {
    let mut compiler = Command::new(checkout.program("debug", COMPILER)?);
    compiler.arg("--project").arg(checkout.contracts()).args(check.then_some("--check"));
    Ok(compiler)
}
