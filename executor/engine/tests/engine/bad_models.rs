//! Model directories that must be refused, each with an error that names the file and what is wrong.

use std::fs;

use infera_engine::{Device, Engine, EngineConfig, LoadError, tch};
use safetensors::Dtype;
use serde_json::json;

use crate::small_model::{SmallModel, refusal};

const QUERY: &str = "encoder.layer.0.attention.self.query.weight";

/// Asserts that a message names all that the operator needs.
#[track_caller]
fn assert_says(error: &LoadError, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    assert!(!error.is_retryable(), "{message:?} would not go away by itself");
}

#[test]
fn a_whole_model_loads() {
    let directory = SmallModel::new().write();
    let engine = Engine::load(EngineConfig::new(directory.path())).unwrap();
    assert_eq!(engine.manifest().name, "small");
    assert!(!engine.is_on_cuda());
}

#[test]
fn a_directory_without_a_manifest_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    assert_says(&refusal(directory.path()), &["no manifest at", "manifest.json", "pass a model directory"]);
    assert_says(&refusal(&directory.path().join("nowhere")), &["nowhere/manifest.json"]);
}

#[test]
fn a_malformed_manifest_is_refused() {
    let directory = SmallModel::new().write();
    fs::write(directory.path().join("manifest.json"), "{\"format\": 1}").unwrap();
    assert_says(&refusal(directory.path()), &["manifest.json is not a valid manifest", "missing field"]);
}

#[test]
fn a_changed_file_is_refused_with_both_hashes() {
    let directory = SmallModel::new().write();
    let path = directory.path().join("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = refusal(directory.path());
    assert_says(&error, &["model.safetensors has SHA-256", "its manifest says", "download the file again"]);
    assert!(matches!(error, LoadError::WrongHash { expected, found, .. } if expected != found && found.len() == 64));
}

#[test]
fn a_file_cut_short_is_refused_with_both_sizes() {
    let directory = SmallModel::new().write();
    let path = directory.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    let (found, expected) = (format!("has {} bytes", bytes.len() - 7), format!("says {}", bytes.len()));
    assert_says(&refusal(directory.path()), &["model.safetensors", &found, &expected]);
}

#[test]
fn a_missing_file_is_refused() {
    let directory = SmallModel::new().write();
    fs::remove_file(directory.path().join("tokenizer.json")).unwrap();
    assert_says(
        &refusal(directory.path()),
        &["tokenizer.json can't be read", "No such file", "download the file again"],
    );
}

#[test]
fn a_file_that_nobody_vouches_for_is_refused() {
    let directory = SmallModel::new().write();
    fs::create_dir(directory.path().join("more")).unwrap();
    fs::write(directory.path().join("more/model.bin"), "?").unwrap();
    assert_says(&refusal(directory.path()), &["more/model.bin is not listed in the manifest"]);
}

#[test]
fn another_architecture_is_refused_by_name_in_manifest_and_configuration() {
    let mut model = SmallModel::new();
    model.manifest["architecture"] = json!("gpt2");
    assert_says(&refusal(model.write().path()), &["\"gpt2\"", "manifest.json", "supported: bert"]);
    let mut model = SmallModel::new();
    model.configuration = json!({ "model_type": "llama", "hidden_size": 4 });
    assert_says(&refusal(model.write().path()), &["\"llama\"", "config.json", "supported: bert"]);
}

#[test]
fn a_configuration_that_the_encoder_does_not_compute_is_refused() {
    for (field, value, expected) in [
        ("hidden_act", json!("relu"), "hidden_act is \"relu\", expected \"gelu\""),
        ("position_embedding_type", json!("relative_key"), "position_embedding_type is \"relative_key\""),
        ("num_attention_heads", json!(3), "hidden_size 4 is not a multiple of num_attention_heads 3"),
        ("num_hidden_layers", json!(0), "num_hidden_layers is 0"),
        ("vocab_size", json!(i64::MAX), "vocab_size is 9223372036854775807"),
        ("layer_norm_eps", json!(0.0), "layer_norm_eps is 0"),
        ("max_position_embeddings", json!(8), "max_position_embeddings is 8, but the manifest's maxLength 16"),
        ("hidden_size", json!(8), "hidden_size is 8, but the manifest's dimension 4"),
        ("hidden_size", json!("wide"), "invalid type: string \"wide\""),
    ] {
        let mut model = SmallModel::new();
        model.configuration[field] = value;
        assert_says(&refusal(model.write().path()), &["config.json can't be used", expected]);
    }
}

#[test]
fn truncated_weights_are_refused_even_when_the_manifest_vouches_for_them() {
    let whole = fs::read(SmallModel::new().write().path().join("model.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for length in [0, 7, 8, header - 1, header, whole.len() - 1] {
        let directory = SmallModel::new().write_with_weights(&whole[..length]);
        let size = format!("{length} bytes");
        assert_says(&refusal(directory.path()), &["model.safetensors can't be used", &size, "truncated"]);
    }
}

#[test]
fn weights_without_the_right_tensors_are_refused_with_the_tensors_name() {
    let refused = |change: fn(&mut SmallModel)| {
        let mut model = SmallModel::new();
        change(&mut model);
        refusal(model.write().path())
    };
    let missing = refused(|model| drop(model.weights.remove(QUERY)));
    assert_says(&missing, &["model.safetensors", QUERY, "is missing"]);
    let shape = refused(|model| model.weights.get_mut(QUERY).unwrap().shape = vec![2, 8]);
    assert_says(&shape, &[QUERY, "has shape [2, 8], expected [4, 4]"]);
    let dtype = refused(|model| {
        let weight = model.weights.get_mut(QUERY).unwrap();
        (weight.dtype, weight.bytes) = (Dtype::F16, vec![0; 32]);
    });
    assert_says(&dtype, &[QUERY, "has type F16, expected F32"]);
}

#[test]
fn a_tokenizer_that_does_not_fit_is_refused() {
    let mut model = SmallModel::new();
    model.tokenizer["model"]["vocab"]["surplus"] = json!(8);
    assert_says(&refusal(model.write().path()), &["tokenizer.json can't be used", "it knows 9 tokens, the model 8"]);
    let mut model = SmallModel::new();
    model.tokenizer = json!({ "version": "1.0" });
    assert_says(&refusal(model.write().path()), &["tokenizer.json can't be used"]);
}

#[test]
fn a_transform_that_changes_shapes_is_refused() {
    let directory = SmallModel::new().write();
    let flatten = Box::new(|_: &str, tensor: tch::Tensor| tensor.f_flatten(0, -1));
    let error = Engine::load_with(EngineConfig::new(directory.path()), flatten).unwrap_err();
    assert_says(&error, &["the transform changed type or shape of the tensor"]);
}

#[test]
fn settings_out_of_range_are_refused() {
    let directory = SmallModel::new().write();
    let config = EngineConfig::new(directory.path());
    for (config, name) in
        [(EngineConfig { threads: 0, ..config.clone() }, "threads"), (EngineConfig { queue: 0, ..config }, "queue")]
    {
        assert_says(&Engine::load(config).unwrap_err(), &[&format!("{name} is 0, but must be from 1")]);
    }
}

#[test]
fn a_cuda_device_that_is_not_there_is_refused_and_auto_takes_what_there_is() {
    let directory = SmallModel::new().write();
    let config = |device| EngineConfig { device, ..EngineConfig::new(directory.path()) };
    let error = Engine::load(config(Device::Cuda(4096))).unwrap_err();
    assert_says(&error, &["the device cuda:4096 can't be used", "choose the CPU", "LIBTORCH"]);
    let engine = Engine::load(config(Device::Auto)).unwrap();
    assert_eq!(engine.is_on_cuda(), tch::Cuda::is_available());
}
