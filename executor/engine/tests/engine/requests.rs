//! Requests as a node makes them, on the real model.

use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use alloy::primitives::B256;
use alloy::sol_types::SolValue;
use infera_engine::{Engine, EngineConfig, MAX_INPUT_BYTES, runtime_class};
use infera_protocol::engine::{EngineError, InferenceEngine, InferenceOutput, InferenceRequest, ModelIdentity};
use infera_protocol::output::{ZeroShotParameters, ZeroShotResult};
use infera_protocol::task::Task;

use crate::{golden, real_model};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load(EngineConfig::new(real_model())).unwrap());

fn infer(request: InferenceRequest) -> Result<InferenceOutput, EngineError> {
    let (sender, receiver) = channel();
    ENGINE.infer(request, Box::new(move |answer| sender.send(answer).unwrap()));
    receiver.recv_timeout(Duration::from_secs(60)).expect("the engine answers within a minute")
}

fn embedding(text: impl Into<Vec<u8>>) -> InferenceRequest {
    InferenceRequest {
        model: ENGINE.identity(),
        task: Task::Embedding,
        input: text.into(),
        parameters: Vec::new(),
        max_units: 1000,
    }
}

fn zero_shot(text: &str, labels: &[String]) -> InferenceRequest {
    let parameters = ZeroShotParameters::new(labels.to_vec()).unwrap().encode();
    InferenceRequest { task: Task::ZeroShotClassification, parameters, ..embedding(text) }
}

fn invalid_input(request: InferenceRequest) -> String {
    match infer(request) {
        Err(EngineError::InvalidInput(reason)) => reason,
        other => panic!("expected invalid input, found {other:?}"),
    }
}

#[test]
fn the_engine_offers_the_model_of_its_manifest_in_its_runtime_class() {
    let (_, runtime_class) = runtime_class();
    let manifest_hash = ENGINE.manifest().hash().unwrap();
    assert_eq!(ENGINE.models(), [ModelIdentity { manifest_hash, runtime_class }]);
}

#[test]
fn an_embedding_is_its_vector_of_length_one_in_fixed_point() {
    let output = infer(embedding("The cat sits outside while the new movie is awesome.")).unwrap();
    assert!(output.result.is_empty());
    assert_eq!(output.units, 13);
    assert_eq!(output.vector.dimension(), 384);
    let length = output.vector.elements().iter().map(|element| f64::from(*element).powi(2)).sum::<f64>().sqrt();
    assert!((length / 32767.0 - 1.0).abs() < 1e-4, "its length is {length}");
}

#[test]
fn zero_shot_scores_are_the_cosines_and_the_best_label_wins() {
    let golden::ZeroShot { text, labels, cosines } = golden::zero_shot();
    let output = infer(zero_shot(&text, &labels)).unwrap();
    assert_eq!(output.vector, infer(embedding(text)).unwrap().vector);
    let result = ZeroShotResult::decode(&output.result).unwrap();
    assert_eq!(labels[usize::from(result.winner())], "fees and revenue");
    for (score, cosine) in result.scores().iter().zip(&cosines) {
        assert!((f64::from(*score) - cosine * 1e6).abs() <= 1.5, "{score} is not {cosine} in parts per million");
    }
    assert_eq!(result.scores().len(), cosines.len());
}

#[test]
fn a_remembered_label_changes_neither_answer_nor_price() {
    let labels = ["a label that no other test uses".to_owned(), "security".to_owned()];
    let first = infer(zero_shot("Pay the auditors.", &labels)).unwrap();
    assert_eq!(infer(zero_shot("Pay the auditors.", &labels)).unwrap(), first);
}

#[test]
fn units_count_the_text_and_every_label_and_bind_the_request() {
    let labels = ["fees".to_owned(), "security".to_owned()];
    // Each text carries two special tokens: 3 + 2, 1 + 2, 1 + 2.
    let request = zero_shot("raise the fees", &labels);
    assert_eq!(infer(request.clone()).unwrap().units, 11);
    assert_eq!(infer(InferenceRequest { max_units: 11, ..request.clone() }).unwrap().units, 11);
    let refused = infer(InferenceRequest { max_units: 10, ..request });
    assert_eq!(refused, Err(EngineError::TooManyUnits { needed: 11, allowed: 10 }));
}

#[test]
fn a_long_text_is_cut_at_the_models_length() {
    let words = |count: usize| "word ".repeat(count);
    let output = infer(embedding(words(2000))).unwrap();
    assert_eq!(output.units, 256);
    assert_eq!(output.vector, infer(embedding(words(254))).unwrap().vector);
}

#[test]
fn the_largest_input_is_accepted_and_one_byte_more_is_refused() {
    assert_eq!(infer(embedding(vec![b'a'; MAX_INPUT_BYTES])).unwrap().units, 3);
    let reason = invalid_input(embedding(vec![b'a'; MAX_INPUT_BYTES + 1]));
    assert_eq!(reason, "the input has 16385 bytes, at most 16384 are allowed");
}

#[test]
fn bad_requests_are_refused_with_what_is_wrong() {
    let not_text = invalid_input(embedding([b'o', b'k', 0xff]));
    assert!(not_text.starts_with("the input is not UTF-8 text: "), "{not_text}");
    let parameters = invalid_input(InferenceRequest { parameters: vec![0], ..embedding("text") });
    assert_eq!(parameters, "the embedding task takes no parameters");
    let no_labels = Vec::<String>::new().abi_encode();
    let labels = invalid_input(InferenceRequest { parameters: no_labels, ..zero_shot("text", &["a".to_owned()]) });
    assert!(labels.starts_with("0 labels"), "{labels}");
}

#[test]
fn a_model_that_is_not_loaded_is_refused_by_name() {
    let model = ModelIdentity { manifest_hash: B256::repeat_byte(7), ..ENGINE.identity() };
    let refused = infer(InferenceRequest { model, ..embedding("text") });
    assert_eq!(refused, Err(EngineError::UnknownModel { model }));
}
