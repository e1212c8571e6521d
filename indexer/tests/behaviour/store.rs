//! The store: resuming, atomic writes, and files that are not ours.

use std::task::Poll;

use infera_indexer::{
    block::{Rollback, StreamBlock, StreamItem},
    fold::{Exit, Standing},
    names::{JobPhase, SeatOutcome, Verdict, VersionStatus},
    store::{CaseFilter, EventFilter, JobFilter, Store, StoreError},
};
use infera_sdk::Deployment;
use sqlx::{Connection, SqliteConnection};

use crate::support::{
    chain::{FakeChain, GAS_USED},
    deployment,
    events::{
        INFER, REQUESTER, SEAT_FEE, bond_credited, challenged, decided, delegated, exit_requested, job_id, model_id,
        network, requested, resolved_job, runtime_class, settled, slashed, transaction, undelegation_requested,
    },
    index, soon, stream,
};

/// A chain with a network and one job, all in the store.
async fn indexed_chain() -> (FakeChain, Store) {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(network());
    chain.extend(resolved_job(1, 5));
    let store = Store::in_memory(&deployment()).await.unwrap();
    index(&chain, &store).await;
    (chain, store)
}

#[tokio::test]
async fn a_job_is_folded_from_its_events() {
    let (_chain, store) = indexed_chain().await;
    let job = store.job(job_id(1)).await.unwrap().unwrap();
    assert_eq!((job.phase, job.terms.requester, job.seats.len()), (JobPhase::Resolved, REQUESTER, 3));
    assert_eq!(job.seats[2].outcome, Some(SeatOutcome::Outlier));
    assert_eq!(job.seats[2].reputation, Some((500_000, 437_500)));
    assert_eq!(job.seats[0].payment, (SEAT_FEE * 95 / 100).into());
    assert!(job.locked.is_empty(), "what was locked is free again");
    assert!(job.seats.iter().all(|seat| seat.standing == Standing::Seated && seat.reveal.is_some()));
    assert_eq!(job.result(), Some(&job.seats[0].reveal.as_ref().unwrap().result));
    assert!(job.callbacks[0].success);
    let gas: Vec<_> = store.job_transactions(job_id(1)).await.unwrap().iter().map(|t| t.gas_used).collect();
    assert_eq!(gas, [GAS_USED; 7]);
}

/// Of the exits only those that have not matured are slashed: the newest ones, which make up the amount with the rest.
#[tokio::test]
async fn a_slash_is_taken_from_own_delegated_and_unmatured_exiting_stake() {
    let (chain, store) = indexed_chain().await;
    chain.extend(vec![vec![transaction([
        delegated(3, 60 * INFER),
        exit_requested(3, 10 * INFER, 4),
        exit_requested(3, 20 * INFER, 6),
        undelegation_requested(3, 40 * INFER, 6),
    ])]]);
    // 70 own, 20 delegated and the newer exit's 60 lose 5 percent.
    chain.extend(vec![vec![transaction(slashed(1, 3, 150 * INFER / 20))]]);
    index(&chain, &store).await;
    let executor = store.executor(3).await.unwrap().unwrap();
    assert_eq!((executor.stake, executor.delegated), ((INFER * 133 / 2).into(), (19 * INFER).into()));
    let exit = |own: u128, delegated: u128, matures_at_epoch| Exit {
        own: own.into(),
        delegated: delegated.into(),
        matures_at_epoch,
    };
    assert_eq!(executor.exits, [exit(10 * INFER, 0, 4), exit(19 * INFER, 38 * INFER, 6)]);
}

#[tokio::test]
async fn executors_and_models_are_folded_from_their_events() {
    let (chain, store) = indexed_chain().await;
    chain.extend(vec![vec![transaction(slashed(1, 3, 5 * INFER))]]);
    index(&chain, &store).await;
    let executor = store.executor(3).await.unwrap().unwrap();
    assert_eq!((executor.stake, executor.slashed, executor.strikes), ((95 * INFER).into(), (5 * INFER).into(), 1));
    assert_eq!((executor.reputation, executor.outcomes.outlier, executor.seats_in_flight), (437_500, 1, 0));
    assert_eq!((executor.offerings[0].weight, executor.offerings[0].active), (50_000, true));
    assert_eq!(store.executor(1).await.unwrap().unwrap().earned, (SEAT_FEE * 95 / 100).into());

    let model = store.model(model_id()).await.unwrap().unwrap();
    assert_eq!((model.name.as_str(), model.versions[0].status), ("minilm", VersionStatus::Active));
    assert_eq!(model.profile(1, runtime_class()).unwrap().max_cosine_distance_ppb, 1_000);
    assert!(model.profile(2, runtime_class()).is_none());
}

#[tokio::test]
async fn a_case_is_folded_from_the_courts_events_found_and_rolled_back() {
    let (chain, store) = indexed_chain().await;
    chain.extend(vec![vec![transaction([challenged(9, 1, 3, 2), bond_credited(9, 5)])]]);
    index(&chain, &store).await;
    let opened = store.tip().await.unwrap().unwrap().number;
    let open = store.case(job_id(9)).await.unwrap().unwrap();
    assert_eq!((open.verdict, open.job_id, open.seat, open.executor_id), (Verdict::Pending, job_id(1), 2, 3));
    assert_eq!((open.challenger, open.bond), (REQUESTER, INFER.into()));

    chain.extend(vec![vec![transaction([decided(9, 1, 3, 2, 2), bond_credited(9, INFER)])]]);
    index(&chain, &store).await;
    let closed = store.case(job_id(9)).await.unwrap().unwrap();
    assert_eq!((closed.verdict, closed.credits.len()), (Verdict::Convicted, 2));
    assert_eq!(closed.closed.map(|at| at.block), Some(opened + 1));

    let found = async |filter: CaseFilter| store.cases(&filter, None, 10).await.unwrap().len();
    assert_eq!(
        found(CaseFilter { job: Some(job_id(1)), executor: Some(3), verdict: Some(Verdict::Convicted) }).await,
        1
    );
    for other in [
        CaseFilter { job: Some(job_id(9)), ..CaseFilter::default() },
        CaseFilter { executor: Some(1), ..CaseFilter::default() },
        CaseFilter { verdict: Some(Verdict::Pending), ..CaseFilter::default() },
    ] {
        assert_eq!(found(other).await, 0, "{other:?}");
    }

    store.write(&StreamItem::Rollback(Rollback { first_removed: opened + 1, removed: vec![] })).await.unwrap();
    assert_eq!(store.case(job_id(9)).await.unwrap(), Some(open));
    store.write(&StreamItem::Rollback(Rollback { first_removed: opened, removed: vec![] })).await.unwrap();
    assert_eq!(store.case(job_id(9)).await.unwrap(), None);
}

#[tokio::test]
async fn jobs_are_found_by_requester_phase_and_executor() {
    let (chain, store) = indexed_chain().await;
    chain.extend(vec![vec![transaction([requested(2)])]]);
    index(&chain, &store).await;
    let found = async |filter: JobFilter| {
        let jobs = store.jobs(&filter, None, 10).await.unwrap();
        jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(found(JobFilter::default()).await, [job_id(2), job_id(1)], "newest first");
    assert_eq!(found(JobFilter { requester: Some(REQUESTER), ..Default::default() }).await.len(), 2);
    assert_eq!(found(JobFilter { phase: Some(JobPhase::Requested), ..Default::default() }).await, [job_id(2)]);
    assert_eq!(found(JobFilter { executor: Some(3), ..Default::default() }).await, [job_id(1)]);
    assert!(found(JobFilter { executor: Some(4), ..Default::default() }).await.is_empty());
}

#[tokio::test]
async fn a_rollback_takes_back_what_its_blocks_said_and_nothing_else() {
    let (chain, store) = indexed_chain().await;
    // Back to where two had committed and none had revealed.
    let rollback = Rollback { first_removed: 8, removed: vec![] };
    store.write(&StreamItem::Rollback(rollback)).await.unwrap();
    let job = store.job(job_id(1)).await.unwrap().unwrap();
    assert_eq!((job.phase, job.reveal_deadline, job.ending.as_ref()), (JobPhase::Committing, None, None));
    assert_eq!(job.seats.iter().filter(|seat| seat.commitment.is_some()).count(), 2);
    assert_eq!(job.locked.values().collect::<Vec<_>>(), [&(10 * SEAT_FEE).into(); 3]);
    assert_eq!(store.executor(3).await.unwrap().unwrap().reputation, 500_000);
    assert_eq!(store.job_transactions(job_id(1)).await.unwrap().len(), 3);
    assert_eq!(store.tip().await.unwrap(), Some(chain.block(7)));

    store.write(&StreamItem::Rollback(Rollback { first_removed: 3, removed: vec![] })).await.unwrap();
    assert!(store.job(job_id(1)).await.unwrap().is_none());
    assert!(store.executor(3).await.unwrap().is_none());
    assert!(store.model(model_id()).await.unwrap().is_none());
    assert!(store.events(&EventFilter::default(), None, 10).await.unwrap().is_empty());
    index(&chain, &store).await;
    assert_eq!(store.job(job_id(1)).await.unwrap().unwrap().phase, JobPhase::Resolved);
}

#[tokio::test]
async fn a_restart_goes_on_from_the_file_and_reads_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(network());
    let store = Store::open(&path, &deployment()).await.unwrap();
    index(&chain, &store).await;
    store.close().await;

    chain.extend(resolved_job(1, 5));
    let store = Store::open(&path, &deployment()).await.unwrap();
    assert_eq!(store.tip().await.unwrap(), Some(chain.block(4)));
    let reads = chain.calls("eth_getLogs");
    index(&chain, &store).await;
    assert_eq!(store.job(job_id(1)).await.unwrap().unwrap().phase, JobPhase::Resolved);
    assert!(chain.calls("eth_getLogs") - reads <= 6, "only the six new blocks are read");
}

#[tokio::test]
async fn a_block_that_fails_half_way_leaves_no_trace() {
    let (chain, store) = indexed_chain().await;
    let before = store.job(job_id(1)).await.unwrap();
    chain.extend(vec![vec![transaction([requested(2), settled(1, 1, 1, 0, 1, 2)])]]);
    let mut stream = stream(&chain, store.recent_blocks().await.unwrap());
    let Some(StreamItem::Block(block)) = soon("the block", stream.next()).await.unwrap() else { panic!("no block") };
    let mut broken = block.clone();
    // The second event claims the first one's place, which the store finds when half of the block is written.
    broken.events[1].log_index = broken.events[0].log_index;
    let error = store.write(&StreamItem::Block(broken)).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
    assert_eq!(store.tip().await.unwrap(), Some(chain.block(block.number - 1)));
    assert!(store.job(job_id(2)).await.unwrap().is_none());
    assert_eq!(store.job(job_id(1)).await.unwrap(), before);

    store.write(&StreamItem::Block(block)).await.unwrap();
    assert!(store.job(job_id(2)).await.unwrap().is_some());
}

/// Polls a future so many times and drops it then.
async fn after_polls<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_write_that_is_cut_off_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(network());
    chain.extend(resolved_job(1, 5));
    let store = Store::open(&path, &deployment()).await.unwrap();
    let mut stream = stream(&chain, vec![]);
    let mut cut_off = 0;
    while store.tip().await.unwrap() != Some(chain.head()) {
        let item = soon("the next item", stream.next()).await.unwrap().unwrap();
        let StreamItem::Block(StreamBlock { number, .. }) = item else { panic!("a rollback") };
        let mut polls = 0;
        while store.tip().await.unwrap() != Some(chain.block(number)) {
            // Every try gets one step further before it is dropped.
            polls += 1;
            match soon("a step", after_polls(polls, store.write(&item))).await {
                Some(Ok(())) => {}
                // The write that was cut off last was committed after all.
                Some(Err(StoreError::NotNext { block, tip })) if block == tip => {}
                Some(Err(error)) => panic!("{error}"),
                None => cut_off += 1,
            }
        }
    }
    assert!(cut_off > 0, "no write was cut off");
    let whole = Store::in_memory(&deployment()).await.unwrap();
    index(&chain, &whole).await;
    assert_eq!(store.job(job_id(1)).await.unwrap(), whole.job(job_id(1)).await.unwrap());
    assert_eq!(store.executors(0, 10).await.unwrap(), whole.executors(0, 10).await.unwrap());
}

#[tokio::test]
async fn a_block_that_does_not_follow_is_refused() {
    let (chain, store) = indexed_chain().await;
    chain.branch(1, vec![vec![], vec![]]);
    let mut stream = stream(&chain, vec![chain.block(9)]);
    let item = soon("the block", stream.next()).await.unwrap().unwrap();
    let error = store.write(&item).await.unwrap_err();
    assert!(matches!(error, StoreError::NotNext { .. }) && !error.is_retryable(), "{error}");
}

#[tokio::test]
async fn old_blocks_without_events_are_forgotten_and_those_with_events_kept() {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(vec![vec![transaction([requested(1)])]]);
    let store = Store::in_memory(&deployment()).await.unwrap();
    index(&chain, &store).await;
    chain.mine(300);
    let mut stream = stream(&chain, store.recent_blocks().await.unwrap());
    while store.tip().await.unwrap() != Some(chain.head()) {
        store.write(&stream.next().await.unwrap().unwrap()).await.unwrap();
    }
    assert_eq!(store.block_hash(2).await.unwrap(), None);
    assert_eq!(store.block_hash(3).await.unwrap(), Some(chain.block(3).hash));
    assert!(store.job(job_id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    std::fs::write(&path, "this is no database, and long enough to be none whatever SQLite reads first".repeat(20))
        .unwrap();
    let error = Store::open(&path, &deployment()).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("index.sqlite") && message.contains("Delete the file"), "{message}");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    Store::open(&path, &deployment()).await.unwrap().close().await;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let error = Store::open(&path, &deployment()).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { version: 9999, .. }), "{error:?}");
    assert!(error.to_string().contains("update the program"), "{error}");
}

#[tokio::test]
async fn a_file_of_another_deployment_is_refused_with_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    Store::open(&path, &deployment()).await.unwrap().close().await;
    let other = Deployment { chain_id: 1, ..deployment() };
    let error = Store::open(&path, &other).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherDeployment { found_chain: 412_346, expected_chain: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_in_a_missing_folder_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open(&folder.path().join("missing/index.sqlite"), &deployment()).await.unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("missing/index.sqlite"), "{error}");
}
