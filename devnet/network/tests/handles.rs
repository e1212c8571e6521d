//! The handles that break a network, each with what it does to the network.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    ffi::OsString,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Header, TransactionRequest},
};
use infera_contracts::IJobRegistry::Committed;
use infera_devnet::{Config, Devnet, Orphans};
use infera_network::{Calls, ExecutorPlan, Fault, Network, READY_PREFIX, Role, scripted};
use infera_sdk::{JobProgress, RequestedJob};

const BLOCK_TIME: Duration = Duration::from_millis(100);
const DEADLINE: Duration = Duration::from_secs(60);

fn plan() -> ExecutorPlan {
    ExecutorPlan::in_process(Arc::new(scripted::Engine::default()))
}

/// A network of executors as planned.
async fn network(plans: impl IntoIterator<Item = ExecutorPlan>) -> Network {
    let builder = Network::builder(scripted::model()).block_time(BLOCK_TIME);
    plans.into_iter().fold(builder, |builder, plan| builder.executor(plan)).start().await.unwrap()
}

/// Three executors, the first behind a faulty RPC.
async fn three() -> Network {
    network([plan().behind_faulty_rpc(), plan(), plan()]).await
}

async fn ask(network: &Network) -> RequestedJob {
    let sender = network.sender(Role::Requester).await.unwrap();
    network.client().await.unwrap().request(&sender, U256::ONE, &scripted::request(network.model())).await.unwrap()
}

/// The executors, by position, that have committed to an answer.
async fn committed(network: &Network, job: B256) -> Vec<usize> {
    let events = network.client().await.unwrap().events::<Committed>(job).await.unwrap();
    let position = |id: u32| network.executors().iter().position(|executor| executor.id == id).unwrap();
    let mut positions: Vec<_> = events.into_iter().map(|(event, _)| position(event.executorId)).collect();
    positions.sort_unstable();
    positions
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn resolves(network: &Network, job: B256) {
    let outcome = network.client().await.unwrap().follow(job, DEADLINE).await.unwrap();
    assert!(matches!(outcome, JobProgress::Resolved { .. }), "{outcome:?}");
}

async fn head(provider: &impl Provider) -> Header {
    provider.get_block_by_number(BlockNumberOrTag::Latest).await.unwrap().unwrap().header
}

fn http(url: &str) -> DynProvider {
    ProviderBuilder::new().connect_http(url.parse().unwrap()).erased()
}

/// Sends a wei from the bystander; the transaction waits for a block.
async fn pay(network: &Network) -> B256 {
    let payer = network.key(Role::Bystander).unwrap().address();
    let request = TransactionRequest::default().with_from(payer).with_to(Address::ZERO).with_value(U256::ONE);
    network.provider().raw_request("eth_sendTransaction".into(), (request,)).await.unwrap()
}

async fn block_of(network: &Network, transaction: B256) -> Option<u64> {
    network.provider().get_transaction_receipt(transaction).await.unwrap()?.block_number
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_executor_does_nothing_and_goes_on_when_it_is_resumed() {
    let mut network = three().await;
    network.executor(0).unwrap().pause().unwrap();
    let job = ask(&network).await;
    until("the others' commitments", async || committed(&network, job.id).await == [1, 2]).await;
    assert!(network.executors()[0].is_running());
    network.executor(0).unwrap().resume().unwrap();
    until("its own commitment", async || committed(&network, job.id).await == [0, 1, 2]).await;
    resolves(&network, job.id).await;
    let refusal = network.executor(1).unwrap().pause().unwrap_err().to_string();
    assert!(refusal.contains("behind_faulty_rpc"), "{refusal}");
    network.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_executor_is_missed_until_it_is_restarted() {
    let mut network = three().await;
    network.executor(0).unwrap().kill().await.unwrap();
    let job = ask(&network).await;
    until("the others' commitments", async || committed(&network, job.id).await == [1, 2]).await;
    assert!(!network.executors()[0].is_running());
    network.executor(0).unwrap().restart().await.unwrap();
    until("its own commitment", async || committed(&network, job.id).await == [0, 1, 2]).await;
    resolves(&network, job.id).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_stopped_and_goes_on() {
    let mut network = network([shell("exec cat > /dev/null")]).await;
    let id = network.executors()[0].process_id().unwrap();
    let state = || {
        let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        status.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    };
    let executor = network.executor(0).unwrap();
    executor.pause().unwrap();
    until("the process to stop", async || state() == 'T').await;
    executor.resume().unwrap();
    until("the process to go on", async || state() != 'T').await;
    executor.kill().await.unwrap();
    assert!(executor.pause().unwrap_err().to_string().contains("it does not run"));
    executor.restart().await.unwrap();
    assert_ne!(executor.process_id().unwrap(), id);
}

/// An executor's program that says it is ready, and then does as `script` says.
fn shell(script: &str) -> ExecutorPlan {
    let script = format!("echo '{READY_PREFIX}{{}}'; {script}");
    ExecutorPlan::program("/bin/sh", ["-c", &script, "sh"].map(OsString::from).to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_by_itself_is_told_by_name_with_its_status_and_log() {
    let lives = || shell("exec cat > /dev/null");
    let mut network = network([lives(), shell("echo no memory >&2; exit 3"), lives()]).await;
    let ended = network.executor_ended().await;
    assert_eq!((ended.name.as_str(), ended.status.unwrap().code()), ("executor-2", Some(3)));
    until("its words in the log", async || std::fs::read_to_string(&ended.log).unwrap() == "no memory\n").await;
    let message = ended.to_string();
    let expected = format!("executor-2 (process {}) has ended by itself: exit status: 3; ", ended.process);
    assert!(message.starts_with(&expected) && message.ends_with("executor-2.log"), "{message}");
    let running: Vec<_> = network.executors().iter().map(|executor| executor.is_running()).collect();
    assert_eq!(running, [true, false, true]);

    // A killed process is told too if it was not killed by a handle; nothing is told twice.
    network.executor(0).unwrap().kill().await.unwrap();
    let third = network.executors()[2].process_id().unwrap();
    let killed = std::process::Command::new("kill").args(["-9", &third.to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = network.executor_ended().await;
    assert_eq!((ended.name.as_str(), ended.process), ("executor-3", third));
    assert!(ended.to_string().contains("signal: 9"), "{ended}");
    let more = tokio::time::timeout(Duration::from_millis(100), network.executor_ended()).await;
    assert!(more.is_err(), "{more:?}");
    network.executor(1).unwrap().restart().await.unwrap();
    assert_eq!(network.executor_ended().await.name, "executor-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_never_gets_ready_is_told_with_its_status() {
    let plan = ExecutorPlan::program("/bin/sh", ["-c", "exit 7", "sh"].map(OsString::from).to_vec());
    let error = Network::builder(scripted::model()).executor(plan).start().await.err().unwrap().to_string();
    assert!(error.starts_with("executor executor-1 did not get ready: it ended (exit status: 7)"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_sends_again_what_its_rpc_loses_and_repeats() {
    let mut network = three().await;
    let faults = network.executor(0).unwrap().faults().unwrap().clone();
    let lost = faults.inject(Fault::drop_requests(Calls::Transactions).times(2));
    let unsure = faults.inject(Fault::drop_answers(Calls::Transactions).times(1));
    faults.inject(Fault::duplicate_requests(Calls::Transactions));
    let job = ask(&network).await;
    until("its commitment", async || committed(&network, job.id).await == [0, 1, 2]).await;
    resolves(&network, job.id).await;
    assert_eq!((lost.met(), unsure.met()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mining_transactions_wait() {
    let network = network([]).await;
    network.pause_mining().await.unwrap();
    let before = head(network.provider()).await.number;
    let payment = pay(&network).await;
    let status: serde_json::Value = network.provider().raw_request("txpool_status".into(), ()).await.unwrap();
    assert_eq!((&status["pending"], block_of(&network, payment).await), (&serde_json::json!("0x1"), None));
    network.mine(2).await.unwrap();
    assert_eq!(block_of(&network, payment).await, Some(before + 1));
    assert_eq!(head(network.provider()).await.number, before + 2);
    network.resume_mining().await.unwrap();
    until("a block by itself", async || head(network.provider()).await.number > before + 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_replaces_blocks_and_keeps_or_drops_their_transactions() {
    let network = network([]).await;
    network.pause_mining().await.unwrap();
    for (orphans, stays) in [(Orphans::Requeue, true), (Orphans::Drop, false)] {
        let payment = pay(&network).await;
        network.mine(2).await.unwrap();
        let before = head(network.provider()).await;
        assert_eq!(block_of(&network, payment).await, Some(before.number - 1));
        network.reorganize(2, orphans).await.unwrap();
        let after = head(network.provider()).await;
        assert!(after.number == before.number && after.hash != before.hash);
        assert_eq!(block_of(&network, payment).await.is_some(), stays, "{orphans:?}");
    }
    assert!(network.reorganize(1_000_000, Orphans::Drop).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_moves_forward_with_a_block() {
    let network = network([]).await;
    network.pause_mining().await.unwrap();
    let before = head(network.provider()).await;
    network.advance_time(100_000).await.unwrap();
    let after = head(network.provider()).await;
    assert_eq!(after.number, before.number + 1);
    assert!((100_000..101_000).contains(&(after.timestamp - before.timestamp)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_rpc_refuses_connections_until_it_is_restored() {
    let mut network = network([]).await;
    let url = network.rpc_url();
    assert_eq!(http(&url).get_chain_id().await.unwrap(), 31337);
    network.cut_rpc().await.unwrap();
    assert!(http(&url).get_chain_id().await.unwrap_err().as_error_resp().is_none());
    // The chain itself goes on.
    let number = head(network.provider()).await.number;
    until("a block", async || head(network.provider()).await.number > number).await;
    network.restore_rpc().await.unwrap();
    assert!(http(&url).get_block_number().await.unwrap() > number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_indexer_answers_again_where_it_did_and_knows_what_happened() {
    let mut network = network([plan(), plan(), plan()]).await;
    let health = format!("{}/health", network.indexer_url());
    let get = async |url: &str| reqwest::get(url).await.map(|response| response.status().as_u16());
    assert!(get(&health).await.is_ok());
    network.stop_indexer().await.unwrap();
    assert!(get(&health).await.is_err() && network.indexer().is_none());
    let job = ask(&network).await;
    resolves(&network, job.id).await;
    network.restart_indexer().await.unwrap();
    assert!(network.restart_indexer().await.unwrap_err().to_string().contains("stop it first"));
    let job = format!("{}/v1/jobs/{}", network.indexer_url(), job.id);
    until("the job in the index", async || get(&job).await.is_ok_and(|status| status == 200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_indexer_goes_on_where_its_store_ends() {
    let mut network = network([plan(), plan(), plan()]).await;
    let job = ask(&network).await;
    network.kill_indexer().await;
    assert!(network.indexer().is_none());
    resolves(&network, job.id).await;
    network.restart_indexer().await.unwrap();
    let job = format!("{}/v1/jobs/{}", network.indexer_url(), job.id);
    let known = async || reqwest::get(&job).await.is_ok_and(|answer| answer.status().as_u16() == 200);
    until("the job in the index", known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indexer_that_hears_nothing_of_the_chain_pauses_and_catches_up() {
    let builder = Network::builder(scripted::model()).indexer_behind_faulty_rpc();
    let network = [plan(), plan(), plan()].into_iter().fold(builder, |builder, plan| builder.executor(plan));
    let network = network.start().await.unwrap();
    let held = network.indexer_rpc().unwrap().faults().inject(Fault::hold_requests(Calls::All));
    let job = ask(&network).await;
    resolves(&network, job.id).await;
    let url = format!("{}/v1/jobs/{}", network.indexer_url(), job.id);
    let known = async || reqwest::get(&url).await.is_ok_and(|answer| answer.status().as_u16() == 200);
    assert!(!known().await, "it heard of the job");
    held.heal();
    until("the job in the index", known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handles_work_on_a_chain_of_another_process_too() {
    let devnet = Devnet::start(Config::default()).unwrap();
    let server = devnet.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let mut network = Network::builder(scripted::model()).on_chain(server.http_url()).start().await.unwrap();
    network.pause_mining().await.unwrap();
    let before = head(network.provider()).await;
    network.mine(3).await.unwrap();
    network.advance_time(5_000).await.unwrap();
    assert_eq!(devnet.head().number, before.number + 4);
    let hash = devnet.head().hash;
    network.reorganize(2, Orphans::Drop).await.unwrap();
    assert!(devnet.head().number == before.number + 4 && devnet.head().hash != hash);
    let refusal = network.reorganize(2, Orphans::Requeue).await.unwrap_err().to_string();
    assert!(refusal.contains("Orphans::Drop"), "{refusal}");
    assert!(network.cut_rpc().await.unwrap_err().to_string().contains("another process"));
    network.resume_mining().await.unwrap();
    until("a block", async || devnet.head().number > before.number + 4).await;
}
