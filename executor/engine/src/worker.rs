//! What the engine's thread does with a request: checks it, counts its tokens, computes, and makes the answer canonical.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::sync::Arc;

use infera_protocol::engine::{EngineError, InferenceOutput, InferenceRequest, ModelIdentity};
use infera_protocol::output::{ZeroShotResult, score_from_cosine};
use infera_protocol::task::Task;
use infera_protocol::vector::OutputVector;
use lru::LruCache;

use crate::error::ComputeError;
use crate::limits::MAX_INPUT_BYTES;
use crate::manifest::ZeroShotSettings;
use crate::sentence_encoder::SentenceEncoder;
use crate::zero_shot::{cosine, labels};

/// Labels whose vectors are kept (1,024): requesters tend to ask with the same ones again.
const KEPT_LABELS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The model and what it remembers; owned by the engine's thread.
pub(crate) struct Worker {
    model: SentenceEncoder,
    identity: ModelIdentity,
    labels: LruCache<String, EncodedLabel>,
}

/// A label's vector. It depends on the label alone, so remembering it changes no answer.
#[derive(Clone)]
struct EncodedLabel {
    vector: Arc<[f32]>,
    units: u32,
}

/// A label of the request at hand, before anything is computed.
enum Label {
    Encoded(EncodedLabel),
    Tokens { label: String, tokens: Vec<u32> },
}

impl Label {
    fn units(&self) -> u32 {
        match self {
            Self::Encoded(label) => label.units,
            Self::Tokens { tokens, .. } => count(tokens),
        }
    }
}

impl Worker {
    pub(crate) fn new(model: SentenceEncoder, identity: ModelIdentity) -> Self {
        Self { model, identity, labels: LruCache::new(KEPT_LABELS) }
    }

    /// Answers one request.
    pub(crate) fn answer(&mut self, request: &InferenceRequest) -> Result<InferenceOutput, EngineError> {
        if request.model != self.identity {
            return Err(EngineError::UnknownModel { model: request.model });
        }
        if !self.model.manifest().supports(request.task) {
            return Err(self.unserved(request.task));
        }
        let text = text(&request.input)?;
        match request.task {
            Task::Embedding => self.embed(text, &request.parameters, request.max_units),
            Task::ZeroShotClassification => self.classify(text, &request.parameters, request.max_units),
            other => Err(self.unserved(other)),
        }
    }

    fn unserved(&self, task: Task) -> EngineError {
        invalid(format!("the model {} does not serve the task {task}", self.model.manifest().name))
    }

    /// The vector is the answer, so the result is empty.
    fn embed(&self, text: &str, parameters: &[u8], max_units: u32) -> Result<InferenceOutput, EngineError> {
        if !parameters.is_empty() {
            return Err(invalid("the embedding task takes no parameters"));
        }
        let tokens = self.tokens(text)?;
        let units = allowed(count(&tokens), max_units)?;
        let vector = self.quantize(&self.vector(&tokens)?)?;
        Ok(InferenceOutput { result: Vec::new(), vector, units })
    }

    /// The vector is the text's; the result holds its cosine with every label, and the winner.
    fn classify(&mut self, text: &str, parameters: &[u8], max_units: u32) -> Result<InferenceOutput, EngineError> {
        let Some(settings) = self.model.manifest().zero_shot.clone() else {
            return Err(self.unserved(Task::ZeroShotClassification));
        };
        let tokens = self.tokens(text)?;
        let labels = labels(parameters).map_err(EngineError::InvalidInput)?;
        let labels = labels.into_iter().map(|label| self.prepare(label, &settings)).collect::<Result<Vec<_>, _>>()?;
        // Counted before anything is computed: what isn't paid for isn't done.
        let units = labels.iter().map(Label::units).fold(count(&tokens), u32::saturating_add);
        let units = allowed(units, max_units)?;

        let vector = self.vector(&tokens)?;
        let mut scores = Vec::with_capacity(labels.len());
        for label in labels {
            scores.push(score_from_cosine(cosine(&vector, &self.encode(label)?.vector)).map_err(failed)?);
        }
        let result = ZeroShotResult::from_scores(scores).map_err(failed)?;
        Ok(InferenceOutput { result: result.encode(), vector: self.quantize(&vector)?, units })
    }

    fn prepare(&mut self, label: String, settings: &ZeroShotSettings) -> Result<Label, EngineError> {
        if let Some(encoded) = self.labels.get(&label) {
            return Ok(Label::Encoded(encoded.clone()));
        }
        let tokens = self.tokens(&settings.hypothesis(&label))?;
        Ok(Label::Tokens { label, tokens })
    }

    fn encode(&mut self, label: Label) -> Result<EncodedLabel, EngineError> {
        let (label, tokens) = match label {
            Label::Encoded(encoded) => return Ok(encoded),
            Label::Tokens { label, tokens } => (label, tokens),
        };
        let encoded = EncodedLabel { vector: self.vector(&tokens)?.into(), units: count(&tokens) };
        self.labels.put(label, encoded.clone());
        Ok(encoded)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        self.model.tokens(text).map_err(refused_or_failed)
    }

    fn vector(&self, tokens: &[u32]) -> Result<Vec<f32>, EngineError> {
        self.model.embed(tokens).map_err(refused_or_failed)
    }

    fn quantize(&self, vector: &[f32]) -> Result<OutputVector, EngineError> {
        OutputVector::quantize(vector, self.model.manifest().vector.scale).map_err(failed)
    }
}

/// The input as text, within its limits.
fn text(input: &[u8]) -> Result<&str, EngineError> {
    if input.len() > MAX_INPUT_BYTES {
        let size = input.len();
        return Err(invalid(format!("the input has {size} bytes, at most {MAX_INPUT_BYTES} are allowed")));
    }
    std::str::from_utf8(input).map_err(|error| invalid(format!("the input is not UTF-8 text: {error}")))
}

fn count(tokens: &[u32]) -> u32 {
    u32::try_from(tokens.len()).unwrap_or(u32::MAX)
}

fn allowed(needed: u32, allowed: u32) -> Result<u32, EngineError> {
    if needed > allowed { Err(EngineError::TooManyUnits { needed, allowed }) } else { Ok(needed) }
}

fn invalid(reason: impl Into<String>) -> EngineError {
    EngineError::InvalidInput(reason.into())
}

/// A text that the model can't encode is the requester's matter: every honest executor refuses it.
fn refused_or_failed(error: ComputeError) -> EngineError {
    match error {
        ComputeError::Tokenizer(_) | ComputeError::NoDirection(_) => invalid(error.to_string()),
        ComputeError::InvalidTokens(_) | ComputeError::Libtorch(_) => failed(error),
    }
}

fn failed(error: impl Display) -> EngineError {
    EngineError::Failed(error.to_string())
}
