//! Files that commands are given.

use std::path::{Path, PathBuf};

use alloy::{hex, primitives::Address, signers::local::PrivateKeySigner};
use infera_sdk::Deployment;
use rand_08::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// The directory of all-MiniLM-L6-v2.
pub(crate) fn real_model() -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.infera/models/all-minilm-l6-v2"));
    assert!(path.join("manifest.json").is_file(), "no model at {}: run `cargo xtask setup`", path.display());
    path
}

/// Writes a key in hex and returns its path and address.
pub(crate) fn hex_key(directory: &Path, name: &str, key: &PrivateKeySigner) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, format!("{}\n", key.to_bytes())).unwrap();
    path
}

/// A key that nobody has used, the same in every run.
pub(crate) fn key(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&[number; 32].into()).unwrap()
}

/// Writes a keystore that opens with `right`.
pub(crate) fn keystore(directory: &Path) -> PathBuf {
    let mut random = StdRng::seed_from_u64(1);
    let bytes = key(9).to_bytes();
    PrivateKeySigner::encrypt_keystore(directory, &mut random, bytes, "right", Some("keystore.json")).unwrap();
    directory.join("keystore.json")
}

/// A deployment file whose contracts are nowhere.
pub(crate) fn deployment_of_nothing(directory: &Path) -> PathBuf {
    let path = directory.join("deployment.json");
    Deployment::in_order(31_337, 1, || Address::with_last_byte(1)).save(&path).unwrap();
    path
}

/// A model directory with a manifest that fits these weights, whatever they are.
pub(crate) fn small_model(architecture: &str, weights: &[u8]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let configuration = json!({
        "model_type": "bert", "vocab_size": 4, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 8, "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
    });
    let vocabulary = json!({ "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3 });
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": { "type": "Whitespace" }, "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]" },
    });
    let files = [
        ("config.json", configuration.to_string().into_bytes()),
        ("model.safetensors", weights.to_vec()),
        ("tokenizer.json", tokenizer.to_string().into_bytes()),
    ];
    let entry = |(path, bytes): &(&str, Vec<u8>)| {
        std::fs::write(directory.path().join(path), bytes).unwrap();
        json!({ "path": path, "sha256": hex::encode(Sha256::digest(bytes)), "size": bytes.len() })
    };
    let entries: Vec<Value> = files.iter().map(entry).collect();
    let manifest = json!({
        "format": 1, "name": "small", "licence": "MIT", "architecture": architecture, "tasks": ["embedding"],
        "weights": "model.safetensors", "configuration": "config.json", "tokenizer": "tokenizer.json",
        "maxLength": 16, "pooling": "mean", "normalization": "l2", "vector": { "dimension": 4, "scale": 32767 },
        "files": entries,
    });
    std::fs::write(directory.path().join("manifest.json"), manifest.to_string()).unwrap();
    directory
}
