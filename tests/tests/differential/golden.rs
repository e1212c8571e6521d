//! The protocol crate's golden vectors, which are made from the specifications alone.

use std::fs;

use infera_tests::places::root;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One golden vector.
#[derive(serde::Deserialize)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    input: Value,
    pub(crate) output: Value,
}

impl Entry {
    /// An input by its name.
    pub(crate) fn get<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.input[name].clone())
            .unwrap_or_else(|error| panic!("{name} of {}: {error}", self.input))
    }
}

/// The vectors of one kind in a file; at least one.
pub(crate) fn entries(file: &str, kind: &str) -> Vec<Entry> {
    let path = root().join("sdk-rs/protocol/tests/golden").join(file).with_extension("json");
    let mut entries: Vec<Entry> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    entries.retain(|entry| entry.kind == kind);
    assert!(!entries.is_empty(), "{file} has no {kind}");
    entries
}
