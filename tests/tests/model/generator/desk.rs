//! Accounts at the desk, and what is requested from them.

use proptest::{collection::vec, prelude::*};

use super::{REQUESTERS, Steps, operations::*, rest_of_a_job, step, steps, values::*};
use crate::{
    model::Code,
    operation::{Asked, By, Calls, Flaw, Keeper, Moment, Operation, Signed},
};

/// From a deposit to its withdrawal, with requests of all kinds in between.
pub(super) fn life_at_the_desk() -> BoxedStrategy<Vec<Operation>> {
    let accounts =
        (sample(&REQUESTERS), 0..4_u8).prop_flat_map(|(requester, course)| steps(course_at(requester, course)));
    let wallets = (0..4_u8, code()).prop_flat_map(|(wallet, later)| steps(course_of_a_wallet(wallet, later)));
    prop_oneof![5 => accounts, 1 => wallets].boxed()
}

/// Orders for a requester with code, which changes.
fn course_of_a_wallet(target: u8, later: Code) -> Steps {
    use Operation as Op;
    let order = || {
        let signed = prop_oneof![9 => Just(Signed::ByWallet(target)), 1 => signed()];
        order_of(prop_oneof![4 => plain_request(1, 1), 1 => request(3, 2)].boxed(), signed.boxed())
    };
    vec![
        step(0.95, Just(Op::Recode { target, code: Code::Signs })),
        step(0.95, deposit_for(target)),
        step(0.9, order()),
        step(0.5, account().prop_map(|by| Op::OrderAgain { by })),
        step(0.7, Just(Op::Recode { target, code: later })),
        step(0.9, order()),
        step(0.3, Just(Op::Recode { target, code: Code::Signs })),
        step(0.5, account().prop_map(|by| Op::OrderAgain { by })),
    ]
}

fn course_at(requester: u8, course: u8) -> Steps {
    use Operation as Op;
    let mut steps = vec![step(0.97, deposit(requester, account().boxed()))];
    steps.push(step(0.3, (amount(), Just(requester)).prop_map(|(amount, by)| Op::StartThaw { amount, by })));
    steps.push(step(0.4, request_many(requester)));
    match course {
        0 => {
            steps.push(step(0.8, request_many(requester)));
            steps.push(step(0.9, order(asked_by(requester, request(1, 1)))));
            steps.push(step(0.6, account().prop_map(|by| Op::OrderAgain { by })));
            steps.push(step(0.2, revocation(Just(requester).boxed())));
            steps.push(step(0.9, order(asked_by(requester, request(3, 2)))));
            steps.push(step(0.3, account().prop_map(|by| Op::OrderAgain { by })));
        }
        1 => {
            steps.push(step(0.9, order(asked_by(requester, request(3, 2)))));
            steps.extend(rest_of_a_job(3, 0));
            steps.push(step(0.4, account().prop_map(|by| Op::OrderAgain { by })));
        }
        _ => steps.extend(subscription(requester)),
    }
    steps.push(step(0.7, (amount(), Just(requester)).prop_map(|(amount, by)| Op::StartThaw { amount, by })));
    steps.push(step(0.1, Just(Op::CancelThaw { by: requester })));
    steps.push(step(0.3, order(asked_by(requester, plain_request(3, 2)))));
    steps.push(step(
        0.7,
        sample(&[-1_i8, 0, 0, 0, 1]).prop_map(move |plus| Op::Wait(Moment::Thawed { account: requester, plus })),
    ));
    steps.push(step(0.8, Just(Op::WithdrawThawed { account: requester })));
    steps.push(step(0.4, Just(Op::WithdrawFrom { keeper: Keeper::Desk, account: 0 })));
    steps
}

/// A subscription, and its first three intervals.
fn subscription(requester: u8) -> Steps {
    use Operation as Op;
    let request = prop_oneof![4 => plain_request(1, 1), 1 => request(1, 1)];
    let mut steps = vec![step(0.97, subscribe(asked_by(requester, request.boxed())))];
    steps.push(step(0.2, by().prop_map(|by| Op::SubscribeAgain { subscription: 0, by })));
    for interval in 0..3_u8 {
        let wait = sample(&[-1_i8, 0, 0, 0, 1, 1])
            .prop_map(move |plus| Op::Wait(Moment::Interval { subscription: 0, interval, plus }));
        steps.push(step(0.9, wait));
        steps.push(step(0.07, by().prop_map(move |by| revocation_of_interval(interval, by))));
        steps.push(step(0.9, serve(u64::from(interval))));
        steps.push(step(0.2, serve(u64::from(interval))));
        steps.push(step(0.15, by().prop_map(|by| Op::CancelSubscription { subscription: 0, by })));
    }
    steps
}

/// Any operation at the desk.
pub(super) fn any_desk_call() -> BoxedStrategy<Operation> {
    use Operation as Op;
    let requester = || prop_oneof![8 => sample(&REQUESTERS), 1 => account()];
    let any_request = || prop_oneof![4 => request(1, 1), 1 => odd_request()];
    let of_any = || (requester(), any_request()).prop_map(|(requester, request)| with_requester(requester, request));
    prop_oneof![
        3 => deposit(1, requester().boxed()),
        2 => (requester(), requester(), value()).prop_map(|(account, by, amount)| Op::Deposit { account, amount, by }),
        1 => (amount(), requester()).prop_map(|(amount, by)| Op::StartThaw { amount, by }),
        1 => requester().prop_map(|by| Op::CancelThaw { by }),
        1 => requester().prop_map(|account| Op::WithdrawThawed { account }),
        1 => (sample(&[Keeper::Desk, Keeper::Court]), account())
            .prop_map(|(keeper, account)| Op::WithdrawFrom { keeper, account }),
        1 => revocation(requester().boxed()),
        1 => (0..5_u8, by()).prop_map(|(interval, by)| revocation_of_interval(interval, by)),
        2 => requester().prop_flat_map(request_many),
        1 => (0..4_u8).prop_flat_map(deposit_for),
        3 => order(of_any().boxed()),
        1 => account().prop_map(|by| Op::OrderAgain { by }),
        2 => subscribe(of_any().boxed()),
        2 => (0..3_u8, 0..6_u64, prop_oneof![9 => Just(true), 1 => Just(false)], account())
            .prop_map(|(subscription, interval, truly, by)| Op::Serve { subscription, interval, truly, by }),
        1 => (0..3_u8, by()).prop_map(|(subscription, by)| Op::CancelSubscription { subscription, by }),
    ]
    .boxed()
}

/// Mostly enough for a few jobs.
fn deposited() -> BoxedStrategy<u128> {
    prop_oneof![1 => value(), 6 => (5..=40_u128).prop_map(|whole| whole * super::WEI)].boxed()
}

fn deposit(account: u8, by: BoxedStrategy<u8>) -> BoxedStrategy<Operation> {
    (deposited(), by).prop_map(move |(amount, by)| Operation::Deposit { account, amount, by }).boxed()
}

fn deposit_for(target: u8) -> BoxedStrategy<Operation> {
    (deposited(), account()).prop_map(move |(amount, by)| Operation::DepositFor { target, amount, by }).boxed()
}

fn revocation(by: BoxedStrategy<u8>) -> BoxedStrategy<Operation> {
    (0..=2_u8, by).prop_map(|(ahead, by)| Operation::RevokeNonce { ahead, by }).boxed()
}

fn revocation_of_interval(interval: u8, by: By) -> Operation {
    Operation::RevokeInterval { subscription: 0, interval: u64::from(interval), by }
}

fn request_many(by: u8) -> BoxedStrategy<Operation> {
    let item = prop_oneof![
        4 => asked_by(by, request(1, 1)),
        3 => asked_by(by, odd_request()),
        1 => request(1, 1),
    ];
    (vec(item, 0..5), value())
        .prop_map(move |(requests, value)| Operation::RequestMany { requests: Calls(requests), value, by })
        .boxed()
}

fn order(request: BoxedStrategy<Operation>) -> BoxedStrategy<Operation> {
    order_of(request, signed())
}

fn order_of(request: BoxedStrategy<Operation>, signed: BoxedStrategy<Signed>) -> BoxedStrategy<Operation> {
    let lasts = prop_oneof![1 => Just(0_u32), 4 => Just(600)];
    let fee = prop_oneof![1 => Just(0_u64), 4 => any::<u32>().prop_map(u64::from)];
    (request, lasts, fee, signed, prop_oneof![3 => Just(0), 1 => account()])
        .prop_map(|(request, lasts, relay_fee, signed, by)| Operation::Order {
            request: Asked(Box::new(request)),
            lasts,
            relay_fee,
            signed,
            by,
        })
        .boxed()
}

fn signed() -> BoxedStrategy<Signed> {
    let wrongly = sample(&[
        Signed::WithoutDeadline,
        Signed::Expired,
        Signed::ByAnother,
        Signed::TooShort,
        Signed::Mirrored,
        Signed::Altered,
        Signed::OtherUri,
    ]);
    prop_oneof![16 => Just(Signed::Rightly), 4 => wrongly, 1 => (0..4_u8).prop_map(Signed::ByWallet)].boxed()
}

fn subscribe(request: BoxedStrategy<Operation>) -> BoxedStrategy<Operation> {
    let period = prop_oneof![24 => Just(100_u32), 1 => Just(0)];
    let count = prop_oneof![16 => Just(2_u32), 8 => Just(5), 1 => Just(0)];
    let truly = prop_oneof![20 => Just(true), 1 => Just(false)];
    (request, prop_oneof![24 => 1..60_u32, 1 => Just(0)], period, count, any::<u16>(), (truly, by()))
        .prop_map(|(request, wait, period, count, serve_fee, (truly, by))| Operation::Subscribe {
            request: Asked(Box::new(request)),
            wait,
            period,
            count,
            serve_fee: u64::from(serve_fee),
            truly,
            by,
        })
        .boxed()
}

fn serve(interval: u64) -> BoxedStrategy<Operation> {
    let truly = prop_oneof![20 => Just(true), 1 => Just(false)];
    (truly, prop_oneof![3 => Just(0), 1 => account()])
        .prop_map(move |(truly, by)| Operation::Serve { subscription: 0, interval, truly, by })
        .boxed()
}

fn asked_by(requester: u8, request: BoxedStrategy<Operation>) -> BoxedStrategy<Operation> {
    let to_desk = prop_oneof![20 => Just(false), 1 => Just(true)];
    (request, to_desk)
        .prop_map(move |(mut request, to_desk)| {
            if let Operation::Request { flaw, .. } = &mut request
                && to_desk
            {
                *flaw = Flaw::RefundToDesk;
            }
            with_requester(requester, request)
        })
        .boxed()
}

fn with_requester(by: u8, mut request: Operation) -> Operation {
    if let Operation::Request { requester, .. } = &mut request {
        *requester = by;
    }
    request
}
