//! Foundry, the Solidity compiler and the contracts' libraries, from npm at the versions of `package-lock.json`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::{
    checkout::Checkout,
    process::{output_of, run_on_stderr},
    progress::say,
};

/// Makes the contract tools ready. Returns their state in a few words.
pub(super) fn install(checkout: &Checkout) -> Result<String> {
    let contracts = checkout.contracts();
    let wanted = stamp_of(&contracts.join("package-lock.json"))?;
    let fresh = !is_installed(&contracts, &wanted);
    if fresh {
        say("downloading the contract tools (200 MB unpacked)");
        // `ci` starts from an empty node_modules and checks every package against the lockfile's SHA-512.
        run_on_stderr(Command::new("npm").arg("ci").current_dir(&contracts))
            .context("cannot install the contract tools; run the command again")?;
    }
    let forge = output_of(checkout.foundry("forge").arg("--version")).context(
        "Foundry does not run. On Linux with x86-64 remove contracts/node_modules and run the command again; elsewhere \
         install Foundry 1.7.1 (https://getfoundry.sh) and put it on the PATH",
    )?;
    if fresh {
        // Last, so that it vouches for all of it.
        let path = stamp_path(&contracts);
        fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(forge.lines().next().unwrap_or_default().to_owned())
}

fn is_installed(contracts: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp_path(contracts)).is_ok_and(|stamp| stamp == wanted)
}

/// The file that says for which lockfile node_modules was made. It goes when node_modules goes.
fn stamp_path(contracts: &Path) -> PathBuf {
    contracts.join("node_modules/.infera-lockfile-sha256")
}

/// SHA-256 of a lockfile, in hex.
pub(super) fn stamp_of(lockfile: &Path) -> Result<String> {
    let text = fs::read(lockfile).with_context(|| format!("cannot read {}", lockfile.display()))?;
    Ok(hex::encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn another_lockfile_or_a_removed_node_modules_needs_a_new_install() {
        let contracts = tempfile::tempdir().unwrap();
        let (contracts, lockfile) = (contracts.path(), contracts.path().join("package-lock.json"));
        fs::create_dir(contracts.join("node_modules")).unwrap();
        fs::write(&lockfile, "{}").unwrap();
        let stamp = stamp_of(&lockfile).unwrap();
        assert!(!is_installed(contracts, &stamp));
        fs::write(stamp_path(contracts), &stamp).unwrap();
        assert!(is_installed(contracts, &stamp));

        fs::write(&lockfile, "{ }").unwrap();
        assert!(!is_installed(contracts, &stamp_of(&lockfile).unwrap()));

        fs::remove_dir_all(contracts.join("node_modules")).unwrap();
        assert!(!is_installed(contracts, &stamp));
    }

    #[test]
    fn the_lockfile_names_no_registry_and_pins_every_package_by_hash() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("contracts/package-lock.json");
        let lockfile: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let packages = lockfile["packages"].as_object().unwrap();
        assert!(packages.len() > 10);
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            assert!(package.get("resolved").is_none(), "{name} names a registry");
            assert!(package["integrity"].as_str().unwrap().starts_with("sha512-"), "{name} has no hash");
        }
    }
}
