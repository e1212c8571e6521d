//! A BERT of a few hundred weights, written to a directory of its own: quick to load and easy to break.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use infera_engine::{Engine, EngineConfig, LoadError};

const WORDS: [&str; 8] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "fee", "fees", "audit", "vote"];
const HIDDEN: usize = 4;
const INNER: usize = 8;
const POSITIONS: usize = 16;

/// One weight: its type, shape and bytes.
pub(crate) struct Weight {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// What a model directory is made of. Change any part, then [`Self::write`] it.
pub(crate) struct SmallModel {
    pub(crate) weights: BTreeMap<String, Weight>,
    pub(crate) configuration: Value,
    pub(crate) tokenizer: Value,
    /// The manifest without its files.
    pub(crate) manifest: Value,
}

impl SmallModel {
    pub(crate) fn new() -> Self {
        Self { weights: weights(), configuration: configuration(), tokenizer: tokenizer(), manifest: manifest() }
    }

    /// Writes the model with a manifest that fits its files.
    pub(crate) fn write(self) -> TempDir {
        let views = self
            .weights
            .iter()
            .map(|(name, weight)| (name, TensorView::new(weight.dtype, weight.shape.clone(), &weight.bytes).unwrap()));
        let weights = safetensors::serialize(views, None).unwrap();
        self.write_with_weights(&weights)
    }

    /// As [`Self::write`], with other bytes for the file of weights.
    pub(crate) fn write_with_weights(mut self, weights: &[u8]) -> TempDir {
        let directory = TempDir::new().unwrap();
        let files = [
            ("config.json", self.configuration.to_string().into_bytes()),
            ("model.safetensors", weights.to_vec()),
            ("tokenizer.json", self.tokenizer.to_string().into_bytes()),
        ];
        let entries = files.iter().map(
            |(path, bytes)| json!({ "path": path, "sha256": hex::encode(Sha256::digest(bytes)), "size": bytes.len() }),
        );
        self.manifest["files"] = entries.collect();
        for (path, bytes) in &files {
            fs::write(directory.path().join(path), bytes).unwrap();
        }
        fs::write(directory.path().join("manifest.json"), self.manifest.to_string()).unwrap();
        directory
    }
}

/// Loads an engine that is expected to be refused.
pub(crate) fn refusal(directory: &Path) -> LoadError {
    Engine::load(EngineConfig::new(directory)).expect_err("the model is refused")
}

fn weights() -> BTreeMap<String, Weight> {
    let matrices = [
        ("embeddings.word_embeddings.weight", WORDS.len(), HIDDEN),
        ("embeddings.position_embeddings.weight", POSITIONS, HIDDEN),
        ("embeddings.token_type_embeddings.weight", 2, HIDDEN),
        ("encoder.layer.0.attention.self.query.weight", HIDDEN, HIDDEN),
        ("encoder.layer.0.attention.self.key.weight", HIDDEN, HIDDEN),
        ("encoder.layer.0.attention.self.value.weight", HIDDEN, HIDDEN),
        ("encoder.layer.0.attention.output.dense.weight", HIDDEN, HIDDEN),
        ("encoder.layer.0.intermediate.dense.weight", INNER, HIDDEN),
        ("encoder.layer.0.output.dense.weight", HIDDEN, INNER),
    ];
    let vectors = [
        ("embeddings.LayerNorm.weight", HIDDEN),
        ("embeddings.LayerNorm.bias", HIDDEN),
        ("encoder.layer.0.attention.self.query.bias", HIDDEN),
        ("encoder.layer.0.attention.self.key.bias", HIDDEN),
        ("encoder.layer.0.attention.self.value.bias", HIDDEN),
        ("encoder.layer.0.attention.output.dense.bias", HIDDEN),
        ("encoder.layer.0.attention.output.LayerNorm.weight", HIDDEN),
        ("encoder.layer.0.attention.output.LayerNorm.bias", HIDDEN),
        ("encoder.layer.0.intermediate.dense.bias", INNER),
        ("encoder.layer.0.output.dense.bias", HIDDEN),
        ("encoder.layer.0.output.LayerNorm.weight", HIDDEN),
        ("encoder.layer.0.output.LayerNorm.bias", HIDDEN),
    ];
    let shapes = matrices.map(|(name, rows, columns)| (name, vec![rows, columns]));
    let shapes = shapes.into_iter().chain(vectors.map(|(name, size)| (name, vec![size])));
    shapes.map(|(name, shape)| (name.to_owned(), Weight::waves(name.len(), shape))).collect()
}

impl Weight {
    /// Numbers between -1 and 1 that are neither regular nor random.
    fn waves(seed: usize, shape: Vec<usize>) -> Self {
        let count: usize = shape.iter().product();
        let element = |index: usize| ((seed * 31 + index * 17) as f32).sin();
        let bytes = (0..count).flat_map(|index| element(index).to_le_bytes()).collect();
        Self { dtype: Dtype::F32, shape, bytes }
    }
}

fn configuration() -> Value {
    json!({
        "model_type": "bert", "vocab_size": WORDS.len(), "hidden_size": HIDDEN, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": INNER, "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
    })
}

fn tokenizer() -> Value {
    let vocabulary: serde_json::Map<_, _> =
        WORDS.iter().zip(0..).map(|(word, id)| ((*word).to_owned(), json!(id))).collect();
    let special = |token: &str, id: u32| json!({ "id": token, "ids": [id], "tokens": [token] });
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": { "type": "Whitespace" }, "decoder": null,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": "[CLS]", "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "SpecialToken": { "id": "[SEP]", "type_id": 0 } },
            ],
            "pair": [],
            "special_tokens": { "[CLS]": special("[CLS]", 2), "[SEP]": special("[SEP]", 3) },
        },
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]" },
    })
}

fn manifest() -> Value {
    json!({
        "format": 1, "name": "small", "licence": "MIT", "architecture": "bert", "tasks": ["embedding"],
        "weights": "model.safetensors", "configuration": "config.json", "tokenizer": "tokenizer.json",
        "maxLength": POSITIONS, "pooling": "mean", "normalization": "l2",
        "vector": { "dimension": HIDDEN, "scale": 32767 },
    })
}
