//! Clients that others wrote, which the devnet is tested with: ethers and viem from npm, web3.py from PyPI.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::{contract_tools::stamp_of, empty_folder, move_into_place};
use crate::{checkout::Checkout, process::run_on_stderr, progress::say};

/// In a folder of packages: for which lockfile it was made.
const STAMP: &str = ".infera-lockfile-sha256";

/// Makes the clients ready. Returns their state in a few words.
pub(super) fn install(checkout: &Checkout) -> Result<String> {
    let project = checkout.root().join("devnet/tests/clients");
    install_node(&project)?;
    install_python(&project, &checkout.infera().join("clients/python"))?;
    Ok("ethers, viem and web3.py are ready".to_owned())
}

fn install_node(project: &Path) -> Result<()> {
    let (folder, wanted) = (project.join("node_modules"), stamp_of(&project.join("package-lock.json"))?);
    if is_installed(&folder, &wanted) {
        return Ok(());
    }
    say("downloading ethers and viem (110 MB unpacked)");
    // `ci` starts from an empty node_modules and checks every package against the lockfile's SHA-512.
    run_on_stderr(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(project))
        .context("cannot install ethers and viem; run the command again")?;
    vouch(&folder, &wanted)
}

fn install_python(project: &Path, folder: &Path) -> Result<()> {
    let requirements = project.join("requirements.txt");
    let wanted = stamp_of(&requirements)?;
    if is_installed(folder, &wanted) {
        return Ok(());
    }
    say("downloading web3.py (40 MB unpacked)");
    let partial = folder.with_extension("partial");
    empty_folder(&partial)?;
    // pip checks every package against the SHA-256 in the requirements.
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"])
        .args(["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(&requirements)
        .arg("--target")
        .arg(&partial);
    run_on_stderr(&mut pip)
        .context("cannot install web3.py, which needs Python 3.10 or later; run the command again")?;
    vouch(&partial, &wanted)?;
    move_into_place(&partial, folder)
}

fn is_installed(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == wanted)
}

/// Last, so that the stamp vouches for all of the folder.
fn vouch(folder: &Path, stamp: &str) -> Result<()> {
    let path: PathBuf = folder.join(STAMP);
    fs::write(&path, stamp).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn project() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("devnet/tests/clients")
    }

    #[test]
    fn a_folder_is_ready_when_it_was_made_for_this_lockfile() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_installed(folder.path(), "one"));
        vouch(folder.path(), "one").unwrap();
        assert!(is_installed(folder.path(), "one"));
        assert!(!is_installed(folder.path(), "two"));
    }

    #[test]
    fn every_package_is_pinned_by_hash_and_no_registry_is_named() {
        let lockfile: serde_json::Value =
            serde_json::from_slice(&fs::read(project().join("package-lock.json")).unwrap()).unwrap();
        let packages = lockfile["packages"].as_object().unwrap();
        assert!(packages.len() > 10);
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            assert!(package.get("resolved").is_none(), "{name} names a registry");
            assert!(package["integrity"].as_str().unwrap().starts_with("sha512-"), "{name} has no hash");
        }
        let requirements = fs::read_to_string(project().join("requirements.txt")).unwrap();
        for line in requirements.lines() {
            let pinned = line.contains("==") || line.trim_start().starts_with("--hash=sha256:");
            assert!(pinned, "{line} is not pinned");
        }
    }
}
