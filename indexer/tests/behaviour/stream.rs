//! The canonical stream.

use std::time::Duration;

use alloy::primitives::LogData;
use infera_indexer::{
    block::{BlockReference, Rollback, StreamBlock, StreamItem},
    stream::{Connection, EventStream, StreamConfig, StreamError},
};
use tokio_util::sync::CancellationToken;

use crate::support::{
    CHAIN_ID, DEPLOYED_AT,
    chain::{FakeChain, GAS_USED, Transaction},
    deployment,
    events::{committed, job_id, registered, requested, transaction},
    provider, soon, stream_config,
};
fn open(chain: &FakeChain, known: Vec<BlockReference>) -> EventStream {
    open_with(stream_config(chain.url()), chain, known)
}

fn open_with(config: StreamConfig, chain: &FakeChain, known: Vec<BlockReference>) -> EventStream {
    EventStream::new(config, provider(chain.url()), &deployment(), known, CancellationToken::new())
}

async fn next(stream: &mut EventStream) -> StreamItem {
    soon("the next item", stream.next()).await.unwrap().unwrap()
}

async fn next_block(stream: &mut EventStream) -> StreamBlock {
    match next(stream).await {
        StreamItem::Block(block) => block,
        rollback => panic!("{rollback:?} instead of a block"),
    }
}

async fn next_rollback(stream: &mut EventStream) -> Rollback {
    match next(stream).await {
        StreamItem::Rollback(rollback) => rollback,
        block => panic!("{block:?} instead of a rollback"),
    }
}

/// What a careful consumer holds: the blocks that were yielded and not rolled back.
#[derive(Default)]
struct Consumer {
    blocks: Vec<StreamBlock>,
}

impl Consumer {
    fn take(&mut self, item: StreamItem) {
        match item {
            StreamItem::Block(block) => {
                assert!(self.blocks.last().is_none_or(|tip| tip.number < block.number), "heights rise");
                self.blocks.push(block);
            }
            StreamItem::Rollback(rollback) => {
                let kept = self.blocks.partition_point(|block| block.number < rollback.first_removed);
                let mut removed: Vec<_> = self.blocks.drain(kept..).map(|block| block.reference()).collect();
                removed.reverse();
                assert_eq!(removed, rollback.removed, "a rollback names exactly what was yielded, newest first");
            }
        }
    }

    async fn follow_to(&mut self, stream: &mut EventStream, tip: BlockReference) {
        while self.blocks.last().map(StreamBlock::reference) != Some(tip) {
            self.take(next(stream).await);
        }
    }

    fn references(&self) -> Vec<BlockReference> {
        self.blocks.iter().map(StreamBlock::reference).collect()
    }

    /// Event names with their heights.
    fn events(&self) -> Vec<(u64, &'static str)> {
        self.blocks.iter().flat_map(|block| &block.events).map(|event| (event.block, event.event.name())).collect()
    }
}

fn request(number: u8) -> Transaction {
    transaction([requested(number)])
}

#[tokio::test]
async fn yields_every_event_once_in_chain_order_with_its_place_and_gas() {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(vec![vec![request(1), transaction([committed(1, 7, 0), registered(7)])]]);
    let mut stream = open(&chain, vec![]);

    let first = next_block(&mut stream).await;
    assert_eq!(
        (first.number, first.events.len()),
        (DEPLOYED_AT, 0),
        "the deployment's block comes first, events or not"
    );
    let block = next_block(&mut stream).await;
    assert_eq!((block.reference(), block.parent), (chain.head(), first.hash));
    let names: Vec<_> =
        block.events.iter().map(|event| (event.log_index, event.event.name(), event.event.job())).collect();
    assert_eq!(
        names,
        [(0, "JobRequested", Some(job_id(1))), (1, "Committed", Some(job_id(1))), (2, "ExecutorRegistered", None)]
    );
    let gas: Vec<_> = block.transactions.iter().map(|transaction| (transaction.hash, transaction.gas_used)).collect();
    assert_eq!(gas, [(block.events[0].transaction, GAS_USED), (block.events[1].transaction, GAS_USED)]);
    assert!(block.events.iter().all(|event| event.timestamp == block.timestamp));
}

#[tokio::test]
async fn a_long_way_is_read_in_ranges_without_losing_an_event() {
    let chain = FakeChain::start().await;
    for number in 0..10 {
        chain.mine(7);
        chain.extend(vec![vec![request(number)]]);
    }
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    let expected: Vec<_> = (1..=10).map(|tens| (8 * tens, "JobRequested")).collect();
    assert_eq!(consumer.events(), expected);
    assert!(consumer.blocks.len() < 40, "blocks without events are skipped: {}", consumer.blocks.len());
}

#[tokio::test]
async fn a_refused_range_is_asked_for_in_smaller_pieces() {
    let chain = FakeChain::start().await;
    chain.faults(|faults| faults.longest_range = Some(3));
    chain.mine(20);
    chain.extend(vec![vec![request(1)]]);
    chain.mine(20);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.events(), [(21, "JobRequested")]);
    assert_eq!(stream.health().borrow().connection, Connection::Connected);
}

#[tokio::test]
async fn a_reorganisation_rolls_back_and_goes_on_from_the_common_ancestor() {
    let chain = FakeChain::start().await;
    chain.mine(4);
    chain.extend(vec![vec![request(1)], vec![request(2)]]);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    let void = [chain.block(6), chain.block(5)];

    chain.branch(2, vec![vec![request(3)], vec![], vec![request(1)]]);
    let rollback = next_rollback(&mut stream).await;
    assert_eq!(rollback, Rollback { first_removed: 5, removed: void.to_vec() });
    consumer.take(StreamItem::Rollback(rollback));
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.events(), [(5, "JobRequested"), (7, "JobRequested")]);
    assert_eq!(consumer.blocks.last().unwrap().events[0].event.job(), Some(job_id(1)));
}

#[tokio::test]
async fn a_chain_that_is_replaced_by_a_shorter_one_is_followed() {
    let chain = FakeChain::start().await;
    chain.mine(9);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    chain.branch(5, vec![vec![request(1)]]);
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.events(), [(5, "JobRequested")]);
}

#[tokio::test]
async fn a_shorter_chain_that_ends_between_two_yielded_blocks_is_followed() {
    let chain = FakeChain::start().await;
    chain.mine(30);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    let yielded: Vec<u64> = consumer.blocks.iter().map(|block| block.number).collect();
    assert!(!yielded.contains(&13), "block 13 lies within a range: {yielded:?}");
    // Nothing that was yielded lies at the new head's height.
    chain.branch(18, vec![vec![request(1)]]);
    assert_eq!(chain.head().number, 13);
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.events(), [(13, "JobRequested")]);
}

#[tokio::test]
async fn even_the_first_block_can_be_rolled_back() {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(vec![vec![request(1)]]);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    chain.branch(2, vec![vec![request(2)], vec![], vec![request(3)]]);
    let rollback = next_rollback(&mut stream).await;
    assert_eq!((rollback.first_removed, rollback.removed.len()), (DEPLOYED_AT, 2));
    consumer.take(StreamItem::Rollback(rollback));
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.events(), [(2, "JobRequested"), (4, "JobRequested")]);
}

#[tokio::test]
async fn goes_on_behind_what_the_consumer_has_stored() {
    let chain = FakeChain::start().await;
    chain.mine(4);
    chain.extend(vec![vec![request(1)]]);
    let known = vec![chain.block(4), chain.block(5)];
    chain.extend(vec![vec![request(2)]]);
    let mut stream = open(&chain, known);
    let block = next_block(&mut stream).await;
    assert_eq!((block.number, block.events[0].event.job()), (6, Some(job_id(2))));
}

#[tokio::test]
async fn begins_with_a_rollback_when_the_stored_blocks_were_replaced_meanwhile() {
    let chain = FakeChain::start().await;
    chain.mine(4);
    chain.extend(vec![vec![request(1)], vec![request(2)]]);
    let known: Vec<_> = (2..=6).map(|number| chain.block(number)).collect();
    chain.branch(2, vec![vec![request(3)], vec![], vec![]]);
    let mut stream = open(&chain, known.clone());
    assert_eq!(next_rollback(&mut stream).await, Rollback { first_removed: 5, removed: vec![known[4], known[3]] });
    assert_eq!(next_block(&mut stream).await.events[0].event.job(), Some(job_id(3)));
}

#[tokio::test]
async fn a_reorganisation_between_any_two_calls_never_mixes_two_branches() {
    for (calls, receipts) in (0..70).flat_map(|calls| [(calls, false), (calls, true)]) {
        let chain = FakeChain::start().await;
        chain.mine(2);
        chain.extend((0..12).map(|number| vec![request(number)]).collect());
        let branch: Vec<_> = (0..10).map(|number| vec![request(100 + number), request(number)]).collect();
        chain.faults(|faults| faults.branch_after = Some((calls, 9, branch)));
        let config = StreamConfig { receipts, ..stream_config(chain.url()) };
        let mut stream = open_with(config, &chain, vec![]);
        let mut consumer = Consumer::default();
        while !chain.faults_are_over() || consumer.blocks.last().map(StreamBlock::reference) != Some(chain.head()) {
            let item = next(&mut stream).await;
            if let StreamItem::Block(block) = &item {
                let events =
                    block.events.iter().map(|event| LogData::new_unchecked(event.topics.clone(), event.data.clone()));
                let events: Vec<_> = events.collect();
                assert_eq!(events, chain.emitted(block.hash), "block {} before call {calls}", block.number);
            }
            consumer.take(item);
        }
        let canonical: Vec<_> = consumer.references().iter().map(|block| chain.block(block.number)).collect();
        assert_eq!(consumer.references(), canonical, "reorganised before call {calls}");
        let heights: Vec<_> = consumer.events().iter().map(|(height, _)| *height).collect();
        let expected: Vec<u64> = (3..=5).chain((6..=15).flat_map(|height| [height, height])).collect();
        assert_eq!(heights, expected, "reorganised before call {calls}");
    }
}

#[tokio::test]
async fn a_reorganisation_of_the_position_itself_between_any_two_calls_is_rolled_back() {
    for calls in 0..40 {
        let chain = FakeChain::start().await;
        chain.mine(2);
        chain.extend((0..3).map(|number| vec![request(number)]).collect());
        let mut stream = open(&chain, vec![]);
        let mut consumer = Consumer::default();
        consumer.follow_to(&mut stream, chain.head()).await;
        // A long way to go, of which the part that was read is replaced too, before some call on the way.
        chain.extend((3..15).map(|number| vec![request(number)]).collect());
        let branch: Vec<_> = (0..16).map(|number| vec![request(100 + number)]).collect();
        chain.faults(|faults| faults.branch_after = Some((calls, 14, branch)));
        while !chain.faults_are_over() || consumer.blocks.last().map(StreamBlock::reference) != Some(chain.head()) {
            consumer.take(next(&mut stream).await);
        }
        let canonical: Vec<_> = consumer.references().iter().map(|block| chain.block(block.number)).collect();
        assert_eq!(consumer.references(), canonical, "reorganised before call {calls}");
    }
}

#[tokio::test]
async fn failing_and_hanging_calls_cost_no_event_and_are_told_without_credentials() {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend((0..6).map(|number| vec![request(number)]).collect());
    let mut stream = open(&chain, vec![]);
    let mut health = stream.health();
    let mut consumer = Consumer::default();
    consumer.take(next(&mut stream).await);

    chain.faults(|faults| faults.failing_calls = u32::MAX);
    let failing = async {
        let health = health.wait_for(|health| matches!(health.connection, Connection::Failing { failures: 3.., .. }));
        format!("{:?}", health.await.unwrap())
    };
    let told = tokio::select! {
        told = soon("the failure", failing) => told,
        item = stream.next() => panic!("{item:?} from a failing node"),
    };
    assert!(told.contains("500") && told.contains("http://127.0.0.1"), "{told}");
    assert!(!told.contains("secret") && !told.contains("key"), "{told}");

    chain.faults(|faults| (faults.failing_calls, faults.hanging_calls) = (2, 2));
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.events().len(), 6);
    assert_eq!(health.borrow().lag(), Some(1), "the consumer has not said that it is done with the last block");
    tokio::select! {
        healthy = soon("health", health.wait_for(|health| health.lag() == Some(0))) => {
            assert_eq!(healthy.unwrap().connection, Connection::Connected);
        }
        item = stream.next() => panic!("{item:?} behind the head"),
    }
}

#[tokio::test]
async fn a_node_that_is_gone_is_told_and_waited_for_until_the_stream_is_cancelled() {
    let chain = FakeChain::start().await;
    let url = chain.url().to_owned();
    drop(chain);
    let cancellation = CancellationToken::new();
    let mut stream = EventStream::new(stream_config(&url), provider(&url), &deployment(), vec![], cancellation.clone());
    let mut health = stream.health();
    let following = tokio::spawn(async move { stream.next().await });
    soon("the failure", health.wait_for(|health| matches!(health.connection, Connection::Failing { .. })))
        .await
        .unwrap();
    cancellation.cancel();
    assert!(matches!(soon("the end", following).await.unwrap(), Ok(None)));
}

#[tokio::test]
async fn a_dropped_call_loses_nothing() {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend((0..30).map(|number| vec![request(number)]).collect());
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    let mut microseconds = 0;
    while consumer.blocks.last().map(StreamBlock::reference) != Some(chain.head()) {
        // Cuts the call off at ever later points until it gets through.
        microseconds += 50;
        if let Ok(item) = tokio::time::timeout(Duration::from_micros(microseconds), stream.next()).await {
            consumer.take(item.unwrap().unwrap());
            microseconds = 0;
        }
    }
    assert_eq!(consumer.events().len(), 30);
}

#[tokio::test]
async fn receipts_are_read_one_by_one_from_a_node_without_block_receipts() {
    let chain = FakeChain::start().await;
    chain.faults(|faults| faults.no_block_receipts = true);
    chain.mine(2);
    chain.extend(vec![vec![request(1), request(2)], vec![request(3)]]);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    assert_eq!(consumer.blocks.iter().map(|block| block.transactions.len()).sum::<usize>(), 3);
    assert_eq!((chain.calls("eth_getBlockReceipts"), chain.calls("eth_getTransactionReceipt")), (1, 3));
}

#[tokio::test]
async fn a_node_that_lags_behind_is_waited_for_and_causes_no_rollback() {
    let chain = FakeChain::start().await;
    chain.mine(6);
    let mut stream = open(&chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    chain.faults(|faults| faults.hidden_blocks = 3);
    chain.extend(vec![vec![request(1)]]);
    // The slow node is asked several times before it catches up.
    let asked = chain.calls("eth_getBlockByNumber");
    let slow = async {
        while chain.calls("eth_getBlockByNumber") < asked + 10 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = soon("ten questions", slow) => {}
        item = stream.next() => panic!("{item:?} from a lagging node"),
    }
    chain.faults(|faults| faults.hidden_blocks = 0);
    assert_eq!(next_block(&mut stream).await.number, 7);
}

#[tokio::test]
async fn another_chain_is_refused_with_both_ids() {
    let chain = FakeChain::start().await;
    chain.set_chain_id(1);
    let error = soon("the refusal", open(&chain, vec![]).next()).await.unwrap_err();
    assert!(matches!(error, StreamError::WrongChain { expected: CHAIN_ID, actual: 1, .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_reorganisation_deeper_than_the_memory_is_refused_with_the_way_out() {
    let chain = FakeChain::start().await;
    chain.mine(10);
    let config = StreamConfig { history: 3, range_distance: 100, ..stream_config(chain.url()) };
    let mut stream = open_with(config, &chain, vec![]);
    let mut consumer = Consumer::default();
    consumer.follow_to(&mut stream, chain.head()).await;
    chain.branch(5, vec![vec![]; 6]);
    let error = soon("the refusal", stream.next()).await.unwrap_err();
    assert!(matches!(error, StreamError::HistoryLost { remembered: 3, oldest: 8, .. }), "{error}");
    assert!(error.to_string().contains("read the chain anew"), "{error}");
}
