//! Jobs of a single executor.

use proptest::{collection::vec, option::weighted, prelude::*};

use super::{
    DELEGATORS, REQUESTERS, Steps,
    court::{judgement, lapse_of},
    operations::*,
    step, steps,
    values::*,
};
use crate::{
    model::{REVERSE_AUCTION, ROUND_ROBIN, SORTITION},
    network::PRICE,
    operation::{AllOf, By, Flaw, HintsSent, Moment, Operation, ProofSent, Single, SingleMoment, VifSent, Who},
};

/// How a job gets its answer.
#[derive(Debug, Clone, Copy)]
enum Course {
    /// Its executor draws itself.
    Straight,
    /// It is drawn on record first.
    OnRecord,
    /// The executor gives the seat back.
    GivenBack,
    /// The executor doesn't come in time, and somebody else does.
    TakenOver,
    /// Nobody does.
    Left,
}

/// What happens to a provisional answer.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Stands,
    /// Somebody looks at its VIF.
    Checked,
    Judged,
    /// The judges don't come.
    Unjudged,
}

/// From a request to the end of its payments, on one of many ways.
pub(super) fn life_of_a_single() -> BoxedStrategy<Vec<Operation>> {
    let scheduler = prop_oneof![3 => Just(SORTITION), 2 => Just(ROUND_ROBIN), 3 => Just(REVERSE_AUCTION)];
    let course = prop_oneof![
        5 => Just(Course::Straight),
        3 => Just(Course::OnRecord),
        2 => Just(Course::GivenBack),
        4 => Just(Course::TakenOver),
        2 => Just(Course::Left),
    ];
    let fate = prop_oneof![
        5 => Just(Fate::Stands),
        4 => Just(Fate::Checked),
        3 => Just(Fate::Judged),
        2 => Just(Fate::Unjudged),
    ];
    let proven = prop_oneof![2 => Just(false), 1 => Just(true)];
    (proven, scheduler, course, fate)
        .prop_flat_map(|(proven, scheduler, course, fate)| {
            let mut whole = vec![step(0.98, ask(proven, scheduler)), step(0.04, by().prop_map(take_back))];
            whole.extend(seating(scheduler, course));
            whole.extend(answering(proven, course, fate));
            if !proven && !matches!(course, Course::Left) {
                whole.extend(doubt(fate));
            }
            whole.extend(ending(fate));
            steps(whole)
        })
        .boxed()
}

fn seating(scheduler: u8, course: Course) -> Steps {
    let mut whole =
        vec![step(0.97, (1..=2_u16).prop_map(|blocks| Operation::Mine { blocks })), step(0.07, forgetting())];
    if scheduler == REVERSE_AUCTION {
        whole.extend([0.97, 0.8, 0.8, 0.4].map(|probability| step(probability, bid())));
        whole.push(step(0.95, around(SingleMoment::LastBid, 0..=1)));
        whole.push(step(0.1, bid()));
        whole.push(step(0.1, move_on()));
    } else if !matches!(course, Course::Straight) {
        whole.push(step(0.7, around(SingleMoment::PaidDraw, -1..=1)));
        whole.push(step(0.97, move_on()));
    }
    whole
}

/// Weights move, and are forgotten an epoch later.
fn forgetting() -> BoxedStrategy<Operation> {
    (1..=2_u8, -1..=1_i8).prop_map(|(next, plus)| Operation::Wait(Moment::Epoch { next, plus })).boxed()
}

fn answering(proven: bool, course: Course, fate: Fate) -> Steps {
    let mut whole = Steps::new();
    let answer_by = |by| answer_by(proven, fate, by);
    match course {
        Course::Straight | Course::OnRecord => whole.push(step(0.97, answer_by(Just(Who::Drawn).boxed()))),
        Course::GivenBack => {
            whole.push(step(0.2, around(SingleMoment::LastGivingBack, -1..=1)));
            whole.push(step(0.95, who().prop_map(|by| Operation::Single(Single::GiveBack { job: 0, by }))));
            whole.extend((0..3).map(|_| step(0.8, answer_by(someone()))));
        }
        Course::TakenOver => {
            whole.push(step(0.97, around(SingleMoment::Priority, 0..=1)));
            whole.extend((0..3).map(|_| step(0.9, answer_by(someone()))));
        }
        Course::Left => {
            whole.push(step(0.97, around(SingleMoment::LastTakeover, 0..=1)));
            whole.push(step(0.2, forgetting()));
            whole.push(step(0.1, answer_by(Just(Who::Drawn).boxed())));
            whole.push(step(0.97, move_on()));
        }
    }
    whole
}

fn doubt(fate: Fate) -> Steps {
    let mut whole = Steps::new();
    match fate {
        Fate::Stands => whole.push(step(0.1, dispute())),
        Fate::Checked => whole.extend((0..2).map(|_| step(0.8, challenge_vif()))),
        Fate::Judged => {
            whole.push(step(0.97, dispute()));
            whole.push(step(0.1, challenge_vif()));
            whole.extend(judgement());
            whole.push(step(0.1, challenge_vif()));
        }
        Fate::Unjudged => {
            whole.push(step(0.97, dispute()));
            whole.extend([step(0.99, Just(Operation::Mine { blocks: 1 })), step(0.99, advance())]);
            for _ in 0..2 {
                whole.push(step(0.98, Just(Operation::Wait(Moment::CommitDeadline { job: 0, plus: 1 }))));
                whole.push(step(0.98, advance()));
            }
            whole.push(step(0.97, lapse_of(0)));
            whole.push(step(0.2, retry_result()));
            whole.push(step(0.95, forged().prop_map(|forged| Operation::Single(Single::Reopen { job: 0, forged }))));
            whole.push(step(0.2, dispute()));
        }
    }
    whole
}

fn ending(fate: Fate) -> Steps {
    let condemned = if matches!(fate, Fate::Judged) { 0.9 } else { 0.05 };
    vec![
        step(0.9, around(SingleMoment::Window, 0..=1)),
        step(condemned, overturn()),
        step(0.9, finalize()),
        step(0.2, try_each()),
        step(0.2, retry_result()),
        step(0.1, Just(Operation::Single(Single::RetryFailure { job: 0 }))),
        step(0.3, sample(&REQUESTERS).prop_map(|account| Operation::Single(Single::Collect { account }))),
        step(0.1, (0..4_u8).prop_map(|target| Operation::Single(Single::CollectOfTarget { target }))),
    ]
}

/// Anything about single jobs.
pub(super) fn any_single() -> BoxedStrategy<Operation> {
    let one = any_single_call();
    prop_oneof![12 => one, 1 => try_each()].boxed()
}

fn any_single_call() -> BoxedStrategy<Operation> {
    let on = Operation::Single;
    prop_oneof![
        5 => odd_ask(),
        1 => (newest(), by()).prop_map(move |(job, by)| on(Single::TakeBack { job, by })),
        2 => bid(),
        2 => (newest(), who()).prop_map(move |(job, by)| on(Single::GiveBack { job, by })),
        4 => (any::<bool>(), who()).prop_flat_map(|(proven, by)| answer_by(proven, Fate::Checked, Just(by).boxed())),
        3 => finalize(),
        3 => (newest(), account()).prop_map(move |(job, by)| on(Single::MoveOn { job, by })),
        1 => retry_result(),
        1 => newest().prop_map(move |job| on(Single::RetryFailure { job })),
        2 => dispute(),
        1 => overturn(),
        1 => (newest(), forged()).prop_map(move |(job, forged)| on(Single::Reopen { job, forged })),
        1 => who().prop_map(move |by| on(Single::AdoptKey { by })),
        1 => Just(on(Single::AdoptKey { by: Who::Executor(2) })),
        2 => challenge_vif(),
        1 => (executor(), account()).prop_map(move |(executor, by)| on(Single::UsurpKey { executor, by })),
        1 => (newest(), account()).prop_map(move |(job, by)| on(Single::UsurpVif { job, by })),
        1 => (newest(), 1..=4_u8, account())
            .prop_map(move |(job, verdict, by)| on(Single::UsurpVerdict { job, verdict, by })),
        1 => account().prop_map(move |account| on(Single::Collect { account })),
        1 => (0..4_u8).prop_map(move |target| on(Single::CollectOfTarget { target })),
    ]
    .boxed()
}

fn around(moment: SingleMoment, plus: std::ops::RangeInclusive<i8>) -> impl Strategy<Value = Operation> {
    plus.prop_map(move |plus| Operation::Wait(Moment::OfSingle { job: 0, moment, plus }))
}

/// Of any kind, about any job.
pub(super) fn single_moment() -> BoxedStrategy<Moment> {
    let moment = sample(&[
        SingleMoment::PaidDraw,
        SingleMoment::LastBid,
        SingleMoment::LastGivingBack,
        SingleMoment::Priority,
        SingleMoment::LastTakeover,
        SingleMoment::Window,
    ]);
    (newest(), moment, -1..=1_i8).prop_map(|(job, moment, plus)| Moment::OfSingle { job, moment, plus }).boxed()
}

/// Of jobs, mostly the newest.
fn newest() -> BoxedStrategy<u8> {
    prop_oneof![24 => Just(0_u8), 2 => Just(1), 1 => Just(99)].boxed()
}

/// One that is mostly taken.
fn ask(proven: bool, scheduler: u8) -> BoxedStrategy<Operation> {
    let price = prop_oneof![3 => Just(3 * PRICE), 3 => Just(300 * PRICE), 10 => Just(1_001 * PRICE)];
    let windows = (
        prop_oneof![8 => Just(20_u32), 1 => Just(5), 1 => Just(600)],
        prop_oneof![8 => Just(60_u32), 1 => Just(5), 1 => Just(600)],
        prop_oneof![8 => Just(30_u32), 1 => Just(5), 1 => Just(600)],
        prop_oneof![8 => Just(40_u32), 1 => Just(10), 1 => Just(600)],
    );
    let flaw = prop_oneof![12 => Just(Flaw::Sound), 1 => Just(Flaw::Overpaid), 1 => Just(Flaw::ByUri)];
    ask_of(proven, scheduler, price, windows, flaw, (Just(By::Rightful), Just(false)))
}

/// One that is mostly refused.
fn odd_ask() -> BoxedStrategy<Operation> {
    let windows = || prop_oneof![16 => Just(60_u32), 1 => Just(4), 1 => Just(601), 1 => Just(0)];
    let windows = move || (windows(), windows(), windows(), windows());
    (any::<bool>(), 0..3_u8)
        .prop_flat_map(move |(proven, scheduler)| {
            let price = prop_oneof![8 => Just(3 * PRICE), 1 => Just(PRICE / 2)];
            let by = prop_oneof![6 => Just(By::Rightful), 1 => account().prop_map(By::Account)];
            let misnamed = prop_oneof![6 => Just(false), 1 => Just(true)];
            ask_of(proven, scheduler, price, windows(), flaw(), (by, misnamed))
        })
        .boxed()
}

/// Windows that the tier and the scheduler don't know are mostly left out.
fn ask_of(
    proven: bool,
    scheduler: u8,
    price: impl Strategy<Value = u128> + 'static,
    windows: impl Strategy<Value = (u32, u32, u32, u32)> + 'static,
    flaw: impl Strategy<Value = Flaw> + 'static,
    by: impl Strategy<Value = (By, bool)> + 'static,
) -> BoxedStrategy<Operation> {
    let gas = prop_oneof![4 => Just(50_000_u32), 1 => Just(0), 1 => Just(2_000_000)];
    let callback = (weighted(0.5, (0..4_u8, gas)), any::<bool>(), any::<bool>());
    let money = (price, 0..10_u8, weighted(0.15, 0..4_u8), flaw);
    let strays = prop_oneof![30 => Just(false), 1 => Just(true)];
    (sample(&REQUESTERS), by, money, windows, callback, strays)
        .prop_map(move |(requester, (by, misnamed), (price, odd, refund_to, flaw), windows, callback, strays)| {
            let (bids, submit_window, takeover_window, challenges) = windows;
            let (callback, provisionally, on_failure) = callback;
            Operation::Single(Single::Ask {
                requester,
                by,
                proven,
                misnamed,
                scheduler,
                price,
                odd,
                bid_window: if scheduler == REVERSE_AUCTION || strays { bids } else { 0 },
                submit_window,
                takeover_window,
                challenge_window: if !proven || strays { challenges } else { 0 },
                callback,
                provisionally,
                on_failure,
                refund_to,
                flaw,
            })
        })
        .boxed()
}

fn take_back(by: By) -> Operation {
    Operation::Single(Single::TakeBack { job: 0, by })
}

fn who() -> BoxedStrategy<Who> {
    prop_oneof![12 => Just(Who::Drawn), 4 => someone(), 1 => account().prop_map(Who::Stranger)].boxed()
}

fn someone() -> BoxedStrategy<Who> {
    prop_oneof![20 => (1..=6_u32).prop_map(Who::Executor), 10 => Just(Who::Next), 1 => account().prop_map(Who::Stranger)].boxed()
}

fn bid() -> BoxedStrategy<Operation> {
    let price = prop_oneof![
        3 => Just(500 * PRICE),
        3 => Just(3 * PRICE),
        4 => Just(2 * PRICE),
        2 => Just(2 * PRICE - 1),
        1 => Just(PRICE - PRICE / 50),
        1 => Just(1_002 * PRICE),
    ];
    (newest(), price, someone()).prop_map(|(job, price, by)| Operation::Single(Single::Bid { job, price, by })).boxed()
}

/// Wrong in what will be looked at.
fn answer_by(proven: bool, fate: Fate, by: BoxedStrategy<Who>) -> BoxedStrategy<Operation> {
    let lies = if matches!(fate, Fate::Judged) { 12 } else { 1 };
    let answer = prop_oneof![12 => Just(0_u8), lies => Just(3), 1 => 0..=8_u8];
    let spoiled = if matches!(fate, Fate::Checked) { 12 } else { 1 };
    let vif = prop_oneof![
        12 => Just(VifSent::Honest),
        spoiled => sample(&[VifSent::BadPrefix, VifSent::NoPoint]),
        1 => Just(VifSent::Truncated),
    ];
    let proof = sample(&[
        ProofSent::SignedBy(1),
        ProofSent::Descending,
        ProofSent::Doubled,
        ProofSent::WithOutsider,
        ProofSent::ForOtherResult,
        ProofSent::Ragged,
    ]);
    let proof = prop_oneof![12 => (2..=3_u8).prop_map(ProofSent::SignedBy), 2 => proof];
    let wrong_tier = prop_oneof![30 => Just(false), 1 => Just(true)];
    (newest(), answer, vif, proof, by, wrong_tier)
        .prop_map(move |(job, answer, vif, proof, by, wrong_tier)| {
            Operation::Single(if proven != wrong_tier {
                Single::Prove { job, answer, proof, by }
            } else {
                Single::Submit { job, answer, vif, by }
            })
        })
        .boxed()
}

fn forged() -> BoxedStrategy<bool> {
    prop_oneof![12 => Just(false), 1 => Just(true)].boxed()
}

fn truly() -> BoxedStrategy<bool> {
    prop_oneof![8 => Just(true), 1 => Just(false)].boxed()
}

fn finalize() -> BoxedStrategy<Operation> {
    (newest(), forged(), truly(), account())
        .prop_map(|(job, forged, truly, by)| Operation::Single(Single::Finalize { job, forged, truly, by }))
        .boxed()
}

fn move_on() -> BoxedStrategy<Operation> {
    sample(&DELEGATORS).prop_map(|by| Operation::Single(Single::MoveOn { job: 0, by })).boxed()
}

fn retry_result() -> BoxedStrategy<Operation> {
    (newest(), forged(), truly())
        .prop_map(|(job, forged, truly)| Operation::Single(Single::RetryResult { job, forged, truly }))
        .boxed()
}

fn overturn() -> BoxedStrategy<Operation> {
    (newest(), forged(), account())
        .prop_map(|(job, forged, by)| Operation::Single(Single::Overturn { job, forged, by }))
        .boxed()
}

fn dispute() -> BoxedStrategy<Operation> {
    let price = prop_oneof![8 => Just(1_001 * PRICE), 1 => Just(PRICE / 2)];
    (newest(), forged(), price, sample(&DELEGATORS))
        .prop_map(|(job, forged, price, by)| Operation::Single(Single::Dispute { job, forged, price, by }))
        .boxed()
}

fn challenge_vif() -> BoxedStrategy<Operation> {
    let hints = prop_oneof![
        6 => Just(HintsSent::RightHints),
        1 => Just(HintsSent::NoHints),
        1 => Just(HintsSent::AnotherBeacon),
    ];
    (newest(), forged(), hints, account())
        .prop_map(|(job, forged, hints, by)| Operation::Single(Single::ChallengeVif { job, forged, hints, by }))
        .boxed()
}

fn try_each() -> BoxedStrategy<Operation> {
    (vec(any_single_call(), 0..4), who())
        .prop_map(|(calls, by)| {
            let calls = calls.into_iter().filter_map(|call| match call {
                Operation::Single(call) => Some(call),
                _ => None,
            });
            Operation::Single(Single::TryEach { calls: AllOf(calls.collect()), by })
        })
        .boxed()
}
