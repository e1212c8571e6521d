//! The comparison itself: rules that are wrong in the model, on purpose, are noticed.

use crate::{
    model::Mutation,
    operation::{By::*, Flaw, Moment::*, Operation, Operation::*},
    printer::source,
    search::search,
    shrinking::Found,
    stage::Stage,
    trial::{self, Seen, Views},
};

const SEED: u64 = 1;
const CASES: u32 = 200;

/// Only the mutated model tells the sequence otherwise than the contracts.
pub(crate) fn tells_apart(stage: &Stage, operations: &[Operation], mutation: Mutation) {
    let told = |mutation| trial::run(stage, operations, mutation, Views::Often, &mut Seen::new());
    assert_eq!(told(None), Ok(()));
    assert!(told(Some(mutation)).is_err(), "{mutation:?} makes no difference");
}

/// Random sequences find the wrong rule; what is printed is as short as it gets and shows the difference again.
fn is_found(mutation: Mutation, most_operations: usize) {
    let stage = Stage::start();
    let found = search(&stage, SEED, CASES, Some(mutation), &mut Seen::new());
    let Some(Found { operations, difference }) = found else { panic!("{mutation:?} was not found") };
    println!("{difference}\n{}", source("found", &operations));
    assert_eq!(difference.step + 1, operations.len());
    assert!(operations.len() <= most_operations, "{} operations", operations.len());
    // On a stage of its own, as in a pasted test.
    tells_apart(&Stage::start(), &operations, mutation);
}

#[test]
fn a_bounty_that_is_rounded_up_is_found() {
    is_found(Mutation::GenerousBounty, 10);
}

#[test]
fn a_grace_that_ends_a_second_early_is_found() {
    is_found(Mutation::ShortGrace, 14);
}

#[test]
fn a_slash_that_is_rounded_down_is_found() {
    // A stake that isn't whole, a job, commitments, silence.
    is_found(Mutation::LenientSlash, 18);
}

/// The first three executors are the only ones that work for so little, so all of them are drawn.
fn cheap_job(size: u8, quorum: u8) -> Vec<Operation> {
    let request = Request {
        requester: 14,
        by: Rightful,
        pool: 0,
        size,
        quorum,
        price: 30_000_000_000_000,
        odd: 0,
        commit_window: 60,
        reveal_window: 30,
        callback: None,
        on_failure: false,
        refund_to: None,
        flaw: Flaw::Sound,
    };
    vec![request, Mine { blocks: 1 }, Advance { job: 0, by: 16 }]
}

fn commit(seat: u8) -> Operation {
    Commit { job: 0, seat, answer: 0, draw: false, by: Rightful }
}

#[test]
fn a_decline_after_half_the_window_is_noticed() {
    let late = vec![Wait(LastDecline { job: 0, plus: 1 }), Decline { job: 0, seat: 0, by: Rightful }];
    tells_apart(&Stage::start(), &[cheap_job(3, 2), late].concat(), Mutation::LateDecline);
}

#[test]
fn misses_that_count_twice_an_epoch_are_noticed() {
    let missed = [cheap_job(3, 2), vec![Wait(CommitDeadline { job: 0, plus: 1 }), Advance { job: 0, by: 16 }]].concat();
    tells_apart(&Stage::start(), &[missed.clone(), missed].concat(), Mutation::Bait);
}

#[test]
fn shares_that_are_burned_rounded_down_are_noticed() {
    let delegation = vec![Delegate { executor: 3, amount: 1_000, by: 17 }];
    let silence = vec![Wait(Grace { job: 0, plus: 1 }), Advance { job: 0, by: 16 }];
    let slash = (0..3).map(|seat| PunishSilent { job: 0, seat, by: 18 }).collect();
    // 950 wei are left for 1000 shares.
    let exit = vec![Undelegate { executor: 3, amount: 3, by: 17 }];
    let commits = (0..3).map(commit).collect();
    let operations = [delegation, cheap_job(3, 2), commits, silence, slash, exit].concat();
    tells_apart(&Stage::start(), &operations, Mutation::CheapUndelegation);
}
