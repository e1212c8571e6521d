//! The manifest: everything that makes a model what it is, and the hash that names it on chain.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use alloy::primitives::{B256, keccak256};
use infera_protocol::task::Task;
use serde::{Deserialize, Deserializer, Serialize};

use crate::canonical_json::{NotCanonical, to_canonical_json};

/// The format that this version reads and writes.
pub const FORMAT: u32 = 1;

/// Largest vector that contracts compare.
const MAX_DIMENSION: u32 = 1024;

/// Where the label stands in a zero-shot template.
const LABEL_PLACE: &str = "{label}";

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are not JSON, or a field is missing, unknown, twice there or of the wrong type.
    #[error("{0}")]
    Malformed(String),
    /// The manifest was written for another version of this software.
    #[error("its format is {found}, but this version reads format {FORMAT}; update infera")]
    UnknownFormat {
        /// The format found.
        found: u64,
    },
    /// A field's value can't be meant.
    #[error("{field}: {reason}")]
    InvalidField {
        /// The field, as it is spelled in the file.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A number has no canonical form.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

/// A model, described so completely that two machines with the same manifest give the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The format of this document: [`FORMAT`].
    pub format: u32,
    /// The model's name, as its publisher gives it.
    pub name: String,
    /// The licence, as an SPDX expression.
    pub licence: String,
    /// The architecture, for instance `bert`.
    pub architecture: String,
    /// What the model can be asked for.
    pub tasks: Vec<TaskName>,
    /// The file with the weights, in safetensors format.
    pub weights: String,
    /// The file with the architecture's dimensions.
    pub configuration: String,
    /// The file with the tokenizer, in the format of the `tokenizers` library.
    pub tokenizer: String,
    /// Most tokens of one text, special ones included; what is longer is cut at the end.
    pub max_length: u32,
    /// How the tokens' vectors become the text's.
    pub pooling: Pooling,
    /// How the text's vector is scaled.
    pub normalization: Normalization,
    /// The output vector.
    pub vector: VectorSettings,
    /// How labels are read; present exactly when [`TaskName::ZeroShotClassification`] is among the tasks.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub zero_shot: Option<ZeroShotSettings>,
    /// Every file of the model, ordered by path.
    pub files: Vec<ModelFile>,
}

/// A task, as the manifest spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TaskName {
    /// The text's vector is the answer.
    Embedding,
    /// The label nearest to the text is the answer.
    ZeroShotClassification,
}

impl From<TaskName> for Task {
    fn from(name: TaskName) -> Self {
        match name {
            TaskName::Embedding => Self::Embedding,
            TaskName::ZeroShotClassification => Self::ZeroShotClassification,
        }
    }
}

/// How the tokens' vectors become the text's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pooling {
    /// The mean over all tokens, special ones included.
    Mean,
}

/// How the text's vector is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Normalization {
    /// To length 1 in the Euclidean norm.
    L2,
}

/// The output vector: `dimension` elements, each `round(x · scale)` in 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorSettings {
    /// Number of elements, at most 1024.
    pub dimension: u32,
    /// Fixed scale; at most 32,767, so that no element of a unit vector leaves the 16 bits.
    pub scale: u16,
}

/// How labels are read in zero-shot classification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZeroShotSettings {
    /// The text that is encoded for a label, which stands where the template says `{label}`.
    pub label_template: String,
}

impl ZeroShotSettings {
    /// The text to encode for a label.
    #[must_use]
    pub fn hypothesis(&self, label: &str) -> String {
        self.label_template.replace(LABEL_PLACE, label)
    }
}

/// A file of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Path below the model directory, parts joined by `/`.
    pub path: String,
    /// SHA-256 of the content.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// Length in bytes.
    pub size: u64,
}

impl Manifest {
    /// Reads a manifest, however it is formatted.
    ///
    /// # Errors
    /// [`ManifestError`] names the field and what is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        // A later format may have other fields: say that it is later, not that a field is unknown.
        let head: FormatOnly = serde_json::from_slice(json).map_err(malformed)?;
        if head.format != u64::from(FORMAT) {
            return Err(ManifestError::UnknownFormat { found: head.format });
        }
        let manifest: Self = serde_json::from_slice(json).map_err(malformed)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The bytes that are hashed: canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// [`NotCanonical`] when a file's size is above 2^53 − 1; a parsed manifest never has one.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        to_canonical_json(self)
    }

    /// The manifest hash: keccak256 of [`Self::canonical_bytes`].
    ///
    /// # Errors
    /// As [`Self::canonical_bytes`].
    pub fn hash(&self) -> Result<B256, NotCanonical> {
        Ok(keccak256(self.canonical_bytes()?))
    }

    /// Whether the model can be asked for a task.
    #[must_use]
    pub fn supports(&self, task: Task) -> bool {
        self.tasks.iter().any(|name| Task::from(*name) == task)
    }

    /// The entry of a file, by its path below the model directory.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&ModelFile> {
        self.files.iter().find(|file| file.path == path)
    }

    fn check(&self) -> Result<(), ManifestError> {
        for (field, text) in [("name", &self.name), ("licence", &self.licence), ("architecture", &self.architecture)] {
            if text.trim().is_empty() {
                return Err(invalid(field, "is empty"));
            }
        }
        self.check_files()?;
        let roles =
            [("weights", &self.weights), ("configuration", &self.configuration), ("tokenizer", &self.tokenizer)];
        for (field, path) in roles {
            if self.file(path).is_none() {
                return Err(invalid(field, format!("{path:?} is not among the files")));
            }
        }
        if self.max_length < 3 {
            return Err(invalid("maxLength", "must be at least 3, to hold a token between two special ones"));
        }
        if self.vector.dimension == 0 || self.vector.dimension > MAX_DIMENSION {
            return Err(invalid("vector", format!("dimension must be from 1 to {MAX_DIMENSION}")));
        }
        if self.vector.scale == 0 || self.vector.scale > i16::MAX.unsigned_abs() {
            return Err(invalid("vector", format!("scale must be from 1 to {}", i16::MAX)));
        }
        self.check_tasks()?;
        self.canonical_bytes()?;
        Ok(())
    }

    fn check_tasks(&self) -> Result<(), ManifestError> {
        if self.tasks.is_empty() {
            return Err(invalid("tasks", "is empty"));
        }
        if !self.tasks.is_sorted_by(|before, after| before < after) {
            return Err(invalid("tasks", "must be ordered as in the documentation, each once"));
        }
        match (self.supports(Task::ZeroShotClassification), &self.zero_shot) {
            (true, None) => Err(invalid("zeroShot", "is missing, though zero-shot-classification is among the tasks")),
            (false, Some(_)) => Err(invalid("zeroShot", "is there, though zero-shot-classification is not a task")),
            (true, Some(settings)) if settings.label_template.matches(LABEL_PLACE).count() != 1 => {
                Err(invalid("zeroShot", format!("labelTemplate must hold {LABEL_PLACE} exactly once")))
            }
            _ => Ok(()),
        }
    }

    fn check_files(&self) -> Result<(), ManifestError> {
        // One order and one letter case for every set of files, so that a set has one hash on every file system.
        if !self.files.is_sorted_by(|before, after| before.path < after.path) {
            return Err(invalid("files", "must be ordered by path, each path once"));
        }
        let folded: BTreeSet<String> = self.files.iter().map(|file| file.path.to_lowercase()).collect();
        if folded.len() != self.files.len() {
            return Err(invalid("files", "two paths differ in letter case only"));
        }
        match self.files.iter().find(|file| !is_plain_path(&file.path)) {
            Some(file) => Err(invalid("files", format!("{:?} is not a plain path below the directory", file.path))),
            None => Ok(()),
        }
    }
}

/// Reads the format alone; every other field is ignored.
#[derive(Deserialize)]
struct FormatOnly {
    format: u64,
}

/// Whether a path stays below its directory and is spelled one way only.
fn is_plain_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let plain = Path::new(path).components().all(|component| matches!(component, Component::Normal(_)));
    plain && parts.iter().all(|part| !part.is_empty() && *part != ".") && !path.contains(['\\', '\0', ':'])
}

/// Refuses `null` for an optional field: absent is the one spelling of "none", so the hash is the same for all.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn invalid(field: &'static str, reason: impl Into<String>) -> ManifestError {
    ManifestError::InvalidField { field, reason: reason.into() }
}

fn malformed(error: serde_json::Error) -> ManifestError {
    ManifestError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests;
