//! What the tests share: a small chain with a real JSON-RPC server that can reorganise, fail, hang and refuse.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod chain;
pub mod events;

use std::time::Duration;

use alloy::{
    primitives::Address,
    providers::{DynProvider, Provider, ProviderBuilder},
};
use infera_indexer::stream::StreamConfig;
use infera_sdk::Deployment;

/// Long enough for a busy machine; no test waits for it unless it fails.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub const CHAIN_ID: u64 = 412_346;
pub const DEPLOYED_AT: u64 = 2;

pub fn deployment() -> Deployment {
    let address = |number: u8| Address::repeat_byte(number);
    Deployment {
        chain_id: CHAIN_ID,
        deployed_at_block: DEPLOYED_AT,
        job_registry: address(0x11),
        model_registry: address(0x22),
        executor_registry: address(0x33),
        staking: address(0x44),
        slashing: address(0x55),
        reputation: address(0x66),
        sortition: address(0x77),
        beacon: address(0x88),
        agreement_verifier: address(0x99),
        vif_verifier: address(0xaa),
    }
}

pub fn provider(url: &str) -> DynProvider {
    ProviderBuilder::new().connect_http(url.parse().unwrap()).erased()
}

/// Quick pauses, a short memory and small ranges, so that every path is taken within a few blocks.
pub fn stream_config(url: &str) -> StreamConfig {
    StreamConfig {
        poll_interval: Duration::from_millis(1),
        request_time_limit: Duration::from_millis(500),
        first_retry: Duration::from_millis(1),
        longest_retry: Duration::from_millis(4),
        range_distance: 4,
        longest_range: 8,
        receipts: true,
        ..StreamConfig::new(url)
    }
}

/// Awaits with a deadline, so that a test that fails does not hang.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}
