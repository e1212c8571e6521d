//! Hardhat's habit of answering a send that reverts with an error.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    primitives::{B256, Bytes, U256},
    providers::Provider,
    sol_types::{Panic, Revert, SolError},
};
use common::Link;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_reverts_answers_with_an_error_and_is_mined() {
    let link = Link::http(|config| config.errors_for_reverted_sends = true).await;
    let counter = link.deploy_counter().await;
    let exception = "VM Exception while processing transaction: reverted with";
    let words: [(Bytes, String); 3] = [
        (Revert::from("no").abi_encode().into(), format!("{exception} reason string 'no'")),
        (Panic { code: U256::from(0x11) }.abi_encode().into(), format!("{exception} panic code 0x11")),
        (
            Bytes::from_static(&[1, 2, 3, 4]),
            format!("{exception} an unrecognized custom error (return data: 0x01020304)"),
        ),
    ];
    for (data, words) in words {
        let call = json!({"from": link.account(0), "to": counter, "data": data, "gas": "0x186a0"});
        let (code, message, told) = link.fail("eth_sendTransaction", json!([call])).await;
        assert_eq!((code, &message), (-32603, &words));
        let told = told.unwrap();
        assert_eq!((&told["message"], &told["data"]), (&json!(words), &json!(data)));
        let hash: B256 = serde_json::from_value(told["txHash"].clone()).unwrap();
        assert!(!link.receipt(hash).await.unwrap().status());
    }
    let call = json!({"from": link.account(0), "to": counter, "gas": "0x5300"});
    assert_eq!(link.fail("eth_sendTransaction", json!([call])).await.1, "Transaction ran out of gas");
    assert_eq!(link.provider().get_block_number().await.unwrap(), 5);
    // What succeeds or waits is answered as ever.
    link.count(counter).await;
    link.ask("evm_setAutomine", json!([false])).await;
    let call = json!({"from": link.account(0), "to": counter, "data": "0x01", "gas": "0x186a0"});
    let hash: Value = link.ask("eth_sendTransaction", json!([call])).await;
    link.devnet.mine(1).unwrap();
    assert_eq!(link.ask("eth_getTransactionReceipt", json!([hash])).await["status"], "0x0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_switch_it_answers_with_the_hash() {
    let link = Link::in_process(|_| {}).await;
    let counter = link.deploy_counter().await;
    let call = json!({"from": link.account(0), "to": counter, "data": "0x01", "gas": "0x186a0"});
    let hash: Value = link.ask("eth_sendTransaction", json!([call])).await;
    assert_eq!(link.ask("eth_getTransactionReceipt", json!([hash])).await["status"], "0x0");
}
