//! The handles that break a network, each with what it does to the network.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    ffi::OsString,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use alloy::{
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Header, TransactionRequest},
};
use infera_contracts::{IJobRegistry::Committed, IModelRegistry::VerificationProfile};
use infera_devnet::{Config, Devnet, Orphans};
use infera_network::{Calls, ExecutorPlan, Fault, ModelPlan, Network, READY_PREFIX, Role};
use infera_protocol::{
    engine::{InferenceEngine, InferenceOutput, InferenceRequest, ModelIdentity, Reply},
    output::{ZeroShotParameters, ZeroShotResult},
    profile::{FLOAT32, ResultRule},
    task::Task,
    vector::OutputVector,
};
use infera_sdk::{JobProgress, JobRequest, RequestedJob};

const BLOCK_TIME: Duration = Duration::from_millis(100);
const DEADLINE: Duration = Duration::from_secs(60);
const MODEL: ModelIdentity =
    ModelIdentity { manifest_hash: B256::repeat_byte(0x11), runtime_class: B256::repeat_byte(0x22) };
const DIMENSION: u16 = 4;
const SCALE: u16 = 16_384;
const PRICE_PER_UNIT: u128 = 10_000_000_000_000;

/// Gives every input the same answer, and counts.
#[derive(Default)]
struct Scripted(AtomicUsize);

impl InferenceEngine for Scripted {
    fn models(&self) -> Vec<ModelIdentity> {
        vec![MODEL]
    }

    fn infer(&self, _: InferenceRequest, reply: Reply) {
        self.0.fetch_add(1, Ordering::SeqCst);
        reply(Ok(InferenceOutput {
            result: ZeroShotResult::from_scores(vec![700_000, 300_000]).unwrap().encode(),
            vector: OutputVector::quantize(&[0.5; DIMENSION as usize], SCALE).unwrap(),
            units: 9,
        }));
    }
}

fn model() -> ModelPlan {
    ModelPlan {
        name: "scripted".to_owned(),
        manifest_hash: MODEL.manifest_hash,
        task: Task::ZeroShotClassification,
        runtime_class: MODEL.runtime_class,
        profile: VerificationProfile {
            rule: ResultRule::Scores.into(),
            dimension: DIMENSION,
            scale: SCALE,
            maxCosineDistancePpb: FLOAT32.max_cosine_distance_ppb,
            normTolerancePpm: FLOAT32.norm_tolerance_ppm,
            elementTolerance: FLOAT32.element_tolerance,
            bitExact: false,
        },
        price_per_unit: PRICE_PER_UNIT,
    }
}

fn plan() -> ExecutorPlan {
    ExecutorPlan::in_process(Arc::new(Scripted::default()))
}

/// A network of executors as planned.
async fn network(plans: impl IntoIterator<Item = ExecutorPlan>) -> Network {
    let builder = Network::builder(model()).block_time(BLOCK_TIME);
    plans.into_iter().fold(builder, |builder, plan| builder.executor(plan)).start().await.unwrap()
}

/// Three executors, the first behind a faulty RPC.
async fn three() -> Network {
    network([plan().behind_faulty_rpc(), plan(), plan()]).await
}

async fn ask(network: &Network) -> RequestedJob {
    let request = JobRequest {
        model: network.model().id,
        version: None,
        runtime_class: network.model().runtime_class,
        input: Bytes::from_static(b"a text"),
        parameters: ZeroShotParameters::new(vec!["one".to_owned(), "two".to_owned()]).unwrap().encode().into(),
        committee_size: 3,
        quorum: 2,
        max_price_per_unit: PRICE_PER_UNIT,
        max_units: 512,
        commit_window: 600,
        reveal_window: 300,
        callback: None,
    };
    let sender = network.sender(Role::Requester).await.unwrap();
    network.client().await.unwrap().request(&sender, U256::ONE, &request).await.unwrap()
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
    // A program that says it is ready, and lives as long as its standard input.
    let script = format!("echo '{READY_PREFIX}{{}}'; exec cat > /dev/null");
    let arguments = ["-c", &script, "sh"].map(OsString::from).to_vec();
    let mut network = network([ExecutorPlan::program("/bin/sh", arguments)]).await;
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
async fn the_handles_work_on_a_chain_of_another_process_too() {
    let devnet = Devnet::start(Config::default()).unwrap();
    let server = devnet.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let mut network = Network::builder(model()).on_chain(server.http_url()).start().await.unwrap();
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
