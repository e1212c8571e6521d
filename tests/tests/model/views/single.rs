//! What the views of the single tier say, against the model.

use alloy::primitives::{Address, U256, keccak256};
use infera_contracts::ISingleJobRegistry::{SingleTerms, State};

use super::Comparison;
use crate::{
    model::{Model, SinglePhase, single_escrow_of},
    script::Script,
    stage::{EXECUTORS, Stage},
};

pub(super) async fn jobs(
    stage: &Stage,
    model: &Model,
    script: &Script,
    jobs: &[SingleTerms],
    comparison: &mut Comparison,
) {
    let contract = stage.singles();
    for terms in jobs {
        let id = model.single_id_of(terms);
        let job = model.single(id);
        let name = |view: &str| format!("{view} of the single job with nonce {}", terms.nonce);
        let theirs = contract.stateOf(id).call().await.unwrap();
        let mut ours = State {
            phase: job.phase as u8,
            callbackStatus: job.callback as u8,
            refundReason: job.reason,
            advances: job.advances,
            requestBlock: job.request_block,
            requestTime: job.request_time,
            deadline: job.deadline,
            executorId: job.executor,
            fee: job.fee,
            recordHash: job.record,
        };
        if job.is_answered() {
            (ours.advances, ours.requestBlock, ours.requestTime) = (0, 0, 0);
        }
        if job.phase != SinglePhase::Drawn {
            (ours.deadline, ours.executorId, ours.fee) = (0, 0, 0);
        }
        comparison.same(|| name("stateOf"), ours, theirs);
        let theirs = contract.drawnOf(terms.clone()).call().await.unwrap();
        comparison.same(|| name("drawnOf"), model.drawn_of(terms), (theirs.executorId, theirs.fee));
        let quoted = contract.quote(terms.clone()).call().await.unwrap();
        comparison.same(|| name("quote"), single_escrow_of(terms), quoted);
        let answered = script.answered(id);
        let vector_hash = keccak256(&answered.vector);
        for result in [&answered.result, &b"nothing".into()] {
            let call = contract.verifyResult(id, answered.record.clone(), result.clone(), vector_hash);
            let ours = model.verifies(id, &answered.record, result, vector_hash);
            comparison.same(|| name("verifyResult"), ours, call.call().await.unwrap());
        }
    }
}

pub(super) async fn rest(stage: &Stage, model: &Model, everybody: &[Address], comparison: &mut Comparison) {
    let contract = stage.singles();
    for (requester, nonce) in &model.singles.nonces {
        let used = contract.nonceUsed(*requester, *nonce).call().await.unwrap();
        comparison.same(|| format!("nonceUsed in a single job by {requester}: {nonce}"), true, used);
    }
    for account in everybody {
        let ours = U256::from(model.singles.credits.get(account).copied().unwrap_or_default());
        let credit = contract.creditOf(*account).call().await.unwrap();
        comparison.same(|| format!("creditOf {account} by single jobs"), ours, credit);
    }
    for id in (1..).take(EXECUTORS.len()) {
        let ours = model.singles.keys.get(&id).copied().unwrap_or_default();
        let theirs = contract.vrfKeyHashOf(id).call().await.unwrap();
        comparison.same(|| format!("vrfKeyHashOf executor {id}"), ours, theirs);
    }
    let turns = contract.turnsOf(model.key_of(0)).call().await.unwrap();
    comparison.same(|| "turnsOf".to_owned(), U256::from(model.singles.turns), turns);
}
