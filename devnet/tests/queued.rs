//! Transactions that wait for a nonce before theirs, and what closes the gap.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{eip2718::Encodable2718, eip7702::Authorization},
    network::{TransactionBuilder, TransactionBuilder7702, TxSignerSync},
    primitives::{Address, B256, Bytes, TxKind, U64, U256},
    providers::ext::AnvilApi,
    rpc::types::TransactionRequest,
    signers::SignerSync,
};
use common::Link;
use infera_devnet::{Error, MiningMode};
use serde_json::json;

fn signed(link: &Link, account: usize, nonce: u64) -> Bytes {
    let mut tx = TxEip1559 {
        chain_id: link.devnet.chain_id(),
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        to: TxKind::Call(Address::repeat_byte(0x31)),
        value: U256::from(1),
        ..Default::default()
    };
    let signature = link.devnet.accounts().get(account).unwrap().sign_transaction_sync(&mut tx).unwrap();
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
}

async fn send(link: &Link, account: usize, nonce: u64) -> B256 {
    link.client.request("eth_sendRawTransaction", (signed(link, account, nonce),)).await.unwrap()
}

async fn received(link: &Link) -> u64 {
    link.balance(Address::repeat_byte(0x31)).await.to()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_that_arrive_backwards_are_all_mined_once_the_first_is_there() {
    let link = Link::in_process(|_| {}).await;
    for nonce in (1..200).rev() {
        for account in 0..10 {
            send(&link, account, nonce).await;
        }
    }
    assert_eq!((link.devnet.head().number, received(&link).await), (0, 0));
    for account in 0..10 {
        send(&link, account, 0).await;
        assert_eq!(received(&link).await, 200 * (account as u64 + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_set_by_hand_a_rollback_and_a_revert_close_and_open_gaps() {
    let link = Link::in_process(|_| {}).await;
    send(&link, 0, 5).await;
    send(&link, 1, 0).await;
    assert_eq!(received(&link).await, 1);
    link.provider().anvil_set_nonce(link.account(0), 5).await.unwrap();
    send(&link, 1, 1).await;
    assert_eq!(received(&link).await, 3, "the block for one takes the other along");

    let snapshot = link.ask("evm_snapshot", json!([])).await;
    link.devnet.roll_back(1).unwrap();
    link.provider().anvil_set_nonce(link.account(0), 5).await.unwrap();
    send(&link, 0, 6).await;
    assert_eq!(received(&link).await, 1);
    send(&link, 0, 5).await;
    assert_eq!(received(&link).await, 3);
    link.ask("evm_revert", json!([snapshot])).await;
    assert_eq!(received(&link).await, 3);
    send(&link, 0, 6).await;
    assert_eq!(received(&link).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_uses_up_a_nonce_lets_the_next_one_go() {
    let link = Link::in_process(|_| {}).await;
    send(&link, 3, 1).await;
    assert_eq!(received(&link).await, 0);
    let authorization =
        Authorization { chain_id: U256::from(link.devnet.chain_id()), address: Address::repeat_byte(7), nonce: 0 };
    let signature = link.devnet.accounts().get(3).unwrap().sign_hash_sync(&authorization.signature_hash()).unwrap();
    let request = TransactionRequest::default()
        .with_from(link.account(0))
        .with_to(Address::repeat_byte(0x32))
        .with_authorization_list(vec![authorization.into_signed(signature)]);
    link.client.request::<_, B256>("eth_sendTransaction", (request,)).await.unwrap();
    assert_eq!(received(&link).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_taken_at_once_each_with_its_own_answer() {
    let link = Link::in_process(|config| config.mining = MiningMode::Manual).await;
    let mut all: Vec<Bytes> = (0..100).map(|nonce| signed(&link, 0, nonce)).collect();
    all.insert(50, Bytes::from_static(b"not a transaction"));
    all.push(all.first().unwrap().clone());
    let answers = link.devnet.send_raw(&all);
    assert_eq!(answers.len(), 102);
    for (place, answer) in answers.iter().enumerate() {
        match answer {
            Ok(hash) => assert_eq!(link.ask("eth_getTransactionByHash", json!([hash])).await["hash"], json!(hash)),
            Err(Error::Transaction(reason)) if place == 101 => assert_eq!(reason, "already known"),
            Err(error) => assert_eq!(place, 50, "{error}"),
        }
    }
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 100);
    link.devnet.mine(1).unwrap();
    assert_eq!(received(&link).await, 100);
    let count = link.ask("eth_getTransactionCount", json!([link.account(0), "latest"])).await;
    assert_eq!(count, json!(U64::from(100)));
    // Under automine a block each, as if they had been sent one by one.
    let link = Link::in_process(|_| {}).await;
    let sent = link.devnet.send_raw(&(0..5).map(|nonce| signed(&link, 0, nonce)).collect::<Vec<_>>());
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!((link.devnet.head().number, received(&link).await), (5, 5));
}
