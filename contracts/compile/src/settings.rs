//! The compiler settings, read from `foundry.toml` so that forge's tests and the artifacts run the same bytecode.

use std::{collections::BTreeMap, fs, path::Path, str::FromStr as _};

use anyhow::{Context as _, Result, anyhow, bail};
use foundry_compilers::artifacts::{
    BytecodeHash, EvmVersion, Settings, SettingsMetadata, output_selection::OutputSelection, remappings::Remapping,
};
use serde::Deserialize;

/// What solc is asked for per contract.
const CONTRACT_OUTPUTS: [&str; 4] = ["abi", "evm.bytecode", "evm.deployedBytecode", "storageLayout"];

/// Settings of the default profile that decide the bytecode. All must be set.
const COMPILER_KEYS: [&str; 9] =
    ["src", "libs", "solc", "evm_version", "via_ir", "optimizer", "optimizer_runs", "bytecode_hash", "cbor_metadata"];

/// Settings of the default profile that do not. Anything in neither list is refused: ignoring a setting that changes
/// the bytecode would let the artifacts drift from what the tests run.
const FORGE_KEYS: [&str; 14] = [
    "test",
    "script",
    "out",
    "cache_path",
    "auto_detect_remappings",
    "offline",
    "extra_output",
    "ignored_warnings_from",
    "ignored_error_codes",
    "fs_permissions",
    "snapshots",
    "fuzz",
    "invariant",
    "dynamic_test_linking",
];

/// The default profile's settings that decide the bytecode.
#[derive(Debug, Deserialize)]
pub(crate) struct Profile {
    /// Folder of the sources, relative to the project.
    pub(crate) src: String,
    /// Folders that hold dependencies.
    pub(crate) libs: Vec<String>,
    /// Path of the compiler, relative to the project.
    pub(crate) solc: String,
    evm_version: String,
    via_ir: bool,
    optimizer: bool,
    optimizer_runs: usize,
    bytecode_hash: String,
    cbor_metadata: bool,
}

impl Profile {
    /// Reads the default profile of `<project>/foundry.toml`.
    pub(crate) fn read(project: &Path) -> Result<Self> {
        let path = project.join("foundry.toml");
        Self::parse(&read(&path)?).with_context(|| format!("{} cannot be used", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut file: toml::Table = text.parse()?;
        let profile = file
            .get_mut("profile")
            .and_then(|profiles| profiles.as_table_mut()?.remove("default"))
            .context("there is no [profile.default]")?;
        for key in profile.as_table().context("profile.default is not a table")?.keys() {
            if !COMPILER_KEYS.contains(&key.as_str()) && !FORGE_KEYS.contains(&key.as_str()) {
                bail!(
                    "`{key}` is not known here: if it changes the bytecode, apply it in contracts/compile/src/settings.rs; \
                     if it does not, list it there under FORGE_KEYS"
                );
            }
        }
        Ok(profile.try_into()?)
    }

    /// The same settings in solc's words.
    pub(crate) fn solc_settings(&self) -> Result<Settings> {
        let outputs = BTreeMap::from([
            ("*".to_owned(), CONTRACT_OUTPUTS.map(str::to_owned).to_vec()),
            // The syntax tree tells contracts, interfaces and libraries apart.
            (String::new(), vec!["ast".to_owned()]),
        ]);
        let bytecode_hash = BytecodeHash::from_str(&self.bytecode_hash).map_err(|error| anyhow!(error))?;
        let mut settings = Settings::new(OutputSelection(BTreeMap::from([("*".to_owned(), outputs)])));
        settings.optimizer.enabled = Some(self.optimizer);
        settings.optimizer.runs = Some(self.optimizer_runs);
        settings.metadata = Some(SettingsMetadata::new(bytecode_hash, self.cbor_metadata));
        settings.evm_version = Some(EvmVersion::from_str(&self.evm_version).map_err(|error| anyhow!(error))?);
        settings.via_ir = Some(self.via_ir);
        Ok(settings)
    }
}

/// Reads `<project>/remappings.txt`, one `prefix=folder` a line, folders relative to the project.
pub(crate) fn remappings(project: &Path) -> Result<Vec<Remapping>> {
    let path = project.join("remappings.txt");
    read(&path)?
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut remapping = Remapping::from_str(line).with_context(|| format!("{}: `{line}`", path.display()))?;
            // solc joins the two with a plain replacement, so the trailing slash matters.
            remapping.path = format!("{}/", project.join(remapping.path.trim_end_matches('/')).display());
            Ok(remapping)
        })
        .collect()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FOUNDRY_TOML: &str = include_str!("../../foundry.toml");

    #[test]
    fn the_projects_settings_reach_solc() {
        let profile = Profile::parse(FOUNDRY_TOML).unwrap();
        let settings = profile.solc_settings().unwrap();
        assert_eq!(settings.via_ir, Some(profile.via_ir));
        assert_eq!(settings.optimizer.runs, Some(profile.optimizer_runs));
        assert_eq!(settings.evm_version.unwrap().to_string(), profile.evm_version);
        let metadata = settings.metadata.unwrap();
        assert_eq!((metadata.bytecode_hash, metadata.cbor_metadata), (Some(BytecodeHash::None), Some(false)));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let text = FOUNDRY_TOML.replace("via_ir = true", "via_ir = true\noptimizer_details = {}");
        let error = Profile::parse(&text).unwrap_err().to_string();
        assert!(error.contains("`optimizer_details` is not known"), "{error}");
    }

    #[test]
    fn a_missing_setting_is_named() {
        let text = FOUNDRY_TOML.replace("via_ir = true", "");
        let error = Profile::parse(&text).unwrap_err().to_string();
        assert!(error.contains("via_ir"), "{error}");
    }
}
