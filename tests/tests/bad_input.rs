//! What users and operators get wrong: each a clear error that names the thing and the way out, and no money or job lost.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{path::Path, sync::Arc, time::Duration};

use alloy::{
    primitives::{B256, Bytes, U256, utils::Unit},
    providers::{Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use infera_contracts::IJobRegistry;
use infera_executor::{Node, NodeConfig, broadcast::RpcBroadcaster, input::Reach};
use infera_network::{ExecutorPlan, Network, Role};
use infera_protocol::{
    engine::{EngineError, InferenceEngine, InferenceRequest, ModelIdentity, Reply},
    output::ZeroShotParameters,
};
use infera_sdk::{Client, JobProgress, JobRequest};
use infera_tests::stories::model_plan;

/// Loaded with other files than the published ones.
struct OtherModel;

impl InferenceEngine for OtherModel {
    fn models(&self) -> Vec<ModelIdentity> {
        vec![ModelIdentity { manifest_hash: B256::repeat_byte(7), runtime_class: B256::repeat_byte(8) }]
    }

    fn infer(&self, request: InferenceRequest, reply: Reply) {
        reply(Err(EngineError::UnknownModel { model: request.model }));
    }
}

/// Claims the published model, and refuses every input: the requester's fault.
struct Fussy(ModelIdentity);

impl InferenceEngine for Fussy {
    fn models(&self) -> Vec<ModelIdentity> {
        vec![self.0]
    }

    fn infer(&self, _: InferenceRequest, reply: Reply) {
        reply(Err(EngineError::InvalidInput("no labels".to_owned())));
    }
}

async fn network_without_executors() -> Network {
    Network::builder(model_plan().unwrap()).block_time(Duration::from_millis(100)).start().await.unwrap()
}

fn request(network: &Network) -> JobRequest {
    JobRequest {
        model: network.model().id,
        version: None,
        runtime_class: network.model().runtime_class,
        input: Bytes::from_static(b"a text"),
        parameters: ZeroShotParameters::new(vec!["one".to_owned(), "two".to_owned()]).unwrap().encode().into(),
        committee_size: 3,
        quorum: 2,
        max_price_per_unit: 10_000_000_000_000,
        max_units: 512,
        commit_window: 5,
        reveal_window: 3,
        callback: None,
    }
}

async fn balance(network: &Network, role: Role) -> U256 {
    network.provider().get_balance(network.key(role).unwrap().address()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_an_unknown_model_is_refused_by_name_and_costs_nothing() {
    let network = network_without_executors().await;
    let client = network.client().await.unwrap();
    let sender = network.sender(Role::Requester).await.unwrap();
    let unknown = JobRequest { model: B256::repeat_byte(0xab), ..request(&network) };
    let before = balance(&network, Role::Requester).await;
    for version in [None, Some(1)] {
        let error = client
            .request(&sender, U256::ONE, &JobRequest { version, ..unknown.clone() })
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("Unknown") && error.contains("abab"), "{error}");
    }
    assert_eq!(balance(&network, Role::Requester).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_payment_is_refused_with_the_price() {
    let network = network_without_executors().await;
    let client = network.client().await.unwrap();
    let sender = network.sender(Role::Requester).await.unwrap();
    let request = request(&network);
    let terms = client.terms(sender.address(), U256::ONE, &request).await.unwrap();
    let price = client.quote(&terms).await.unwrap();
    let registry = IJobRegistry::new(network.deployment().job_registry, network.provider());
    let call = registry
        .request(terms, request.input.clone(), request.parameters.clone(), String::new())
        .value(price - U256::ONE);
    let error = sender.call("requesting the job", call).await.unwrap_err().to_string();
    assert!(error.contains("InsufficientPayment") && error.contains(&price.to_string()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_over_the_cap_is_refused_before_anything_is_sent_and_by_the_contract() {
    let network = network_without_executors().await;
    let client = network.client().await.unwrap();
    let sender = network.sender(Role::Requester).await.unwrap();
    let cap = client.parameters().await.unwrap().maxInputBytes as usize;
    let large = JobRequest { input: vec![b'x'; cap + 1].into(), ..request(&network) };
    let error = client.request(&sender, U256::ONE, &large).await.unwrap_err().to_string();
    assert!(error.contains(&(cap + 1).to_string()) && error.contains("URI"), "{error}");

    let fitting = request(&network);
    let mut terms = client.terms(sender.address(), U256::ONE, &fitting).await.unwrap();
    terms.inputHash = alloy::primitives::keccak256(&large.input);
    let registry = IJobRegistry::new(network.deployment().job_registry, network.provider());
    let value = client.quote(&terms).await.unwrap();
    let call = registry.request(terms, large.input, fitting.parameters, String::new()).value(value);
    let error = sender.call("requesting the job", call).await.unwrap_err().to_string();
    assert!(error.contains("InputTooLarge"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_nobody_can_serve_is_refunded_whole() {
    let network = network_without_executors().await;
    let client = network.client().await.unwrap();
    let sender = network.sender(Role::Requester).await.unwrap();
    let job = client.request(&sender, U256::ONE, &request(&network)).await.unwrap();
    let registry = IJobRegistry::new(network.deployment().job_registry, network.provider());
    let head = network.provider().get_block_number().await.unwrap();
    while network.provider().get_block_number().await.unwrap() < head + 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let bystander = network.sender(Role::Bystander).await.unwrap();
    bystander.call("advancing the job", registry.advanceJob(job.terms.clone())).await.unwrap();
    let outcome = client.follow(job.id, Duration::from_secs(20)).await.unwrap();
    let JobProgress::Refunded { reason, refund, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, "NoCommittee");
    let bounty = registry.creditOf(bystander.address()).call().await.unwrap();
    assert_eq!(refund + bounty, job.escrow);
    assert_eq!(registry.creditOf(sender.address()).call().await.unwrap(), refund);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_no_engine_takes_ends_in_a_refund_and_costs_no_executor_anything() {
    let plan = model_plan().unwrap();
    let engine: Arc<dyn InferenceEngine> =
        Arc::new(Fussy(ModelIdentity { manifest_hash: plan.manifest_hash, runtime_class: plan.runtime_class }));
    let mut builder = Network::builder(plan).block_time(Duration::from_millis(200));
    for _ in 0..3 {
        builder = builder.executor(ExecutorPlan::in_process(engine.clone()));
    }
    let network = builder.start().await.unwrap();
    let client = network.client().await.unwrap();
    let sender = network.sender(Role::Requester).await.unwrap();
    let registry = IJobRegistry::new(network.deployment().job_registry, network.provider());
    let job = client.request(&sender, U256::ONE, &request(&network)).await.unwrap();
    // Nobody has a reason to bring a committee that will only decline; whoever wants the refund advances the job.
    let bystander = network.sender(Role::Bystander).await.unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            if let Some(outcome) = client.outcome(job.id).await.unwrap() {
                return outcome;
            }
            // Refused while there is nothing to advance.
            let _ = bystander.call("advancing the job", registry.advanceJob(job.terms.clone())).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await
    .unwrap();
    let JobProgress::Refunded { refund, .. } = outcome else { panic!("{outcome:?}") };
    assert!(refund > U256::ZERO);
    let staking = infera_contracts::IStaking::new(network.deployment().staking, network.provider());
    for executor in network.executors() {
        let account = staking.accountOf(executor.id).call().await.unwrap();
        assert_eq!((account.locked, account.inFlight), (U256::ZERO, U256::ZERO));
        assert_eq!(staking.stakeOf(executor.id).call().await.unwrap(), U256::from(100) * Unit::ETHER.wei());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_rpc_is_named_as_such() {
    let network = network_without_executors().await;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let dead = ProviderBuilder::new().connect_http(url.parse().unwrap()).erased();
    let error = Client::connect(dead, network.deployment().clone()).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("does not answer"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_of_another_chain_is_refused() {
    let network = network_without_executors().await;
    let mut deployment = network.deployment().clone();
    deployment.chain_id = 1;
    let error = Client::connect(network.provider().clone(), deployment).await.unwrap_err().to_string();
    assert!(error.contains("chain 31337") && error.contains("chain 1"), "{error}");
}

fn node(network: &Network, signer: PrivateKeySigner, directory: &Path) -> NodeConfig {
    NodeConfig {
        provider: network.provider().clone(),
        rpc_url: network.rpc_url(),
        deployment: network.deployment().clone(),
        signer,
        journal: directory.join("journal.sqlite"),
        broadcaster: Arc::new(RpcBroadcaster::new(network.provider().clone())),
        poll_interval: Duration::from_millis(100),
        input_reach: Reach::Any,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_an_unregistered_signer_does_not_start() {
    let network = network_without_executors().await;
    let directory = tempfile::tempdir().unwrap();
    let config = node(&network, network.key(Role::Bystander).unwrap(), directory.path());
    let error = Node::prepare(config, Arc::new(OtherModel)).await.err().unwrap().to_string();
    assert!(error.contains("is not registered") && error.contains("infera executor register"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_other_model_files_than_the_published_ones_does_not_start() {
    let plan = model_plan().unwrap();
    let manifest = plan.manifest_hash;
    let engine: Arc<dyn InferenceEngine> =
        Arc::new(Fussy(ModelIdentity { manifest_hash: plan.manifest_hash, runtime_class: plan.runtime_class }));
    let network = Network::builder(plan).executor(ExecutorPlan::in_process(engine)).start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let config = node(&network, network.key(Role::Signer(0)).unwrap(), directory.path());
    let error = Node::prepare(config, Arc::new(OtherModel)).await.err().unwrap().to_string();
    assert!(error.contains(&manifest.to_string()) && error.contains("published files"), "{error}");
}
