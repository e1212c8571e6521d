//! `cargo xtask book`

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;

use crate::{checkout::Checkout, process, progress::say};

/// Installed when the machine has none. A library dependency would make every build of the workspace compile it.
const MDBOOK: &str = "mdbook@0.5.4";

pub(crate) fn run(checkout: &Checkout) -> Result<()> {
    let mdbook = find_or_install(checkout)?;
    process::run(Command::new(mdbook).arg("build").arg(checkout.root().join("book")))
}

fn find_or_install(checkout: &Checkout) -> Result<PathBuf> {
    if process::output_of(Command::new("mdbook").arg("--version")).is_ok() {
        return Ok("mdbook".into());
    }
    let tools = checkout.infera().join("tools");
    let mdbook = tools.join("bin").join(format!("mdbook{}", env::consts::EXE_SUFFIX));
    if !mdbook.exists() {
        say(format_args!("there is no mdbook on this machine; installing {MDBOOK} into {}", tools.display()));
        let mut install = checkout.cargo();
        install.args(["install", "--locked", MDBOOK, "--no-default-features", "--features", "search", "--root"]);
        // cargo warns about a folder for programs that is not on the PATH; nobody needs this one there.
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(env::split_paths(&path).chain([tools.join("bin")]))?;
        process::run(install.arg(&tools).env("PATH", path))?;
    }
    Ok(mdbook)
}
