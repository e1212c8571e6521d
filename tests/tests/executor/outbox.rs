//! Transactions on their way: a replacement that nodes take, a nonce that is used elsewhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::Encodable2718,
    primitives::{Bytes, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
};
use infera_executor::broadcast::Purpose;
use infera_network::Role;

use crate::{
    gate::Passage,
    stage::{Stage, until},
};

/// Keeps the base fee at `fee` wei per gas until `stop`.
async fn hold_base_fee(provider: impl Provider, fee: u128, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let set: Result<(), _> =
            provider.raw_request("anvil_setNextBlockBaseFeePerGas".into(), (U256::from(fee),)).await;
        set.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_that_gas_became_too_dear_for_is_replaced_by_one_that_is_included() {
    let stage = Stage::set().await;
    stage.gates[0].set(Purpose::Commit, Passage::Swallowing);
    let job = stage.ask(&stage.request()).await;
    until("the first offer", async || !stage.gates[0].seen(Purpose::Commit).is_empty()).await;
    let first = stage.gates[0].seen(Purpose::Commit).remove(0);

    let dear = first.max_fee_per_gas() * 8;
    let stop = Arc::new(AtomicBool::new(false));
    let holding = tokio::spawn(hold_base_fee(stage.network.provider().clone(), dear, stop.clone()));
    until("dear gas", async || stage.head().await.base_fee_per_gas.is_some_and(|fee| u128::from(fee) == dear)).await;
    stage.gates[0].set(Purpose::Commit, Passage::Open);
    until("the commitment", async || !stage.commits(job.id, 0).await.is_empty()).await;
    stop.store(true, Ordering::SeqCst);
    holding.await.unwrap();

    let included = stage.commits(job.id, 0).await.remove(0);
    assert_eq!((included.nonce(), included.input()), (first.nonce(), first.input()));
    assert!(included.max_fee_per_gas() > dear && included.max_fee_per_gas() <= first.max_fee_per_gas() * 64);
    let offers = stage.gates[0].seen(Purpose::Commit);
    let place = |offer: &TxEnvelope| offers.iter().position(|its| its.tx_hash() == offer.tx_hash()).unwrap();
    assert!(place(&included) > place(&first));
    assert!(offers[1].tx_hash() == first.tx_hash(), "the first offer was not sent again before it was raised");
    stage.resolves(job.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_estimated_after_another_seats_draw_has_the_gas_to_come_before_it() {
    let mut stage = Stage::set().await;
    for gate in &stage.gates {
        gate.set(Purpose::Commit, Passage::Swallowing);
    }
    stage.network.executor(0).unwrap().stop().await.unwrap();
    let job = stage.ask(&stage.request()).await;
    until("another's commitment", async || !stage.gates[1].seen(Purpose::Commit).is_empty()).await;
    stage.pause();
    // It waits, and in the pending block the committee is drawn.
    let other = stage.gates[1].seen(Purpose::Commit).remove(0);
    let _pending = stage.network.provider().send_raw_transaction(&other.encoded_2718()).await.unwrap();
    stage.network.executor(0).unwrap().start().await.unwrap();
    until("our commitment", async || !stage.gates[0].seen(Purpose::Commit).is_empty()).await;
    let ours = stage.gates[0].seen(Purpose::Commit).remove(0);

    stage.bend("anvil_dropAllTransactions", ()).await;
    let _pending = stage.network.provider().send_raw_transaction(&ours.encoded_2718()).await.unwrap();
    stage.network.mine(1).await.unwrap();
    let receipt = stage.network.provider().get_transaction_receipt(*ours.tx_hash()).await.unwrap().unwrap();
    assert!(receipt.status(), "{} of {} gas used", receipt.gas_used, ours.gas_limit());

    for gate in &stage.gates {
        gate.set(Purpose::Commit, Passage::Open);
    }
    stage.resume();
    stage.resolves(job.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_transaction_is_sent_again_every_two_seconds_and_not_at_every_look() {
    let stage = Stage::set().await;
    stage.gates[0].set(Purpose::Commit, Passage::Swallowing);
    let job = stage.ask(&stage.request()).await;
    let sent = || stage.gates[0].seen(Purpose::Commit).len();
    until("the first sending", async || sent() >= 1).await;
    let first = stage.now().await;
    until("the fifth", async || sent() >= 5).await;
    // Four times two seconds, less the one that may have passed before we looked. With a look per block, and a second of
    // chain time per block, it would be five.
    let elapsed = stage.now().await - first;
    assert!(elapsed >= 7, "{elapsed} s");
    stage.gates[0].set(Purpose::Commit, Passage::Open);
    stage.resolves(job.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_nonce_another_transaction_took_is_submitted_anew() {
    let stage = Stage::set().await;
    stage.gates[0].set(Purpose::Commit, Passage::Swallowing);
    let job = stage.ask(&stage.request()).await;
    until("the commitment", async || !stage.gates[0].seen(Purpose::Commit).is_empty()).await;
    let lost = stage.gates[0].seen(Purpose::Commit).remove(0);

    let foreign = stage.network.sender(Role::Signer(0)).await.unwrap();
    let to_itself = TransactionRequest::default().to(foreign.address()).value(U256::ONE);
    let sent = foreign.send("using the key elsewhere", to_itself).await.unwrap();
    assert_eq!(stage.transaction(sent.transaction).await.nonce(), lost.nonce());

    until("a commitment with the next nonce", async || stage.gates[0].last_nonce() == Some(lost.nonce() + 1)).await;
    stage.gates[0].set(Purpose::Commit, Passage::Open);
    stage.resolves(job.id).await;
    let commits = stage.commits(job.id, 0).await;
    assert_eq!(commits.len(), 1);
    // The same commitment, though the draw may have been brought by another since.
    let commitment = |input: &Bytes| input.last_chunk::<32>().copied().unwrap();
    assert_eq!(commits[0].nonce(), lost.nonce() + 1);
    assert_eq!(commitment(commits[0].input()), commitment(lost.input()));
}
