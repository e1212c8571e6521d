//! The comparison itself: rules that are wrong in the model, on purpose, are noticed.

use crate::{
    model::Mutation,
    operation::{By::*, Flaw, Given, Moment::*, Operation, Operation::*, Receipts, SeatPrice, cheap_request},
    printer::source,
    search::search,
    shrinking::Found,
    stage::Stage,
    trial::{self, Seen, Views},
};

const SEED: u64 = 3;
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
    // A stake that isn't whole, a job, commitments, and silence or a verdict.
    is_found(Mutation::LenientSlash, 20);
}

#[test]
fn an_order_that_counts_twice_is_found() {
    // A deposit, the order, the order.
    is_found(Mutation::RepeatedOrder, 4);
}

#[test]
fn a_lapse_that_burns_nothing_is_found() {
    // A job with an answer, a challenge, judges who stay away or aren't found.
    is_found(Mutation::FreeLapse, 16);
}

/// The first three executors are the only ones that work for so little, so all of them are drawn.
fn cheap_job() -> Vec<Operation> {
    vec![cheap_request(), Mine { blocks: 1 }, Advance { job: 0, by: 16 }]
}

fn commit(seat: u8) -> Operation {
    answer(seat, 0)
}

fn answer(seat: u8, answer: u8) -> Operation {
    Commit { job: 0, seat, answer, draw: false, by: Rightful }
}

#[test]
fn a_decline_after_half_the_window_is_noticed() {
    let late = vec![Wait(LastDecline { job: 0, plus: 1 }), Decline { job: 0, seat: 0, by: Rightful }];
    tells_apart(&Stage::start(), &[cheap_job(), late].concat(), Mutation::LateDecline);
}

#[test]
fn misses_that_count_twice_an_epoch_are_noticed() {
    let missed = [cheap_job(), vec![Wait(CommitDeadline { job: 0, plus: 1 }), Advance { job: 0, by: 16 }]].concat();
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
    let operations = [delegation, cheap_job(), commits, silence, slash, exit].concat();
    tells_apart(&Stage::start(), &operations, Mutation::CheapUndelegation);
}

#[test]
fn money_that_thaws_at_once_is_noticed() {
    let deposit = Deposit { account: 14, amount: 5, by: 14 };
    let early =
        [StartThaw { amount: 5, by: 14 }, Wait(Thawed { account: 14, plus: -1 }), WithdrawThawed { account: 14 }];
    tells_apart(&Stage::start(), &[vec![deposit], early.to_vec()].concat(), Mutation::QuickThaw);
}

/// The others, who would judge the first three, ask no more. Wei a unit.
const FOR_ALL: SeatPrice = SeatPrice::Wei(10_010_000_000_000_000);

/// Gives an answer in the first seat, the usual one in the others, and resolves.
fn answers(first: u8) -> Vec<Operation> {
    let mut steps = vec![answer(0, first), commit(1), commit(2)];
    steps.extend((0..3).map(|seat| Reveal { job: 0, seat, answer: None }));
    steps.push(Resolve { job: 0, answers: Given::Complete, by: 15 });
    steps
}

fn challenge(job: u8, price: SeatPrice) -> Operation {
    Challenge { job, seat: 0, price, odd: 0, flaw: Flaw::Sound, by: 16 }
}

#[test]
fn an_offer_that_does_not_double_is_noticed() {
    // Nobody else is as cheap.
    let court = vec![challenge(0, SeatPrice::Lowest), Mine { blocks: 1 }, Advance { job: 0, by: 17 }];
    let again = vec![Lapse { job: 0, by: 17 }, challenge(1, SeatPrice::Lowest)];
    tells_apart(&Stage::start(), &[cheap_job(), answers(0), court, again].concat(), Mutation::PatientLapse);
}

#[test]
fn an_accused_that_judges_itself_is_noticed() {
    let operations = [cheap_job(), answers(0), vec![challenge(0, FOR_ALL)]].concat();
    tells_apart(&Stage::start(), &operations, Mutation::SeatedAccused);
}

#[test]
fn a_conviction_that_leaves_the_reputation_is_noticed() {
    let court = vec![challenge(0, FOR_ALL), Mine { blocks: 1 }, Advance { job: 0, by: 17 }];
    let decide = vec![Decide { job: 0, accused: None, courts: None, by: 17 }];
    let operations = [cheap_job(), answers(3), court, answers(0), decide].concat();
    tells_apart(&Stage::start(), &operations, Mutation::KindConviction);
}

#[test]
fn an_equivocation_that_is_punished_twice_is_noticed() {
    let receipts = Equivocate { job: 0, seat: 0, receipts: Receipts::Conflicting, by: 17 };
    let operations = [cheap_job(), vec![receipts.clone(), receipts]].concat();
    tells_apart(&Stage::start(), &operations, Mutation::RepeatedEquivocation);
}
