//! What `verify` reports of whole and damaged directories.

use std::fs;

use infera_engine::{FileState, verify};
use serde_json::json;

use crate::real_model;
use crate::small_model::SmallModel;

#[test]
fn the_committed_manifest_describes_the_real_model() {
    let verification = verify(real_model()).unwrap();
    assert!(verification.is_intact(), "{verification:?}");
    let committed = infera_engine::Manifest::parse(include_bytes!("../../models/all-minilm-l6-v2.json")).unwrap();
    assert_eq!(verification.manifest, committed);
    assert_eq!(verification.manifest_hash, committed.hash().unwrap());
}

#[test]
fn every_difference_is_reported_not_only_the_first() {
    let directory = SmallModel::new().write();
    assert!(verify(directory.path()).unwrap().is_intact());
    fs::write(directory.path().join("config.json"), "{}").unwrap();
    fs::remove_file(directory.path().join("tokenizer.json")).unwrap();
    fs::write(directory.path().join("surplus"), "?").unwrap();
    let verification = verify(directory.path()).unwrap();
    assert!(!verification.is_intact());
    assert_eq!(verification.unlisted, ["surplus"]);
    let [configuration, weights, tokenizer] = &verification.files[..] else { panic!("{verification:?}") };
    assert!(matches!(configuration.found, FileState::Different { size: 2, .. }));
    assert_eq!(weights.found, FileState::Intact);
    assert!(matches!(&tokenizer.found, FileState::Unreadable { reason } if reason.contains("No such file")));
}

#[test]
fn a_verification_prints_as_json_with_hashes_in_hexadecimal() {
    let directory = SmallModel::new().write();
    fs::write(directory.path().join("config.json"), "{}").unwrap();
    let json = serde_json::to_value(verify(directory.path()).unwrap()).unwrap();
    assert_eq!(json["manifest"]["name"], "small");
    assert_eq!(json["manifest_hash"].as_str().unwrap().len(), 2 + 64);
    assert_eq!(json["files"][0]["path"], "config.json");
    let sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(json["files"][0]["found"], json!({ "state": "different", "size": 2, "sha256": sha256 }));
    assert_eq!(json["files"][1]["found"], json!({ "state": "intact" }));
}
