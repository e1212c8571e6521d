//! `cargo xtask bench`

use std::{ffi::OsString, process::Command};

use anyhow::Result;

use crate::{checkout::Checkout, process, setup};

/// What is measured, and what it starts: linking every program in release mode takes long.
const PROGRAMS: [&str; 5] = ["infera", "infera-adversary", "infera-bench", "infera-demo", "infera-devnet"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Passed on to infera-bench; `-- --help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    passed_on: Vec<OsString>,
}

pub(crate) fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    setup::run(checkout)?;
    let mut build = vec!["--release"];
    build.extend(PROGRAMS.iter().flat_map(|program| ["--bin", program]));
    process::run(&mut checkout.build(&build))?;
    let mut bench = Command::new(checkout.program("release", "infera-bench")?);
    process::run(bench.current_dir(checkout.root()).args(&arguments.passed_on))
}
