//! The Unix socket.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::{path::PathBuf, time::Duration};

use common::Link;
use infera_devnet::Error;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, ReadHalf, WriteHalf, split},
    net::UnixStream,
    time::timeout,
};

struct Client {
    lines: Lines<BufReader<ReadHalf<UnixStream>>>,
    writer: WriteHalf<UnixStream>,
}

impl Client {
    async fn connect(path: &PathBuf) -> Self {
        let (reader, writer) = split(UnixStream::connect(path).await.unwrap());
        Self { lines: BufReader::new(reader).lines(), writer }
    }

    async fn send(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next message; none when the server has hung up.
    async fn next(&mut self) -> Option<Value> {
        let line = timeout(Duration::from_secs(10), self.lines.next_line()).await.unwrap();
        line.unwrap().map(|line| serde_json::from_str(&line).unwrap())
    }
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.ipc");
    (folder, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_come_in_any_pieces() {
    let (_folder, path) = place();
    let link = Link::in_process(|_| {}).await;
    let server = link.devnet.serve_ipc(&path).unwrap();
    assert_eq!(server.path(), path);
    let mut client = Client::connect(&path).await;
    client
        .send(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}{"jsonrpc":"2.0","id":2,"method":"eth_blockNumber"}"#)
        .await;
    assert_eq!(client.next().await.unwrap(), json!({"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}));
    assert_eq!(client.next().await.unwrap(), json!({"jsonrpc": "2.0", "id": 2, "result": "0x0"}));
    // Cut at every byte: with a bracket at the end of a piece, and without.
    let request = r#"[{"jsonrpc":"2.0","id":3,"method":"web3_sha3","params":["0x68"]}, {"jsonrpc":"2.0","id":4,"method":"nope"}]"#;
    for cut in 1..request.len() {
        client.send(&request[..cut]).await;
        client.writer.flush().await.unwrap();
        client.send(&request[cut..]).await;
        let answer = client.next().await.unwrap();
        assert_eq!(answer[0]["id"], 3);
        assert_eq!(answer[1]["error"]["code"], -32601);
    }
    let long = "00".repeat(1 << 20);
    client.send(&format!(r#"{{"jsonrpc":"2.0","id":5,"method":"web3_sha3","params":["0x{long}"]}}"#)).await;
    assert_eq!(client.next().await.unwrap()["result"].as_str().unwrap().len(), 66);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_are_told_and_end_with_the_connection() {
    let (_folder, path) = place();
    let link = Link::in_process(|_| {}).await;
    let _server = link.devnet.serve_ipc(&path).unwrap();
    let mut client = Client::connect(&path).await;
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#).await;
    let id = client.next().await.unwrap()["result"].clone();
    link.devnet.mine(2).unwrap();
    for number in ["0x1", "0x2"] {
        let news = client.next().await.unwrap();
        assert_eq!((&news["params"]["subscription"], &news["params"]["result"]["number"]), (&id, &json!(number)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_ends_the_connection_and_nothing_else() {
    let (_folder, path) = place();
    let link = Link::in_process(|_| {}).await;
    let _server = link.devnet.serve_ipc(&path).unwrap();
    for text in ["nonsense", "{]", "{\"a\": }"] {
        let mut client = Client::connect(&path).await;
        client.send(text).await;
        assert_eq!(client.next().await.unwrap()["error"]["code"], -32700, "{text}");
        assert_eq!(client.next().await, None);
    }
    let mut client = Client::connect(&path).await;
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#).await;
    assert_eq!(client.next().await.unwrap()["result"], "0x7a69");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_goes_with_the_server_and_only_an_abandoned_one_is_replaced() {
    let (_folder, path) = place();
    let link = Link::in_process(|_| {}).await;
    let server = link.devnet.serve_ipc(&path).unwrap();
    let error = link.devnet.serve_ipc(&path).unwrap_err();
    assert!(
        matches!(error, Error::Ipc { .. }) && error.to_string().contains("another process listens there"),
        "{error}"
    );
    drop(server);
    assert!(!path.exists());
    // A process that was killed leaves its socket behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    drop(link.devnet.serve_ipc(&path).unwrap());
    std::fs::write(&path, "not a socket").unwrap();
    assert!(link.devnet.serve_ipc(&path).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a socket");
}
