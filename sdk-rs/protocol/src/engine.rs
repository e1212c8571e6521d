//! The seam between a node and whatever runs its models.
//!
//! The trait is synchronous by design: an engine owns threads that own tensors, and answers through a callback from one of
//! them. A caller in async code bridges with a oneshot channel.

use std::fmt;

use alloy::primitives::B256;

use crate::{task::Task, vector::OutputVector};

/// One set of weights executed by one kind of software: what makes an answer reproducible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModelIdentity {
    /// keccak256 of the canonical manifest.
    pub manifest_hash: B256,
    /// See [`crate::ids::runtime_class`].
    pub runtime_class: B256,
}

impl fmt::Display for ModelIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "manifest {} in runtime class {}", self.manifest_hash, self.runtime_class)
    }
}

/// One inference. Equal requests give answers that agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferenceRequest {
    /// The model that must answer.
    pub model: ModelIdentity,
    /// What the model is asked to do.
    pub task: Task,
    /// The job's input bytes; UTF-8 text for the tasks known today.
    pub input: Vec<u8>,
    /// The task's parameters; for zero-shot see [`crate::output::ZeroShotParameters`].
    pub parameters: Vec<u8>,
    /// The most units (tokens, labels' included) that the requester pays for.
    pub max_units: u32,
}

/// The answer to an [`InferenceRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferenceOutput {
    /// The task's canonical result bytes (module [`crate::output`]).
    pub result: Vec<u8>,
    /// What other executors' answers are compared with.
    pub vector: OutputVector,
    /// Units that the inference took, never more than the request's `max_units`.
    pub units: u32,
}

/// Receives the answer, once, on a thread of the engine: it must return at once.
pub type Reply = Box<dyn FnOnce(Result<InferenceOutput, EngineError>) + Send + 'static>;

/// Runs models. Implementations call every [`Reply`] exactly once, also when they shut down.
pub trait InferenceEngine: Send + Sync {
    /// The models that are loaded and can answer.
    fn models(&self) -> Vec<ModelIdentity>;

    /// Queues an inference and returns without waiting for it.
    fn infer(&self, request: InferenceRequest, reply: Reply);
}

/// Why an inference has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine has not loaded the model that the request names.
    #[error("the engine has no {model}: load that model directory, or stop offering it")]
    UnknownModel {
        /// The model asked for.
        model: ModelIdentity,
    },
    /// Input or parameters are not what the task takes; every honest executor refuses them.
    #[error("invalid input: {0}")]
    InvalidInput(String),
    /// The inference needs more units than the requester pays for.
    #[error("the input needs {needed} units, the terms allow {allowed}: ask again with at least {needed}")]
    TooManyUnits {
        /// Units the input takes.
        needed: u32,
        /// Units the terms allow.
        allowed: u32,
    },
    /// The queue is full.
    #[error("the engine's queue is full: try again later, or offer less capacity")]
    Busy,
    /// The engine itself failed: a tensor operation, a lack of memory, its shutdown.
    #[error("inference failed: {0}")]
    Failed(String),
}

impl EngineError {
    /// Whether the same request may succeed later on the same engine.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Failed(_))
    }

    /// Whether every honest executor would refuse the request too.
    pub fn is_requesters_fault(&self) -> bool {
        matches!(self, Self::InvalidInput(_) | Self::TooManyUnits { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_is_both_the_requesters_fault_and_worth_a_retry() {
        let model = ModelIdentity { manifest_hash: B256::ZERO, runtime_class: B256::ZERO };
        for (error, retryable, requesters_fault) in [
            (EngineError::UnknownModel { model }, false, false),
            (EngineError::InvalidInput("not UTF-8".into()), false, true),
            (EngineError::TooManyUnits { needed: 9, allowed: 8 }, false, true),
            (EngineError::Busy, true, false),
            (EngineError::Failed("out of memory".into()), true, false),
        ] {
            assert_eq!(error.is_retryable(), retryable, "{error}");
            assert_eq!(error.is_requesters_fault(), requesters_fault, "{error}");
        }
    }
}
