//! A chain that takes back what it had included.

use alloy::{consensus::Transaction, providers::Provider};
use infera_devnet::Orphans;
use infera_executor::{broadcast::Purpose, planner::Phase};

use crate::{
    gate::Passage,
    stage::{Stage, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_included_commitment_that_a_reorg_drops_is_sent_again() {
    let stage = Stage::set().await;
    for other in [1, 2] {
        stage.gates[other].set(Purpose::Commit, Passage::Swallowing);
    }
    let job = stage.ask(&stage.request()).await;
    until("the commitment", async || !stage.commits(job.id, 0).await.is_empty()).await;
    let first = stage.commits(job.id, 0).await.remove(0);
    let receipt = stage.network.provider().get_transaction_receipt(*first.tx_hash()).await.unwrap().unwrap();
    let block = receipt.block_number.unwrap();
    until("blocks in which the node sees it", async || stage.devnet().head().number >= block + 6).await;
    let sent = stage.gates[0].seen(Purpose::Commit).len();

    stage.pause();
    stage.devnet().reorganize(stage.devnet().head().number - block + 1, Orphans::Drop).unwrap();
    assert_eq!(stage.state(job.id).await.committed, 0);
    until("the commitment again", async || stage.gates[0].seen(Purpose::Commit).len() > sent).await;
    stage.resume();
    for other in [1, 2] {
        stage.gates[other].set(Purpose::Commit, Passage::Open);
    }
    stage.resolves(job.id).await;
    let commits = stage.commits(job.id, 0).await;
    assert_eq!(commits.len(), 1);
    assert_eq!((commits[0].nonce(), commits[0].input()), (first.nonce(), first.input()));
    assert_eq!(stage.engines[0].calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_request_a_reorg_drops_is_answered_when_it_comes_back_and_not_computed_again() {
    let stage = Stage::set().await;
    for gate in &stage.gates {
        gate.set(Purpose::Commit, Passage::Swallowing);
    }
    let request = stage.request();
    let job = stage.ask(&request).await;
    until("every answer", async || stage.gates.iter().all(|gate| !gate.seen(Purpose::Commit).is_empty())).await;
    let receipt = stage.network.provider().get_transaction_receipt(job.transaction).await.unwrap().unwrap();

    stage.pause();
    let depth = stage.devnet().head().number - receipt.block_number.unwrap() + 1;
    stage.devnet().reorganize(depth, Orphans::Drop).unwrap();
    assert_eq!(Phase::from(stage.state(job.id).await.phase), Phase::None);
    stage.resume();
    let height = stage.devnet().head().number;
    until("blocks without the job", async || stage.devnet().head().number >= height + 10).await;

    assert_eq!(stage.ask(&request).await.id, job.id);
    for gate in &stage.gates {
        gate.set(Purpose::Commit, Passage::Open);
    }
    stage.resolves(job.id).await;
    assert_eq!(stage.engines.iter().map(|engine| engine.calls()).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_request_never_comes_back_is_closed_after_some_thousand_blocks() {
    let stage = Stage::set().await;
    for gate in &stage.gates {
        gate.set(Purpose::Commit, Passage::Refusing);
    }
    let job = stage.ask(&stage.request()).await;
    until("the job", async || stage.open_jobs(0).await == 1).await;
    let receipt = stage.network.provider().get_transaction_receipt(job.transaction).await.unwrap().unwrap();

    stage.pause();
    let depth = stage.devnet().head().number - receipt.block_number.unwrap() + 1;
    stage.devnet().reorganize(depth, Orphans::Drop).unwrap();
    stage.devnet().mine(2_000).unwrap();
    stage.resume();
    let height = stage.devnet().head().number;
    until("blocks without the job", async || stage.devnet().head().number >= height + 10).await;
    assert_eq!(stage.open_jobs(0).await, 1);
    stage.devnet().mine(2_200).unwrap();
    until("the job closed", async || stage.open_jobs(0).await == 0).await;
}
