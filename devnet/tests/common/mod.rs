//! What the tests share: a chain with two ways to it, and a contract.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, unreachable_pub)]

use std::{future::Future, sync::Arc, time::Duration};

use alloy::{
    eips::{eip2935, eip4788, eip7002, eip7251},
    genesis::Genesis,
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, B256, Bytes, U256, hex},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::{
        client::RpcClient,
        types::{TransactionReceipt, TransactionRequest},
    },
    transports::RpcError,
};
use infera_devnet::{Config, Devnet, ManualClock, Server};
use serde_json::{Value, json};

/// Where the clock of these chains starts, in Unix seconds.
pub const START: u64 = 1_800_000_000;

/// A chain and a client of it.
pub struct Link {
    pub devnet: Devnet,
    pub clock: Arc<ManualClock>,
    pub client: RpcClient,
    pub server: Option<Server>,
}

/// A configuration on a clock that the test moves.
pub fn config() -> (Config, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(START));
    (Config { clock: clock.clone(), ..Config::default() }, clock)
}

impl Link {
    pub async fn in_process(change: impl FnOnce(&mut Config)) -> Self {
        let (mut config, clock) = config();
        change(&mut config);
        let devnet = Devnet::start(config).unwrap();
        let client = devnet.client();
        Self { devnet, clock, client, server: None }
    }

    pub async fn http(change: impl FnOnce(&mut Config)) -> Self {
        let mut link = Self::in_process(change).await;
        let server = link.devnet.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        link.client =
            RpcClient::new_http(server.http_url().parse().unwrap()).with_poll_interval(Duration::from_millis(10));
        link.server = Some(server);
        link
    }

    pub fn provider(&self) -> RootProvider {
        RootProvider::new(self.client.clone())
    }

    /// A provider that fills in and signs for development account `index`.
    pub fn wallet(&self, index: usize) -> impl Provider + Clone + use<> {
        let signer = self.devnet.accounts()[index].clone();
        ProviderBuilder::new().wallet(EthereumWallet::new(signer)).connect_client(self.client.clone())
    }

    pub fn account(&self, index: usize) -> Address {
        self.devnet.accounts()[index].address()
    }

    /// The result of a call.
    pub async fn ask(&self, method: &'static str, params: Value) -> Value {
        self.client.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The error of a call: code, message, data.
    pub async fn fail(&self, method: &'static str, params: Value) -> (i64, String, Option<Value>) {
        match self.client.request::<Value, Value>(method, params).await {
            Err(RpcError::ErrorResp(error)) => {
                let data = error.data.map(|data| serde_json::from_str(data.get()).unwrap());
                (error.code, error.message.into_owned(), data)
            }
            other => panic!("{method} was to fail: {other:?}"),
        }
    }

    /// Transfers one wei from a development account to another by `eth_sendTransaction`.
    pub async fn transfer(&self, from: usize, to: usize) -> B256 {
        let request = TransactionRequest::default()
            .with_from(self.account(from))
            .with_to(self.account(to))
            .with_value(U256::from(1));
        self.client.request("eth_sendTransaction", (request,)).await.unwrap()
    }

    pub async fn receipt(&self, hash: B256) -> Option<TransactionReceipt> {
        self.provider().get_transaction_receipt(hash).await.unwrap()
    }

    pub async fn balance(&self, address: Address) -> U256 {
        self.provider().get_balance(address).await.unwrap()
    }

    /// Deploys [`counter_code`].
    pub async fn deploy_counter(&self) -> Address {
        let deploy = TransactionRequest::default().with_from(self.account(0)).with_deploy_code(counter_code());
        let hash: B256 = self.client.request("eth_sendTransaction", (deploy,)).await.unwrap();
        let receipt = self.receipt(hash).await.unwrap();
        assert!(receipt.status());
        receipt.contract_address.unwrap()
    }

    /// Calls the counter in a transaction.
    pub async fn count(&self, counter: Address) -> B256 {
        let call = TransactionRequest::default().with_from(self.account(0)).with_to(counter);
        self.client.request("eth_sendTransaction", (call,)).await.unwrap()
    }
}

/// Topic of the counter's event.
pub const COUNTED: B256 = B256::with_last_byte(0x2a);

/// Init code of a counter. Called without data it adds one to slot 0, logs the sum under [`COUNTED`] and returns it;
/// with data it reverts with that data.
pub fn counter_code() -> Bytes {
    let runtime = concat!(
        "36601857",         // data? then jump to the revert
        "5f54600101805f55", // slot 0 += 1
        "5f52602a60205fa1", // log the sum
        "60205ff3",         // return the sum
        "5b365f5f37365ffd", // revert with the data
    );
    hex::decode(format!("7f{runtime}5f5260205ff3")).unwrap().into()
}

/// A first block from which a block each ten seconds leads through all forks: Homestead at 5 and so on to the merge at
/// 40, Shanghai at 45, Cancun at 50, Prague at 55 and Osaka at 60. Proof of work needs no work.
pub fn all_forks() -> Genesis {
    let at = |number: u64| START + 10 * number;
    let genesis = json!({
        "config": {
            "chainId": 31337,
            "homesteadBlock": 5,
            "eip150Block": 8,
            "eip155Block": 10,
            "eip158Block": 10,
            "byzantiumBlock": 15,
            "constantinopleBlock": 20,
            "petersburgBlock": 22,
            "istanbulBlock": 24,
            "muirGlacierBlock": 26,
            "berlinBlock": 28,
            "londonBlock": 30,
            "arrowGlacierBlock": 34,
            "grayGlacierBlock": 37,
            "mergeNetsplitBlock": 40,
            "terminalTotalDifficulty": 5_000_000,
            "shanghaiTime": at(45),
            "cancunTime": at(50),
            "pragueTime": at(55),
            "osakaTime": at(60),
            "ethash": {},
        },
        "timestamp": format!("{START:#x}"),
        "difficulty": "0x20000",
        "gasLimit": "0x7a1200",
        "alloc": predeploys(),
    });
    serde_json::from_value(genesis).unwrap()
}

/// The contracts that Cancun and Prague call, which a chain must have when they begin.
fn predeploys() -> Value {
    let contracts = [
        (eip4788::BEACON_ROOTS_ADDRESS, &eip4788::BEACON_ROOTS_CODE),
        (eip2935::HISTORY_STORAGE_ADDRESS, &eip2935::HISTORY_STORAGE_CODE),
        (eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE),
        (eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE),
    ];
    contracts
        .into_iter()
        .map(|(address, code)| (address.to_string(), json!({"nonce": "0x1", "balance": "0x0", "code": code})))
        .collect()
}

/// Waits until `condition` holds, for ten seconds at most.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs each function over HTTP and in process: the answers must not differ.
#[macro_export]
macro_rules! on_both_transports {
    ($($name:ident),* $(,)?) => {
        mod in_process {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::common::Link::in_process(|_| {}).await).await })*
        }
        mod http {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::common::Link::http(|_| {}).await).await })*
        }
    };
}
