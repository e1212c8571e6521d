//! The engine on the real model, and on small ones made for the purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod bad_models;
mod golden;
mod precision;
mod requests;
mod small_model;
mod thread;
mod verification;

use std::path::PathBuf;

/// The directory of all-MiniLM-L6-v2.
fn real_model() -> PathBuf {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.infera/models/all-minilm-l6-v2"));
    assert!(
        path.join("manifest.json").is_file(),
        "the model is missing at {}; run `cargo xtask setup`",
        path.display()
    );
    path
}

/// 1 − cos of two unit vectors, as half their squared distance, which keeps its digits when they nearly agree.
fn cosine_distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>() / 2.0
}
