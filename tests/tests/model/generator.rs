//! Random sequences: lives of jobs and stakes in which every step may be missing, with anything else in between.

use proptest::{collection::vec, option::weighted, prelude::*};

use crate::{
    model::{Code, PRIVATE_POOL},
    network::PRICE,
    operation::{By, Calls, Flaw, Forbidden, Given, Moment, Operation},
};

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
        3 => vec(anything(), 1..6),
        1 => vec(odd_request(), 1..6),
    ];
    vec(life, 1..=5).prop_map(|lives| lives.concat())
}

// ---------------------------------------------------------------- lives

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
    use Operation as Op;
    let mut steps = vec![step(0.98, request(size, quorum))];
    steps.push(step(0.04, by().prop_map(|by| Op::Cancel { job: 0, by })));
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
    steps
}

/// Many commit and nobody opens: everybody is slashed.
fn silent_job() -> BoxedStrategy<Vec<Operation>> {
    use Operation as Op;
    let mut course = vec![step(0.99, request(5, 3)), step(0.99, Just(Op::Mine { blocks: 1 }))];
    course.extend((0..5).map(|seat| step(0.97, commit(seat))));
    // The second time, if somebody hasn't committed.
    for probability in [0.99, 0.4] {
        course.push(step(probability, Just(Op::Wait(Moment::Grace { job: 0, plus: 1 }))));
        course.push(step(probability, advance()));
    }
    course.extend((0..5).map(|seat| step(0.95, punish(seat))));
    steps(course)
}

/// Three silent jobs, which take all of most stakes, and a return.
fn fall() -> BoxedStrategy<Vec<Operation>> {
    use Operation as Op;
    let before = |executor: u32| {
        steps(vec![
            step(0.5, value().prop_map(move |amount| Op::Delegate { executor, amount, by: 16 })),
            step(0.3, value().prop_map(move |amount| Op::Delegate { executor, amount, by: 17 })),
            step(0.2, amount().prop_map(move |amount| Op::RequestExit { executor, amount, by: By::Rightful })),
        ])
    };
    let after = |executor: u32| {
        steps(vec![
            step(0.4, Just(Op::StartGeneration { executor })),
            step(0.3, maturity()),
            step(0.8, Just(Op::Reinstate { executor })),
            step(0.4, value().prop_map(move |amount| Op::Stake { executor, amount, by: 0 })),
            step(0.4, value().prop_map(move |amount| Op::Delegate { executor, amount, by: 16 })),
            step(0.4, Just(Op::WithdrawDelegation { executor, delegator: 17 })),
            step(0.2, Just(Op::RefreshWeights { executor })),
        ])
    };
    let taken = || {
        let prover = || sample(&DELEGATORS);
        steps(vec![
            step(0.5, prover().prop_map(|prover| Op::WithdrawProverReward { prover })),
            step(0.5, prover().prop_map(|prover| Op::BurnSlashed { prover })),
        ])
    };
    let one = (1..=6_u32).prop_flat_map(move |executor| (before(executor), after(executor)));
    let other = (1..=6_u32).prop_flat_map(move |executor| (before(executor), after(executor)));
    (one, other, vec(silent_job(), 3), taken())
        .prop_map(|(one, other, jobs, taken)| [one.0, other.0, jobs.concat(), taken, one.1, other.1].concat())
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

// ---------------------------------------------------------------- single operations

/// Any operation, mostly about what there is.
fn anything() -> BoxedStrategy<Operation> {
    use Operation as Op;
    prop_oneof![
        6 => moment().prop_map(Op::Wait),
        1 => prop_oneof![20 => 1..=3_u16, 1 => Just(300)].prop_map(|blocks| Op::Mine { blocks }),
        1 => (0..4_u8, code()).prop_map(|(target, code)| Op::Recode { target, code }),
        8 => any_job_call(),
        2 => (vec(any_job_call(), 0..5), account()).prop_map(|(calls, by)| Op::Batch { calls: Calls(calls), by }),
        8 => any_stake_call(),
    ]
    .boxed()
}

fn any_job_call() -> BoxedStrategy<Operation> {
    use Operation as Op;
    let of_seat = || (job(), seat());
    prop_oneof![
        6 => odd_request(),
        1 => (job(), by()).prop_map(|(job, by)| Op::Cancel { job, by }),
        4 => (of_seat(), answer(), any::<bool>(), by())
            .prop_map(|((job, seat), answer, draw, by)| Op::Commit { job, seat, answer, draw, by }),
        2 => (of_seat(), by()).prop_map(|((job, seat), by)| Op::Decline { job, seat, by }),
        3 => (of_seat(), weighted(0.3, answer()))
            .prop_map(|((job, seat), answer)| Op::Reveal { job, seat, answer }),
        2 => (of_seat(), seat()).prop_map(|((job, seat), same_as)| Op::RevealSame { job, seat, same_as }),
        2 => (job(), given(), account()).prop_map(|(job, answers, by)| Op::Resolve { job, answers, by }),
        2 => (of_seat(), given(), account())
            .prop_map(|((job, seat), answers, by)| Op::RevealAndResolve { job, seat, answers, by }),
        2 => (of_seat(), account()).prop_map(|((job, seat), by)| Op::PunishSilent { job, seat, by }),
        2 => (job(), account()).prop_map(|(job, by)| Op::Advance { job, by }),
        1 => (job(), any::<bool>()).prop_map(|(job, truly)| Op::RetryCallback { job, truly }),
        1 => account().prop_map(|account| Op::Withdraw { account }),
        1 => (0..4_u8).prop_map(|target| Op::WithdrawOfTarget { target }),
    ]
    .boxed()
}

fn any_stake_call() -> BoxedStrategy<Operation> {
    use Operation as Op;
    let delegator = || prop_oneof![6 => sample(&DELEGATORS), 1 => account()];
    prop_oneof![
        2 => (executor(), value(), account()).prop_map(|(executor, amount, by)| Op::Stake { executor, amount, by }),
        2 => (executor(), amount(), by()).prop_map(|(executor, amount, by)| Op::RequestExit { executor, amount, by }),
        1 => (executor(), before()).prop_map(|(executor, before)| Op::CompleteExit { executor, before }),
        2 => (executor(), value(), delegator())
            .prop_map(|(executor, amount, by)| Op::Delegate { executor, amount, by }),
        2 => (executor(), amount(), delegator())
            .prop_map(|(executor, amount, by)| Op::Undelegate { executor, amount, by }),
        1 => (1..=6_u32, value())
            .prop_map(|(executor, amount)| Op::Delegate { executor, amount, by: 2 * executor as u8 }),
        1 => (executor(), delegator(), before())
            .prop_map(|(executor, delegator, before)| completion(executor, delegator, before)),
        1 => (executor(), delegator())
            .prop_map(|(executor, delegator)| Op::WithdrawDelegation { executor, delegator }),
        1 => executor().prop_map(|executor| Op::WithdrawEarnings { executor }),
        1 => (executor(), bps(), by()).prop_map(|(executor, bps, by)| Op::AnnounceCommission { executor, bps, by }),
        1 => executor().prop_map(|executor| Op::Reinstate { executor }),
        1 => executor().prop_map(|executor| Op::ForgiveStrikes { executor }),
        1 => executor().prop_map(|executor| Op::StartGeneration { executor }),
        1 => account().prop_map(|prover| Op::WithdrawProverReward { prover }),
        1 => account().prop_map(|prover| Op::BurnSlashed { prover }),
        2 => executor().prop_map(|executor| Op::RefreshWeights { executor }),
        2 => offer(),
        1 => (pool_to_change(), executor(), any::<bool>(), by())
            .prop_map(|(pool, executor, admitted, by)| Op::ListExecutor { pool, executor, admitted, by }),
        1 => (pool_to_change(), sample(&REQUESTERS), any::<bool>(), by())
            .prop_map(|(pool, requester, admitted, by)| Op::ListRequester { pool, requester, admitted, by }),
        1 => prop_oneof![9 => Just(By::Rightful), 1 => account().prop_map(By::Account)].prop_flat_map(|by| {
            executor().prop_map(move |executor| Op::RevokeSigner { executor, by })
        }),
        1 => (executor(), forbidden(), account())
            .prop_map(|(executor, call, by)| Op::Trespass { executor, call, by }),
    ]
    .boxed()
}

fn offer() -> BoxedStrategy<Operation> {
    let price = prop_oneof![
        3 => 1..=2 * PRICE as u64,
        2 => Just(300 * PRICE as u64),
        2 => Just(1_001 * PRICE as u64),
        1 => Just(1_001 * PRICE as u64 + 1),
    ];
    let capacity = prop_oneof![2 => Just(0_u16), 2 => 1..=3_u16, 3 => Just(1_000)];
    let version = prop_oneof![20 => Just(1_u32), 1 => Just(2)];
    (executor(), price, capacity, version, pool(), by())
        .prop_map(|(executor, price, capacity, version, pool, by)| Operation::Offer {
            executor,
            price,
            capacity,
            version,
            pool,
            by,
        })
        .boxed()
}

/// A request that is mostly taken, and drawn if the committee is small or the price high enough.
fn request(size: u8, quorum: u8) -> BoxedStrategy<Operation> {
    // For the cheapest, for those in the middle, for all; rarely for nobody, or below the minimum.
    let (few, some) = match size {
        0..=1 => (6, 4),
        2..=3 => (2, 4),
        _ => (0, 1),
    };
    let price = prop_oneof![
        few => Just(3 * PRICE),
        some => Just(300 * PRICE),
        10 => Just(1_001 * PRICE),
        1 => Just(PRICE + 1),
    ];
    let windows = (
        prop_oneof![8 => Just(60_u32), 2 => Just(5), 1 => Just(600)],
        prop_oneof![8 => Just(30_u32), 2 => Just(3), 1 => Just(600)],
    );
    let flaw = prop_oneof![12 => Just(Flaw::Sound), 1 => Just(Flaw::Overpaid), 1 => Just(Flaw::ByUri)];
    request_of(size, quorum, price, windows, flaw, Just(By::Rightful))
}

/// One that is mostly refused.
fn odd_request() -> BoxedStrategy<Operation> {
    let committee = prop_oneof![4 => Just((3, 2)), 1 => (0..=8_u8, 0..=8_u8)];
    let windows = || {
        (
            prop_oneof![12 => Just(60_u32), 1 => Just(4), 1 => Just(601)],
            prop_oneof![12 => Just(30_u32), 1 => Just(2), 1 => Just(601)],
        )
    };
    committee
        .prop_flat_map(move |(size, quorum)| {
            let price = prop_oneof![8 => Just(3 * PRICE), 1 => Just(PRICE / 2)];
            let by = prop_oneof![6 => Just(By::Rightful), 1 => account().prop_map(By::Account)];
            request_of(size, quorum, price, windows(), flaw(), by)
        })
        .boxed()
}

fn request_of(
    size: u8,
    quorum: u8,
    price: impl Strategy<Value = u128> + 'static,
    windows: impl Strategy<Value = (u32, u32)> + 'static,
    flaw: impl Strategy<Value = Flaw> + 'static,
    by: impl Strategy<Value = By> + 'static,
) -> BoxedStrategy<Operation> {
    let gas = prop_oneof![4 => Just(50_000_u32), 1 => Just(0), 1 => Just(2_000_000)];
    let callback = (weighted(0.4, (0..4_u8, gas)), any::<bool>());
    let money = (price, 0..10_u8, weighted(0.15, 0..4_u8), flaw);
    ((sample(&REQUESTERS), by, pool()), money, windows, callback)
        .prop_map(move |((requester, by, pool), (price, odd, refund_to, flaw), windows, (callback, on_failure))| {
            Operation::Request {
                requester,
                by,
                pool,
                size,
                quorum,
                price,
                odd,
                commit_window: windows.0,
                reveal_window: windows.1,
                callback,
                on_failure,
                refund_to,
                flaw,
            }
        })
        .boxed()
}

fn flaw() -> impl Strategy<Value = Flaw> {
    sample(&[
        Flaw::ByUri,
        Flaw::Overpaid,
        Flaw::Underpaid,
        Flaw::ZeroRefund,
        Flaw::UnknownVersion,
        Flaw::UnknownClass,
        Flaw::LowDispatchFee,
        Flaw::LowReserve,
        Flaw::LowCallbackFee,
        Flaw::CallbackWithoutTarget,
        Flaw::DearCallback,
        Flaw::LargeInput,
        Flaw::OtherInput,
        Flaw::OtherParameters,
        Flaw::InputAndUri,
        Flaw::UsedNonce,
        Flaw::TooDear,
    ])
}

fn commit(seat: u8) -> BoxedStrategy<Operation> {
    let draw = prop_oneof![12 => Just(true), 1 => Just(false)];
    (answer(), draw, by())
        .prop_map(move |(answer, draw, by)| Operation::Commit { job: 0, seat, answer, draw, by })
        .boxed()
}

fn advance() -> impl Strategy<Value = Operation> {
    sample(&DELEGATORS).prop_map(|by| Operation::Advance { job: 0, by })
}

fn punish(seat: u8) -> BoxedStrategy<Operation> {
    sample(&DELEGATORS).prop_map(move |by| Operation::PunishSilent { job: 0, seat, by }).boxed()
}

fn resolve() -> BoxedStrategy<Operation> {
    (given(), account()).prop_map(|(answers, by)| Operation::Resolve { job: 0, answers, by }).boxed()
}

fn completion(executor: u32, delegator: u8, before: u64) -> Operation {
    Operation::CompleteUndelegation { executor, delegator, before }
}

fn withdrawal_of(executor: u32, delegator: u8) -> BoxedStrategy<Operation> {
    prop_oneof![
        Just(Operation::WithdrawEarnings { executor }),
        Just(Operation::WithdrawDelegation { executor, delegator }),
    ]
    .boxed()
}

// ---------------------------------------------------------------- values

fn sample<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> proptest::sample::Select<T> {
    proptest::sample::select(values.to_vec())
}

fn pool_to_change() -> BoxedStrategy<u64> {
    prop_oneof![1 => Just(0_u64), 12 => Just(PRIVATE_POOL), 1 => Just(2)].boxed()
}

/// The public one, the private one, and one that there isn't.
fn pool() -> BoxedStrategy<u64> {
    prop_oneof![16 => Just(0_u64), 3 => Just(PRIVATE_POOL), 1 => Just(2)].boxed()
}

fn account() -> impl Strategy<Value = u8> {
    0..20_u8
}

fn by() -> BoxedStrategy<By> {
    prop_oneof![30 => Just(By::Rightful), 1 => account().prop_map(By::Account)].boxed()
}

fn job() -> BoxedStrategy<u8> {
    prop_oneof![12 => Just(0), 4 => Just(1), 1 => Just(2), 1 => Just(99)].boxed()
}

fn seat() -> BoxedStrategy<u8> {
    prop_oneof![12 => 0..3_u8, 3 => 3..8_u8, 1 => any::<u8>()].boxed()
}

fn executor() -> BoxedStrategy<u32> {
    prop_oneof![20 => 1..=6_u32, 1 => Just(0), 1 => Just(7), 1 => Just(u32::MAX)].boxed()
}

fn answer() -> BoxedStrategy<u8> {
    prop_oneof![24 => Just(0_u8), 5 => Just(1), 3 => Just(2), 3 => Just(3), 1 => Just(4), 1 => 5..=9_u8].boxed()
}

fn given() -> BoxedStrategy<Given> {
    prop_oneof![
        30 => Just(Given::Complete),
        4 => Just(Given::Relabelled),
        1 => Just(Given::WithoutLast),
        1 => Just(Given::Reversed),
        1 => Just(Given::FirstTwice),
        1 => Just(Given::Forged),
        1 => seat().prop_map(Given::OfSeat),
    ]
    .boxed()
}

fn moment() -> BoxedStrategy<Moment> {
    let plus = || -1..=1_i8;
    prop_oneof![
        3 => prop_oneof![1..10_u32, 10..700_u32].prop_map(Moment::Seconds),
        3 => (1..=4_u8, plus()).prop_map(|(next, plus)| Moment::Epoch { next, plus }),
        3 => (job(), plus()).prop_map(|(job, plus)| Moment::Deadline { job, plus }),
        3 => (job(), plus()).prop_map(|(job, plus)| Moment::Grace { job, plus }),
        1 => (job(), plus()).prop_map(|(job, plus)| Moment::CommitDeadline { job, plus }),
        2 => (job(), plus()).prop_map(|(job, plus)| Moment::LastDecline { job, plus }),
        1 => (job(), plus()).prop_map(|(job, plus)| Moment::DrawBounty { job, plus }),
    ]
    .boxed()
}

/// What an account can send.
fn value() -> BoxedStrategy<u128> {
    prop_oneof![
        1 => Just(0_u128),
        2 => 1..=10_u128,
        3 => (1..=40_u128).prop_map(|whole| whole * WEI),
        4 => 1..=30 * WEI,
    ]
    .boxed()
}

/// What it can ask for: also all there is.
fn amount() -> BoxedStrategy<u128> {
    prop_oneof![2 => value(), 2 => 1..=WEI, 3 => Just(u128::MAX)].boxed()
}

/// Before, at or after the time when an exit can be paid.
fn maturity() -> BoxedStrategy<Operation> {
    let next = prop_oneof![1 => 1..=2_u8, 4 => 3..=5_u8];
    (next, -1..=1_i8).prop_map(|(next, plus)| Operation::Wait(Moment::Epoch { next, plus })).boxed()
}

fn bps() -> BoxedStrategy<u16> {
    prop_oneof![4 => 0..=5_000_u16, 1 => Just(5_000), 1 => Just(5_001)].boxed()
}

/// Exit periods.
fn before() -> BoxedStrategy<u64> {
    prop_oneof![6 => Just(0_u64), 2 => Just(1), 1 => Just(2)].boxed()
}

fn code() -> impl Strategy<Value = Code> {
    sample(&[Code::Accepts, Code::Refuses, Code::Burns])
}

fn forbidden() -> impl Strategy<Value = Forbidden> {
    sample(&[Forbidden::TryLockSeat, Forbidden::LockSeats, Forbidden::UnlockSeat, Forbidden::Settle, Forbidden::Slash])
}
