//! `infera model verify`

use std::{fs, os::unix::fs::symlink};

use crate::{
    files::{real_model, small_model},
    program::{infera, run_command},
};

/// The real model's directory with other weights; the other files are links.
fn real_model_with_weights(weights: &[u8]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in ["manifest.json", "config.json", "tokenizer.json"] {
        symlink(real_model().join(file), directory.path().join(file)).unwrap();
    }
    fs::write(directory.path().join("model.safetensors"), weights).unwrap();
    directory
}

#[test]
fn an_intact_model_is_verified_file_by_file() {
    let report = run_command(infera().args(["model", "verify", "--json"]).arg(real_model())).json();
    assert_eq!(report["intact"], true);
    assert_eq!(report["manifest_hash"].as_str().unwrap().len(), 66);
    let states: Vec<_> = report["files"].as_array().unwrap().iter().map(|file| &file["found"]["state"]).collect();
    assert_eq!(states, ["intact", "intact", "intact"]);
}

#[test]
fn a_changed_file_is_shown_with_both_hashes() {
    let mut weights = fs::read(real_model().join("model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    let directory = real_model_with_weights(&weights);
    let answer = run_command(infera().args(["model", "verify"]).arg(directory.path()));
    answer.fails_with(&["is not what its manifest describes", "download the files again"]);
    let line = answer.stdout.lines().find(|line| line.starts_with("model.safetensors")).unwrap();
    assert!(line.contains("DIFFERENT: SHA-256"), "{line}");
    assert!(line.contains("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"), "{line}");
    assert!(answer.stdout.contains("intact"), "the other files are told too: {}", answer.stdout);
}

#[test]
fn a_truncated_download_is_shown_with_both_sizes() {
    let directory = real_model_with_weights(&[0; 1000]);
    let answer = run_command(infera().args(["model", "verify"]).arg(directory.path()));
    answer.fails_with(&["is not what its manifest describes"]);
    assert!(answer.stdout.contains("1000 bytes, the manifest says 90868376"), "{}", answer.stdout);
    let json = run_command(infera().args(["model", "verify", "--json"]).arg(directory.path()));
    assert_eq!(json.status, Some(1));
    assert!(json.stdout.contains("\"intact\": false"), "{}", json.stdout);
}

#[test]
fn truncated_weights_are_refused_even_if_the_manifest_vouches_for_them() {
    let directory = small_model("bert", b"\x40\0\0\0\0\0\0\0{\"cut");
    let answer = run_command(infera().args(["model", "verify"]).arg(directory.path()));
    answer.fails_with(&["model.safetensors can't be used", "truncated"]);
    let files_only = run_command(infera().args(["model", "verify", "--files-only"]).arg(directory.path()));
    assert!(files_only.data().contains("model.safetensors"));
}

#[test]
fn another_architecture_is_refused_by_name() {
    let directory = small_model("gpt2", b"");
    let answer = run_command(infera().args(["model", "verify"]).arg(directory.path()));
    answer.fails_with(&["\"gpt2\"", "is not supported; supported: bert"]);
}

#[test]
fn a_file_that_nobody_vouches_for_is_named() {
    let directory = small_model("bert", b"");
    fs::write(directory.path().join("extra.bin"), "?").unwrap();
    let answer = run_command(infera().args(["model", "verify"]).arg(directory.path()));
    answer.fails_with(&["is not what its manifest describes"]);
    let line = answer.stdout.lines().find(|line| line.starts_with("extra.bin")).unwrap();
    assert!(line.contains("NOT IN THE MANIFEST"), "{line}");
}

#[test]
fn a_directory_without_a_manifest_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let answer = run_command(infera().args(["model", "verify"]).arg(directory.path()));
    answer.fails_with(&["no manifest at", "manifest.json", "pass a model directory"]);
}

#[test]
fn a_network_does_not_start_on_a_broken_model() {
    let directory = real_model_with_weights(&[0; 1000]);
    let answer =
        run_command(infera().args(["up", "--port", "0", "--indexer-port", "0", "--model"]).arg(directory.path()));
    answer.fails_with(&["is not what its manifest describes", "infera model verify"]);
}
