//! A tree of blocks behind a JSON-RPC server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use alloy::{
    primitives::{Address, B256, Bloom, LogData, U64, keccak256},
    sol_types::SolCall,
};
use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use infera_contracts::IJobRegistry;
use infera_indexer::block::BlockReference;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{CHAIN_ID, DEPLOYED_AT};

/// Seconds of block 0; every block adds one.
pub const GENESIS_TIME: u64 = 1_795_176_000;
pub const GAS_USED: u64 = 100_000;

/// The logs of one transaction.
pub type Transaction = Vec<(Address, LogData)>;

#[derive(Clone, Debug)]
struct Block {
    number: u64,
    hash: B256,
    parent: B256,
    transactions: Vec<Transaction>,
}

impl Block {
    fn transaction_hash(&self, index: usize) -> B256 {
        // A transaction that is included again on another branch keeps its hash, as on a real chain.
        let logs: Vec<u8> = self.transactions[index].iter().flat_map(|(_, log)| log.data.to_vec()).collect();
        keccak256([&self.number.to_be_bytes()[..], &index.to_be_bytes(), &keccak256(logs)[..]].concat())
    }

    fn header(&self) -> Value {
        json!({
            "number": U64::from(self.number), "hash": self.hash, "parentHash": self.parent,
            "timestamp": U64::from(GENESIS_TIME + self.number), "logsBloom": Bloom::ZERO, "transactions": [],
        })
    }

    fn logs(&self, addresses: &[Address]) -> Vec<Value> {
        let mut logs = Vec::new();
        let mut log_index = 0;
        for (index, transaction) in self.transactions.iter().enumerate() {
            for (address, log) in transaction {
                if addresses.contains(address) {
                    logs.push(json!({
                        "address": address, "topics": log.topics(), "data": log.data, "blockNumber": U64::from(self.number),
                        "blockHash": self.hash, "transactionHash": self.transaction_hash(index),
                        "transactionIndex": U64::from(index), "logIndex": U64::from(log_index), "removed": false,
                    }));
                }
                log_index += 1;
            }
        }
        logs
    }

    fn receipts(&self) -> Vec<Value> {
        (0..self.transactions.len())
            .map(|index| {
                json!({
                    "transactionHash": self.transaction_hash(index), "blockHash": self.hash, "from": Address::repeat_byte(0xee),
                    "gasUsed": U64::from(GAS_USED), "effectiveGasPrice": U64::from(7), "status": U64::from(1),
                    // A type of another layer 2, which a strict reader would refuse.
                    "type": "0x7e", "l1Fee": "0x1",
                })
            })
            .collect()
    }
}

/// What goes wrong, call by call.
#[derive(Default)]
pub struct Faults {
    /// This many calls are answered with HTTP 500.
    pub failing_calls: u32,
    /// This many calls are never answered.
    pub hanging_calls: u32,
    /// Longer ranges are refused.
    pub longest_range: Option<u64>,
    /// No `eth_getBlockReceipts`.
    pub no_block_receipts: bool,
    /// The node shows so many blocks fewer than there are.
    pub hidden_blocks: u64,
    /// After so many more calls, this branch replaces the newest blocks.
    pub branch_after: Option<(u32, usize, Vec<Vec<Transaction>>)>,
}

struct Tree {
    blocks: HashMap<B256, Block>,
    canonical: Vec<B256>,
    chain_id: u64,
    made: u64,
    faults: Faults,
    calls: HashMap<String, u32>,
}

impl Tree {
    fn push(&mut self, transactions: Vec<Transaction>) {
        let parent = self.canonical.last().copied().unwrap_or_default();
        self.made += 1;
        let hash = keccak256([parent.as_slice(), &self.made.to_be_bytes()].concat());
        let number = self.canonical.len() as u64;
        self.canonical.push(hash);
        self.blocks.insert(hash, Block { number, hash, parent, transactions });
    }

    fn branch(&mut self, depth: usize, blocks: Vec<Vec<Transaction>>) {
        // What lies before the deployment's block stays.
        let kept = self.canonical.len().saturating_sub(depth).max(DEPLOYED_AT as usize);
        self.canonical.truncate(kept);
        for transactions in blocks {
            self.push(transactions);
        }
    }

    fn visible(&self) -> &[B256] {
        let hidden = self.faults.hidden_blocks as usize;
        &self.canonical[..self.canonical.len().saturating_sub(hidden).max(1)]
    }

    fn by_number(&self, tag: &Value) -> Option<&Block> {
        let hash = match tag.as_str().unwrap() {
            "latest" => self.visible().last(),
            number => self.visible().get(number.parse::<U64>().unwrap().to::<usize>()),
        };
        hash.map(|hash| &self.blocks[hash])
    }

    fn answer(&mut self, method: &str, parameters: &Value) -> Result<Value, (i64, String)> {
        let first = &parameters[0];
        Ok(match method {
            "eth_chainId" => json!(U64::from(self.chain_id)),
            "eth_getBlockByNumber" => self.by_number(first).map_or(Value::Null, Block::header),
            "eth_getLogs" => self.logs(first)?,
            "eth_getBlockReceipts" if self.faults.no_block_receipts => {
                return Err((-32601, "the method eth_getBlockReceipts does not exist".into()));
            }
            "eth_getBlockReceipts" => {
                let hash: B256 = first.as_str().unwrap().parse().unwrap();
                self.canonical.contains(&hash).then(|| self.blocks[&hash].receipts()).into()
            }
            "eth_getTransactionReceipt" => {
                let receipts = self.canonical.iter().flat_map(|hash| self.blocks[hash].receipts());
                receipts.into_iter().find(|receipt| receipt["transactionHash"] == *first).unwrap_or_default()
            }
            "eth_call" => json!(alloy::hex::encode_prefixed(IJobRegistry::parametersCall::abi_encode_returns(
                &super::events::parameters()
            ))),
            other => return Err((-32601, format!("the method {other} does not exist"))),
        })
    }

    fn logs(&self, filter: &Value) -> Result<Value, (i64, String)> {
        let addresses: Vec<Address> = serde_json::from_value(filter["address"].clone()).unwrap();
        let blocks: Vec<&Block> = match filter.get("blockHash") {
            Some(hash) => {
                let hash: B256 = hash.as_str().unwrap().parse().unwrap();
                // A node forgets the branches it has left.
                let known = self.canonical.contains(&hash);
                vec![self.blocks.get(&hash).filter(|_| known).ok_or((-32000, "unknown block".to_owned()))?]
            }
            None => {
                let (from, to) = (self.by_number(&filter["fromBlock"]), self.by_number(&filter["toBlock"]));
                let (Some(from), Some(to)) = (from, to) else { return Err((-32000, "unknown block".into())) };
                if self.faults.longest_range.is_some_and(|longest| to.number - from.number + 1 > longest) {
                    return Err((-32005, "query returned more than 10000 results".into()));
                }
                (from.number..=to.number).map(|number| &self.blocks[&self.canonical[number as usize]]).collect()
            }
        };
        Ok(blocks.into_iter().flat_map(|block| block.logs(&addresses)).collect())
    }

    fn reference(&self, hash: &B256) -> BlockReference {
        BlockReference { number: self.blocks[hash].number, hash: *hash }
    }
}

/// The chain and its server. Dropping it closes the port.
pub struct FakeChain {
    tree: Arc<Mutex<Tree>>,
    url: String,
    server: JoinHandle<()>,
}

impl FakeChain {
    /// A chain of one empty block.
    pub async fn start() -> Self {
        let mut tree = Tree {
            blocks: HashMap::new(),
            canonical: Vec::new(),
            chain_id: CHAIN_ID,
            made: 0,
            faults: Faults::default(),
            calls: HashMap::new(),
        };
        tree.push(Vec::new());
        let tree = Arc::new(Mutex::new(tree));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://user:secret@{}/key", listener.local_addr().unwrap());
        let router = Router::new().route("/key", post(serve)).with_state(tree.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { tree, url, server }
    }

    /// With credentials, as operators have them.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap()
    }

    pub fn extend(&self, blocks: Vec<Vec<Transaction>>) {
        self.tree().branch(0, blocks);
    }

    /// Adds blocks without events.
    pub fn mine(&self, number: usize) {
        self.extend(vec![Vec::new(); number]);
    }

    /// Replaces the newest `depth` blocks.
    pub fn branch(&self, depth: usize, blocks: Vec<Vec<Transaction>>) {
        self.tree().branch(depth, blocks);
    }

    /// Changes what goes wrong.
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.tree().faults);
    }

    pub fn set_chain_id(&self, chain_id: u64) {
        self.tree().chain_id = chain_id;
    }

    pub fn head(&self) -> BlockReference {
        let tree = self.tree();
        tree.reference(tree.canonical.last().unwrap())
    }

    pub fn block(&self, number: u64) -> BlockReference {
        let tree = self.tree();
        tree.reference(&tree.canonical[number as usize])
    }

    /// What a block emitted, whether it is canonical or not.
    pub fn emitted(&self, block: B256) -> Vec<LogData> {
        self.tree().blocks[&block].transactions.iter().flatten().map(|(_, log)| log.clone()).collect()
    }

    /// How often a method was called.
    pub fn calls(&self, method: &str) -> u32 {
        self.tree().calls.get(method).copied().unwrap_or_default()
    }

    /// Whether every planned fault has happened.
    pub fn faults_are_over(&self) -> bool {
        let faults = &self.tree().faults;
        faults.failing_calls == 0 && faults.hanging_calls == 0 && faults.branch_after.is_none()
    }
}

impl Drop for FakeChain {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(tree): State<Arc<Mutex<Tree>>>, Json(request): Json<Value>) -> impl IntoResponse {
    let (status, body, hangs) = {
        let mut tree = tree.lock().unwrap();
        let method = request["method"].as_str().unwrap();
        *tree.calls.entry(method.into()).or_default() += 1;
        if let Some((calls, _, _)) = &mut tree.faults.branch_after {
            match calls.checked_sub(1) {
                Some(left) => *calls = left,
                None => {
                    let (_, depth, blocks) = tree.faults.branch_after.take().unwrap();
                    tree.branch(depth, blocks);
                }
            }
        }
        if tree.faults.hanging_calls > 0 {
            tree.faults.hanging_calls -= 1;
            (StatusCode::OK, Value::Null, true)
        } else if tree.faults.failing_calls > 0 {
            tree.faults.failing_calls -= 1;
            (StatusCode::INTERNAL_SERVER_ERROR, json!("out of order"), false)
        } else {
            let body = match tree.answer(method, &request["params"]) {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
                Err((code, message)) => {
                    json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": code, "message": message } })
                }
            };
            (StatusCode::OK, body, false)
        }
    };
    if hangs {
        std::future::pending::<()>().await;
    }
    (status, Json(body))
}
