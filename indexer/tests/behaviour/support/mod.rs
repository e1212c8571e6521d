//! What the tests share: a small chain with a real JSON-RPC server that can reorganise, fail, hang and refuse.

pub mod chain;
pub mod events;

use std::time::Duration;

use alloy::{
    primitives::{Address, B256},
    providers::{DynProvider, Provider, ProviderBuilder},
};
use infera_indexer::{
    Indexer, IndexerConfig, StoreLocation,
    block::BlockReference,
    event::{IndexedEvent, InferaEvent, Source},
    store::Store,
    stream::{EventStream, StreamConfig},
};
use infera_sdk::Deployment;
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine; no test waits for it unless it fails.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub const CHAIN_ID: u64 = 412_346;
pub const DEPLOYED_AT: u64 = 2;

pub fn deployment() -> Deployment {
    let mut numbers = 0x11_u8..;
    Deployment::in_order(CHAIN_ID, DEPLOYED_AT, || Address::repeat_byte(numbers.next().unwrap()))
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

pub fn stream(chain: &chain::FakeChain, known: Vec<BlockReference>) -> EventStream {
    EventStream::new(stream_config(chain.url()), provider(chain.url()), &deployment(), known, CancellationToken::new())
}

/// Follows the chain to its head and stores what it says.
pub async fn index(chain: &chain::FakeChain, store: &Store) {
    let mut stream = stream(chain, store.recent_blocks().await.unwrap());
    while store.tip().await.unwrap() != Some(chain.head()) {
        let item = soon("the next item", stream.next()).await.unwrap().unwrap();
        store.write(&item).await.unwrap();
    }
}

pub async fn start_indexer(chain: &chain::FakeChain, store: StoreLocation) -> Indexer {
    let config = IndexerConfig { listen: "127.0.0.1:0".parse().unwrap(), store, stream: stream_config(chain.url()) };
    Indexer::start(config, provider(chain.url()), deployment()).await.unwrap()
}

/// Waits until the API answers from the chain's newest block.
pub async fn caught_up(indexer: &Indexer, chain: &chain::FakeChain) {
    let mut health = indexer.health();
    soon("the newest block", health.wait_for(|health| health.tip == Some(chain.head()))).await.unwrap();
    assert_eq!(indexer.store().tip().await.unwrap(), Some(chain.head()));
}

/// Events as the stream would yield them, for blocks from height `first` on.
pub fn indexed(first: u64, blocks: &[Vec<chain::Transaction>]) -> Vec<IndexedEvent> {
    let deployment = deployment();
    let mut events = Vec::new();
    for (block, transactions) in (first..).zip(blocks) {
        let logs = transactions.iter().enumerate().flat_map(|(index, logs)| logs.iter().map(move |log| (index, log)));
        for (log_index, (transaction_index, (address, log))) in logs.enumerate() {
            let source = match *address {
                address if address == deployment.job_registry => Source::JobRegistry,
                address if address == deployment.staking => Source::Staking,
                address if address == deployment.court => Source::Court,
                address => panic!("{address} emits no event of a job"),
            };
            events.push(IndexedEvent {
                block,
                timestamp: chain::GENESIS_TIME + block,
                log_index: log_index as u64,
                transaction: transaction_hash(block, transaction_index),
                transaction_index: transaction_index as u64,
                address: *address,
                source,
                topics: log.topics().to_vec(),
                data: log.data.clone(),
                event: InferaEvent::decode(source, log.topics(), &log.data).unwrap(),
            });
        }
    }
    events
}

/// A hash that tells its place.
pub fn transaction_hash(block: u64, index: usize) -> B256 {
    let mut hash = B256::ZERO;
    hash[0] = block as u8;
    hash[1] = index as u8;
    hash
}
