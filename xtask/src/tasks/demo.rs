//! `cargo xtask demo`

use std::{ffi::OsString, process::Command};

use anyhow::Result;

use crate::{checkout::Checkout, process, setup};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Passed on to infera-demo; `cargo xtask demo --stay` keeps the network running, `-- --help` shows all
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    passed_on: Vec<OsString>,
}

pub(crate) fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    setup::run(checkout)?;
    // All of them: the demo starts others, each a process of its own.
    process::run(&mut checkout.build(&["--bins"]))?;
    let mut demo = Command::new(checkout.program("debug", "infera-demo")?);
    demo.current_dir(checkout.root()).arg("--exit-on-stdin-close").args(&arguments.passed_on);
    process::run_with_lifeline(&mut demo)
}
