//! Cases, and other ways to punish.

use proptest::{option::weighted, prelude::*};

use super::{DELEGATORS, Steps, operations::*, step, steps, values::*};
use crate::{
    network::PRICE,
    operation::{By, Flaw, Given, Keeper, Moment, Operation, Receipts, SeatPrice},
};

/// Judges in a court.
const JUDGES: u8 = 3;
/// Of what all ask, and twice that.
const FOR_ALL: SeatPrice = SeatPrice::Wei(1_001 * PRICE);
const AFTER_A_LAPSE: SeatPrice = SeatPrice::Wei(2_002 * PRICE);

/// A job with a cheat, mostly in its first seat, and what becomes of a challenge: a verdict, or a lapse and another challenge.
pub(super) fn life_of_a_case() -> BoxedStrategy<Vec<Operation>> {
    let sizes = prop_oneof![5 => Just((1_u8, 1_u8)), 1 => Just((2, 2)), 3 => Just((3, 2))];
    let course = prop_oneof![2 => Just(false), 1 => Just(true)];
    (sizes, course, sample(&DELEGATORS))
        .prop_flat_map(|((size, quorum), neglected, challenger)| {
            let mut course = accused_job(size, quorum, neglected);
            course.push(step(0.05, challenge(0, Just(FOR_ALL).boxed(), challenger)));
            course.push(step(0.07, (-1..=1_i8).prop_map(|plus| last_challenge(0, plus))));
            course.push(step(0.04, Just(calibrate(false))));
            course.push(step(0.04, challenge(0, Just(FOR_ALL).boxed(), challenger)));
            course.push(step(0.2, Just(calibrate(true))));
            if neglected {
                course.extend(lapse(challenger));
            } else {
                course.push(step(0.97, challenge(0, Just(FOR_ALL).boxed(), challenger)));
            }
            course.extend(judgement());
            course.extend(aftermath(challenger));
            steps(course)
        })
        .boxed()
}

fn accused_job(size: u8, quorum: u8, neglected: bool) -> Steps {
    use Operation as Op;
    // The cheap ones are too few for a court.
    let cheap = if neglected && size == 1 { 1 } else { 0 };
    let request = prop_oneof![1 => plain_request(size, quorum), cheap => request(size, quorum)];
    let mut steps = vec![step(0.99, request), step(0.99, Just(Op::Mine { blocks: 1 }))];
    for seat in 0..size {
        let honest = prop_oneof![12 => Just(0_u8), 1 => answer()];
        let accused = prop_oneof![5 => Just(0_u8), 6 => Just(3), 1 => answer()];
        let answer = if seat == 0 { accused.boxed() } else { honest.boxed() };
        steps.push(step(0.99, commit_of(seat, answer)));
    }
    steps.push(step(0.5, Just(Op::Wait(Moment::CommitDeadline { job: 0, plus: 1 }))));
    steps.extend((0..size).map(|seat| step(0.98, Just(Op::Reveal { job: 0, seat, answer: None }))));
    steps.push(step(0.98, Just(Op::Resolve { job: 0, answers: Given::Complete, by: 14 })));
    steps
}

/// A case whose judges stay away, or can't be found; the next one is worth more to them.
fn lapse(challenger: u8) -> Steps {
    use Operation as Op;
    let mut steps = vec![
        step(0.97, challenge(0, prop_oneof![Just(SeatPrice::Lowest), Just(FOR_ALL)].boxed(), challenger)),
        step(0.99, Just(Op::Mine { blocks: 1 })),
        step(0.99, advance()),
        step(0.1, lapse_of(0)),
        step(0.3, commit_of(0, Just(0).boxed())),
    ];
    for _ in 0..2 {
        steps.push(step(0.98, Just(Op::Wait(Moment::CommitDeadline { job: 0, plus: 1 }))));
        steps.push(step(0.98, advance()));
    }
    steps.push(step(0.97, lapse_of(0)));
    steps.push(step(0.15, (-1..=1_i8).prop_map(|plus| last_challenge(1, plus))));
    steps.push(step(0.3, challenge(1, Just(SeatPrice::TooLow).boxed(), challenger)));
    let price = prop_oneof![5 => Just(AFTER_A_LAPSE), 1 => Just(SeatPrice::Lowest)];
    steps.push(step(0.9, challenge(1, price.boxed(), challenger)));
    steps
}

/// A court, mostly of honest judges.
pub(super) fn judgement() -> Steps {
    use Operation as Op;
    let mut steps = vec![step(0.99, Just(Op::Mine { blocks: 1 })), step(0.05, decide())];
    for seat in 0..JUDGES {
        let answer = prop_oneof![24 => Just(0_u8), 2 => Just(3), 1 => answer()];
        steps.push(step(0.96, commit_of(seat, answer.boxed())));
    }
    steps.push(step(0.9, Just(Op::Wait(Moment::CommitDeadline { job: 0, plus: 1 }))));
    steps.extend((0..JUDGES).map(|seat| step(0.98, Just(Op::Reveal { job: 0, seat, answer: None }))));
    steps.push(step(0.98, Just(Op::Resolve { job: 0, answers: Given::Complete, by: 15 })));
    steps.push(step(0.05, lapse_of(0)));
    steps.push(step(0.2, decide()));
    steps.push(step(0.95, Just(Op::Decide { job: 0, accused: None, courts: None, by: 15 })));
    steps
}

fn aftermath(challenger: u8) -> Steps {
    use Operation as Op;
    vec![
        step(0.1, decide()),
        step(0.1, Just(Op::RetryVerdict { job: 0, by: 15 })),
        step(0.1, challenge(1, Just(FOR_ALL).boxed(), challenger)),
        // Judges can be judged.
        step(0.15, challenge(0, Just(FOR_ALL).boxed(), challenger)),
        step(0.5, Just(Op::WithdrawFrom { keeper: Keeper::Court, account: challenger })),
        step(0.3, Just(Op::WithdrawFrom { keeper: Keeper::Court, account: 2 })),
        step(0.3, Just(Op::Withdraw { account: challenger })),
        step(0.3, Just(Op::WithdrawProverReward { prover: challenger })),
        step(0.3, Just(Op::BurnSlashed { prover: challenger })),
    ]
}

/// A job whose executors sign two receipts.
pub(super) fn equivocation() -> BoxedStrategy<Vec<Operation>> {
    use Operation as Op;
    let sizes = prop_oneof![Just((1_u8, 1_u8)), Just((3, 2))];
    (sizes, sample(&DELEGATORS))
        .prop_flat_map(|((size, quorum), prover)| {
            let mut course = vec![step(0.99, plain_request(size, quorum)), step(0.99, Just(Op::Mine { blocks: 1 }))];
            course.push(step(0.2, equivocate(0, prover)));
            course.push(step(0.97, commit_of(0, Just(0).boxed())));
            course.push(step(0.2, (1..=6_u32).prop_map(|executor| Op::RevokeSigner { executor, by: By::Rightful })));
            let conflicting = Op::Equivocate { job: 0, seat: 0, receipts: Receipts::Conflicting, by: prover };
            course.push(step(0.9, Just(conflicting.clone())));
            course.push(step(0.6, Just(conflicting)));
            for seat in 0..size {
                course.push(step(0.7, equivocate(seat, prover)));
            }
            course.push(step(0.5, Just(Op::WithdrawProverReward { prover })));
            course.push(step(0.5, Just(Op::BurnSlashed { prover })));
            steps(course)
        })
        .boxed()
}

/// Any operation of cases and offences.
pub(super) fn any_court_call() -> BoxedStrategy<Operation> {
    use Operation as Op;
    let by = || prop_oneof![4 => sample(&DELEGATORS), 1 => account()];
    let version = prop_oneof![8 => Just(1_u32), 1 => Just(2)];
    prop_oneof![
        5 => (job(), seat(), seat_price(), 0..10_u8, flaw(), by())
            .prop_map(|(job, seat, price, odd, flaw, by)| Op::Challenge { job, seat, price, odd, flaw, by }),
        1 => (job(), account()).prop_map(|(job, by)| Op::OpenCase { job, by }),
        3 => (job(), weighted(0.2, answer()), weighted(0.2, answer()), account())
            .prop_map(|(job, accused, courts, by)| Op::Decide { job, accused, courts, by }),
        2 => (job(), account()).prop_map(|(job, by)| Op::Lapse { job, by }),
        1 => (job(), account()).prop_map(|(job, by)| Op::RetryVerdict { job, by }),
        1 => (version, prop_oneof![4 => Just(true), 1 => Just(false)], by_owner())
            .prop_map(|(version, calibrated, by)| Op::Calibrate { version, calibrated, by }),
        2 => (job(), seat(), receipts(), by()).prop_map(|(job, seat, receipts, by)| Op::Equivocate { job, seat, receipts, by }),
        1 => (executor(), 0..5_u8, account()).prop_map(|(executor, offence, by)| Op::Report { executor, offence, by }),
    ]
    .boxed()
}

fn calibrate(calibrated: bool) -> Operation {
    Operation::Calibrate { version: 1, calibrated, by: By::Rightful }
}

fn by_owner() -> BoxedStrategy<By> {
    prop_oneof![5 => Just(By::Rightful), 1 => account().prop_map(By::Account)].boxed()
}

fn seat_price() -> BoxedStrategy<SeatPrice> {
    sample(&[SeatPrice::Lowest, SeatPrice::TooLow, FOR_ALL, AFTER_A_LAPSE]).boxed()
}

/// Of the first seat, mostly.
fn challenge(job: u8, price: BoxedStrategy<SeatPrice>, by: u8) -> BoxedStrategy<Operation> {
    let seat = prop_oneof![9 => Just(0_u8), 1 => seat()];
    let flaw = prop_oneof![16 => Just(Flaw::Sound), 1 => Just(Flaw::Overpaid), 1 => Just(Flaw::ByUri), 1 => flaw()];
    (seat, price, 0..10_u8, flaw)
        .prop_map(move |(seat, price, odd, flaw)| Operation::Challenge { job, seat, price, odd, flaw, by })
        .boxed()
}

fn last_challenge(job: u8, plus: i8) -> Operation {
    Operation::Wait(Moment::LastChallenge { job, seat: 0, plus })
}

pub(super) fn lapse_of(job: u8) -> BoxedStrategy<Operation> {
    account().prop_map(move |by| Operation::Lapse { job, by }).boxed()
}

fn decide() -> BoxedStrategy<Operation> {
    (weighted(0.3, answer()), weighted(0.3, answer()), account())
        .prop_map(|(accused, courts, by)| Operation::Decide { job: 0, accused, courts, by })
        .boxed()
}

fn equivocate(seat: u8, by: u8) -> BoxedStrategy<Operation> {
    receipts().prop_map(move |receipts| Operation::Equivocate { job: 0, seat, receipts, by }).boxed()
}

fn receipts() -> BoxedStrategy<Receipts> {
    let others = sample(&[
        Receipts::OneResult,
        Receipts::Equal,
        Receipts::NotFinal,
        Receipts::OfTwoJobs,
        Receipts::OtherRegistry,
        Receipts::ByTwo,
        Receipts::OneTooShort,
        Receipts::OneMirrored,
        Receipts::ByStranger,
        Receipts::ByNeighbour,
    ]);
    prop_oneof![2 => Just(Receipts::Conflicting), 1 => others].boxed()
}
