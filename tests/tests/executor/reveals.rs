//! The opening of the last commitment, on which stake depends.

use alloy::{
    consensus::Transaction,
    primitives::{Address, Bytes, U256, utils::Unit},
    providers::Provider,
    sol_types::SolCall,
};
use infera_contracts::IJobRegistry::{revealAndResolveCall, revealSameCall};
use infera_executor::broadcast::Purpose;
use infera_sdk::{JobRequest, RequestedJob};

use crate::{
    gate::Passage,
    stage::{Stage, until},
};

/// A job to which everybody has committed and only the first executor, which does not run, has not opened its commitment.
async fn all_but_one_answer(stage: &mut Stage, request: &JobRequest) -> RequestedJob {
    stage.gates[2].set(Purpose::Commit, Passage::Swallowing);
    let job = stage.ask(request).await;
    until("the commitment", async || !stage.commits(job.id, 0).await.is_empty()).await;
    stage.network.executor(0).unwrap().stop().await.unwrap();
    stage.gates[2].set(Purpose::Commit, Passage::Open);
    until("the others' answers", async || stage.state(job.id).await.revealed.count_ones() == 2).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_revealer_that_cannot_pay_for_the_callback_opens_its_commitment_and_leaves_the_rest_to_others() {
    let mut stage = Stage::set().await;
    let request = JobRequest { callback: Some((Address::repeat_byte(0xcb), 2_000_000)), ..stage.request() };
    let job = all_but_one_answer(&mut stage, &request).await;

    // Enough for an opening, not for two million gas more.
    let little = U256::from(2_000_000) * Unit::GWEI.wei();
    stage.bend("anvil_setBalance", (stage.signer(0), little)).await;
    stage.network.executor(0).unwrap().start().await.unwrap();
    stage.resolves(job.id).await;
    assert_eq!(stage.state(job.id).await.revealed, 0b111);
    assert_eq!(stage.sent(0, revealSameCall::SELECTOR).await.len(), 1);
    assert!(stage.gates[0].seen(Purpose::Reveal).iter().all(|its| its.input().starts_with(&revealSameCall::SELECTOR)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_revealer_whose_resolution_failed_on_chain_opens_its_commitment_alone() {
    let mut stage = Stage::set().await;
    let request = stage.request();
    let job = all_but_one_answer(&mut stage, &request).await;
    stage.gates[0].set(Purpose::Reveal, Passage::Swallowing);
    stage.network.executor(0).unwrap().start().await.unwrap();
    until("the opening", async || !stage.gates[0].seen(Purpose::Reveal).is_empty()).await;

    // After the estimate and before the block, answers cease to be comparable.
    let verifier = stage.network.deployment().agreement_verifier;
    let code = stage.network.provider().get_code_at(verifier).await.unwrap();
    let reverting = Bytes::from_static(&[0x5f, 0x5f, 0xfd]);
    stage.bend("anvil_setCode", (verifier, reverting)).await;
    stage.gates[0].set(Purpose::Reveal, Passage::Open);
    until("the answer", async || stage.state(job.id).await.revealed == 0b111).await;
    assert_eq!(stage.sent(0, revealAndResolveCall::SELECTOR).await.len(), 1);
    assert_eq!(stage.sent(0, revealSameCall::SELECTOR).await.len(), 1);

    stage.bend("anvil_setCode", (verifier, code)).await;
    stage.resolves(job.id).await;
}
