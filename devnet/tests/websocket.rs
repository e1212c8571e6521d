//! Requests and subscriptions over a WebSocket.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::Link;
use futures::{SinkExt, StreamExt};
use infera_devnet::Orphans;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(link: &Link) -> Self {
        Self(connect_async(link.server.as_ref().unwrap().ws_url()).await.unwrap().0)
    }

    async fn next(&mut self) -> Value {
        let message = timeout(Duration::from_secs(10), self.0.next()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.0.send(Message::text(request.to_string())).await.unwrap();
        self.next().await["result"].clone()
    }

    /// The next piece of news, which must be for `subscription`.
    async fn news(&mut self, subscription: &Value) -> Value {
        let notification = self.next().await;
        assert_eq!(notification["method"], "eth_subscription");
        assert_eq!(notification["params"]["subscription"], *subscription);
        notification["params"]["result"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_heads_and_logs_arrive_and_a_reorg_takes_logs_back() {
    let link = Link::http(|_| {}).await;
    let counter = link.deploy_counter().await;
    let mut heads_socket = Socket::open(&link).await;
    let mut logs_socket = Socket::open(&link).await;
    let heads = heads_socket.ask("eth_subscribe", json!(["newHeads"])).await;
    let logs = logs_socket.ask("eth_subscribe", json!(["logs", {"address": counter}])).await;

    let hash = link.count(counter).await;
    let head = heads_socket.news(&heads).await;
    assert_eq!((&head["number"], &head["hash"]), (&json!("0x2"), &json!(link.devnet.head().hash)));
    let log = logs_socket.news(&logs).await;
    assert_eq!((&log["transactionHash"], &log["removed"]), (&json!(hash), &json!(false)));

    link.devnet.reorganize(1, Orphans::Requeue).unwrap();
    let head = heads_socket.news(&heads).await;
    assert_eq!((&head["number"], &head["hash"]), (&json!("0x2"), &json!(link.devnet.head().hash)));
    let (taken, given) = (logs_socket.news(&logs).await, logs_socket.news(&logs).await);
    assert_eq!((&taken["removed"], &given["removed"]), (&json!(true), &json!(false)));
    assert_eq!(taken["blockHash"], log["blockHash"]);
    assert_eq!(given["blockHash"], json!(link.devnet.head().hash));
    assert_eq!(given["transactionHash"], json!(hash));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_transactions_are_told_and_subscriptions_end() {
    let link = Link::http(|_| {}).await;
    let mut socket = Socket::open(&link).await;
    assert_eq!(socket.ask("eth_chainId", json!([])).await, "0x7a69");
    let pending = socket.ask("eth_subscribe", json!(["newPendingTransactions"])).await;
    let hash = link.transfer(0, 1).await;
    assert_eq!(socket.news(&pending).await, json!(hash));
    assert_eq!(socket.ask("eth_unsubscribe", json!([pending])).await, true);
    assert_eq!(socket.ask("eth_unsubscribe", json!([pending])).await, false);
    link.transfer(0, 1).await;
    assert_eq!(socket.ask("eth_blockNumber", json!([])).await, "0x2", "no news in between");
    assert_eq!(socket.ask("eth_subscribe", json!(["nothing"])).await, Value::Null);

    let batch = json!([{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}]).to_string();
    socket.0.send(Message::text(batch)).await.unwrap();
    assert_eq!(socket.next().await[0]["result"], "0x7a69");
    socket.0.send(Message::text("nonsense")).await.unwrap();
    assert_eq!(socket.next().await["error"]["code"], -32700);
}
