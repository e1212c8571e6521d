//! What single jobs come to that no one event or error tells.

use infera_contracts::ISingleJobRegistry::{ISingleJobRegistryCalls as Calls, SingleTerms};

use crate::model::{Call, IVifs::IVifsCalls, Model, REVERSE_AUCTION, SinglePhase, Transaction};

/// What a transaction does, if it succeeds, by the state before it.
pub(crate) fn milestone(before: &Model, transaction: &Transaction) -> Option<&'static str> {
    match &transaction.call {
        Call::Single(Calls::submit(call)) => answer(before, transaction, &call.terms),
        Call::Single(Calls::submitProven(call)) => answer(before, transaction, &call.terms),
        Call::Single(Calls::bid(call)) => {
            let phase = before.single(before.single_id_of(&call.terms)).phase;
            (phase == SinglePhase::Drawn).then_some("Underbid")
        }
        Call::Single(Calls::finalize(call)) => match before.single(call.jobId).phase {
            SinglePhase::Acquitted => Some("AcquittedFinal"),
            _ => Some("UnchallengedFinal"),
        },
        Call::Single(Calls::overturn(_)) => Some("ConvictedOverturned"),
        Call::Vifs(call) if matches!(**call, IVifsCalls::challenge(_)) => Some("FalseVifOverturned"),
        _ => None,
    }
}

fn answer(before: &Model, transaction: &Transaction, terms: &SingleTerms) -> Option<&'static str> {
    let job = before.single(before.single_id_of(terms));
    let executor = before.config.id_where(|executor| executor.signer == transaction.from);
    match job.phase {
        SinglePhase::Drawn if job.executor == executor && terms.scheduler == REVERSE_AUCTION => Some("AuctionWon"),
        SinglePhase::Drawn if job.executor != 0 && job.executor != executor => Some("TakenOver"),
        _ => None,
    }
}
