//! Single operations.

use proptest::{collection::vec, option::weighted, prelude::*};

use super::{DELEGATORS, REQUESTERS, any_court_call, any_desk_call, single::any_single, values::*};
use crate::{
    network::PRICE,
    operation::{By, Calls, Flaw, Operation},
};

/// Any operation, mostly about what there is.
pub(super) fn anything() -> BoxedStrategy<Operation> {
    use Operation as Op;
    prop_oneof![
        6 => moment().prop_map(Op::Wait),
        1 => prop_oneof![20 => 1..=3_u16, 1 => Just(300)].prop_map(|blocks| Op::Mine { blocks }),
        1 => (0..4_u8, code()).prop_map(|(target, code)| Op::Recode { target, code }),
        8 => any_job_call(),
        2 => (vec(any_job_call(), 0..5), account()).prop_map(|(calls, by)| Op::Batch { calls: Calls(calls), by }),
        8 => any_stake_call(),
        3 => any_desk_call(),
        3 => any_court_call(),
        5 => any_single(),
        1 => (prop_oneof![8 => 1..=9_u32, 1 => Just(600), 1 => Just(601), 1 => Just(0)], by())
            .prop_map(|(duration, by)| Op::Pause { duration, by }),
        1 => by().prop_map(|by| Op::Resume { by }),
    ]
    .boxed()
}

pub(super) fn any_job_call() -> BoxedStrategy<Operation> {
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
        1 => (0..=2_u8, sample(&REQUESTERS)).prop_map(|(ahead, by)| Op::RevokeNonce { ahead, by }),
        1 => account().prop_map(|account| Op::Withdraw { account }),
        1 => (0..4_u8).prop_map(|target| Op::WithdrawOfTarget { target }),
    ]
    .boxed()
}

pub(super) fn any_stake_call() -> BoxedStrategy<Operation> {
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

pub(super) fn offer() -> BoxedStrategy<Operation> {
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
pub(super) fn request(size: u8, quorum: u8) -> BoxedStrategy<Operation> {
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
    request_of(size, quorum, price, windows, flaw, (Just(By::Rightful), pool()))
}

/// One that is taken, and drawn if everybody can still be seated.
pub(super) fn plain_request(size: u8, quorum: u8) -> BoxedStrategy<Operation> {
    let by = (Just(By::Rightful), Just(0));
    request_of(size, quorum, Just(1_001 * PRICE), Just((60, 30)), Just(Flaw::Sound), by)
}

/// One that is mostly refused.
pub(super) fn odd_request() -> BoxedStrategy<Operation> {
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
            request_of(size, quorum, price, windows(), flaw(), (by, pool()))
        })
        .boxed()
}

pub(super) fn request_of(
    size: u8,
    quorum: u8,
    price: impl Strategy<Value = u128> + 'static,
    windows: impl Strategy<Value = (u32, u32)> + 'static,
    flaw: impl Strategy<Value = Flaw> + 'static,
    by: impl Strategy<Value = (By, u64)> + 'static,
) -> BoxedStrategy<Operation> {
    let gas = prop_oneof![4 => Just(50_000_u32), 1 => Just(0), 1 => Just(2_000_000)];
    let callback = (weighted(0.4, (0..4_u8, gas)), any::<bool>());
    let money = (price, 0..10_u8, weighted(0.15, 0..4_u8), flaw);
    ((sample(&REQUESTERS), by), money, windows, callback)
        .prop_map(move |((requester, (by, pool)), (price, odd, refund_to, flaw), windows, (callback, on_failure))| {
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

pub(super) fn flaw() -> impl Strategy<Value = Flaw> {
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
        Flaw::RefundToDesk,
    ])
}

pub(super) fn commit(seat: u8) -> BoxedStrategy<Operation> {
    let draw = prop_oneof![12 => Just(true), 1 => Just(false)];
    (answer(), draw, by())
        .prop_map(move |(answer, draw, by)| Operation::Commit { job: 0, seat, answer, draw, by })
        .boxed()
}

/// By whoever has the seat, who draws the committee if nobody has.
pub(super) fn commit_of(seat: u8, answer: BoxedStrategy<u8>) -> BoxedStrategy<Operation> {
    answer.prop_map(move |answer| Operation::Commit { job: 0, seat, answer, draw: true, by: By::Rightful }).boxed()
}

pub(super) fn advance() -> impl Strategy<Value = Operation> {
    sample(&DELEGATORS).prop_map(|by| Operation::Advance { job: 0, by })
}

pub(super) fn punish(seat: u8) -> BoxedStrategy<Operation> {
    sample(&DELEGATORS).prop_map(move |by| Operation::PunishSilent { job: 0, seat, by }).boxed()
}

pub(super) fn resolve() -> BoxedStrategy<Operation> {
    (given(), account()).prop_map(|(answers, by)| Operation::Resolve { job: 0, answers, by }).boxed()
}

pub(super) fn completion(executor: u32, delegator: u8, before: u64) -> Operation {
    Operation::CompleteUndelegation { executor, delegator, before }
}

pub(super) fn withdrawal_of(executor: u32, delegator: u8) -> BoxedStrategy<Operation> {
    prop_oneof![
        Just(Operation::WithdrawEarnings { executor }),
        Just(Operation::WithdrawDelegation { executor, delegator }),
    ]
    .boxed()
}
