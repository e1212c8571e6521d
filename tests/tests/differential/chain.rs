//! A devnet for one test, asked from synchronous code.

use std::{future::IntoFuture, sync::Arc};

use alloy::{
    eips::BlockId,
    primitives::Address,
    providers::{DynProvider, Provider},
};
use infera_contracts::creation::Creation;
use infera_devnet::{Config, Devnet, ManualClock};
use infera_sdk::Sender;
use proptest::{
    strategy::Strategy,
    test_runner::{TestCaseError, TestRunner},
};
use tokio::runtime::{Builder, Runtime};

/// What a random case comes to.
pub(crate) type Verdict = Result<(), TestCaseError>;

/// The beginning of an hour.
const START: u64 = 1_800_000_000;

/// Of a block: more than twice what a transaction may use (EIP-7825), so the base fee stays zero.
const GAS_LIMIT: u64 = 60_000_000;

/// A chain of its own.
pub(crate) struct Chain {
    pub(crate) devnet: Devnet,
    pub(crate) provider: DynProvider,
    runtime: Runtime,
}

impl Chain {
    /// A chain without contracts, whose base fee is zero. Its time moves by [`Self::skip`], and by a second for each block: no
    /// epoch ends in between.
    pub(crate) fn start() -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let config = Config { accounts: 20, base_fee: 0, gas_limit: GAS_LIMIT, clock, ..Config::default() };
        let devnet = Devnet::start(config).unwrap();
        let provider = devnet.provider().erased();
        Self { devnet, provider, runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }

    /// Waits for an answer of the chain.
    pub(crate) fn wait<T>(&self, answer: impl IntoFuture<Output = T>) -> T {
        self.runtime.block_on(answer.into_future())
    }

    /// A development account.
    pub(crate) fn sender(&self, account: usize) -> Sender {
        let key = self.devnet.accounts()[account].clone();
        self.wait(Sender::new(self.provider.clone(), key)).unwrap()
    }

    /// Deploys one contract from the first account.
    pub(crate) fn deploy(&self, creation: &Creation, arguments: &[u8]) -> Address {
        let code = creation.code(arguments).unwrap();
        let sent = self.wait(self.sender(0).create(creation.name, code)).unwrap();
        sent.receipt.contract_address.unwrap()
    }

    /// The time of the latest block, in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.wait(self.time_of(BlockId::latest()))
    }

    /// The time of a block.
    pub(crate) async fn time_of(&self, block: impl Into<BlockId>) -> u64 {
        self.provider.get_block(block.into()).await.unwrap().unwrap().header.timestamp
    }

    /// Moves the chain's time forward by a block at its end.
    pub(crate) fn skip(&self, seconds: u64) {
        self.devnet.increase_time(seconds);
        self.devnet.mine(1).unwrap();
    }
}

/// Tries `cases` random inputs; panics with the smallest that fails.
pub(crate) fn check<S: Strategy>(file: &'static str, cases: u32, inputs: S, test: impl Fn(S::Value) -> Verdict) {
    let config = proptest::test_runner::Config { cases, source_file: Some(file), ..Default::default() };
    if let Err(failure) = TestRunner::new(config).run(&inputs, test) {
        panic!("{failure}");
    }
}
