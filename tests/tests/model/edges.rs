//! Sequences by hand, of what random ones hardly reach.

use crate::{
    model::Code,
    operation::{Asked, By::*, Flaw, Given, Moment::*, Operation, Operation::*, SeatPrice, Signed, cheap_request},
    stage::Stage,
    trial::{self, Seen, Views},
};

const WEI: u128 = 1_000_000_000_000_000_000;

/// Model and contracts tell the sequence alike, and it comes to so many of these events, verdicts and errors.
fn comes_to(operations: &[Operation], expected: &[(&str, usize)]) {
    let mut seen = Seen::new();
    let told = trial::run(&Stage::start(), operations, None, Views::Often, &mut seen);
    told.unwrap_or_else(|difference| panic!("{difference}"));
    for (name, times) in expected {
        assert_eq!(seen.get(*name).copied().unwrap_or_default(), *times, "{name} in {seen:#?}");
    }
}

fn challenge(job: u8, price: SeatPrice) -> Operation {
    Challenge { job, seat: 0, price, odd: 0, flaw: Flaw::Sound, by: 16 }
}

fn answered_job() -> Vec<Operation> {
    let mut steps = vec![cheap_request(), Mine { blocks: 1 }];
    steps.extend((0..3).map(|seat| Commit { job: 0, seat, answer: 0, draw: true, by: Rightful }));
    steps.extend((0..3).map(|seat| Reveal { job: 0, seat, answer: None }));
    steps.push(Resolve { job: 0, answers: Given::Complete, by: 15 });
    steps
}

/// A court that nobody answers, or that isn't found: a later advance than that which ends it is refused.
fn lapse() -> Vec<Operation> {
    let late = || [Wait(CommitDeadline { job: 0, plus: 1 }), Advance { job: 0, by: 17 }];
    let mut steps = vec![Mine { blocks: 1 }, Advance { job: 0, by: 17 }];
    steps.extend(late());
    steps.extend(late());
    steps.push(Lapse { job: 0, by: 17 });
    steps
}

#[test]
fn an_offer_doubles_with_each_lapse_up_to_ten_times() {
    let mut operations = [answered_job(), vec![challenge(0, SeatPrice::Lowest)], lapse()].concat();
    // The courts' jobs come after the accused one.
    for courts in 1..=12 {
        operations.extend([SeatPrice::TooLow, SeatPrice::Lowest].map(|price| challenge(courts, price)));
        operations.extend(lapse());
    }
    comes_to(&operations, &[("Challenged", 13), ("Lapsed", 13), ("PriceTooLow", 12)]);
}

#[test]
fn a_lapsed_case_is_open_until_the_last_second_of_its_window() {
    let lapsed = [answered_job(), vec![challenge(0, SeatPrice::Lowest)], lapse()].concat();
    let again = |plus| vec![Wait(LastChallenge { job: 1, seat: 0, plus }), challenge(1, SeatPrice::Lowest)];
    comes_to(&[lapsed.clone(), again(0)].concat(), &[("Lapsed", 1), ("Challenged", 2), ("TooLate", 0)]);
    comes_to(&[lapsed, again(1)].concat(), &[("Lapsed", 1), ("Challenged", 1), ("TooLate", 1)]);
}

#[test]
fn a_thaw_pays_what_jobs_have_left() {
    let order = |amount| {
        vec![
            Deposit { account: 14, amount, by: 17 },
            StartThaw { amount: u128::MAX, by: 14 },
            Order {
                request: Asked(Box::new(cheap_request())),
                lasts: 0,
                relay_fee: 11,
                signed: Signed::Rightly,
                by: 18,
            },
            Wait(Thawed { account: 14, plus: -1 }),
            WithdrawThawed { account: 14 },
            WithdrawThawed { account: 14 },
            WithdrawThawed { account: 14 },
        ]
    };
    // 3 times 101 units, the least dispatch fee and reserve, the relay fee: nothing is left.
    let expected = [("Charged", 1), ("NotThawed", 1), ("AccountWithdrawn", 1), ("NothingThawing", 1)];
    comes_to(&order(303 * 30_000_000_000_000 + 1_500_000_000_000_000 + 11), &expected);
    comes_to(&order(WEI), &expected);
}

#[test]
fn a_revoked_interval_is_never_served() {
    let subscribe = Subscribe {
        request: Asked(Box::new(cheap_request())),
        wait: 5,
        period: 10,
        count: 3,
        serve_fee: 1,
        truly: true,
        by: Rightful,
    };
    let mut operations = vec![Deposit { account: 14, amount: WEI, by: 14 }, subscribe];
    operations.push(RevokeInterval { subscription: 0, interval: 1, by: Rightful });
    for interval in 0..4 {
        for plus in [-1, 0] {
            operations.push(Wait(Interval { subscription: 0, interval, plus }));
            operations.push(Serve { subscription: 0, interval: interval.into(), truly: true, by: 17 });
        }
    }
    let served = [("NonceUsed", 1), ("IntervalServed", 2), ("NotServable", 3), ("IntervalEnded", 2)];
    comes_to(&operations, &served);
}

#[test]
fn a_wallet_signs_as_long_as_its_code_says_so() {
    let order = |wallet| Order {
        request: Asked(Box::new(cheap_request())),
        lasts: 600,
        relay_fee: 1,
        signed: Signed::ByWallet(wallet),
        by: 18,
    };
    let mut operations = Vec::new();
    for code in [Code::Signs, Code::Accepts, Code::Refuses, Code::Burns] {
        operations.extend([Recode { target: 3, code }, DepositFor { target: 3, amount: WEI, by: 17 }, order(3)]);
    }
    comes_to(&operations, &[("Deposited", 4), ("Charged", 1), ("InvalidSignature", 3)]);
}

#[test]
fn a_wallet_takes_a_callback_only_with_gas() {
    let mut operations = vec![Recode { target: 0, code: Code::Signs }];
    for gas in [0, 50_000] {
        let mut job = answered_job();
        let Some(Request { callback, .. }) = job.first_mut() else { panic!("a job begins with its request") };
        *callback = Some((0, gas));
        operations.extend(job);
        operations.push(RetryCallback { job: 0, truly: true });
    }
    // The first fails twice.
    comes_to(&operations, &[("JobResolved", 2), ("CallbackExecuted", 3), ("CallbackNotFailed", 1)]);
}
