//! What operations are made of: mostly what fits, and what doesn't.

use proptest::prelude::*;

use super::{WEI, single::single_moment};
use crate::{
    model::{Code, PRIVATE_POOL},
    operation::{By, Forbidden, Given, Moment, Operation},
};

pub(super) fn sample<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> proptest::sample::Select<T> {
    proptest::sample::select(values.to_vec())
}

pub(super) fn pool_to_change() -> BoxedStrategy<u64> {
    prop_oneof![1 => Just(0_u64), 12 => Just(PRIVATE_POOL), 1 => Just(2)].boxed()
}

/// The public one, the private one, and one that there isn't.
pub(super) fn pool() -> BoxedStrategy<u64> {
    prop_oneof![16 => Just(0_u64), 3 => Just(PRIVATE_POOL), 1 => Just(2)].boxed()
}

pub(super) fn account() -> impl Strategy<Value = u8> {
    0..20_u8
}

pub(super) fn by() -> BoxedStrategy<By> {
    prop_oneof![30 => Just(By::Rightful), 1 => account().prop_map(By::Account)].boxed()
}

pub(super) fn job() -> BoxedStrategy<u8> {
    prop_oneof![12 => Just(0), 4 => Just(1), 1 => Just(2), 1 => Just(99)].boxed()
}

pub(super) fn seat() -> BoxedStrategy<u8> {
    prop_oneof![12 => 0..3_u8, 3 => 3..8_u8, 1 => any::<u8>()].boxed()
}

pub(super) fn executor() -> BoxedStrategy<u32> {
    prop_oneof![20 => 1..=6_u32, 1 => Just(0), 1 => Just(7), 1 => Just(u32::MAX)].boxed()
}

pub(super) fn answer() -> BoxedStrategy<u8> {
    prop_oneof![24 => Just(0_u8), 5 => Just(1), 3 => Just(2), 3 => Just(3), 1 => Just(4), 1 => 5..=9_u8].boxed()
}

pub(super) fn given() -> BoxedStrategy<Given> {
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

pub(super) fn moment() -> BoxedStrategy<Moment> {
    let plus = || -1..=1_i8;
    prop_oneof![
        3 => prop_oneof![1..10_u32, 10..700_u32].prop_map(Moment::Seconds),
        3 => (1..=4_u8, plus()).prop_map(|(next, plus)| Moment::Epoch { next, plus }),
        3 => (job(), plus()).prop_map(|(job, plus)| Moment::Deadline { job, plus }),
        3 => (job(), plus()).prop_map(|(job, plus)| Moment::Grace { job, plus }),
        1 => (job(), plus()).prop_map(|(job, plus)| Moment::CommitDeadline { job, plus }),
        2 => (job(), plus()).prop_map(|(job, plus)| Moment::LastDecline { job, plus }),
        1 => (job(), plus()).prop_map(|(job, plus)| Moment::DrawBounty { job, plus }),
        1 => (account(), plus()).prop_map(|(account, plus)| Moment::Thawed { account, plus }),
        1 => (0..2_u8, 0..5_u8, plus())
            .prop_map(|(subscription, interval, plus)| Moment::Interval { subscription, interval, plus }),
        1 => (job(), 0..3_u8, plus()).prop_map(|(job, seat, plus)| Moment::LastChallenge { job, seat, plus }),
        3 => single_moment(),
    ]
    .boxed()
}

/// What an account can send.
pub(super) fn value() -> BoxedStrategy<u128> {
    prop_oneof![
        1 => Just(0_u128),
        2 => 1..=10_u128,
        3 => (1..=40_u128).prop_map(|whole| whole * WEI),
        4 => 1..=30 * WEI,
    ]
    .boxed()
}

/// What it can ask for: also all there is.
pub(super) fn amount() -> BoxedStrategy<u128> {
    prop_oneof![2 => value(), 2 => 1..=WEI, 3 => Just(u128::MAX)].boxed()
}

/// Before, at or after the time when an exit can be paid.
pub(super) fn maturity() -> BoxedStrategy<Operation> {
    let next = prop_oneof![1 => 1..=2_u8, 4 => 3..=5_u8];
    (next, -1..=1_i8).prop_map(|(next, plus)| Operation::Wait(Moment::Epoch { next, plus })).boxed()
}

pub(super) fn bps() -> BoxedStrategy<u16> {
    prop_oneof![4 => 0..=5_000_u16, 1 => Just(5_000), 1 => Just(5_001)].boxed()
}

/// Exit periods.
pub(super) fn before() -> BoxedStrategy<u64> {
    prop_oneof![6 => Just(0_u64), 2 => Just(1), 1 => Just(2)].boxed()
}

pub(super) fn code() -> impl Strategy<Value = Code> {
    sample(&[Code::Accepts, Code::Refuses, Code::Burns, Code::Signs])
}

pub(super) fn forbidden() -> impl Strategy<Value = Forbidden> {
    sample(&[Forbidden::TryLockSeat, Forbidden::LockSeats, Forbidden::UnlockSeat, Forbidden::Settle, Forbidden::Slash])
}
