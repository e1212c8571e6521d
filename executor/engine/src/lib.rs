//! Models on libtorch: a model directory is loaded by its manifest, every file checked against its hash; text is
//! tokenised, encoded and pooled into a unit vector; answers leave in the canonical form that the network compares.
//!
//! - [`Engine`] is what a node uses: one thread owns the model, a bounded queue feeds it, and it implements
//!   [`infera_protocol::engine::InferenceEngine`].
//! - [`SentenceEncoder`] is the model alone, for calibration and benchmarks: text in, float vector out.
//! - [`Manifest`] and [`verify`] are for operators and publishers; they need no tensors.
//!
//! Every text is encoded alone, never batched or padded, because batching can change the last bits of an answer
//! that strangers will compare with theirs.

mod bert;
mod canonical_json;
mod device;
mod engine;
mod error;
mod limits;
mod manifest;
mod model_directory;
mod precision;
mod sentence_encoder;
mod tokenizer;
mod verification;
mod weights;
mod worker;
mod zero_shot;

/// Tensors and their operations, so that a weight transform uses the same version as the engine.
pub use tch;

pub use canonical_json::{NotCanonical, to_canonical_json};
pub use device::Device;
pub use engine::{Engine, EngineConfig};
pub use error::{ComputeError, LoadError};
pub use limits::{MAX_INPUT_BYTES, MAX_LABEL_BYTES, MAX_LABELS, MAX_PARAMETERS_BYTES};
pub use manifest::{
    FORMAT, Manifest, ManifestError, ModelFile, Normalization, Pooling, TaskName, VectorSettings, ZeroShotSettings,
};
pub use model_directory::{MANIFEST_FILE, ModelDirectory};
pub use precision::{Precision, runtime_class};
pub use sentence_encoder::SentenceEncoder;
pub use verification::{FileReport, FileState, Verification, verify};
pub use weights::{WeightTransform, unchanged};
