#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use alloy::primitives::b256;
use serde_json::{Value, json};

use super::*;

/// The committed manifest of the real model.
const REAL: &str = include_str!("../../models/all-minilm-l6-v2.json");

fn real() -> Value {
    serde_json::from_str(REAL).unwrap()
}

fn parse(value: &Value) -> Result<Manifest, ManifestError> {
    Manifest::parse(value.to_string().as_bytes())
}

#[test]
fn the_real_model_has_its_published_hash() {
    let expected = b256!("77df6065b6fab6db5bb453df5c54c2638be00a0feeb2643c46fbae5ca2289002");
    assert_eq!(Manifest::parse(REAL.as_bytes()).unwrap().hash().unwrap(), expected);
}

#[test]
fn formatting_and_order_of_keys_do_not_change_the_hash() {
    let manifest = Manifest::parse(REAL.as_bytes()).unwrap();
    let canonical = manifest.canonical_bytes().unwrap();
    assert!(canonical.starts_with(br#"{"architecture":"bert","configuration":"config.json","files":[{"path":"#));
    let reversed: serde_json::Map<_, _> = real().as_object().unwrap().clone().into_iter().rev().collect();
    for json in [canonical, serde_json::to_vec_pretty(&reversed).unwrap()] {
        assert_eq!(Manifest::parse(&json).unwrap().hash(), manifest.hash());
    }
}

#[test]
fn any_change_of_content_changes_the_hash() {
    let before = Manifest::parse(REAL.as_bytes()).unwrap();
    for (pointer, value) in [
        ("/name", json!("another")),
        ("/maxLength", json!(128)),
        ("/vector/scale", json!(32766)),
        ("/files/0/size", json!(613)),
        ("/zeroShot/labelTemplate", json!("about {label}")),
    ] {
        let mut changed = real();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert_ne!(parse(&changed).unwrap().hash(), before.hash(), "{pointer}");
    }
}

#[test]
fn a_later_format_is_named_as_such() {
    let mut later = real();
    later["format"] = json!(2);
    later["fieldOfTheFuture"] = json!({});
    assert_eq!(parse(&later), Err(ManifestError::UnknownFormat { found: 2 }));
}

#[test]
fn unknown_missing_repeated_and_null_fields_are_refused() {
    let mut unknown = real();
    unknown["licens"] = json!("MIT");
    let mut missing = real();
    missing.as_object_mut().unwrap().remove("pooling");
    let mut null = real();
    null["zeroShot"] = Value::Null;
    let repeated = REAL.replacen("{", r#"{ "name": "first","#, 1);
    for (json, expected) in [
        (unknown.to_string(), "unknown field `licens`"),
        (missing.to_string(), "missing field `pooling`"),
        (null.to_string(), "invalid type: null"),
        (repeated, "duplicate field `name`"),
        ("not JSON".to_owned(), "expected ident"),
    ] {
        let error = Manifest::parse(json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    }
}

#[test]
fn values_that_can_not_be_meant_are_refused_with_their_field() {
    for (pointer, value, field, expected) in [
        ("/name", json!(" "), "name", "is empty"),
        ("/weights", json!("other.safetensors"), "weights", "is not among the files"),
        ("/maxLength", json!(2), "maxLength", "at least 3"),
        ("/vector/dimension", json!(1025), "vector", "dimension"),
        ("/vector/scale", json!(40_000), "vector", "scale"),
        ("/tasks", json!([]), "tasks", "is empty"),
        ("/tasks", json!(["embedding", "embedding"]), "tasks", "each once"),
        ("/tasks", json!(["embedding"]), "zeroShot", "is not a task"),
        ("/zeroShot/labelTemplate", json!("no place"), "zeroShot", "exactly once"),
        ("/files/0/path", json!("zzz"), "files", "ordered by path"),
        ("/files/0/path", json!("../config.json"), "files", "plain path"),
        ("/files/0/path", json!("/config.json"), "files", "plain path"),
        ("/files/0/path", json!("a//b"), "files", "plain path"),
        ("/files/0/path", json!("a\\b"), "files", "plain path"),
        ("/files/0/path", json!("Model.safetensors"), "files", "letter case"),
    ] {
        let mut changed = real();
        *changed.pointer_mut(pointer).unwrap() = value;
        match parse(&changed) {
            Err(ManifestError::InvalidField { field: found, reason }) => {
                assert_eq!(found, field, "{pointer}: {reason}");
                assert!(reason.contains(expected), "{pointer}: {reason:?} lacks {expected:?}");
            }
            other => panic!("{pointer}: {other:?}"),
        }
    }
}

#[test]
fn a_size_that_readers_may_disagree_about_is_refused() {
    let mut large = real();
    large["files"][0]["size"] = json!(u64::MAX);
    assert!(matches!(parse(&large), Err(ManifestError::NotCanonical(_))));
}

#[test]
fn a_label_takes_its_place_in_the_template_whatever_it_says() {
    let settings = ZeroShotSettings { label_template: "This is about {label}.".to_owned() };
    assert_eq!(settings.hypothesis("{label}s & fees"), "This is about {label}s & fees.");
}
