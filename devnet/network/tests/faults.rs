//! What a faulty RPC does to the calls that come through, seen from both ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    transports::TransportResult,
};
use infera_devnet::{Config, Devnet, Server};
use infera_network::{Calls, Fault, FaultyRpc};

/// A chain, and a client that speaks with it through a faulty RPC.
struct Line {
    devnet: Devnet,
    client: DynProvider,
    rpc: FaultyRpc,
    _server: Server,
}

impl Line {
    async fn lay() -> Self {
        let devnet = Devnet::start(Config::default()).unwrap();
        let server = devnet.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let rpc = FaultyRpc::start(server.http_url()).await.unwrap();
        let client = ProviderBuilder::new().connect_http(rpc.url().parse().unwrap()).erased();
        Self { devnet, client, rpc, _server: server }
    }

    /// A transfer of one wei by development account `from`, signed.
    fn transfer(&self, from: usize, nonce: u64) -> Bytes {
        let mut tx = TxEip1559 {
            chain_id: 31337,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: 2_000_000_000,
            max_priority_fee_per_gas: 1,
            to: TxKind::Call(Address::ZERO),
            value: U256::from(1),
            ..Default::default()
        };
        let signature = self.devnet.accounts()[from].sign_transaction_sync(&mut tx).unwrap();
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
    }

    /// Sends through the line, on a task of its own.
    fn send(&self, raw: Bytes) -> tokio::task::JoinHandle<TransportResult<B256>> {
        let client = self.client.clone();
        tokio::spawn(async move { client.raw_request("eth_sendRawTransaction".into(), (raw,)).await })
    }

    /// Who sent the transaction of a block.
    async fn sender(&self, block: u64) -> Address {
        let block = self.devnet.provider().get_block_by_number(block.into()).full().await.unwrap().unwrap();
        block.transactions.into_transactions_vec()[0].inner.signer()
    }
}

#[tokio::test]
async fn without_faults_it_hands_everything_on() {
    let line = Line::lay().await;
    assert_eq!(line.client.get_chain_id().await.unwrap(), 31337);
    line.send(line.transfer(0, 0)).await.unwrap().unwrap();
    assert_eq!(line.devnet.head().number, 1);
    let error = line.client.raw_request::<_, ()>("eth_nothing".into(), ()).await.unwrap_err();
    assert_eq!(error.as_error_resp().unwrap().code, -32601);
}

#[tokio::test]
async fn a_dropped_request_never_reaches_the_chain() {
    let line = Line::lay().await;
    let dropped = line.rpc.faults().inject(Fault::drop_requests(Calls::Transactions).times(1));
    let error = line.send(line.transfer(0, 0)).await.unwrap().unwrap_err();
    assert!(error.as_error_resp().is_none(), "the chain answered: {error}");
    assert_eq!((line.devnet.head().number, dropped.met()), (0, 1));
    // The others go through, and so does the next one.
    assert_eq!(line.client.get_block_number().await.unwrap(), 0);
    line.send(line.transfer(0, 0)).await.unwrap().unwrap();
    assert_eq!(line.devnet.head().number, 1);
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_client_unsure_of_what_was_done() {
    let line = Line::lay().await;
    line.rpc.faults().inject(Fault::drop_answers(Calls::Transactions));
    assert!(line.send(line.transfer(0, 0)).await.unwrap().unwrap_err().as_error_resp().is_none());
    assert_eq!(line.devnet.head().number, 1, "it was done");
    line.rpc.faults().heal();
    let error = line.send(line.transfer(0, 0)).await.unwrap().unwrap_err();
    assert!(error.as_error_resp().unwrap().message.starts_with("nonce too low"));
}

#[tokio::test]
async fn a_held_request_reaches_the_chain_when_the_fault_is_healed() {
    let line = Line::lay().await;
    let held = line.rpc.faults().inject(Fault::hold_requests(Calls::Transactions).times(1));
    let sending = line.send(line.transfer(0, 0));
    held.until_met(1).await;
    // What comes later overtakes it.
    line.send(line.transfer(1, 0)).await.unwrap().unwrap();
    assert_eq!((line.devnet.head().number, sending.is_finished()), (1, false));
    line.rpc.faults().heal();
    sending.await.unwrap().unwrap();
    assert_eq!(line.sender(2).await, line.devnet.accounts()[0].address());
}

#[tokio::test]
async fn a_delay_is_before_the_chain_or_behind_it() {
    let line = Line::lay().await;
    let late = Duration::from_millis(300);
    let request = line.rpc.faults().inject(Fault::delay_requests(Calls::Transactions, late));
    let started = Instant::now();
    let sending = line.send(line.transfer(0, 0));
    request.until_met(1).await;
    assert_eq!(line.devnet.head().number, 0);
    sending.await.unwrap().unwrap();
    assert!(started.elapsed() >= late);
    request.heal();

    let answer = line.rpc.faults().inject(Fault::delay_answers(Calls::Method("eth_blockNumber".into()), late));
    let client = line.client.clone();
    let asking = tokio::spawn(async move { client.get_block_number().await });
    answer.until_met(1).await;
    let started = Instant::now();
    line.devnet.mine(1).unwrap();
    let seen = asking.await.unwrap().unwrap();
    assert!(seen <= 2 && started.elapsed() < late * 20);
    assert_eq!(line.client.get_block_number().await.unwrap(), 2);
}

#[tokio::test]
async fn a_duplicated_transaction_is_refused_the_second_time_and_nobody_hears_of_it() {
    let line = Line::lay().await;
    // A second proxy behind the first sees what comes through.
    let behind = FaultyRpc::start(line.rpc.url()).await.unwrap();
    let front = ProviderBuilder::new().connect_http(behind.url().parse().unwrap());
    let seen = line.rpc.faults().inject(Fault::delay_requests(Calls::Transactions, Duration::ZERO));
    behind.faults().inject(Fault::duplicate_requests(Calls::Transactions));
    let hash: B256 = front.raw_request("eth_sendRawTransaction".into(), (line.transfer(0, 0),)).await.unwrap();
    assert_eq!((seen.met(), line.devnet.head().number), (2, 1));
    assert!(line.devnet.provider().get_transaction_receipt(hash).await.unwrap().unwrap().status());
}

#[tokio::test]
async fn reordered_requests_reach_the_chain_in_reverse() {
    let line = Line::lay().await;
    let reordered = line.rpc.faults().inject(Fault::reorder_requests(Calls::Transactions, 3));
    let mut sending = Vec::new();
    for sender in 0..3 {
        sending.push(line.send(line.transfer(sender, 0)));
        reordered.until_met(sender as u32 + 1).await;
    }
    for sent in sending {
        sent.await.unwrap().unwrap();
    }
    for (block, sender) in [(1, 2), (2, 1), (3, 0)] {
        assert_eq!(line.sender(block).await, line.devnet.accounts()[sender].address());
    }
    // That was all.
    line.send(line.transfer(0, 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn reordered_answers_come_back_in_reverse() {
    let line = Line::lay().await;
    let reordered = line.rpc.faults().inject(Fault::reorder_answers(Calls::Transactions, 2));
    let first = line.send(line.transfer(0, 0));
    reordered.until_met(1).await;
    while line.devnet.head().number < 1 {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished(), "its answer waits for the other's");
    let second = line.send(line.transfer(1, 0));
    second.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(line.sender(1).await, line.devnet.accounts()[0].address(), "they were done as they came");
}

#[tokio::test]
async fn requests_that_wait_for_others_go_on_when_the_fault_is_healed() {
    let line = Line::lay().await;
    let reordered = line.rpc.faults().inject(Fault::reorder_requests(Calls::All, 9));
    let sending = line.send(line.transfer(0, 0));
    reordered.until_met(1).await;
    assert_eq!(line.devnet.head().number, 0);
    reordered.heal();
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stuck_node_repeats_its_first_answer() {
    let line = Line::lay().await;
    let stuck = line.rpc.faults().inject(Fault::repeat_answers(Calls::Method("eth_blockNumber".into())));
    assert_eq!(line.client.get_block_number().await.unwrap(), 0);
    line.devnet.mine(3).unwrap();
    assert_eq!(line.client.get_block_number().await.unwrap(), 0);
    stuck.heal();
    assert_eq!(line.client.get_block_number().await.unwrap(), 3);
}

#[tokio::test]
async fn a_batch_is_met_if_one_of_its_calls_is() {
    let line = Line::lay().await;
    line.rpc.faults().inject(Fault::drop_requests(Calls::Transactions));
    let batch = |method: &str| {
        format!(
            r#"[{{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}},{{"jsonrpc":"2.0","id":2,"method":"{method}","params":["0x"]}}]"#
        )
    };
    let post = async |body: String| {
        let answer = reqwest::Client::new().post(line.rpc.url()).body(body).send().await?;
        answer.text().await
    };
    assert!(post(batch("eth_sendRawTransaction")).await.is_err());
    assert!(post(batch("web3_sha3")).await.unwrap().contains("0x7a69"));
}

#[tokio::test]
async fn a_chain_that_is_gone_is_no_answer_either() {
    let Line { client, _server: server, rpc, .. } = Line::lay().await;
    server.shutdown().await;
    assert!(client.get_chain_id().await.unwrap_err().as_error_resp().is_none());
    drop(rpc);
}
