//! Random sequences: lives of jobs and stakes in which every step may be missing, with anything else in between.

mod court;
mod desk;
mod operations;
mod single;
mod values;

use proptest::{collection::vec, option::weighted, prelude::*};

use self::{court::*, desk::*, operations::*, single::*, values::*};
use crate::operation::{Given, Moment, Operation};

type Steps = Vec<BoxedStrategy<Option<Operation>>>;

/// Accounts that ask; the first is the publisher's royalty receiver too.
const REQUESTERS: [u8; 3] = [1, 14, 15];
const DELEGATORS: [u8; 3] = [16, 17, 18];
const WEI: u128 = 1_000_000_000_000_000_000;

/// A sequence of up to five lives.
pub(crate) fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    let life = prop_oneof![
        12 => life_of_a_job(),
        1 => silent_job(),
        1 => fall(),
        4 => life_of_a_stake(),
        9 => life_of_a_case(),
        3 => equivocation(),
        8 => life_at_the_desk(),
        8 => life_of_a_single(),
        3 => vec(anything(), 1..6),
        1 => vec(odd_request(), 1..6),
    ];
    vec(life, 1..=5).prop_map(|lives| lives.concat())
}

/// A sequence of up to three lives of single jobs.
pub(crate) fn sequence_of_singles() -> impl Strategy<Value = Vec<Operation>> {
    vec(life_of_a_single(), 1..=3).prop_map(|lives| lives.concat())
}

/// From a request to the end of its payments, on one of many ways.
fn life_of_a_job() -> BoxedStrategy<Vec<Operation>> {
    let sizes = prop_oneof![
        3 => Just((1_u8, 1_u8)),
        1 => Just((2, 2)),
        6 => Just((3, 2)),
        1 => Just((4, 3)),
        3 => Just((5, 3)),
    ];
    (sizes, 0..4_u8).prop_flat_map(|((size, quorum), course)| steps(course_of_a_job(size, quorum, course))).boxed()
}

fn course_of_a_job(size: u8, quorum: u8, course: u8) -> Steps {
    let mut steps = vec![step(0.98, request(size, quorum))];
    steps.extend(rest_of_a_job(size, course));
    steps
}

/// What comes after the request.
fn rest_of_a_job(size: u8, course: u8) -> Steps {
    use Operation as Op;
    let mut steps = vec![step(0.04, by().prop_map(|by| Op::Cancel { job: 0, by }))];
    steps.push(step(0.97, (1..=2_u16).prop_map(|blocks| Op::Mine { blocks })));
    if course == 1 {
        steps.push(step(0.7, (-1..=1_i8).prop_map(|plus| Op::Wait(Moment::DrawBounty { job: 0, plus }))));
        steps.push(step(0.95, advance()));
    }
    for seat in 0..size {
        steps.push(step(0.08, by().prop_map(move |by| Op::Decline { job: 0, seat, by })));
        steps.push(step(if course == 2 { 0.5 } else { 0.97 }, commit(seat)));
    }
    if course == 2 {
        for _ in 0..2 {
            steps.push(step(0.9, (0..=1_i8).prop_map(|plus| Op::Wait(Moment::CommitDeadline { job: 0, plus }))));
            steps.push(step(0.9, advance()));
            steps.extend((0..size).map(|seat| step(0.6, commit(seat))));
        }
    }
    // Those who are missing aren't waited for.
    steps.push(step(0.9, Just(Op::Wait(Moment::CommitDeadline { job: 0, plus: 1 }))));
    for seat in 0..size {
        let last = if seat + 1 == size { 3 } else { 0 };
        let reveal = prop_oneof![
            8 => Just(Op::Reveal { job: 0, seat, answer: None }),
            2 => (0..size).prop_map(move |same_as| Op::RevealSame { job: 0, seat, same_as: same_as.min(seat) }),
            last => (given(), account()).prop_map(move |(answers, by)| Op::RevealAndResolve { job: 0, seat, answers, by }),
        ];
        steps.push(step(if course == 3 { 0.6 } else { 0.97 }, reveal));
    }
    if course == 3 {
        steps.push(step(0.9, (-1..=1_i8).prop_map(|plus| Op::Wait(Moment::Deadline { job: 0, plus }))));
    }
    steps.push(step(0.9, resolve()));
    if course >= 2 {
        steps.push(step(0.8, (0..=1_i8).prop_map(|plus| Op::Wait(Moment::Grace { job: 0, plus }))));
        steps.push(step(0.7, prop_oneof![resolve(), advance().boxed()]));
        steps.extend((0..size).map(|seat| step(0.4, punish(seat))));
    }
    steps.push(step(0.2, any::<bool>().prop_map(|truly| Op::RetryCallback { job: 0, truly })));
    steps.push(step(0.3, sample(&REQUESTERS).prop_map(|account| Op::Withdraw { account })));
    steps.push(step(0.2, (0..4_u8).prop_map(|target| Op::WithdrawOfTarget { target })));
    steps
}

/// Many commit and nobody opens: everybody is slashed.
fn silent_job() -> BoxedStrategy<Vec<Operation>> {
    use Operation as Op;
    let mut course = vec![step(0.99, plain_request(5, 3)), step(0.99, Just(Op::Mine { blocks: 1 }))];
    course.extend((0..5).map(|seat| step(0.97, commit(seat))));
    // The second time, if somebody hasn't committed.
    for probability in [0.99, 0.4] {
        course.push(step(probability, Just(Op::Wait(Moment::Grace { job: 0, plus: 1 }))));
        course.push(step(probability, advance()));
    }
    course.extend((0..5).map(|seat| step(0.95, punish(seat))));
    steps(course)
}

/// Three silent jobs, which take all of most stakes, and returns.
fn fall() -> BoxedStrategy<Vec<Operation>> {
    use Operation as Op;
    let mut before = Steps::new();
    let mut after = vec![
        step(0.5, sample(&DELEGATORS).prop_map(|prover| Op::WithdrawProverReward { prover })),
        step(0.5, sample(&DELEGATORS).prop_map(|prover| Op::BurnSlashed { prover })),
    ];
    for executor in 1..=6_u32 {
        before.push(step(0.3, value().prop_map(move |amount| Op::Delegate { executor, amount, by: 16 })));
        before.push(step(0.1, value().prop_map(move |amount| Op::Delegate { executor, amount, by: 17 })));
        after.push(step(0.2, Just(Op::StartGeneration { executor })));
    }
    after.push(step(0.9, maturity()));
    for executor in 1..=6_u32 {
        after.push(step(0.5, Just(Op::Reinstate { executor })));
        after.push(step(0.3, Just(Op::WithdrawDelegation { executor, delegator: 16 })));
        after.push(step(0.2, value().prop_map(move |amount| Op::Stake { executor, amount, by: 0 })));
        after.push(step(0.2, value().prop_map(move |amount| Op::Delegate { executor, amount, by: 16 })));
    }
    (steps(before), vec(silent_job(), 3), steps(after))
        .prop_map(|(before, jobs, after)| [before, jobs.concat(), after].concat())
        .boxed()
}

/// Delegations, earnings, exits and what they pay.
fn life_of_a_stake() -> BoxedStrategy<Vec<Operation>> {
    use Operation as Op;
    (1..=6_u32, sample(&DELEGATORS), sample(&DELEGATORS))
        .prop_flat_map(|(executor, one, other)| {
            let mut course = vec![
                step(0.9, value().prop_map(move |amount| Op::Delegate { executor, amount, by: one })),
                step(0.6, value().prop_map(move |amount| Op::Delegate { executor, amount, by: other })),
                step(0.5, (bps(), by()).prop_map(move |(bps, by)| Op::AnnounceCommission { executor, bps, by })),
                step(0.5, (1..=2_u8, -1..=1_i8).prop_map(|(next, plus)| Op::Wait(Moment::Epoch { next, plus }))),
            ];
            course.extend(short_job());
            course.extend(vec![
                step(0.3, silent_wait()),
                step(0.5, withdrawal_of(executor, one)),
                step(0.7, amount().prop_map(move |amount| Op::Undelegate { executor, amount, by: one })),
                step(0.4, amount().prop_map(move |amount| Op::Undelegate { executor, amount, by: other })),
                step(0.6, (amount(), by()).prop_map(move |(amount, by)| Op::RequestExit { executor, amount, by })),
                step(0.5, Just(Op::RefreshWeights { executor })),
                step(0.7, maturity()),
                step(0.7, before().prop_map(move |before| Op::CompleteExit { executor, before })),
                step(0.7, before().prop_map(move |before| completion(executor, one, before))),
                step(0.4, before().prop_map(move |before| completion(executor, other, before))),
                step(0.3, withdrawal_of(executor, other)),
                step(0.4, Just(Op::StartGeneration { executor })),
                step(0.4, Just(Op::Reinstate { executor })),
                step(0.3, value().prop_map(move |amount| Op::Stake { executor, amount, by: 0 })),
                step(0.3, value().prop_map(move |amount| Op::Delegate { executor, amount, by: one })),
                step(0.3, withdrawal_of(executor, one)),
            ]);
            steps(course)
        })
        .boxed()
}

/// A job that pays its one executor.
fn short_job() -> Steps {
    use Operation as Op;
    vec![
        step(0.9, request(1, 1)),
        step(0.95, Just(Op::Mine { blocks: 1 })),
        step(0.95, commit(0)),
        step(0.95, Just(Op::Reveal { job: 0, seat: 0, answer: None })),
        step(0.95, Just(Op::Resolve { job: 0, answers: Given::Complete, by: 14 })),
    ]
}

fn silent_wait() -> BoxedStrategy<Operation> {
    (0..=1_i8).prop_map(|plus| Operation::Wait(Moment::Grace { job: 0, plus })).boxed()
}

/// A step that may be missing.
fn step<S: Strategy<Value = Operation> + 'static>(probability: f64, operation: S) -> BoxedStrategy<Option<Operation>> {
    weighted(probability, operation).boxed()
}

/// With something else between two steps now and then.
fn steps(course: Steps) -> BoxedStrategy<Vec<Operation>> {
    let disturbed: Steps = course.into_iter().flat_map(|own| [own, step(0.06, anything())]).collect();
    disturbed.prop_map(|operations| operations.into_iter().flatten().collect()).boxed()
}
