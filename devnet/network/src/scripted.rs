//! A model without weights: its engine answers as a script tells it, at once. For networks whose models do not matter.
//!
//! ```no_run
//! # async fn example() -> Result<(), infera_network::Error> {
//! use std::sync::Arc;
//!
//! use infera_network::{ExecutorPlan, Network, scripted};
//!
//! let engine = Arc::new(scripted::Engine::default());
//! let executor = || ExecutorPlan::in_process(engine.clone());
//! let network = Network::builder(scripted::model());
//! let network = network.executor(executor()).executor(executor()).executor(executor()).start().await?;
//! let request = scripted::request(network.model());
//! # let _ = request;
//! # Ok(())
//! # }
//! ```

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use alloy::{
    primitives::{B256, Bytes},
    sol_types::SolValue,
};
use infera_contracts::IModelRegistry::VerificationProfile;
use infera_protocol::{
    engine::{EngineError, InferenceEngine, InferenceOutput, InferenceRequest, ModelIdentity, Reply},
    output::ZeroShotResult,
    profile::{FLOAT32, ResultRule},
    task::Task,
    vector::OutputVector,
};
use infera_sdk::JobRequest;

use crate::{ModelPlan, PublishedModel};

/// What identifies the model.
pub const MODEL: ModelIdentity =
    ModelIdentity { manifest_hash: B256::repeat_byte(0x11), runtime_class: B256::repeat_byte(0x22) };

/// What its executors ask, in wei per unit.
pub const PRICE_PER_UNIT: u128 = 10_000_000_000_000;

/// Elements of its vectors, and what each is multiplied by before it is rounded.
const DIMENSION: u16 = 4;
const SCALE: u16 = 16_384;

/// How a request is answered.
type Script = dyn Fn(&InferenceRequest) -> Result<InferenceOutput, EngineError> + Send + Sync;

/// Answers as its script tells it, on the caller's thread, and counts. Without a script every input has [`answer`].
pub struct Engine {
    script: Box<Script>,
    calls: AtomicUsize,
}

impl Engine {
    /// Answers as `script` tells.
    pub fn new(
        script: impl Fn(&InferenceRequest) -> Result<InferenceOutput, EngineError> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Box::new(script), calls: AtomicUsize::new(0) }
    }

    /// How many inferences it was asked for.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(|_| answer())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

impl InferenceEngine for Engine {
    fn models(&self) -> Vec<ModelIdentity> {
        vec![MODEL]
    }

    fn infer(&self, request: InferenceRequest, reply: Reply) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        reply((self.script)(&request));
    }
}

/// The honest answer to everything: the first of two labels, at nine units.
///
/// # Errors
/// None that can happen: the figures are fixed, and the types that take them check all.
pub fn answer() -> Result<InferenceOutput, EngineError> {
    let failed = |error: &dyn fmt::Display| EngineError::Failed(error.to_string());
    Ok(InferenceOutput {
        result: ZeroShotResult::from_scores(vec![700_000, 300_000]).map_err(|error| failed(&error))?.encode(),
        vector: OutputVector::quantize(&[0.5; DIMENSION as usize], SCALE).map_err(|error| failed(&error))?,
        units: 9,
    })
}

/// The model as a network publishes it.
pub fn model() -> ModelPlan {
    ModelPlan {
        name: "scripted".to_owned(),
        manifest_hash: MODEL.manifest_hash,
        task: Task::ZeroShotClassification,
        runtime_class: MODEL.runtime_class,
        profile: VerificationProfile {
            rule: ResultRule::Scores.into(),
            dimension: DIMENSION,
            scale: SCALE,
            maxCosineDistancePpb: FLOAT32.max_cosine_distance_ppb,
            normTolerancePpm: FLOAT32.norm_tolerance_ppm,
            elementTolerance: FLOAT32.element_tolerance,
            bitExact: false,
        },
        price_per_unit: PRICE_PER_UNIT,
    }
}

/// A job for `model`, of three seats of which two must agree. Its windows are so long that only a test ends them.
pub fn request(model: PublishedModel) -> JobRequest {
    JobRequest {
        model: model.id,
        version: None,
        runtime_class: model.runtime_class,
        input: Bytes::from_static(b"a text"),
        parameters: ["one", "two"].map(str::to_owned).to_vec().abi_encode().into(),
        committee_size: 3,
        quorum: 2,
        max_price_per_unit: PRICE_PER_UNIT,
        max_units: 512,
        commit_window: 600,
        reveal_window: 300,
        callback: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use infera_protocol::output::ZeroShotParameters;

    use super::*;

    #[test]
    fn the_request_has_the_labels_that_the_answer_scores() {
        let published = PublishedModel { id: B256::ZERO, version: 1, runtime_class: MODEL.runtime_class };
        let parameters = ZeroShotParameters::decode(&request(published).parameters).unwrap();
        assert_eq!(parameters.labels(), ["one", "two"]);
        let result = ZeroShotResult::decode(&answer().unwrap().result).unwrap();
        assert_eq!((result.scores().len(), result.winner()), (parameters.labels().len(), 0));
    }

    #[test]
    fn the_vector_is_as_the_model_promises() {
        let (vector, profile) = (answer().unwrap().vector, model().profile);
        assert_eq!(vector.elements().len(), usize::from(profile.dimension));
    }
}
