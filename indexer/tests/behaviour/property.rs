//! Whatever a chain and its node do, the store ends as if it had read the final chain once.

use alloy::primitives::{Address, LogData};
use infera_indexer::{
    fold::{CaseRecord, ExecutorRecord, JobRecord, ModelRecord},
    store::{CaseFilter, EventFilter, JobFilter, Store, StoredEvent},
};
use proptest::prelude::*;

use crate::support::{
    chain::{FakeChain, Transaction},
    deployment, events, index, soon, stream,
};

/// Enough to meet every pair of acts.
const CASES: u32 = 60;

/// One thing that happens to the chain, its node or the indexer.
#[derive(Clone, Debug)]
enum Act {
    /// Blocks are added; the numbers seed their events.
    Extend(Vec<u64>),
    /// The newest blocks are replaced.
    Branch { depth: usize, blocks: Vec<u64> },
    /// A branch comes between two calls.
    BranchLater { calls: u32, depth: usize, blocks: Vec<u64> },
    /// Calls fail.
    Fail(u32),
    /// The indexer takes some items and is killed then.
    Run(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let blocks = || prop::collection::vec(any::<u64>(), 1..12);
    prop_oneof![
        3 => blocks().prop_map(Act::Extend),
        2 => (1..8usize, blocks()).prop_map(|(depth, blocks)| Act::Branch { depth, blocks }),
        2 => (0..12u32, 1..8usize, blocks())
            .prop_map(|(calls, depth, blocks)| Act::BranchLater { calls, depth, blocks }),
        1 => (1..4u32).prop_map(Act::Fail),
        4 => (1..12usize).prop_map(Act::Run),
    ]
}

/// A generator that only has to be varied (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Any event, in any order: also sequences that no contract would emit must fold alike.
fn log(numbers: &mut Numbers) -> (Address, LogData) {
    let job = numbers.below(3) as u8;
    let executor = 1 + numbers.below(4) as u32;
    let seat = numbers.below(3) as u8;
    let amount = numbers.below(1_000_000);
    match numbers.below(17) {
        0 | 1 => events::requested(job),
        2 => events::drawn(job, [executor, 1 + executor % 4, 0], numbers.below(50)),
        3 => events::locked(job, executor),
        4 => events::committed(job, executor, seat),
        5 => events::reveal_opened(job, numbers.below(50)),
        6 => events::revealed(job, executor, seat),
        7 => events::settled(job, executor, numbers.below(6) as u8, amount.into(), amount, amount / 2),
        8 => events::resolved(job),
        9 => events::called_back(job, amount.is_multiple_of(2)),
        10 => events::registered(executor),
        11 => events::staked(executor, amount.into()),
        12 => events::weighed(executor, amount),
        13 => events::challenged(3 + executor as u8, job, executor, seat),
        14 => events::decided(3 + executor as u8, job, executor, seat, numbers.below(5) as u8),
        15 => events::bond_credited(3 + executor as u8, amount.into()),
        _ => events::offered(executor, amount.into()),
    }
}

fn block(seed: u64) -> Vec<Transaction> {
    let mut numbers = Numbers(seed);
    let mut transactions = Vec::new();
    for _ in 0..numbers.below(3) {
        let mut transaction = Transaction::new();
        for _ in 0..=numbers.below(3) {
            transaction.push(log(&mut numbers));
        }
        if numbers.below(4) == 0 {
            transaction.extend(events::slashed(numbers.below(3) as u8, 1 + numbers.below(4) as u32, 1_000));
        }
        transactions.push(transaction);
    }
    if numbers.below(10) == 0 {
        transactions.push(events::published());
    }
    transactions
}

fn blocks(seeds: &[u64]) -> Vec<Vec<Transaction>> {
    seeds.iter().copied().map(block).collect()
}

/// Everything that can be asked of a store.
#[derive(Debug, PartialEq)]
struct Contents {
    events: Vec<StoredEvent>,
    jobs: Vec<JobRecord>,
    cases: Vec<CaseRecord>,
    executors: Vec<ExecutorRecord>,
    models: Vec<ModelRecord>,
    gas: u64,
}

async fn contents(store: &Store) -> Contents {
    const ALL: u32 = 100_000;
    let jobs = store.jobs(&JobFilter::default(), None, ALL).await.unwrap();
    let mut gas = 0;
    for job in &jobs {
        gas +=
            store.job_transactions(job.id).await.unwrap().iter().map(|transaction| transaction.gas_used).sum::<u64>();
    }
    Contents {
        events: store.events(&EventFilter::default(), None, ALL).await.unwrap(),
        jobs,
        cases: store.cases(&CaseFilter::default(), None, ALL).await.unwrap(),
        executors: store.executors(0, ALL).await.unwrap(),
        models: store.models(Default::default(), ALL).await.unwrap(),
        gas,
    }
}

async fn run(acts: Vec<Act>) -> (Contents, Contents) {
    let chain = FakeChain::start().await;
    chain.mine(2);
    let store = Store::in_memory(&deployment()).await.unwrap();
    for act in acts {
        match act {
            Act::Extend(seeds) => chain.extend(blocks(&seeds)),
            Act::Branch { depth, blocks: seeds } => chain.branch(depth, blocks(&seeds)),
            Act::BranchLater { calls, depth, blocks: seeds } => {
                chain.faults(|faults| faults.branch_after = Some((calls, depth, blocks(&seeds))));
            }
            Act::Fail(calls) => chain.faults(|faults| faults.failing_calls = calls),
            Act::Run(items) => {
                let mut stream = stream(&chain, store.recent_blocks().await.unwrap());
                for _ in 0..items {
                    if store.tip().await.unwrap() == Some(chain.head()) {
                        break;
                    }
                    let item = soon("the next item", stream.next()).await.unwrap().unwrap();
                    store.write(&item).await.unwrap();
                }
            }
        }
    }
    chain.faults(|faults| faults.branch_after = None);
    // A chain that has only become shorter is seen to be another once it is as long again.
    chain.mine(12);
    index(&chain, &store).await;
    let fresh = Store::in_memory(&deployment()).await.unwrap();
    index(&chain, &fresh).await;
    (contents(&store).await, contents(&fresh).await)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_time: 120_000, ..ProptestConfig::default() })]

    #[test]
    fn the_store_equals_a_fresh_reading_of_the_final_chain(acts in prop::collection::vec(act(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (followed, fresh) = runtime.block_on(run(acts));
        prop_assert_eq!(followed, fresh);
    }
}
