//! Nodes that stop half-way, with and without their memory.

use alloy::{
    consensus::{Transaction, TxEnvelope},
    sol_types::SolCall,
};
use infera_contracts::IJobRegistry::{commitCall, drawAndCommitCall};
use infera_executor::broadcast::Purpose;

use crate::{
    gate::Passage,
    stage::{Stage, until},
};

/// With or without the draw.
async fn sent_commitments(stage: &Stage) -> Vec<TxEnvelope> {
    let mut sent = stage.sent(0, drawAndCommitCall::SELECTOR).await;
    sent.extend(stage.sent(0, commitCall::SELECTOR).await);
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_crashes_between_store_and_send_commits_once_and_to_the_same_answer() {
    let mut stage = Stage::set().await;
    stage.gates[0].set(Purpose::Commit, Passage::Refusing);
    let job = stage.ask(&stage.request()).await;
    until("a refused commitment", async || !stage.gates[0].seen(Purpose::Commit).is_empty()).await;
    let refused = stage.gates[0].seen(Purpose::Commit).remove(0);
    stage.network.executor(0).unwrap().kill().await.unwrap();
    assert!(stage.commits(job.id, 0).await.is_empty());

    stage.gates[0].set(Purpose::Commit, Passage::Open);
    stage.network.executor(0).unwrap().start().await.unwrap();
    stage.resolves(job.id).await;
    let sent = sent_commitments(&stage).await;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].nonce(), sent[0].input()), (refused.nonce(), refused.input()));
    assert_eq!(stage.engines[0].calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_journal_after_the_commitment_computes_again_and_opens_it() {
    let mut stage = Stage::set().await;
    stage.gates[2].set(Purpose::Commit, Passage::Swallowing);
    let job = stage.ask(&stage.request()).await;
    until("the commitment", async || !stage.commits(job.id, 0).await.is_empty()).await;
    stage.network.executor(0).unwrap().stop().await.unwrap();
    std::fs::remove_file(stage.journal(0)).unwrap();

    stage.network.executor(0).unwrap().start().await.unwrap();
    stage.gates[2].set(Purpose::Commit, Passage::Open);
    stage.resolves(job.id).await;
    assert_eq!(stage.state(job.id).await.revealed, 0b111);
    assert_eq!(sent_commitments(&stage).await.len(), 1);
    assert_eq!(stage.engines[0].calls(), 2);
}
