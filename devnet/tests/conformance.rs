//! What suites that were written for geth ask: codes, words, nulls and fields that clients have come to rely on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256, hex};
use common::Link;
use serde_json::{Value, json};

const OTHER: Address = Address::repeat_byte(0xc1);

on_both_transports!(
    what_is_not_there_is_null,
    what_is_not_hex_is_refused,
    one_argument_too_many_is_refused,
    blocks_are_named_strictly,
    log_ranges_end_at_the_head,
    fee_history_has_its_bounds,
    blocks_transactions_and_receipts_have_geths_fields,
    filters_start_before_they_end,
);

async fn what_is_not_there_is_null(link: Link) {
    link.transfer(0, 1).await;
    let (hash, future) = (B256::ZERO, "0x1000");
    let head = link.ask("eth_getBlockByNumber", json!(["latest", false])).await["hash"].clone();
    let questions = [
        ("eth_getBlockByHash", json!([hash, false])),
        ("eth_getBlockByNumber", json!([future, true])),
        ("eth_getHeaderByHash", json!([hash])),
        ("eth_getBlockReceipts", json!([future])),
        ("eth_getBlockReceipts", json!([hash])),
        ("eth_getBlockTransactionCountByHash", json!([hash])),
        ("eth_getBlockTransactionCountByNumber", json!([future])),
        ("eth_getUncleCountByBlockHash", json!([hash])),
        ("eth_getUncleCountByBlockNumber", json!([future])),
        ("eth_getUncleByBlockNumberAndIndex", json!(["latest", "0x0"])),
        ("eth_getTransactionByHash", json!([hash])),
        ("eth_getTransactionReceipt", json!([hash])),
        ("eth_getTransactionByBlockHashAndIndex", json!([head, "0x5"])),
        ("eth_getTransactionByBlockHashAndIndex", json!([hash, "0x0"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0xffffffffffffffff"])),
        ("eth_getRawTransactionByHash", json!([hash])),
        ("debug_getRawTransaction", json!([hash])),
        ("trace_block", json!([future])),
        ("trace_transaction", json!([hash])),
    ];
    for (method, params) in questions {
        assert_eq!(link.ask(method, params.clone()).await, Value::Null, "{method} {params}");
    }
    assert_eq!(link.ask("eth_getBlockReceipts", json!(["0x0"])).await, json!([]));
    assert_eq!(link.ask("debug_getRawReceipts", json!(["0x0"])).await, json!([]));
    assert_eq!(link.ask("eth_syncing", json!([])).await, json!(false));
    assert_eq!(link.ask("eth_getStorageAt", json!([OTHER, "0x0", "latest"])).await, json!(B256::ZERO));
    assert_eq!(link.ask("eth_getCode", json!([OTHER, "latest"])).await, "0x");
    for (method, params, expected) in [
        ("debug_getRawBlock", json!([future]), "block not found"),
        ("debug_getRawHeader", json!([hash]), "block not found"),
        ("debug_getRawReceipts", json!([future]), "block not found"),
        ("debug_traceTransaction", json!([hash]), "transaction not found"),
        ("debug_traceCall", json!([{"to": OTHER}, "0xfffffffff"]), "block #68719476735 not found"),
        ("eth_getBalance", json!([OTHER, future]), "header not found"),
        ("eth_getProof", json!([OTHER, [], future]), "header not found"),
        ("eth_getBalance", json!([OTHER, {"blockHash": hash}]), "header not found"),
    ] {
        let (code, message, _) = link.fail(method, params).await;
        assert_eq!((code, message.as_str()), (-32000, expected), "{method}");
    }
}

async fn what_is_not_hex_is_refused(link: Link) {
    let bare = "11".repeat(32);
    let cases = [
        ("debug_getRawTransaction", json!([bare]), "invalid argument 0: hex string without 0x prefix"),
        ("eth_getTransactionByHash", json!([bare]), "invalid argument 0: hex string without 0x prefix"),
        ("eth_getTransactionByHash", json!(["0x12"]), "invalid argument 0: hex string has length 2, want 64"),
        ("eth_getTransactionReceipt", json!(["0x123"]), "invalid argument 0: hex string of odd length"),
        ("eth_getBalance", json!(["c0".repeat(20), "latest"]), "invalid argument 0: hex string without 0x prefix"),
        ("eth_getBalance", json!([format!("0x{}", "zz".repeat(20))]), "invalid argument 0: invalid hex string"),
        (
            "eth_getBalance",
            json!([format!("0x{}", "c0".repeat(21))]),
            "invalid argument 0: hex string has length 42, want 40",
        ),
        ("eth_getBalance", json!([5]), "invalid argument 0: invalid type: integer `5`, expected a string"),
        ("eth_getStorageAt", json!([OTHER, "0xasdf", "latest"]), "unable to decode storage key: hex string invalid"),
        (
            "eth_getStorageAt",
            json!([OTHER, format!("0x{}", "0".repeat(65)), "latest"]),
            "unable to decode storage key: hex string too long, want at most 32 bytes",
        ),
        ("eth_getProof", json!([OTHER, ["0xq"], "latest"]), "unable to decode storage key: hex string invalid"),
        (
            "eth_getTransactionByBlockNumberAndIndex",
            json!(["latest", "1"]),
            "invalid argument 1: hex string without 0x prefix",
        ),
        ("eth_getBlockByNumber", json!(["latest"]), "missing value for required argument 1"),
        (
            "eth_getBlockByNumber",
            json!(["latest", "yes"]),
            "invalid argument 1: invalid type: string \"yes\", expected a boolean",
        ),
    ];
    for (method, params, expected) in cases {
        let (code, message, _) = link.fail(method, params.clone()).await;
        assert_eq!((code, message.as_str()), (-32602, expected), "{method} {params}");
    }
    // A key goes back as it came.
    let full = format!("0x{}1", "0".repeat(63));
    let proof = link.ask("eth_getProof", json!([OTHER, ["0x0", "0x01", full], "latest"])).await;
    let keys: Vec<_> = proof["storageProof"].as_array().unwrap().iter().map(|slot| slot["key"].clone()).collect();
    assert_eq!(keys, [json!("0x0"), json!("0x1"), json!(full)]);
}

async fn one_argument_too_many_is_refused(link: Link) {
    let cases = [
        ("eth_chainId", json!([1]), 0),
        ("net_version", json!(["a"]), 0),
        ("web3_sha3", json!(["0x", "0x"]), 1),
        ("eth_getTransactionReceipt", json!([B256::ZERO, true]), 1),
        ("eth_getBalance", json!([OTHER, "latest", "latest"]), 2),
        ("eth_getStorageAt", json!([OTHER, "0x0", "latest", 1]), 3),
        ("eth_call", json!([{}, "latest", {}, {}, {}]), 4),
        ("eth_sendRawTransactionSync", json!(["0x", "0x1", 1]), 2),
        ("debug_traceTransaction", json!([B256::ZERO, {}, {}]), 2),
    ];
    for (method, params, most) in cases {
        let (code, message, _) = link.fail(method, params).await;
        assert_eq!((code, message), (-32602, format!("too many arguments, want at most {most}")), "{method}");
    }
}

async fn blocks_are_named_strictly(link: Link) {
    link.transfer(0, 1).await;
    let hash = link.ask("eth_getBlockByNumber", json!(["latest", false])).await["hash"].clone();
    for id in [
        json!("latest"),
        json!("pending"),
        json!("safe"),
        json!("finalized"),
        json!("earliest"),
        json!("0x1"),
        json!({"blockNumber": "0x1"}),
        json!({"blockHash": hash}),
        json!({"blockHash": hash, "requireCanonical": true}),
        hash,
        Value::Null,
    ] {
        link.ask("eth_getBalance", json!([OTHER, id])).await;
    }
    for (id, expected) in [
        (json!("1"), "hex string without 0x prefix"),
        (json!("0x"), "hex string \"0x\""),
        (json!("0x01"), "hex number with leading zero digits"),
        (json!("0x1ffffffffffffffff"), "hex number > 64 bits"),
        (json!("0xzz"), "invalid hex string"),
        (json!("newest"), "hex string without 0x prefix"),
        (json!(1), "invalid type: integer `1`, expected a string"),
    ] {
        let (code, message, _) = link.fail("eth_getBalance", json!([OTHER, id])).await;
        assert_eq!((code, message), (-32602, format!("invalid argument 1: {expected}")), "{id}");
    }
}

async fn log_ranges_end_at_the_head(link: Link) {
    for _ in 0..3 {
        link.transfer(0, 1).await;
    }
    for filter in [json!({}), json!({"fromBlock": "0x0", "toBlock": "0x3"}), json!({"address": null, "topics": null})] {
        assert_eq!(link.ask("eth_getLogs", json!([filter])).await, json!([]), "{filter}");
    }
    let (beyond, backwards) = ("block range extends beyond current head block", "invalid block range params");
    for (filter, expected) in [
        (json!({"fromBlock": "0x8", "toBlock": "0xa"}), beyond),
        (json!({"fromBlock": "0x2", "toBlock": "0x8"}), beyond),
        (json!({"fromBlock": "0x8", "toBlock": "latest"}), backwards),
        (json!({"fromBlock": "0x3", "toBlock": "0x2"}), backwards),
        (json!({"fromBlock": "0xa", "toBlock": "0x8"}), backwards),
        (json!({"fromBlock": "latest", "toBlock": "0x2"}), backwards),
    ] {
        let (code, message, _) = link.fail("eth_getLogs", json!([filter])).await;
        assert_eq!((code, message.as_str()), (-32602, expected), "{filter}");
    }
    let both = json!({"blockHash": B256::ZERO, "fromBlock": "0x0", "toBlock": "0x1"});
    let (code, message, _) = link.fail("eth_getLogs", json!([both])).await;
    assert_eq!(code, -32602);
    assert!(message.contains("cannot specify both"), "{message}");
}

async fn filters_start_before_they_end(link: Link) {
    let backwards = json!({"fromBlock": "0x5", "toBlock": "0x2"});
    assert_eq!(link.fail("eth_newFilter", json!([backwards])).await.1, "invalid block range params");
    link.ask("eth_newFilter", json!([{"fromBlock": "0x0", "toBlock": "0x99"}])).await;
}

async fn fee_history_has_its_bounds(link: Link) {
    link.transfer(0, 1).await;
    let nothing = link.ask("eth_feeHistory", json!(["0x0", "latest", [50]])).await;
    assert_eq!(nothing, json!({"oldestBlock": "0x0", "gasUsedRatio": []}));
    for none in [json!([]), Value::Null] {
        let history = link.ask("eth_feeHistory", json!(["0x1", "latest", none])).await;
        assert_eq!((&history["reward"], &history["oldestBlock"]), (&Value::Null, &json!("0x1")), "{none}");
    }
    let all = link.ask("eth_feeHistory", json!(["0x400", "latest", [1, 99]])).await;
    assert_eq!(all["oldestBlock"], "0x0");
    let lengths = ["baseFeePerGas", "baseFeePerBlobGas", "gasUsedRatio", "blobGasUsedRatio", "reward"]
        .map(|field| all[field].as_array().unwrap().len());
    assert_eq!(lengths, [3, 3, 2, 2, 2]);
    assert_eq!(all["reward"][0], json!(["0x0", "0x0"]), "a block without transactions");
    for (percentiles, expected) in [
        (json!([101]), "invalid reward percentile: 101.000000"),
        (json!([-1]), "invalid reward percentile: -1.000000"),
        (json!([99, 1]), "invalid reward percentile: #0:99.000000 >= #1:1.000000"),
        (json!(vec![50; 101]), "over the query limit 100"),
    ] {
        let (code, message, _) = link.fail("eth_feeHistory", json!(["0x1", "latest", percentiles])).await;
        assert_eq!((code, message.as_str()), (-32000, expected));
    }
}

fn fields(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn blocks_transactions_and_receipts_have_geths_fields(link: Link) {
    let hash = link.transfer(0, 1).await;
    let block = link.ask("eth_getBlockByNumber", json!(["latest", true])).await;
    let expected = "baseFeePerGas blobGasUsed difficulty excessBlobGas extraData gasLimit gasUsed hash logsBloom miner mixHash \
                    nonce number parentBeaconBlockRoot parentHash receiptsRoot requestsHash sha3Uncles size stateRoot \
                    timestamp transactions transactionsRoot uncles withdrawals withdrawalsRoot";
    assert_eq!(fields(&block), expected.split_whitespace().collect());
    let expected = "accessList blockHash blockNumber blockTimestamp chainId from gas gasPrice hash input maxFeePerGas \
                    maxPriorityFeePerGas nonce r s to transactionIndex type v value yParity";
    assert_eq!(fields(&block["transactions"][0]), expected.split_whitespace().collect());
    let receipt = link.ask("eth_getTransactionReceipt", json!([hash])).await;
    let expected = "blockHash blockNumber contractAddress cumulativeGasUsed effectiveGasPrice from gasUsed logs logsBloom \
                    status to transactionHash transactionIndex type";
    assert_eq!(fields(&receipt), expected.split_whitespace().collect());
    assert_eq!(receipt["contractAddress"], Value::Null);
    assert_eq!(link.ask("eth_getBlockReceipts", json!(["latest"])).await, json!([receipt]));
    for (method, id) in [
        ("eth_getTransactionByBlockHashAndIndex", &block["hash"]),
        ("eth_getTransactionByBlockNumberAndIndex", &block["number"]),
    ] {
        assert_eq!(link.ask(method, json!([id, "0x0"])).await, block["transactions"][0]);
    }
    let account = link.ask("eth_getProof", json!([OTHER, ["0x0"], "latest"])).await;
    let expected = "accountProof address balance codeHash nonce storageHash storageProof";
    assert_eq!(fields(&account), expected.split_whitespace().collect());
    assert_eq!(account["storageProof"], json!([{"key": "0x0", "value": "0x0", "proof": []}]));
    assert_eq!(account["balance"], "0x0");
    let header = link.ask("eth_getHeaderByNumber", json!(["latest"])).await;
    let beyond_a_header = ["transactions", "uncles", "withdrawals"];
    let mut expected = fields(&block);
    expected.retain(|field| !beyond_a_header.contains(field));
    assert_eq!(fields(&header), expected);
    let raw = link.ask("debug_getRawHeader", json!(["latest"])).await;
    let raw = hex::decode(raw.as_str().unwrap()).unwrap();
    assert_eq!(json!(alloy::primitives::keccak256(raw)), block["hash"]);
}
