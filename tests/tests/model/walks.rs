//! Single jobs on all of their ways, whoever is drawn: so that random sequences can't miss one for ever.

use crate::{
    model::{Mutation, REVERSE_AUCTION, ROUND_ROBIN, SORTITION},
    mutations::tells_apart,
    network::PRICE,
    operation::{
        By::*,
        Flaw::*,
        Given::*,
        HintsSent::*,
        Moment::*,
        Operation,
        Operation::*,
        ProofSent::*,
        Single::*,
        SingleMoment,
        SingleMoment::*,
        VifSent::{self, *},
        Who::*,
    },
    stage::Stage,
    trial::{self, Seen, Views},
};

/// Whether a job is proven.
const PROVEN: bool = true;
const OPTIMISTIC: bool = false;
const INFER: u128 = 1_000_000_000_000_000_000;
/// Wei a unit that everybody works for.
const FOR_ALL: u128 = 1_001 * PRICE;

/// A job that everybody can be seated in, with a target that takes calls; its beacon is known.
fn asked(proven: bool, scheduler: u8) -> Vec<Operation> {
    let ask = Ask {
        requester: 14,
        by: Rightful,
        proven,
        misnamed: false,
        scheduler,
        price: FOR_ALL,
        odd: 3,
        bid_window: if scheduler == REVERSE_AUCTION { 20 } else { 0 },
        submit_window: 60,
        takeover_window: 30,
        challenge_window: if proven { 0 } else { 40 },
        callback: Some((0, 50_000)),
        provisionally: false,
        on_failure: true,
        refund_to: None,
        flaw: Sound,
    };
    vec![Single(AdoptKey { by: Executor(2) }), Single(ask), Mine { blocks: 2 }]
}

fn wait(moment: SingleMoment, plus: i8) -> Operation {
    Wait(OfSingle { job: 0, moment, plus })
}

fn submit(answer: u8, vif: VifSent) -> Operation {
    Single(Submit { job: 0, answer, vif, by: Drawn })
}

fn move_on() -> Operation {
    Single(MoveOn { job: 0, by: 16 })
}

fn finalize() -> Operation {
    Single(Finalize { job: 0, forged: false, truly: true, by: 17 })
}

fn final_by_time(scheduler: u8) -> Vec<Operation> {
    [asked(OPTIMISTIC, scheduler), vec![submit(0, Honest), wait(Window, 1), finalize()]].concat()
}

fn given_back() -> Vec<Operation> {
    let course = vec![
        wait(PaidDraw, 0),
        move_on(),
        wait(LastGivingBack, 0),
        Single(GiveBack { job: 0, by: Drawn }),
        wait(LastTakeover, 1),
        move_on(),
    ];
    [asked(OPTIMISTIC, SORTITION), course].concat()
}

fn false_vif() -> Vec<Operation> {
    let challenge = Single(ChallengeVif { job: 0, forged: false, hints: RightHints, by: 18 });
    [asked(OPTIMISTIC, SORTITION), vec![submit(0, NoPoint), challenge]].concat()
}

fn taken_over() -> Vec<Operation> {
    let takeover = Single(Prove { job: 0, answer: 0, proof: SignedBy(2), by: Next });
    [asked(PROVEN, ROUND_ROBIN), vec![wait(PaidDraw, 0), move_on(), wait(Priority, 1), takeover]].concat()
}

/// Nobody can be drawn any more.
fn forgotten() -> Vec<Operation> {
    let late = vec![Wait(Epoch { next: 2, plus: 0 }), submit(0, Honest), move_on()];
    [asked(OPTIMISTIC, SORTITION), late].concat()
}

/// Nobody can make a VIF any more, so the executor isn't blamed.
fn excused() -> Vec<Operation> {
    let late = vec![wait(PaidDraw, 0), move_on(), Wait(Epoch { next: 2, plus: 0 }), move_on()];
    [asked(OPTIMISTIC, ROUND_ROBIN), late].concat()
}

/// The second turn of a wheel whose weights have moved since the request.
fn turned() -> Vec<Operation> {
    let stake = vec![Stake { executor: 3, amount: 77 * INFER, by: 17 }, RefreshWeights { executor: 3 }];
    let late = vec![Wait(Epoch { next: 1, plus: 0 }), move_on()];
    [asked(PROVEN, ROUND_ROBIN), asked(PROVEN, ROUND_ROBIN), stake, late].concat()
}

/// Of two bidders, at so much a unit.
fn auction(first: u128, second: u128) -> Vec<Operation> {
    let bid = |price, executor| Single(Bid { job: 0, price, by: Executor(executor) });
    let prove = Single(Prove { job: 0, answer: 0, proof: SignedBy(3), by: Drawn });
    [asked(PROVEN, REVERSE_AUCTION), vec![bid(first, 1), bid(second, 3), wait(LastBid, 1), prove]].concat()
}

/// An answer that a court of three looks at.
fn disputed(answer: u8) -> Vec<Operation> {
    let dispute = Single(Dispute { job: 0, forged: false, price: FOR_ALL, by: 17 });
    [asked(OPTIMISTIC, SORTITION), vec![submit(answer, Honest), dispute, Mine { blocks: 2 }]].concat()
}

fn judged(answer: u8) -> Vec<Operation> {
    let commits = (0..3).map(|seat| Commit { job: 0, seat, answer: 0, draw: true, by: Rightful }).collect();
    let reveals = (0..3).map(|seat| Reveal { job: 0, seat, answer: None }).collect();
    let resolve = Resolve { job: 0, answers: Complete, by: 14 };
    let decide = Decide { job: 0, accused: None, courts: None, by: 15 };
    [disputed(answer), commits, reveals, vec![resolve, decide]].concat()
}

fn unjudged() -> Vec<Operation> {
    let advance = Advance { job: 0, by: 16 };
    let late = || vec![Wait(CommitDeadline { job: 0, plus: 1 }), advance.clone()];
    let lapse = vec![Lapse { job: 0, by: 16 }, Single(Reopen { job: 0, forged: false }), wait(Window, 1), finalize()];
    [disputed(0), vec![advance.clone()], late(), late(), lapse].concat()
}

#[test]
fn single_jobs_end_in_every_way() {
    let (stage, mut seen) = (Stage::start(), Seen::new());
    let convicted = [judged(3), vec![Single(Overturn { job: 0, forged: false, by: 17 })]].concat();
    let acquitted = [judged(0), vec![finalize()]].concat();
    let ways = [
        (final_by_time(SORTITION), "UnchallengedFinal"),
        (final_by_time(ROUND_ROBIN), "UnchallengedFinal"),
        (turned(), "SeatTaken"),
        (given_back(), "JobRefunded"),
        (forgotten(), "BeaconOutOfReach"),
        (excused(), "JobRefunded"),
        (false_vif(), "FalseVifOverturned"),
        (taken_over(), "TakenOver"),
        (auction(3 * PRICE, 2 * PRICE), "AuctionWon"),
        (convicted, "ConvictedOverturned"),
        (acquitted, "AcquittedFinal"),
        (unjudged(), "WindowReopened"),
    ];
    for (operations, ending) in ways {
        seen.clear();
        let told = trial::run(&stage, &operations, None, Views::Often, &mut seen);
        told.unwrap_or_else(|difference| panic!("{difference}"));
        assert!(seen.contains_key(ending), "no {ending}: {seen:#?}");
    }
}

#[test]
fn a_takeover_that_blames_nobody_is_noticed() {
    tells_apart(&Stage::start(), &taken_over(), Mutation::KindTakeover);
}

#[test]
fn a_royalty_that_is_rounded_up_is_noticed() {
    tells_apart(&Stage::start(), &auction(3 * PRICE, 2 * PRICE + 1), Mutation::GenerousRoyalty);
}

#[test]
fn a_bid_no_better_than_the_best_is_noticed() {
    tells_apart(&Stage::start(), &auction(3 * PRICE, 3 * PRICE), Mutation::EqualBid);
}
