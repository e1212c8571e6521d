//! What a block explorer asks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::primitives::{Address, B256, U64, U256, hex, utils::Unit};
use common::{Link, all_forks};
use serde_json::{Value, json};

on_both_transports!(
    an_explorer_is_told_what_a_transaction_did,
    an_explorer_finds_transactions_by_account,
    a_block_is_told_with_its_fees_and_in_pages,
    a_contract_has_a_creator,
);

/// Hands the coins it gets on to development account 1.
async fn deploy_forwarder(link: &Link) -> Address {
    let runtime = format!("5f5f5f5f3473{}5af100", hex::encode(link.account(1)));
    let length = runtime.len() / 2;
    let init = format!("0x60{length:02x}600a5f3960{length:02x}5ff3{runtime}");
    let hash = link.ask("eth_sendTransaction", json!([{"from": link.account(0), "data": init}])).await;
    let receipt = link.ask("eth_getTransactionReceipt", json!([hash])).await;
    serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
}

async fn send(link: &Link, to: Address, value: &str, data: &str) -> Value {
    let call = json!({"from": link.account(0), "to": to, "value": value, "data": data, "gas": "0x30000"});
    link.ask("eth_sendTransaction", json!([call])).await
}

async fn an_explorer_is_told_what_a_transaction_did(link: Link) {
    assert_eq!(link.ask("ots_getApiLevel", json!([])).await, json!(8));
    let (sender, receiver) = (link.account(0), link.account(1));
    let forwarder = deploy_forwarder(&link).await;
    let counter = link.deploy_counter().await;
    let forwarded = send(&link, forwarder, "0x7", "0x").await;
    let failed = send(&link, counter, "0x0", "0x1234").await;

    let operations = link.ask("ots_getInternalOperations", json!([forwarded])).await;
    assert_eq!(operations, json!([{"type": 0, "from": forwarder, "to": receiver, "value": "0x7"}]));
    let tree = link.ask("ots_traceTransaction", json!([forwarded])).await;
    let call = |depth: u64, from: Address, to: Address| json!({"type": "CALL", "depth": depth, "from": from, "to": to, "value": "0x7", "input": "0x", "output": "0x"});
    assert_eq!(tree, json!([call(0, sender, forwarder), call(1, forwarder, receiver)]));
    assert_eq!(link.ask("ots_getTransactionError", json!([failed])).await, "0x1234");
    assert_eq!(link.ask("ots_getTransactionError", json!([forwarded])).await, "0x");
    assert_eq!(link.fail("ots_getInternalOperations", json!([B256::ZERO])).await.1, "transaction not found");

    for (account, at, expected) in [(forwarder, "latest", true), (forwarder, "0x0", false), (sender, "latest", false)] {
        assert_eq!(link.ask("ots_hasCode", json!([account, at])).await, json!(expected));
    }
}

async fn an_explorer_finds_transactions_by_account(link: Link) {
    let forwarder = deploy_forwarder(&link).await;
    let mut sent = Vec::new();
    for value in ["0x1", "0x2", "0x3"] {
        sent.push(send(&link, forwarder, value, "0x").await);
    }
    let hashes = |page: &Value| -> Vec<Value> {
        page["txs"].as_array().unwrap().iter().map(|transaction| transaction["hash"].clone()).collect()
    };
    // The receiver is named by no transaction, but by the calls within.
    let newest = link.ask("ots_searchTransactionsBefore", json!([link.account(1), 0, 2])).await;
    assert_eq!(hashes(&newest), [sent[2].clone(), sent[1].clone()]);
    assert_eq!((&newest["firstPage"], &newest["lastPage"]), (&json!(true), &json!(false)));
    assert_eq!(newest["receipts"].as_array().unwrap().len(), 2);
    assert_eq!((&newest["receipts"][0]["logs"], &newest["receipts"][0]["transactionHash"]), (&Value::Null, &sent[2]));
    let rest = link.ask("ots_searchTransactionsBefore", json!([link.account(1), 3, 25])).await;
    assert_eq!(hashes(&rest), [sent[0].clone()]);
    assert_eq!((&rest["firstPage"], &rest["lastPage"]), (&json!(false), &json!(true)));
    let oldest = link.ask("ots_searchTransactionsAfter", json!([link.account(1), 0, 2])).await;
    assert_eq!(hashes(&oldest), [sent[1].clone(), sent[0].clone()]);
    assert_eq!((&oldest["firstPage"], &oldest["lastPage"]), (&json!(false), &json!(true)));
    let later = link.ask("ots_searchTransactionsAfter", json!([link.account(1), 3, 2])).await;
    assert_eq!(hashes(&later), [sent[2].clone()]);
    assert_eq!((&later["firstPage"], &later["lastPage"]), (&json!(true), &json!(false)));
    let nobody = link.ask("ots_searchTransactionsBefore", json!([Address::repeat_byte(9), 0, 25])).await;
    assert_eq!(nobody, json!({"txs": [], "receipts": [], "firstPage": true, "lastPage": true}));
    for nonce in [json!(2), json!("0x2")] {
        let found = link.ask("ots_getTransactionBySenderAndNonce", json!([link.account(0), nonce])).await;
        assert_eq!(found, sent[1]);
    }
    assert_eq!(link.ask("ots_getTransactionBySenderAndNonce", json!([link.account(0), 9])).await, Value::Null);
}

async fn a_block_is_told_with_its_fees_and_in_pages(link: Link) {
    link.ask("evm_setAutomine", json!([false])).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(link.transfer(0, 1).await);
    }
    link.devnet.mine(1).unwrap();
    let details = link.ask("ots_getBlockDetails", json!(["0x1"])).await;
    let receipts = link.ask("eth_getBlockReceipts", json!(["0x1"])).await;
    let quantity = |value: &Value| -> U256 { serde_json::from_value(value.clone()).unwrap() };
    let fee = |receipt: &Value| quantity(&receipt["gasUsed"]) * quantity(&receipt["effectiveGasPrice"]);
    assert_eq!(quantity(&details["totalFees"]), receipts.as_array().unwrap().iter().map(fee).sum::<U256>());
    assert_eq!(details["block"]["transactionCount"], 5);
    assert_eq!(details["block"].get("transactions"), None);
    assert_eq!(details["issuance"], json!({"blockReward": "0x0", "uncleReward": "0x0", "issuance": "0x0"}));
    let hash = &details["block"]["hash"];
    assert_eq!(link.ask("ots_getBlockDetailsByHash", json!([hash])).await, details);
    assert_eq!(link.ask("ots_getBlockDetails", json!(["0x9"])).await, Value::Null);

    // Pages count from the back.
    for (number, page, expected) in
        [(json!("0x1"), 0, &sent[3..]), (json!(1), 1, &sent[1..3]), (json!(1), 2, &sent[..1])]
    {
        let found = link.ask("ots_getBlockTransactions", json!([number, page, 2])).await;
        let transactions = found["fullblock"]["transactions"].as_array().unwrap();
        let hashes: Vec<Value> = transactions.iter().map(|transaction| transaction["hash"].clone()).collect();
        assert_eq!(json!(hashes), json!(expected), "page {page}");
        assert_eq!(found["fullblock"]["transactionCount"], 5);
        let receipts = found["receipts"].as_array().unwrap();
        assert_eq!(receipts.len(), expected.len());
        assert_eq!(receipts[0]["transactionHash"], json!(expected[0]));
    }
}

async fn a_contract_has_a_creator(link: Link) {
    let forwarder = deploy_forwarder(&link).await;
    link.transfer(0, 1).await;
    let creation = link.ask("eth_getBlockByNumber", json!(["0x1", false])).await["transactions"][0].clone();
    let creator = link.ask("ots_getContractCreator", json!([forwarder])).await;
    assert_eq!(creator, json!({"hash": creation, "creator": link.account(0)}));
    assert_eq!(link.ask("ots_getContractCreator", json!([link.account(0)])).await, Value::Null);
}

#[tokio::test]
async fn what_a_block_of_work_makes_is_traced() {
    let link = Link::in_process(|config| config.genesis = Some(all_forks())).await;
    link.ask("anvil_setBlockTimestampInterval", json!([10])).await;
    let miner = Address::repeat_byte(0x77);
    link.ask("anvil_setCoinbase", json!([miner])).await;
    link.devnet.mine(45).unwrap();
    // Five coins, three from Byzantium on, two from Constantinople on, none after the merge.
    for (number, coins) in [(1u64, 5u64), (15, 3), (22, 2), (41, 0)] {
        let traces = link.ask("trace_block", json!([U64::from(number)])).await;
        let value = U256::from(coins) * Unit::ETHER.wei();
        if coins == 0 {
            assert_eq!(traces, json!([]));
        } else {
            let action = json!({"author": miner, "rewardType": "block", "value": value});
            assert_eq!((&traces[0]["action"], &traces[0]["type"]), (&action, &json!("reward")), "block {number}");
            assert_eq!(traces[0]["transactionHash"], Value::Null);
        }
        let details = link.ask("ots_getBlockDetails", json!([U64::from(number)])).await;
        assert_eq!(details["issuance"]["issuance"], json!(value), "block {number}");
    }
    assert_eq!(link.ask("trace_block", json!(["0x0"])).await, json!([]));
    let filter = json!({"fromBlock": "0x1", "toBlock": "0x5", "toAddress": [miner]});
    assert_eq!(link.ask("trace_filter", json!([filter])).await.as_array().unwrap().len(), 5);
}
