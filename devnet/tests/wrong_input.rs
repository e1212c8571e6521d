//! What a client can do wrong, and what it is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::Link;
use infera_devnet::{Config, Devnet, Error, EthereumHardfork};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

on_both_transports!(wrong_parameters_are_named, unknown_methods_are_told);

async fn wrong_parameters_are_named(link: Link) {
    let cases = [
        ("eth_getBalance", json!([]), "missing value for required argument 0"),
        ("eth_getBalance", json!(["0x12"]), "invalid argument 0: "),
        ("eth_getBalance", json!([[], "latest"]), "invalid argument 0: "),
        ("eth_getBlockByNumber", json!(["0xzz", false]), "invalid argument 0: "),
        ("eth_getBlockByHash", json!(["0x12", false]), "invalid argument 0: "),
        (
            "eth_getStorageAt",
            json!([alloy::primitives::Address::ZERO, format!("0x{}", "f".repeat(70))]),
            "invalid argument 1: ",
        ),
        ("eth_sendRawTransaction", json!([5]), "invalid argument 0: "),
        ("eth_call", json!(["latest"]), "invalid argument 0: "),
        ("eth_getLogs", json!([{"fromBlock": "latest", "blockHash": 7}]), "invalid argument 0: "),
        ("evm_increaseTime", json!(["0xffffffffffffffffff"]), "invalid argument 0: "),
        ("anvil_setBalance", json!([alloy::primitives::Address::ZERO]), "missing value for required argument 1"),
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
    for broken in ["", "{", "[1,", "nonsense", "{\"jsonrpc\": \"2.0\", \"id\": 1"] {
        assert_eq!(error(&post(&link, broken).await), -32700, "{broken:?}");
    }
    for strange in ["5", "{}", "[]", "null", "\"eth_chainId\"", "{\"method\": 5, \"id\": 1}"] {
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
