//! Sequences that once showed a difference, as the search prints them: paste one here and give it the name of what it showed.
//!
//! Who is drawn depends on the hashes of blocks, and these on the contracts' bytecode: a sequence that needs a certain executor in
//! a certain seat may show nothing any more when the contracts change.

use crate::{
    model::Code::*,
    operation::{
        AllOf, Asked, By::*, Calls, Flaw::*, Forbidden::*, Given::*, HintsSent::*, Keeper::*, Moment::*, Operation,
        Operation::*, ProofSent::*, Receipts::*, SeatPrice::*, Signed::*, Single::*, SingleMoment::*, VifSent::*,
        Who::*,
    },
    printer::source,
    stage::Stage,
    trial::{self, Views},
};

/// Runs a sequence on model and contracts; panics where they differ.
pub(crate) fn replay(operations: &[Operation]) {
    let told = trial::run(&Stage::start(), operations, None, Views::Often, &mut Default::default());
    told.unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn a_sequence_prints_as_the_source_that_it_was_compiled_from() {
    let operations = every_operation_operations();
    assert!(include_str!("regressions.rs").contains(&source("every_operation", &operations)));
}

#[test]
fn every_operation() {
    replay(&every_operation_operations());
}

#[rustfmt::skip]
fn every_operation_operations() -> Vec<Operation> {
    vec![
        Delegate { executor: 1, amount: 12345678901234567890, by: 16 },
        AnnounceCommission { executor: 1, bps: 1234, by: Account(2) },
        Request { requester: 14, by: Rightful, pool: 0, size: 3, quorum: 2, price: 30000000000000, odd: 7, commit_window: 60, reveal_window: 30, callback: Some((1, 50000)), on_failure: true, refund_to: Some(0), flaw: Overpaid },
        Cancel { job: 0, by: Account(3) },
        Mine { blocks: 2 },
        Wait(DrawBounty { job: 0, plus: -1 }),
        Commit { job: 0, seat: 0, answer: 0, draw: true, by: Rightful },
        Wait(LastDecline { job: 0, plus: 0 }),
        Decline { job: 0, seat: 0, by: Rightful },
        Batch { calls: Calls(vec![Commit { job: 0, seat: 1, answer: 0, draw: false, by: Rightful }, Withdraw { account: 14 }]), by: 5 },
        Commit { job: 0, seat: 1, answer: 0, draw: false, by: Rightful },
        Commit { job: 0, seat: 2, answer: 0, draw: false, by: Rightful },
        Wait(CommitDeadline { job: 0, plus: 1 }),
        Reveal { job: 0, seat: 0, answer: Some(3) },
        Reveal { job: 0, seat: 0, answer: None },
        RevealSame { job: 0, seat: 1, same_as: 0 },
        Wait(Deadline { job: 0, plus: 1 }),
        Resolve { job: 0, answers: OfSeat(9), by: 17 },
        RevealAndResolve { job: 0, seat: 2, answers: Complete, by: 17 },
        Recode { target: 1, code: Accepts },
        RetryCallback { job: 0, truly: true },
        WithdrawOfTarget { target: 0 },
        Advance { job: 0, by: 18 },
        Wait(Grace { job: 0, plus: 1 }),
        PunishSilent { job: 0, seat: 2, by: 18 },
        WithdrawEarnings { executor: 1 },
        WithdrawDelegation { executor: 1, delegator: 16 },
        Stake { executor: 3, amount: 5, by: 0 },
        RequestExit { executor: 3, amount: 1, by: Rightful },
        Undelegate { executor: 1, amount: 340282366920938463463374607431768211455, by: 16 },
        Wait(Epoch { next: 5, plus: 0 }),
        CompleteExit { executor: 3, before: 0 },
        CompleteUndelegation { executor: 1, delegator: 16, before: 0 },
        Wait(Seconds(9)),
        StartGeneration { executor: 1 },
        Reinstate { executor: 1 },
        ForgiveStrikes { executor: 1 },
        WithdrawProverReward { prover: 18 },
        BurnSlashed { prover: 18 },
        RefreshWeights { executor: 1 },
        Offer { executor: 1, price: 10000000000000, capacity: 2, version: 1, pool: 0, by: Rightful },
        RevokeSigner { executor: 1, by: Rightful },
        ListExecutor { pool: 1, executor: 2, admitted: false, by: Rightful },
        ListRequester { pool: 1, requester: 1, admitted: true, by: Account(3) },
        Pause { duration: 9, by: Rightful },
        Resume { by: Account(0) },
        Trespass { executor: 1, call: Slash, by: 19 },
        RevokeNonce { ahead: 0, by: 14 },
        RevokeInterval { subscription: 0, interval: 1, by: Account(14) },
        Deposit { account: 14, amount: 20000000000000000000, by: 17 },
        RequestMany { requests: Calls(vec![Request { requester: 14, by: Rightful, pool: 0, size: 1, quorum: 1, price: 30000000000000, odd: 0, commit_window: 60, reveal_window: 30, callback: None, on_failure: false, refund_to: None, flaw: RefundToDesk }]), value: 0, by: 14 },
        Order { request: Asked(Box::new(Request { requester: 14, by: Rightful, pool: 0, size: 1, quorum: 1, price: 30000000000000, odd: 0, commit_window: 60, reveal_window: 30, callback: None, on_failure: false, refund_to: None, flaw: Sound })), lasts: 600, relay_fee: 9, signed: Rightly, by: 17 },
        OrderAgain { by: 18 },
        Recode { target: 3, code: Signs },
        DepositFor { target: 3, amount: 20000000000000000000, by: 17 },
        Order { request: Asked(Box::new(Request { requester: 14, by: Rightful, pool: 0, size: 1, quorum: 1, price: 30000000000000, odd: 0, commit_window: 60, reveal_window: 30, callback: None, on_failure: false, refund_to: None, flaw: Sound })), lasts: 600, relay_fee: 9, signed: ByWallet(3), by: 17 },
        Wait(Interval { subscription: 0, interval: 0, plus: 0 }),
        Subscribe { request: Asked(Box::new(Request { requester: 14, by: Rightful, pool: 0, size: 1, quorum: 1, price: 30000000000000, odd: 0, commit_window: 60, reveal_window: 30, callback: None, on_failure: false, refund_to: None, flaw: Sound })), wait: 1, period: 100, count: 2, serve_fee: 8, truly: true, by: Rightful },
        SubscribeAgain { subscription: 0, by: Rightful },
        Serve { subscription: 0, interval: 0, truly: true, by: 17 },
        CancelSubscription { subscription: 0, by: Rightful },
        StartThaw { amount: 340282366920938463463374607431768211455, by: 14 },
        CancelThaw { by: 14 },
        Wait(Thawed { account: 14, plus: 0 }),
        WithdrawThawed { account: 14 },
        WithdrawFrom { keeper: Desk, account: 17 },
        Calibrate { version: 1, calibrated: true, by: Rightful },
        Wait(LastChallenge { job: 0, seat: 0, plus: 0 }),
        Challenge { job: 0, seat: 0, price: Wei(30000000000000), odd: 0, flaw: Sound, by: 18 },
        Challenge { job: 0, seat: 0, price: Lowest, odd: 0, flaw: Overpaid, by: 18 },
        OpenCase { job: 0, by: 18 },
        Decide { job: 0, accused: None, courts: Some(3), by: 18 },
        Lapse { job: 0, by: 18 },
        RetryVerdict { job: 0, by: 18 },
        WithdrawFrom { keeper: Court, account: 18 },
        Equivocate { job: 0, seat: 0, receipts: Conflicting, by: 18 },
        Report { executor: 1, offence: 4, by: 18 },
    ]
}

/// Such a transaction once raised the base fee, so that nobody here could pay for the next one.
#[test]
fn a_target_that_burns_all_gas() {
    replay(&a_target_that_burns_all_gas_operations());
}

#[rustfmt::skip]
fn a_target_that_burns_all_gas_operations() -> Vec<Operation> {
    vec![
        Request { requester: 1, by: Rightful, pool: 0, size: 1, quorum: 1, price: 30000000000000, odd: 0, commit_window: 60, reveal_window: 30, callback: None, on_failure: false, refund_to: Some(2), flaw: Overpaid },
        WithdrawOfTarget { target: 2 },
        WithdrawOfTarget { target: 2 },
    ]
}

#[test]
fn a_sequence_of_single_jobs_prints_as_its_source_too() {
    let operations = every_operation_on_single_jobs_operations();
    assert!(include_str!("regressions.rs").contains(&source("every_operation_on_single_jobs", &operations)));
}

#[test]
fn every_operation_on_single_jobs() {
    replay(&every_operation_on_single_jobs_operations());
}

#[rustfmt::skip]
fn every_operation_on_single_jobs_operations() -> Vec<Operation> {
    vec![
        Single(AdoptKey { by: Executor(2) }),
        Single(Ask { requester: 14, by: Rightful, proven: false, misnamed: false, scheduler: 0, price: 10010000000000000, odd: 1, bid_window: 0, submit_window: 60, takeover_window: 30, challenge_window: 40, callback: Some((1, 50000)), provisionally: true, on_failure: true, refund_to: Some(0), flaw: Overpaid }),
        Mine { blocks: 1 },
        Single(TakeBack { job: 0, by: Rightful }),
        Wait(OfSingle { job: 0, moment: PaidDraw, plus: 0 }),
        Single(MoveOn { job: 0, by: 16 }),
        Wait(OfSingle { job: 0, moment: LastGivingBack, plus: 1 }),
        Single(GiveBack { job: 0, by: Drawn }),
        Wait(OfSingle { job: 0, moment: Priority, plus: 0 }),
        Single(Submit { job: 0, answer: 3, vif: Truncated, by: Drawn }),
        Single(Submit { job: 0, answer: 3, vif: BadPrefix, by: Drawn }),
        Single(RetryResult { job: 0, forged: false, truly: true }),
        Single(Dispute { job: 0, forged: true, price: 10010000000000000, by: 17 }),
        Single(Dispute { job: 0, forged: false, price: 10010000000000000, by: 17 }),
        Single(UsurpVerdict { job: 0, verdict: 3, by: 18 }),
        Single(Overturn { job: 0, forged: false, by: 18 }),
        Single(Reopen { job: 0, forged: false }),
        Single(UsurpVif { job: 0, by: 18 }),
        Single(UsurpKey { executor: 1, by: 18 }),
        Single(ChallengeVif { job: 0, forged: false, hints: AnotherBeacon, by: 18 }),
        Single(ChallengeVif { job: 0, forged: false, hints: NoHints, by: 18 }),
        Single(Ask { requester: 15, by: Rightful, proven: true, misnamed: false, scheduler: 2, price: 10010000000000000, odd: 1, bid_window: 20, submit_window: 60, takeover_window: 30, challenge_window: 0, callback: Some((0, 50000)), provisionally: false, on_failure: false, refund_to: None, flaw: Sound }),
        Single(Bid { job: 0, price: 20000000000001, by: Executor(3) }),
        Single(Bid { job: 0, price: 30000000000000, by: Executor(4) }),
        Wait(OfSingle { job: 0, moment: LastBid, plus: 1 }),
        Single(Prove { job: 0, answer: 0, proof: Doubled, by: Drawn }),
        Single(Prove { job: 0, answer: 0, proof: Ragged, by: Next }),
        Single(TryEach { calls: AllOf(vec![Collect { account: 15 }, Prove { job: 0, answer: 0, proof: SignedBy(2), by: Drawn }, MoveOn { job: 1, by: 16 }]), by: Drawn }),
        Single(Finalize { job: 0, forged: false, truly: true, by: 17 }),
        Wait(OfSingle { job: 0, moment: Window, plus: 1 }),
        Single(RetryFailure { job: 0 }),
        Single(CollectOfTarget { target: 0 }),
        Single(Collect { account: 17 }),
        Wait(OfSingle { job: 1, moment: LastTakeover, plus: 0 }),
        Single(Prove { job: 0, answer: 0, proof: ForOtherResult, by: Stranger(19) }),
    ]
}
