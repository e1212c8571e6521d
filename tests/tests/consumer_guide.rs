//! The project of the book's guide to consumer contracts, made as the guide says, in a folder outside the checkout.

#![allow(clippy::unwrap_used)]

use std::{ffi::OsStr, fs, os::unix::fs::symlink, path::PathBuf, process::Command};

use infera_tests::places::root;

/// npm's native forge, as `cargo xtask setup` installs it where there is one, else the one on the PATH.
fn forge() -> Command {
    let native = root().join("contracts/node_modules/@foundry-rs/forge-linux-amd64/bin/forge");
    Command::new(if native.is_file() { native.as_os_str() } else { OsStr::new("forge") })
}

#[test]
fn the_guides_project_passes_its_tests() {
    let contracts = root().join("contracts");
    let folder = tempfile::tempdir().unwrap();
    let project = |path: &str| -> PathBuf { folder.path().join(path) };
    for part in ["src", "test", "lib"] {
        fs::create_dir(project(part)).unwrap();
    }
    symlink(&contracts, project("lib/infera")).unwrap();
    symlink("lib/infera/parameters", project("parameters")).unwrap();
    for file in ["src/TicketDesk.sol", "test/TicketDesk.t.sol"] {
        fs::copy(contracts.join("test/tutorial").join(file), project(file)).unwrap();
    }
    fs::copy(root().join("book/examples/ticket-desk/foundry.toml"), project("foundry.toml")).unwrap();

    let forge = forge().arg("test").current_dir(folder.path()).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&forge.stdout), String::from_utf8_lossy(&forge.stderr));
    assert!(forge.status.success() && told.contains("3 tests passed"), "{told}");
}
