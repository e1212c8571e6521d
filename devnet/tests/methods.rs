//! Methods beside the common ones: what Foundry, Hardhat and explorers ask for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::str::FromStr;

use alloy::{
    primitives::{Address, B256, Bytes, U256, hex, keccak256},
    providers::{Provider, ext::AnvilApi},
    rpc::types::TransactionRequest,
    sol_types::SolValue,
};
use common::Link;
use infera_devnet::EthereumHardfork;
use serde_json::{Value, json};

on_both_transports!(
    an_account_is_told_whole,
    a_transaction_is_found_by_sender_and_nonce,
    waiting_transactions_are_told_by_sender,
    an_unsigned_transaction_is_sent_for_anyone,
    a_synchronous_send_signs_too,
    balances_are_added_to,
    tokens_are_dealt,
    another_chain_id_counts_at_once,
    forks_are_told_as_eip_7910_has_it,
);

async fn an_account_is_told_whole(link: Link) {
    let counter = link.deploy_counter().await;
    link.count(counter).await;
    let proof = link.ask("eth_getProof", json!([counter, []])).await;
    let account = link.ask("eth_getAccount", json!([counter, "latest"])).await;
    assert_eq!((&account["storageRoot"], &account["codeHash"]), (&proof["storageHash"], &proof["codeHash"]));
    assert_eq!((&account["nonce"], &account["balance"]), (&json!("0x1"), &json!("0x0")));
    let info = link.ask("eth_getAccountInfo", json!([counter, "latest"])).await;
    let code = link.ask("eth_getCode", json!([counter])).await;
    assert_eq!(info, json!({"balance": "0x0", "nonce": "0x1", "code": code}));
    assert_eq!(link.ask("debug_codeByHash", json!([account["codeHash"]])).await, code);
    assert_eq!(link.ask("debug_codeByHash", json!([B256::ZERO])).await, Value::Null);
    let values = link.ask("eth_getStorageValues", json!([{counter.to_string(): ["0x0", "0x1"]}, "latest"])).await;
    let counter_key = format!("{counter:#x}");
    assert_eq!(values, json!({&counter_key: [B256::with_last_byte(1), B256::ZERO]}));
    let before = link.ask("eth_getStorageValues", json!([{counter.to_string(): ["0x0"]}, "0x1"])).await;
    assert_eq!(before, json!({counter_key: [B256::ZERO]}));
}

async fn a_transaction_is_found_by_sender_and_nonce(link: Link) {
    let first = link.transfer(0, 1).await;
    link.transfer(0, 1).await;
    link.ask("evm_setAutomine", json!([false])).await;
    let waiting = link.transfer(0, 1).await;
    let find = async |nonce: &str| {
        link.ask("eth_getTransactionBySenderAndNonce", json!([link.account(0), nonce])).await["hash"].clone()
    };
    assert_eq!(find("0x0").await, json!(first));
    assert_eq!(find("0x2").await, json!(waiting));
    assert_eq!(find("0x3").await, Value::Null);
    let raw = link.ask("eth_getRawTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"])).await;
    assert_eq!(keccak256(serde_json::from_value::<Bytes>(raw).unwrap()), first);
    let hash = link.ask("eth_getBlockByNumber", json!(["0x1", false])).await["hash"].clone();
    assert_eq!(link.ask("eth_getRawTransactionByBlockHashAndIndex", json!([hash, "0x1"])).await, Value::Null);
}

async fn waiting_transactions_are_told_by_sender(link: Link) {
    link.ask("evm_setAutomine", json!([false])).await;
    let (ours, theirs) = (link.transfer(0, 1).await, link.transfer(1, 0).await);
    let content = link.ask("txpool_contentFrom", json!([link.account(0)])).await;
    assert_eq!((&content["pending"]["0"]["hash"], &content["queued"]), (&json!(ours), &json!({})));
    assert_eq!(content["pending"].as_object().unwrap().len(), 1);
    let pending = link.ask("eth_pendingTransactions", json!([])).await;
    let mut hashes: Vec<_> =
        pending.as_array().unwrap().iter().map(|transaction| transaction["hash"].clone()).collect();
    hashes.sort_by_key(|hash| *hash == json!(theirs));
    assert_eq!(hashes, [json!(ours), json!(theirs)]);
    assert_eq!(link.ask("txpool_contentFrom", json!([Address::ZERO])).await, json!({"pending": {}, "queued": {}}));
}

async fn an_unsigned_transaction_is_sent_for_anyone(link: Link) {
    let stranger = Address::repeat_byte(0x77);
    link.provider().anvil_set_balance(stranger, U256::from(10u64.pow(18))).await.unwrap();
    let request = json!([{"from": stranger, "to": link.account(1), "value": "0x5"}]);
    assert!(link.fail("eth_sendTransaction", request.clone()).await.1.starts_with("unknown account"));
    let hash = serde_json::from_value(link.ask("eth_sendUnsignedTransaction", request).await).unwrap();
    let receipt = link.receipt(hash).await.unwrap();
    assert!(receipt.status() && receipt.from == stranger);
}

async fn a_synchronous_send_signs_too(link: Link) {
    let request = json!([{"from": link.account(0), "to": link.account(1), "value": "0x5"}]);
    let receipt = link.ask("eth_sendTransactionSync", request).await;
    assert_eq!((&receipt["status"], &receipt["blockNumber"]), (&json!("0x1"), &json!("0x1")));
}

async fn balances_are_added_to(link: Link) {
    let someone = Address::repeat_byte(0x55);
    link.ask("tenderly_setBalance", json!([someone, "0x10"])).await;
    link.ask("hardhat_addBalance", json!([someone, "0x5"])).await;
    assert_eq!(link.balance(someone).await, U256::from(0x15));
    link.ask("anvil_addBalance", json!([someone, U256::MAX])).await;
    assert_eq!(link.balance(someone).await, U256::MAX);
}

/// A token that keeps balances and allowances in mappings in slots 3 and 4, and reads slot 0 before it answers.
fn token_code() -> Bytes {
    let mapped = "60405f20";
    let answer = "545f5260205ff3";
    let runtime = [
        "5f5450",               // read slot 0
        "5f3560e01c",           // the selector
        "806370a0823114601e57", // balanceOf?
        "63dd62ed3e14603557",   // allowance?
        "5f5ffd",
        "5b506004355f526003602052", // the owner under slot 3
        mapped,
        answer,
        "5b6004355f526004602052", // the owner under slot 4
        mapped,
        "6020526024355f52", // the spender under that
        mapped,
        answer,
    ]
    .concat();
    let length = runtime.len() / 2;
    hex::decode(format!("60{length:02x}600a5f3960{length:02x}5ff3{runtime}")).unwrap().into()
}

async fn tokens_are_dealt(link: Link) {
    let owner = Address::repeat_byte(0x44);
    let deploy = TransactionRequest::default().from(link.account(0)).input(token_code().into());
    let deploy = TransactionRequest { to: Some(alloy::primitives::TxKind::Create), ..deploy };
    let hash = serde_json::from_value(link.ask("eth_sendTransaction", json!([deploy])).await).unwrap();
    let token = link.receipt(hash).await.unwrap().contract_address.unwrap();
    let ask = async |selector: &str, arguments: Vec<u8>| {
        let data = Bytes::from([hex::decode(selector).unwrap(), arguments].concat());
        U256::from_str(link.ask("eth_call", json!([{"to": token, "data": data}])).await.as_str().unwrap()).unwrap()
    };
    link.ask("anvil_dealERC20", json!([owner, token, "0x64"])).await;
    assert_eq!(ask("70a08231", owner.abi_encode()).await, U256::from(100));
    link.ask("tenderly_setErc20Balance", json!([owner, token, "0x7"])).await;
    assert_eq!(ask("70a08231", owner.abi_encode()).await, U256::from(7));
    let spender = link.account(3);
    link.ask("anvil_setERC20Allowance", json!([owner, spender, token, "0x9"])).await;
    assert_eq!(ask("dd62ed3e", (owner, spender).abi_encode()).await, U256::from(9));
    assert_eq!(ask("dd62ed3e", (spender, owner).abi_encode()).await, U256::ZERO);
}

async fn another_chain_id_counts_at_once(link: Link) {
    link.provider().anvil_set_chain_id(99).await.unwrap();
    assert_eq!(link.provider().get_chain_id().await.unwrap(), 99);
    let hash = link.transfer(0, 1).await;
    assert_eq!(link.ask("eth_getTransactionByHash", json!([hash])).await["chainId"], "0x63");
}

async fn forks_are_told_as_eip_7910_has_it(link: Link) {
    let config = link.ask("eth_config", json!([])).await;
    assert_eq!((&config["next"], &config["last"]), (&Value::Null, &Value::Null));
    let current = &config["current"];
    assert_eq!((&current["chainId"], &current["activationTime"]), (&json!("0x7a69"), &json!(0)));
    assert_eq!(current["blobSchedule"]["max"], 9);
    let precompiles = current["precompiles"].as_object().unwrap();
    assert_eq!(precompiles.len(), 18);
    assert_eq!(precompiles["P256VERIFY"], "0x0000000000000000000000000000000000000100");
    assert_eq!(
        current["systemContracts"]["HISTORY_STORAGE_ADDRESS"],
        json!(alloy::eips::eip2935::HISTORY_STORAGE_ADDRESS)
    );
    // With all forks in force from the start, the id is the checksum of the genesis hash.
    let genesis = link.provider().get_block_by_number(0.into()).await.unwrap().unwrap().header.hash;
    let id = alloy::eips::eip2124::ForkHash::from(genesis);
    assert_eq!(current["forkId"], hex::encode_prefixed(id.0));
}

#[tokio::test]
async fn an_earlier_fork_is_told_with_what_it_has() {
    let link = Link::in_process(|config| config.hardfork = EthereumHardfork::Cancun).await;
    let config = link.ask("eth_config", json!([])).await;
    assert_eq!(config["current"]["precompiles"].as_object().unwrap().len(), 10);
    assert_eq!(config["current"]["systemContracts"].as_object().unwrap().len(), 1);
    let link = Link::in_process(|config| config.hardfork = EthereumHardfork::Shanghai).await;
    assert_eq!(link.fail("eth_config", json!([])).await.0, -32000);
}
