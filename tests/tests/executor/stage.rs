//! Three executors with engines and gates of the test's own, on a chain with fast blocks.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::BlockNumberOrTag,
    primitives::{Address, B256, U256, utils::Unit},
    providers::Provider,
    rpc::{json_rpc::RpcSend, types::Header},
};
use infera_contracts::{
    IJobRegistry::{Committed, JobState},
    IStaking,
};
use infera_devnet::{Devnet, MiningMode};
use infera_executor::{
    broadcast::RpcBroadcaster,
    journal::{Identity, Journal},
};
use infera_network::{ExecutorPlan, Network, Role, scripted};
use infera_sdk::{Client, JobProgress, JobRequest, RequestedJob};

use crate::gate::Gate;

/// Every block is a second of chain time later all the same.
const BLOCK_TIME: Duration = Duration::from_millis(150);
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct Stage {
    pub(crate) network: Network,
    pub(crate) client: Client,
    pub(crate) engines: Vec<Arc<scripted::Engine>>,
    pub(crate) gates: Vec<Arc<Gate>>,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let (mut engines, mut gates) = (Vec::new(), Vec::new());
        let mut builder = Network::builder(scripted::model()).block_time(BLOCK_TIME);
        for _ in 0..3 {
            let (engine, gate) = (Arc::new(scripted::Engine::default()), Arc::new(Gate::default()));
            builder = builder.executor(ExecutorPlan::in_process(engine.clone()).with_broadcaster(gate.clone()));
            engines.push(engine);
            gates.push(gate);
        }
        let network = builder.start().await.unwrap();
        for gate in &gates {
            gate.lead_to(RpcBroadcaster::new(network.provider().clone()));
        }
        let client = network.client().await.unwrap();
        Self { network, client, engines, gates }
    }

    pub(crate) fn devnet(&self) -> &Devnet {
        self.network.devnet().unwrap()
    }

    /// Has the devnet do what no chain does by itself.
    pub(crate) async fn bend<P: RpcSend>(&self, method: &'static str, parameters: P) {
        let _: () = self.network.provider().raw_request(method.into(), parameters).await.unwrap();
    }

    /// Blocks are made by hand until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.devnet().set_mining(MiningMode::Manual);
    }

    pub(crate) fn resume(&self) {
        self.devnet().set_mining(MiningMode::Interval(BLOCK_TIME));
    }

    pub(crate) fn request(&self) -> JobRequest {
        scripted::request(self.network.model())
    }

    pub(crate) async fn ask(&self, request: &JobRequest) -> RequestedJob {
        let sender = self.network.sender(Role::Requester).await.unwrap();
        self.client.request(&sender, U256::ONE, request).await.unwrap()
    }

    pub(crate) async fn state(&self, job: B256) -> JobState {
        self.client.job_state(job).await.unwrap()
    }

    /// The commitments of an executor on the canonical chain.
    pub(crate) async fn commits(&self, job: B256, executor: usize) -> Vec<TxEnvelope> {
        let id = self.network.executors()[executor].id;
        let mut commits = Vec::new();
        for (event, hash) in self.client.events::<Committed>(job).await.unwrap() {
            if event.executorId == id {
                commits.push(self.transaction(hash).await);
            }
        }
        commits
    }

    pub(crate) async fn head(&self) -> Header {
        self.network.provider().get_block_by_number(BlockNumberOrTag::Latest).await.unwrap().unwrap().header
    }

    /// Chain time in Unix seconds.
    pub(crate) async fn now(&self) -> u64 {
        self.head().await.timestamp
    }

    pub(crate) async fn transaction(&self, hash: B256) -> TxEnvelope {
        self.network.provider().get_transaction_by_hash(hash).await.unwrap().unwrap().into_inner()
    }

    /// Every transaction that an executor's signer has on the canonical chain and whose call begins with `selector`.
    pub(crate) async fn sent(&self, executor: usize, selector: [u8; 4]) -> Vec<TxEnvelope> {
        let (provider, signer) = (self.network.provider(), self.signer(executor));
        let mut sent = Vec::new();
        for number in 1..=provider.get_block_number().await.unwrap() {
            let block = provider.get_block_by_number(number.into()).full().await.unwrap().unwrap();
            let transactions = block.transactions.into_transactions_vec().into_iter().map(|its| its.inner);
            sent.extend(
                transactions
                    .filter(|its| its.signer() == signer && its.input().starts_with(&selector))
                    .map(|its| its.into_inner()),
            );
        }
        sent
    }

    pub(crate) fn signer(&self, executor: usize) -> Address {
        self.network.key(Role::Signer(executor)).unwrap().address()
    }

    /// The jobs that an executor's journal has open.
    pub(crate) async fn open_jobs(&self, executor: usize) -> usize {
        let deployment = self.network.deployment();
        let identity = Identity {
            chain_id: deployment.chain_id,
            registry: deployment.job_registry,
            signer: self.signer(executor),
        };
        let journal = Journal::open(&self.journal(executor), identity).await.unwrap();
        let jobs = journal.open_jobs().await.unwrap().len();
        journal.close().await;
        jobs
    }

    pub(crate) fn journal(&self, executor: usize) -> PathBuf {
        self.network.deployment_file().with_file_name(format!("executor-{}.sqlite", executor + 1))
    }

    /// Waits until the job is resolved, and checks that it cost no executor any stake.
    pub(crate) async fn resolves(&self, job: B256) {
        let outcome = self.client.follow(job, DEADLINE).await.unwrap();
        assert!(matches!(outcome, JobProgress::Resolved { .. }), "{outcome:?}");
        let staking = IStaking::new(self.network.deployment().staking, self.network.provider());
        for executor in self.network.executors() {
            let stake = staking.stakeOf(executor.id).call().await.unwrap();
            assert_eq!(stake, U256::from(100) * Unit::ETHER.wei(), "{}", executor.name);
        }
    }
}

/// Waits until `holds`, or fails with `what` was awaited.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
