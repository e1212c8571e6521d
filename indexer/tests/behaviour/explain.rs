//! Why a job waits, failed or succeeded.

use alloy::primitives::{Address, B256, LogData, U256};
use infera_contracts::IJobRegistry;
use infera_indexer::{
    block::TransactionRecord,
    explain::{ExplainContext, Explanation, JobParameters, explain},
    fold::VerificationProfile,
    names::{JobPhase, ResultRule},
};

use crate::support::{
    chain::{GENESIS_TIME, Transaction},
    events::{
        INFER, REQUESTER, called_back, challenged, committed, decided, declined, drawn, job_id, jobs, requested,
        resolved_job, reveal_opened, revealed, settled, slashed, transaction,
    },
    indexed, transaction_hash,
};

const PARAMETERS: JobParameters = JobParameters { beacon_delay: 2, reveal_grace: 5 };

const PROFILE: VerificationProfile = VerificationProfile {
    rule: ResultRule::Scores,
    dimension: 2,
    scale: 8_192,
    max_cosine_distance_ppb: 1_000,
    norm_tolerance_ppm: 1_000,
    element_tolerance: 50,
    bit_exact: false,
};

/// Explains a job whose request is in block 10, `seconds` after the genesis' block.
fn explained(blocks: &[Vec<Transaction>], seconds: u64) -> Explanation {
    let context = ExplainContext {
        now: GENESIS_TIME + seconds,
        head: Some(seconds),
        parameters: PARAMETERS,
        profile: Some(&PROFILE),
        transactions: &[],
    };
    explain(&indexed(10, blocks), &context).unwrap()
}

fn block(logs: impl IntoIterator<Item = (Address, LogData)>) -> Vec<Transaction> {
    vec![transaction(logs)]
}

/// Drawn in block 11: commitments close at GENESIS_TIME + 21, 12:00:21.
fn drawn_job() -> Vec<Vec<Transaction>> {
    vec![block([requested(1)]), block([drawn(1, [1, 2, 3], 11), committed(1, 1, 0)])]
}

/// The reveal phase opens in block 12: it ends at 12:00:22, its grace at 12:00:27.
fn revealing_job() -> Vec<Vec<Transaction>> {
    let mut blocks = drawn_job();
    blocks.push(block([committed(1, 2, 1), committed(1, 3, 2), reveal_opened(1, 12)]));
    blocks
}

#[test]
fn a_resolved_job_is_told_from_request_to_callback() {
    let gas = |block: u64, gas_used: u64| TransactionRecord {
        hash: transaction_hash(block, 0),
        sender: REQUESTER,
        gas_used,
        gas_price: U256::from(1),
        succeeded: true,
    };
    let transactions = [gas(10, 91_234), gas(15, 345_678)];
    let context = ExplainContext {
        now: GENESIS_TIME + 100,
        head: Some(100),
        parameters: PARAMETERS,
        profile: Some(&PROFILE),
        transactions: &transactions,
    };
    let explanation = explain(&indexed(10, &resolved_job(1, 10)), &context).unwrap();
    let expected = r#"Job 0x0204bb61dfdb7fca4995b978b7e60a0b3f4aa086c89290524666929fa12fd140
Answered: 2 of 3 answers agree; the result is “treasury” (score 0.520000).

2026-11-20 (times in UTC)
  12:00:10  block 10, transaction 0x0a000000…, 91,234 gas
            0xc0c0c0…c0c0 asks model 0x19118534… version 1 about “Fund a bridge audit from the treasury”. Which fits best: “treasury” or “technical” or “community”? 3 answers are wanted, 2 of which must agree.
  12:00:11  block 11, transaction 0x0b000000…
            The committee is drawn: executors 1, 2 and 3, 0.01 INFER a seat. Commitments close at 12:00:21.
            Executor 1 (seat 0) commits to an answer that nobody can read yet.
            Executor 1 has 0.1 INFER of its stake locked.
            Executor 2 has 0.1 INFER of its stake locked.
            Executor 3 has 0.1 INFER of its stake locked.
  12:00:12  block 12, transaction 0x0c000000…
            Executor 2 (seat 1) commits to an answer that nobody can read yet.
  12:00:13  block 13, transaction 0x0d000000…
            Executor 3 (seat 2) commits to an answer that nobody can read yet.
            No more commitments are taken; answers are to be revealed until 12:00:23.
  12:00:14  block 14, transaction 0x0e000000…
            Executor 1 (seat 0) reveals “treasury” (score 0.520000) with a vector of 2 elements.
  12:00:14  block 14, transaction 0x0e010000…
            Executor 2 (seat 1) reveals “treasury” (score 0.520000) with a vector of 2 elements.
  12:00:15  block 15, transaction 0x0f000000…, 345,678 gas
            Executor 3 (seat 2) reveals “technical” (score 0.450000) with a vector of 2 elements.
            2 answers agree (seats 0 and 1): the result is “treasury” (score 0.520000). 0.01 INFER go back to the requester.
            Executor 1's answer agrees: paid 0.0095 INFER, reputation 500000 → 507812.
            Executor 2's answer agrees: paid 0.0095 INFER, reputation 500000 → 507812.
            Executor 3's answer disagrees with the result: paid nothing, reputation 500000 → 437500.
            0xc0c0c0…c0c0 is credited 0.01 INFER.
            The contract 0xc1c1c1…c1c1 takes the result.

How far the answers' vectors are apart (1 − cosine, in parts per billion; up to 1,000 is the same)
  executors 1 and 2:              8  same answer
  executors 1 and 3:     40,000,000  different answers
  executors 2 and 3:     40,033,602  different answers

Resolved in 7 transactions, 436,912 gas.
"#;
    assert_eq!(explanation.to_string(), expected);
}

#[test]
fn before_the_beacon_the_requester_may_cancel() {
    let explanation = explained(&[block([requested(1)])], 11);
    assert_eq!(explanation.phase, JobPhase::Requested);
    assert_eq!(explanation.summary, "Paid for; the committee of 3 executors is not drawn yet.");
    assert_eq!(explanation.waiting_for.unwrap(), "block 12, whose hash decides who is drawn (the newest block is 11)");
    assert!(explanation.way_out.unwrap().contains("the requester may cancel"));
}

#[test]
fn after_the_beacon_a_drawn_executor_or_anyone_moves_the_job_on() {
    let explanation = explained(&[block([requested(1)])], 13);
    assert!(explanation.waiting_for.unwrap().contains("the first commitment of a drawn executor"));
    assert!(explanation.way_out.unwrap().contains("after block 8203"));
    let expired = explained(&[block([requested(1)])], 8_300);
    assert_eq!(expired.way_out.unwrap(), "anyone may call advanceJob, which refunds the job");
}

#[test]
fn a_missing_commitment_is_named_with_its_deadline_and_the_way_out() {
    let explanation = explained(&drawn_job(), 17);
    assert_eq!(explanation.summary, "Committed to an answer: 1 of 3 executors.");
    assert_eq!(explanation.waiting_for.as_deref(), Some("the commitment of executors 2 and 3 until 12:00:21"));
    assert_eq!((explanation.deadline, explanation.seconds_left), (Some(GENESIS_TIME + 21), Some(4)));
    assert_eq!(
        explanation.way_out.as_deref(),
        Some(
            "after 12:00:21 anyone may call advanceJob, which draws the missing seats again, or refunds the job if too few executors are left"
        )
    );
    let late = explained(&drawn_job(), 30);
    assert_eq!(late.seconds_left, Some(-9));
    assert!(late.waiting_for.unwrap().starts_with("someone to call advanceJob: the commitment of executors 2 and 3"));
}

#[test]
fn with_a_quorum_of_commitments_advancing_opens_the_reveal_phase() {
    let mut blocks = drawn_job();
    blocks.push(block([committed(1, 2, 1)]));
    let explanation = explained(&blocks, 17);
    assert_eq!(explanation.waiting_for.as_deref(), Some("the commitment of executor 3 until 12:00:21"));
    assert!(explanation.way_out.unwrap().ends_with("opens the reveal phase for those who committed"));
}

#[test]
fn seats_that_nobody_takes_are_not_waited_for() {
    let mut blocks = drawn_job();
    blocks.push(block([declined(1, 2, 1), drawn(1, [1, 0, 3], 11)]));
    blocks.push(block([declined(1, 3, 2), drawn(1, [1, 0, 0], 11)]));
    let explanation = explained(&blocks, 17);
    assert_eq!(explanation.summary, "Committed to an answer: 1 of 1 executor.");
    assert_eq!(
        explanation.waiting_for.as_deref(),
        Some("its seats to be drawn again at 12:00:21, because too few are filled")
    );
}

#[test]
fn a_missing_reveal_delays_no_answer() {
    let mut blocks = revealing_job();
    blocks.push(block([revealed(1, 1, 0), revealed(1, 2, 1)]));
    let explanation = explained(&blocks, 20);
    assert_eq!(explanation.summary, "Revealed: 2 of 3 answers.");
    assert_eq!(explanation.waiting_for.as_deref(), Some("the reveal of executor 3 until 12:00:22"));
    assert_eq!(
        explanation.way_out.as_deref(),
        Some("after 12:00:22 anyone may call resolve, which decides without the silent if the answers agree")
    );
    assert!(explained(&blocks, 23).waiting_for.unwrap().starts_with("someone to call resolve"));
}

#[test]
fn a_seat_that_the_job_ended_without_may_open_late_and_is_punished_after_the_grace() {
    let mut blocks = revealing_job();
    blocks.push(block([revealed(1, 1, 0), revealed(1, 2, 1)]));
    blocks.push(block([
        settled(1, 1, 0, 9, 500_000, 507_812),
        settled(1, 2, 0, 9, 500_000, 507_812),
        jobs(IJobRegistry::JobResolved {
            jobId: job_id(1),
            centre: 0,
            agreeing: 3,
            resultHash: B256::ZERO,
            vectorHash: B256::ZERO,
            refund: U256::ZERO,
        }),
    ]));
    let explanation = explained(&blocks, 25);
    assert_eq!(explanation.waiting_for.as_deref(), Some("the late reveal of executor 3 until 12:00:27"));
    assert_eq!(explanation.seconds_left, Some(2));
    let explanation = explained(&blocks, 28);
    assert_eq!(explanation.waiting_for.as_deref(), Some("someone to call punishSilent about executor 3"));
    blocks.push(block([jobs(IJobRegistry::RevealedSame { jobId: job_id(1), executorId: 3, seat: 2, sameAs: 1 })]));
    let events = explained(&blocks, 26).steps.pop().unwrap().events;
    assert_eq!(events, ["Executor 3 (seat 2) reveals the same answer as seat 1."]);
    blocks.push(block([settled(1, 3, 4, 0, 500_000, 500_000)]));
    assert_eq!(explained(&blocks, 28).waiting_for, None);
}

#[test]
fn too_few_reveals_end_in_a_refund() {
    let mut blocks = revealing_job();
    blocks.push(block([revealed(1, 1, 0)]));
    let explanation = explained(&blocks, 28);
    assert_eq!(explanation.way_out.as_deref(), Some("anyone may call advanceJob, which refunds the job"));
    assert_eq!(explained(&blocks, 25).seconds_left, Some(2), "the grace counts once the deadline is past");
}

#[test]
fn when_all_have_revealed_only_resolve_is_missing() {
    let mut blocks = revealing_job();
    blocks.push(block([revealed(1, 1, 0), revealed(1, 2, 1), revealed(1, 3, 2)]));
    let explanation = explained(&blocks, 13);
    assert_eq!(
        explanation.waiting_for.as_deref(),
        Some("someone to call resolve, which compares the answers and pays")
    );
    assert_eq!(explanation.deadline, None);
}

#[test]
fn a_redrawn_seat_keeps_the_history_of_its_first_holder() {
    let mut blocks = drawn_job();
    blocks.push(block([settled(1, 2, 1, 0, 500_000, 492_187), drawn(1, [1, 4, 3], 12)]));
    let explanation = explained(&blocks, 13);
    let last = &explanation.steps.last().unwrap().events;
    assert_eq!(last[1], "Executor 2 did not commit: paid nothing, reputation 500000 → 492187.");
    assert_eq!(
        last[0],
        "The committee is now: executors 1, 4 and 3, 0.01 INFER a seat. Commitments close at 12:00:22."
    );
    assert_eq!(explanation.waiting_for.as_deref(), Some("the commitment of executors 4 and 3 until 12:00:22"));
}

#[test]
fn a_silent_executor_is_shown_slashed() {
    let mut blocks = revealing_job();
    blocks.push(block([settled(1, 3, 3, 0, 500_000, 500_000)].into_iter().chain(slashed(1, 3, 5 * INFER))));
    let events = explained(&blocks, 30).steps.pop().unwrap().events;
    assert_eq!(
        events,
        [
            "Executor 3 did not open its commitment: paid nothing, reputation stays 500000.",
            "Executor 3 is slashed 5 INFER, 5 % of its stake, for not opening its commitment (strike 1): 4.5 INFER are \
             burned, 0.5 INFER go to 0xc0c0c0…c0c0 who brought the proof.",
        ]
    );
}

#[test]
fn a_challenge_and_its_verdict_are_told_with_the_job() {
    let mut blocks = resolved_job(1, 10);
    blocks.push(block([challenged(9, 1, 3, 2)]));
    blocks.push(block([decided(9, 1, 3, 2, 2)].into_iter().chain(slashed(1, 3, 5 * INFER))));
    let steps = explained(&blocks, 40).steps;
    let told: Vec<_> = steps.iter().rev().take(2).flat_map(|step| step.events.clone()).collect();
    assert_eq!(told[0], "The court finds executor 3's answer wrong.");
    assert!(told[1].starts_with("Executor 3 is slashed 5 INFER"), "{told:?}");
    let challenge = told.last().unwrap();
    assert!(challenge.contains("challenges the answer of executor 3 (seat 2) before a court"), "{challenge}");
}

#[test]
fn a_failed_callback_stays_open_and_a_retried_one_closes() {
    let mut blocks = resolved_job(1, 10);
    blocks.push(block([called_back(1, false)]));
    let explanation = explained(&blocks, 30);
    assert!(explanation.waiting_for.unwrap().contains("0xc1c1c1…c1c1"));
    assert!(explanation.way_out.unwrap().contains("retryCallback"));
    blocks.push(block([called_back(1, true)]));
    let explanation = explained(&blocks, 30);
    assert_eq!((explanation.waiting_for, explanation.way_out), (None, None));
}

#[test]
fn every_refund_says_why() {
    let reasons = ["cancelled", "beacon", "Too few executors serve", "Too few executors committed", "opened", "agree"];
    for (reason, words) in (0u8..).zip(reasons) {
        let refunded = jobs(IJobRegistry::JobRefunded { jobId: job_id(1), reason, refund: U256::from(INFER) });
        let explanation = explained(&[block([requested(1)]), block([refunded])], 20);
        assert_eq!(explanation.phase, JobPhase::Refunded);
        assert!(explanation.summary.contains(words), "{reason}: {}", explanation.summary);
        assert!(explanation.steps[1].events[0].ends_with("1 INFER go back to the requester."));
        assert_eq!(explanation.way_out, None);
    }
}

#[test]
fn distances_between_the_answers_are_those_of_the_contract() {
    let explanation = explained(&resolved_job(1, 10), 30);
    let found: Vec<_> = explanation
        .comparisons
        .iter()
        .map(|comparison| (comparison.executors, comparison.cosine_distance_ppb, comparison.agree))
        .collect();
    assert_eq!(
        found,
        // 7.2, 4e7 and 40,033,601.5 by exact arithmetic, rounded up.
        [
            ((1, 2), Some(8), Some(true)),
            ((1, 3), Some(40_000_000), Some(false)),
            ((2, 3), Some(40_033_602), Some(false))
        ]
    );
}

#[test]
fn events_without_a_request_explain_nothing() {
    let context = ExplainContext { now: 0, head: None, parameters: PARAMETERS, profile: None, transactions: &[] };
    assert_eq!(explain(&indexed(10, &[block([committed(1, 1, 0)])]), &context), None);
}
