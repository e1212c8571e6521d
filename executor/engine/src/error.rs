//! Why a model does not load, and why a computation fails.

use std::path::PathBuf;

use tch::TchError;

use crate::manifest::ManifestError;

/// What to do about a model file that differs from its manifest.
const WAY_OUT: &str = "download the file again or pass the directory that the manifest describes";

/// Why a model did not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The directory holds no readable `manifest.json`.
    #[error("no manifest at {path}: {source}; pass a model directory, which holds a manifest.json beside the weights")]
    NoManifest {
        /// Where it was looked for.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The manifest is not one that this version understands.
    #[error("{path} is not a valid manifest: {source}")]
    InvalidManifest {
        /// The manifest's path.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// A file that the manifest lists can't be read, most often because it is missing.
    #[error("the model file {path} can't be read: {source}; {WAY_OUT}")]
    Unreadable {
        /// The file's path.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file's size differs from the manifest's, as after an interrupted download.
    #[error("the model file {path} has {found} bytes, but its manifest says {expected}; {WAY_OUT}")]
    WrongSize {
        /// The file's path.
        path: PathBuf,
        /// Bytes by the manifest.
        expected: u64,
        /// Bytes on disk.
        found: u64,
    },
    /// A file's content differs from what the manifest was made of.
    #[error("the model file {path} has SHA-256 {found}, but its manifest says {expected}; {WAY_OUT}")]
    WrongHash {
        /// The file's path.
        path: PathBuf,
        /// SHA-256 by the manifest, in hexadecimal.
        expected: String,
        /// SHA-256 of the file, in hexadecimal.
        found: String,
    },
    /// The directory holds a file that the manifest does not list, so nobody vouches for it.
    #[error("{path} is not listed in the manifest; remove it or pass the directory that the manifest describes")]
    NotListed {
        /// The file's path.
        path: PathBuf,
    },
    /// The manifest or the model's configuration names an architecture that this engine can't run.
    #[error("the architecture {found:?} in {path} is not supported; supported: {supported}")]
    UnsupportedArchitecture {
        /// The file that names it.
        path: PathBuf,
        /// The name found.
        found: String,
        /// The names that would do.
        supported: &'static str,
    },
    /// The model's configuration is malformed, or disagrees with the manifest.
    #[error("the model configuration {path} can't be used: {reason}")]
    InvalidConfiguration {
        /// The configuration's path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The weights are truncated or malformed, or lack a tensor of the right shape and type.
    #[error("the weights {path} can't be used: {reason}")]
    InvalidWeights {
        /// The weights' path.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// The tokenizer is malformed or does not fit the model.
    #[error("the tokenizer {path} can't be used: {reason}")]
    InvalidTokenizer {
        /// The tokenizer's path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The device asked for is not there.
    #[error("the device {device} can't be used: {reason}; choose the CPU, or point LIBTORCH at a build with CUDA")]
    NoDevice {
        /// The device asked for.
        device: String,
        /// Why it can't be used.
        reason: String,
    },
    /// A setting of the engine is out of range.
    #[error("{name} is {value}, but must be {allowed}")]
    InvalidSetting {
        /// The setting's name.
        name: &'static str,
        /// The value given.
        value: usize,
        /// What would do.
        allowed: &'static str,
    },
    /// libtorch failed while the model was set up, for instance for want of memory.
    #[error("libtorch failed while the model was loaded: {0}")]
    Libtorch(#[from] TchError),
    /// The engine's thread could not be started, or ended before it reported.
    #[error("the engine's thread could not be started: {0}")]
    Thread(String),
}

impl LoadError {
    /// Whether the same call may succeed later without anyone changing a file or a setting.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Libtorch(_) | Self::Thread(_))
    }
}

/// Why a loaded model gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComputeError {
    /// The tokenizer refused the text.
    #[error("the text can't be tokenised: {0}")]
    Tokenizer(String),
    /// A token is outside the model's vocabulary, or there are none or too many.
    #[error("the tokens can't be encoded: {0}")]
    InvalidTokens(String),
    /// The encoded text is no direction: its vector is zero or not finite, so it can't be normalised.
    #[error("the embedding has no direction: its length is {0}")]
    NoDirection(f64),
    /// libtorch failed, for instance for want of memory.
    #[error("libtorch failed: {0}")]
    Libtorch(#[from] TchError),
}

impl ComputeError {
    /// Whether the same computation may succeed later. The others depend on the text and the model alone.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Libtorch(_))
    }
}
