//! The dimensions of a BERT model, from its `config.json`.

use std::path::Path;

use serde::Deserialize;

use super::ARCHITECTURE;
use crate::error::LoadError;

/// Largest value of any dimension: keeps products of two within 64 bits with room to spare.
const MAX_DIMENSION: i64 = 1 << 24;

/// What of `config.json` decides the computation. Sizes are counts of elements.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BertConfiguration {
    pub(crate) vocab_size: i64,
    pub(crate) hidden_size: i64,
    pub(crate) num_hidden_layers: i64,
    pub(crate) num_attention_heads: i64,
    pub(crate) intermediate_size: i64,
    pub(crate) max_position_embeddings: i64,
    pub(crate) type_vocab_size: i64,
    pub(crate) layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

/// Reads the architecture alone; every other field is ignored.
#[derive(Deserialize)]
struct ModelType {
    model_type: String,
}

fn absolute() -> String {
    "absolute".to_owned()
}

impl BertConfiguration {
    /// Reads and checks a configuration.
    pub(crate) fn parse(path: &Path, json: &[u8]) -> Result<Self, LoadError> {
        let invalid = |reason: String| LoadError::InvalidConfiguration { path: path.to_path_buf(), reason };
        let ModelType { model_type } = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        if model_type != ARCHITECTURE {
            return Err(LoadError::UnsupportedArchitecture {
                path: path.to_path_buf(),
                found: model_type,
                supported: ARCHITECTURE,
            });
        }
        let configuration: Self = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        configuration.check().map_err(invalid)?;
        Ok(configuration)
    }

    fn check(&self) -> Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size),
        ];
        for (name, size) in sizes {
            if !(1..=MAX_DIMENSION).contains(&size) {
                return Err(format!("{name} is {size}, expected 1 to {MAX_DIMENSION}"));
            }
        }
        if self.hidden_size % self.num_attention_heads != 0 {
            let (hidden, heads) = (self.hidden_size, self.num_attention_heads);
            return Err(format!("hidden_size {hidden} is not a multiple of num_attention_heads {heads}"));
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            return Err(format!("layer_norm_eps is {}, expected a number between 0 and 1", self.layer_norm_eps));
        }
        // Other activations and positions are other computations: refuse rather than approximate.
        for (name, found, expected) in [
            ("hidden_act", &self.hidden_act, "gelu"),
            ("position_embedding_type", &self.position_embedding_type, "absolute"),
        ] {
            if found != expected {
                return Err(format!("{name} is {found:?}, expected {expected:?}"));
            }
        }
        Ok(())
    }
}
