//! What a client can do wrong, and what it is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::primitives::Address;
use common::Link;
use infera_devnet::{Config, Devnet, Error, EthereumHardfork};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const ZERO: Address = Address::ZERO;

on_both_transports!(wrong_parameters_are_named, unknown_methods_are_told, what_fails_is_told_in_geths_words);

async fn what_fails_is_told_in_geths_words(link: Link) {
    let (account, other) = (link.account(0), Address::repeat_byte(0x12));
    let cases = [
        ("eth_sendRawTransaction", json!(["0x"]), "typed transaction too short"),
        ("eth_sendRawTransaction", json!(["0x02"]), "typed transaction too short"),
        ("eth_sendRawTransaction", json!(["0x7fc0"]), "transaction type not supported"),
        ("eth_sendRawTransaction", json!(["0x80"]), "rlp: expected input list for types.LegacyTx"),
        ("eth_sendRawTransaction", json!(["0xc0"]), "rlp: "),
        ("eth_sendRawTransaction", json!(["0x02c0"]), "rlp: "),
        ("eth_sendTransaction", json!([{"from": other, "to": other}]), "unknown account"),
        ("eth_sendTransaction", json!([{"from": account}]), "contract creation without any data provided"),
        (
            "eth_sendTransaction",
            json!([{"from": account, "to": other, "chainId": "0x5"}]),
            "chainId does not match node's (have=5, want=31337)",
        ),
        ("eth_call", json!([{"to": other}, "0x99"]), "header not found"),
        ("eth_getLogs", json!([{"blockHash": alloy::primitives::B256::ZERO}]), "unknown block"),
        ("eth_getFilterChanges", json!(["0x99"]), "filter not found"),
        ("eth_getFilterChanges", json!([format!("0x{}", "ab".repeat(16))]), "filter not found"),
        ("debug_getRawBlock", json!(["0x99"]), "block not found"),
        ("debug_traceBlockByNumber", json!(["0x99"]), "block #153 not found"),
        ("debug_traceBlockByNumber", json!(["0x0"]), "genesis is not traceable"),
        ("debug_traceBlock", json!(["0x1234"]), "could not decode block: rlp: "),
        ("debug_traceCall", json!([{"to": other}, "latest", {"tracer": "{step() {}}"}]), "no such tracer is built in"),
        ("hardhat_setMinGasPrice", json!(["0x1"]), "hardhat_setMinGasPrice is not supported when EIP-1559 is active"),
        ("anvil_dealERC20", json!([other, account, "0x1"]), "no storage slot of "),
    ];
    for (method, params, expected) in cases {
        let (code, message, _) = link.fail(method, params.clone()).await;
        assert_eq!(code, -32000, "{method} {params}: {message}");
        assert!(message.starts_with(expected), "{method} {params}: {message}");
    }
    assert_eq!(link.devnet.head().number, 0);
}

async fn wrong_parameters_are_named(link: Link) {
    let cases = [
        ("eth_getBalance", json!([]), "missing value for required argument 0"),
        ("eth_getBalance", json!(["0x12"]), "invalid argument 0: "),
        ("eth_getBalance", json!([[], "latest"]), "invalid argument 0: "),
        ("eth_getBlockByNumber", json!(["0xzz", false]), "invalid argument 0: "),
        ("eth_getBlockByHash", json!(["0x12", false]), "invalid argument 0: "),
        (
            "eth_getStorageAt",
            json!([ZERO, format!("0x{}", "f".repeat(70))]),
            "unable to decode storage key: hex string too",
        ),
        ("eth_sendRawTransaction", json!([5]), "invalid argument 0: "),
        ("eth_sendRawTransaction", json!(["1234"]), "invalid argument 0: hex string without 0x prefix"),
        ("eth_sendRawTransaction", json!(["0x123"]), "invalid argument 0: hex string of odd length"),
        ("eth_sendRawTransaction", json!(["0xzz"]), "invalid argument 0: invalid hex string"),
        ("eth_getProof", json!([ZERO, vec!["0x0"; 1025], "latest"]), "too many slots (requested 1025, max 1024)"),
        ("eth_call", json!(["latest"]), "invalid argument 0: "),
        ("eth_getLogs", json!([{"fromBlock": "latest", "blockHash": 7}]), "invalid argument 0: "),
        ("evm_increaseTime", json!(["0xffffffffffffffffff"]), "invalid argument 0: "),
        ("anvil_setBalance", json!([ZERO]), "missing value for required argument 1"),
        (
            "anvil_mine",
            json!(["0xffffffffff"]),
            "1099511627775 blocks are too many for one request; ask for 100000 at a time",
        ),
        ("evm_mine", json!([{"blocks": 100_001}]), "100001 blocks are too many for one request"),
        (
            "anvil_setNextBlockBaseFeePerGas",
            json!(["0xffffffffffffffff"]),
            "invalid argument 0: 18446744073709551615 is more than",
        ),
    ];
    for (method, params, expected) in cases {
        let (code, message, _) = link.fail(method, params.clone()).await;
        assert_eq!(code, -32602, "{method} {params}: {message}");
        assert!(message.starts_with(expected), "{method} {params}: {message}");
    }
    assert_eq!(link.devnet.head().number, 0);
}

async fn unknown_methods_are_told(link: Link) {
    for method in ["eth_nothing", "anvil_nothing", "nothing", ""] {
        let (code, message, _) = link.fail(method, json!([])).await;
        assert_eq!(code, -32601);
        assert_eq!(message, format!("the method {method} does not exist/is not available"));
    }
    // No transport without a channel back carries subscriptions.
    assert_eq!(link.fail("eth_subscribe", json!(["newHeads"])).await.0, -32601);
}

/// POSTs `body` as it is.
async fn post(link: &Link, body: &str) -> String {
    let address = link.server.as_ref().unwrap().local_addr();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST / HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

#[tokio::test]
async fn what_is_no_request_gets_the_code_of_the_specification() {
    let link = Link::http(|_| {}).await;
    let error = |text: &str| -> i64 {
        let response: Value = serde_json::from_str(text).unwrap();
        assert_eq!((&response["jsonrpc"], &response["id"]), (&json!("2.0"), &Value::Null), "{text}");
        response["error"]["code"].as_i64().unwrap()
    };
    // What can be read of it is answered under its id.
    let nearly = [
        r#"{"id": 7, "method": "eth_chainId"}"#,
        r#"{"jsonrpc": "1.0", "id": 7, "method": "eth_chainId"}"#,
        r#"{"jsonrpc": "2.0", "id": 7}"#,
        r#"{"jsonrpc": "2.0", "id": 7, "method": 5}"#,
    ];
    for request in nearly {
        let response: Value = serde_json::from_str(&post(&link, request).await).unwrap();
        assert_eq!(
            response,
            json!({"jsonrpc": "2.0", "id": 7, "error": {"code": -32600, "message": "invalid request"}})
        );
    }
    for broken in ["", "{", "[1,", "nonsense", "{\"jsonrpc\": \"2.0\", \"id\": 1"] {
        assert_eq!(error(&post(&link, broken).await), -32700, "{broken:?}");
    }
    for strange in ["5", "{}", "[]", "null", "\"eth_chainId\"", "{\"id\": {}}", "[]"] {
        assert_eq!(error(&post(&link, strange).await), -32600, "{strange:?}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(error(&post(&link, &deep).await), -32700);
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_notifications_are_not() {
    let link = Link::http(|_| {}).await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "method": "evm_mine"},
        {"jsonrpc": "2.0", "id": "two", "method": "eth_blockNumber", "params": []},
        {"jsonrpc": "2.0", "id": 3, "method": "eth_nothing", "params": []},
        7,
    ]);
    let answers: Value = serde_json::from_str(&post(&link, &batch.to_string()).await).unwrap();
    assert_eq!(
        answers,
        json!([
            {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"},
            {"jsonrpc": "2.0", "id": "two", "result": "0x1"},
            {"jsonrpc": "2.0", "id": 3, "error": {"code": -32601, "message": "the method eth_nothing does not exist/is not available"}},
            {"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "invalid request"}},
        ])
    );
    assert_eq!(post(&link, r#"{"jsonrpc":"2.0","method":"evm_mine"}"#).await, "");
    assert_eq!(link.devnet.head().number, 2);
}

#[tokio::test]
async fn an_id_comes_back_as_it_was() {
    let link = Link::http(|_| {}).await;
    for id in ["null", "1.50", "\"\\u0061\"", "123456789012345678901234567890", "-0"] {
        let request = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_chainId"}}"#);
        assert_eq!(post(&link, &request).await, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"0x7a69"}}"#));
    }
}

#[tokio::test]
async fn a_batch_may_be_long_but_not_endless() {
    let link = Link::http(|_| {}).await;
    let batch = |length: usize| {
        let request = json!({"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"});
        Value::Array(vec![request; length]).to_string()
    };
    let answers: Vec<Value> = serde_json::from_str(&post(&link, &batch(10_000)).await).unwrap();
    assert_eq!(answers.len(), 10_000);
    assert_eq!(
        post(&link, &batch(10_001)).await,
        r#"[{"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"batch too large"}}]"#
    );
}

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_and_the_chain_lives() {
    let link = Link::http(|_| {}).await;
    let address = link.server.as_ref().unwrap().local_addr();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n", 200 << 20);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!(link.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test(flavor = "multi_thread")]
async fn megabytes_of_hex_are_read_or_refused_and_the_chain_lives() {
    let link = Link::http(|_| {}).await;
    let long = format!("0x{}", "ab".repeat(1 << 20));
    let hash = link.ask("web3_sha3", json!([long])).await;
    assert_eq!(hash, json!(alloy::primitives::keccak256(vec![0xab; 1 << 20])));
    for (method, params) in [
        ("eth_getBalance", json!([long, "latest"])),
        ("eth_getBalance", json!([ZERO, long])),
        ("eth_getTransactionByHash", json!([long])),
        ("eth_getStorageAt", json!([ZERO, long, "latest"])),
        ("anvil_setBalance", json!([ZERO, long])),
    ] {
        assert_eq!(link.fail(method, params).await.0, -32602, "{method}");
    }
    for (method, params) in
        [("eth_sendRawTransaction", json!([long])), ("eth_call", json!([{"to": ZERO, "input": long, "gas": "0xffff"}]))]
    {
        assert_eq!(link.fail(method, params).await.0, -32000, "{method}");
    }
    assert_eq!(link.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let link = Link::http(|_| {}).await;
    let address = link.server.as_ref().unwrap().local_addr();
    let error = link.devnet.serve(address).await.unwrap_err();
    assert!(matches!(error, Error::AddressInUse(taken) if taken == address));
    assert!(error.is_retryable());
    let message = error.to_string();
    assert!(message.contains(&format!("port {} ", address.port())) && message.contains("--port"), "{message}");
}

/// All forks at blocks from the start, and `rest`.
fn merged(rest: Value) -> Value {
    let forks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"];
    let mut config = json!({"terminalTotalDifficulty": 0});
    for fork in forks.into_iter().chain(["berlin", "london"]) {
        config[format!("{fork}Block")] = json!(0);
    }
    config.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    config
}

#[tokio::test]
async fn a_chain_that_cannot_start_says_why() {
    let message = |config| Devnet::start(config).unwrap_err().to_string();
    let wrong = Config { mnemonic: "test test test".to_owned(), ..Config::default() };
    assert!(message(wrong).starts_with("the mnemonic is not valid"));
    let future = Config { hardfork: EthereumHardfork::Amsterdam, ..Config::default() };
    assert_eq!(message(future), "hardfork Amsterdam is not supported; choose one from frontier to osaka");
    let genesis = |config: Value| {
        let genesis = json!({"config": config, "difficulty": "0x1", "gasLimit": "0x100000", "alloc": {}});
        message(Config { genesis: Some(serde_json::from_value(genesis).unwrap()), ..Config::default() })
    };
    let contradictions = [
        (json!({"homesteadBlock": 5, "eip150Block": 3}), "eip150Block at 3, before homesteadBlock at 5"),
        (json!({"homesteadBlock": 0, "eip155Block": 0}), "eip155Block but not eip150Block, which comes before"),
        (json!({"shanghaiTime": 0, "terminalTotalDifficulty": 0}), "shanghaiTime but not homesteadBlock"),
        (merged(json!({"cancunTime": 7})), "cancunTime but not shanghaiTime"),
        (merged(json!({"shanghaiTime": 9, "cancunTime": 7})), "cancunTime at 7, before shanghaiTime at 9"),
        (merged(json!({"terminalTotalDifficulty": null, "shanghaiTime": 0})), "set terminalTotalDifficulty to 0"),
        (merged(json!({"amsterdamTime": 0})), "the chain goes as far as osakaTime"),
        (json!({"clique": {"period": 1, "epoch": 1}}), "asks for clique"),
    ];
    for (config, expected) in contradictions {
        let message = genesis(config.clone());
        assert!(
            message.starts_with("the genesis can't be used: ") && message.contains(expected),
            "{config}: {message}"
        );
    }
}

#[tokio::test]
async fn a_dropped_server_gives_its_port_back() {
    let link = Link::http(|_| {}).await;
    let address = link.server.as_ref().unwrap().local_addr();
    let devnet = link.devnet.clone();
    drop(link);
    common::eventually("the port is free", async || devnet.serve(address).await.is_ok()).await;
}
