//! The same seed, clock and calls give the same chain.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    eips::eip7685::EMPTY_REQUESTS_HASH,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256, address},
    rpc::types::TransactionRequest,
};
use common::Link;
use serde_json::{Value, json};

/// Where withdrawals are requested (EIP-7002).
const WITHDRAWAL_REQUESTS: Address = address!("0x00000961Ef480Eb55e80D19ad83579A64c007002");

/// The hashes and the randomness of five blocks.
async fn blocks(seed: u64) -> Vec<(Value, Value)> {
    let link = Link::in_process(|config| config.seed = seed).await;
    let mut blocks = Vec::new();
    for number in 0..5 {
        link.transfer(number % 3, 4).await;
        let block = link.ask("eth_getBlockByNumber", json!(["latest", false])).await;
        blocks.push((block["hash"].clone(), block["mixHash"].clone()));
    }
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_fixes_every_block_and_another_changes_its_randomness() {
    let first = blocks(7).await;
    assert_eq!(first, blocks(7).await);
    let other = blocks(8).await;
    for ((hash, randomness), (other_hash, other_randomness)) in first.iter().zip(&other) {
        assert!(hash != other_hash && randomness != other_randomness);
    }
}

/// The hash of EIP-7685 over the block's requests, of which this is the only one: its type and what the contract says of it.
fn requests_hash(request: &[u8]) -> B256 {
    use sha2::{Digest, Sha256};
    let one = Sha256::digest([&[1], request].concat());
    B256::from_slice(&Sha256::digest(one))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_a_transaction_requests_is_in_its_blocks_requests() {
    let link = Link::in_process(|_| {}).await;
    let (key, amount) = ([0x11; 48], 5u64);
    let ask = TransactionRequest::default()
        .with_from(link.account(0))
        .with_to(WITHDRAWAL_REQUESTS)
        .with_value(U256::from(1))
        .with_input(Bytes::from([&key[..], &amount.to_be_bytes()].concat()));
    let hash: B256 = link.client.request("eth_sendTransaction", (ask,)).await.unwrap();
    let receipt = link.receipt(hash).await.unwrap();
    assert!(receipt.status(), "the contract took no request");
    let block = link.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    // Source, key, and the amount, little-endian.
    let request = [link.account(0).as_slice(), &key, &amount.to_le_bytes()].concat();
    assert_eq!(block["requestsHash"], json!(requests_hash(&request)));
    link.devnet.mine(1).unwrap();
    let next = link.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(next["requestsHash"], json!(EMPTY_REQUESTS_HASH));
}
