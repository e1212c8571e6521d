//! Batches that hold a bit of everything are answered as their calls would be alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    primitives::{Address, Bytes, TxKind, U64, U256},
};
use common::Link;
use serde_json::{Value, json};

/// More than are worth a thread.
const TRANSFERS: u64 = 100;

on_both_transports!(
    transactions_of_a_batch_are_taken_in_its_order_and_each_has_its_own_answer,
    a_batch_goes_on_after_a_call_that_waits_for_a_block,
    a_batch_that_is_too_long_is_refused_whole,
    subscriptions_need_a_connection_that_can_be_told,
);

/// A transfer of development account 0 to an address of its own.
fn transfer(link: &Link, nonce: u64) -> Bytes {
    let mut tx = TxEip1559 {
        chain_id: link.devnet.chain_id(),
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        to: TxKind::Call(Address::repeat_byte(0x31)),
        value: U256::from(1),
        ..Default::default()
    };
    let signature = link.devnet.accounts()[0].sign_transaction_sync(&mut tx).unwrap();
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
}

/// Sends calls in one batch; what each is answered.
async fn answers(link: &Link, calls: &[(&'static str, Value)]) -> Vec<Result<Value, i64>> {
    let mut batch = link.client.new_batch();
    let waiting: Vec<_> =
        calls.iter().map(|(method, params)| batch.add_call::<_, Value>(*method, params).unwrap()).collect();
    batch.send().await.unwrap();
    let mut answers = Vec::new();
    for answer in waiting {
        answers.push(answer.await.map_err(|error| error.as_error_resp().unwrap().code));
    }
    answers
}

async fn transactions_of_a_batch_are_taken_in_its_order_and_each_has_its_own_answer(link: Link) {
    let mut calls: Vec<_> =
        (0..TRANSFERS).map(|nonce| ("eth_sendRawTransaction", json!([transfer(&link, nonce)]))).collect();
    // One again, one that is none, one without parameters, and questions between them.
    calls.insert(50, ("eth_sendRawTransaction", json!([transfer(&link, 7)])));
    calls.insert(60, ("eth_sendRawTransaction", json!(["0x05"])));
    calls.insert(70, ("eth_sendRawTransaction", json!([])));
    calls.insert(80, ("eth_blockNumber", json!([])));
    calls.push(("eth_getTransactionCount", json!([link.devnet.accounts()[0].address(), "latest"])));
    let answers = answers(&link, &calls).await;

    assert_eq!([&answers[50], &answers[60], &answers[70]], [&Err(-32000), &Err(-32000), &Err(-32602)]);
    // Of the eighty before it, three were refused.
    assert_eq!(answers[80], Ok(json!(U64::from(77))), "the question sees what came before it");
    assert_eq!(answers.last().unwrap(), &Ok(json!(U64::from(TRANSFERS))));
    assert_eq!(link.devnet.head().number, TRANSFERS);
    assert_eq!(link.balance(Address::repeat_byte(0x31)).await.to::<u64>(), TRANSFERS);
}

async fn a_batch_goes_on_after_a_call_that_waits_for_a_block(link: Link) {
    let calls = [
        ("eth_chainId", json!([])),
        ("eth_sendRawTransactionSync", json!([transfer(&link, 0)])),
        ("eth_blockNumber", json!([])),
        ("eth_sendRawTransaction", json!([transfer(&link, 1)])),
        ("eth_blockNumber", json!([])),
    ];
    let answers = answers(&link, &calls).await;
    assert_eq!(answers[0], Ok(json!(U64::from(31337))));
    assert_eq!(answers[1].as_ref().unwrap()["blockNumber"], json!("0x1"));
    assert_eq!([&answers[2], &answers[4]], [&Ok(json!("0x1")), &Ok(json!("0x2"))]);
}

async fn a_batch_that_is_too_long_is_refused_whole(link: Link) {
    let mut batch = link.client.new_batch();
    let waiting: Vec<_> = (0..10_001).map(|_| batch.add_call::<_, Value>("evm_mine", &[(); 0]).unwrap()).collect();
    let sent = batch.send().await;
    // Over HTTP the client only knows that most of its calls were not answered.
    let refusal = match (sent, waiting.into_iter().next()) {
        (Ok(()), Some(first)) => first.await.unwrap_err().to_string(),
        (Err(error), _) => error.to_string(),
        (_, None) => String::new(),
    };
    assert!(refusal.contains("batch too large"), "{refusal}");
    assert_eq!(link.devnet.head().number, 0);
}

async fn subscriptions_need_a_connection_that_can_be_told(link: Link) {
    let (code, message, _) = link.fail("eth_subscribe", json!(["newHeads"])).await;
    assert_eq!((code, message.as_str()), (-32601, "notifications not supported"));
}
