//! `console.log` in contracts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use alloy::{
    primitives::{Address, Bytes, U256, hex},
    sol,
    sol_types::SolCall,
};
use common::Link;
use infera_devnet::{Config, Console};
use parking_lot::Mutex;
use serde_json::json;

sol! {
    function log(string, uint256) external;
}

/// What was written, and a change of the configuration that collects it.
fn collector() -> (Arc<Mutex<Vec<String>>>, impl FnOnce(&mut Config)) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    (lines, move |config: &mut Config| {
        config.console = Some(Console::new(move |line| kept.lock().push(line.to_owned())));
    })
}

/// Code that calls the console with `log("made", number)`, then stops, or reverts if the call comes with data.
fn writing_code(number: u64) -> Bytes {
    let call = logCall { _0: "made".to_owned(), _1: U256::from(number) }.abi_encode();
    let length = call.len();
    // The code is 0x23 bytes long; the call lies behind it. Without data it jumps over the revert.
    let runtime = format!("60{length:02x}60235f395f5f60{length:02x}5f6a636f6e736f6c652e6c6f675afa36156021575f5ffd5b00");
    let code = [hex::decode(runtime).unwrap(), call].concat();
    let mut init = hex::decode(format!("60{:02x}600a5f3960{:02x}5ff3", code.len(), code.len())).unwrap();
    init.extend(code);
    init.into()
}

async fn deploy(link: &Link, code: Bytes) -> Address {
    let hash = link.ask("eth_sendTransaction", json!([{"from": link.account(0), "data": code}])).await;
    link.receipt(serde_json::from_value(hash).unwrap()).await.unwrap().contract_address.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_writes_once_before_its_sender_has_the_hash() {
    let (lines, collect) = collector();
    let link = Link::http(collect).await;
    let writer = deploy(&link, writing_code(7)).await;
    assert!(lines.lock().is_empty());
    let call = json!([{"from": link.account(0), "to": writer}]);
    link.ask("eth_sendTransaction", call.clone()).await;
    assert_eq!(*lines.lock(), ["made 7"]);
    link.ask("eth_call", call).await;
    assert_eq!(lines.lock().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_revert_is_shown() {
    let (lines, collect) = collector();
    let link = Link::in_process(collect).await;
    let writer = deploy(&link, writing_code(8)).await;
    let call = json!([{"from": link.account(0), "to": writer, "data": "0x01"}]);
    assert_eq!(link.fail("eth_call", call.clone()).await.0, 3);
    assert_eq!(std::mem::take(&mut *lines.lock()), ["made 8"]);
    // The estimate fails, so it is never sent.
    assert_eq!(link.fail("eth_sendTransaction", call).await.0, 3);
    assert_eq!(std::mem::take(&mut *lines.lock()), ["made 8"]);
    let call = json!([{"from": link.account(0), "to": writer, "data": "0x01", "gas": "0x186a0"}]);
    link.ask("eth_sendTransaction", call).await;
    assert_eq!(*lines.lock(), ["made 8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_writes_in_the_order_of_its_transactions() {
    let (lines, collect) = collector();
    let link = Link::in_process(collect).await;
    let (first, second) = (deploy(&link, writing_code(1)).await, deploy(&link, writing_code(2)).await);
    link.ask("evm_setAutomine", json!([false])).await;
    for writer in [second, first, second] {
        link.ask("eth_sendTransaction", json!([{"from": link.account(0), "to": writer, "gas": "0x186a0"}])).await;
    }
    assert!(lines.lock().is_empty());
    link.devnet.mine(1).unwrap();
    assert_eq!(*lines.lock(), ["made 2", "made 1", "made 2"]);
}
