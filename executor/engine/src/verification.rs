//! What an operator sees of a model directory before serving it: every file against the manifest.

use std::path::{Path, PathBuf};

use alloy::primitives::B256;
use serde::Serialize;

use crate::error::LoadError;
use crate::manifest::{Manifest, ModelFile};
use crate::model_directory::{ModelDirectory, size_and_hash};

/// A model directory compared with its manifest, file by file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The directory.
    pub directory: PathBuf,
    /// keccak256 of the manifest's canonical form: the hash to compare with the one on chain.
    pub manifest_hash: B256,
    /// The manifest.
    pub manifest: Manifest,
    /// Every file that the manifest lists, in its order.
    pub files: Vec<FileReport>,
    /// Files that are there although the manifest does not list them, in order.
    pub unlisted: Vec<String>,
}

/// One file of the manifest, compared with the one on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// What the manifest says.
    #[serde(flatten)]
    pub expected: ModelFile,
    /// What was found.
    pub found: FileState,
}

/// The state of a file that a manifest lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FileState {
    /// Size and SHA-256 are the manifest's.
    Intact,
    /// Size or content differ.
    Different {
        /// Length in bytes.
        size: u64,
        /// SHA-256 of the content.
        #[serde(with = "hex::serde")]
        sha256: [u8; 32],
    },
    /// The file is missing or can't be read.
    Unreadable {
        /// What the file system said.
        reason: String,
    },
}

impl Verification {
    /// Whether an engine would accept the directory's files.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.unlisted.is_empty() && self.files.iter().all(|file| file.found == FileState::Intact)
    }
}

/// Compares every file of a directory with its manifest. Differences are reported, not returned as errors.
///
/// # Errors
/// [`LoadError::NoManifest`], [`LoadError::InvalidManifest`], or [`LoadError::Unreadable`] when the directory can't be
/// listed.
pub fn verify(directory: impl AsRef<Path>) -> Result<Verification, LoadError> {
    let directory = ModelDirectory::open(directory.as_ref())?;
    let report = |file: &ModelFile| FileReport { expected: file.clone(), found: state(&directory, file) };
    Ok(Verification {
        directory: directory.path().to_path_buf(),
        manifest_hash: directory.manifest_hash(),
        manifest: directory.manifest().clone(),
        files: directory.manifest().files.iter().map(report).collect(),
        unlisted: directory.unlisted()?.into_iter().collect(),
    })
}

fn state(directory: &ModelDirectory, file: &ModelFile) -> FileState {
    match size_and_hash(&directory.path_of(&file.path)) {
        Ok((size, sha256)) if size == file.size && sha256 == file.sha256 => FileState::Intact,
        Ok((size, sha256)) => FileState::Different { size, sha256 },
        Err(error) => FileState::Unreadable { reason: error.to_string() },
    }
}
