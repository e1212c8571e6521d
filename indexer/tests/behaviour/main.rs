//! How the indexer behaves against a chain that reorganises and a node that fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test may fail loudly"
)]

mod api;
mod explain;
mod feed;
mod property;
mod store;
mod stream;
mod support;
