//! What a sequence does about jobs of a single executor, which are counted for themselves.

use super::{By, Flaw};

/// Who sends an executor's transaction: a signer, or a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The seat's holder, or who would be drawn now; where nobody is, the first.
    Drawn,
    /// The executor behind that one.
    Next,
    Executor(u32),
    Stranger(u8),
}

/// When a job's next thing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SingleMoment {
    /// When `advanceJob` begins to pay for the draw.
    PaidDraw,
    /// The last moment to bid.
    LastBid,
    /// The last moment to decline.
    LastGivingBack,
    /// The end of the holder's priority.
    Priority,
    /// The last moment to take over.
    LastTakeover,
    /// The challenge window's last second.
    Window,
}

/// A VIF as it is sent with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VifSent {
    Honest,
    /// Its first byte is none of a point.
    BadPrefix,
    /// Its Gamma's x is that of no point.
    NoPoint,
    /// It is a byte shorter than VIFs are.
    Truncated,
}

/// A proof as it is sent with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProofSent {
    /// By so many of the signers.
    SignedBy(u8),
    /// By two, the higher first.
    Descending,
    /// By one of them twice.
    Doubled,
    /// By two, one of them no signer.
    WithOutsider,
    /// By two, for another result.
    ForOtherResult,
    /// By two, and a byte more.
    Ragged,
}

/// What a challenger of a VIF brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HintsSent {
    /// Right ones, as far as there are any.
    RightHints,
    NoHints,
    /// Right ones, about another beacon than what was sent.
    AnotherBeacon,
}

/// Several calls in one transaction, each alone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AllOf(pub(crate) Vec<Single>);

impl std::fmt::Debug for AllOf {
    /// As Rust source.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AllOf(vec!{:?})", self.0)
    }
}

/// A step of a sequence. Where a record is sent, it may be `forged`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Single {
    Ask {
        requester: u8,
        by: By,
        proven: bool,
        /// Whether it names a verifier that a job of the other tier would.
        misnamed: bool,
        /// By its number in the contracts.
        scheduler: u8,
        /// Wei a unit.
        price: u128,
        /// Wei on top of the least dispatch fee and reserve.
        odd: u8,
        bid_window: u32,
        submit_window: u32,
        takeover_window: u32,
        challenge_window: u32,
        /// Position of the target, and its gas.
        callback: Option<(u8, u32)>,
        provisionally: bool,
        on_failure: bool,
        /// A target that is credited with refunds, instead of the requester.
        refund_to: Option<u8>,
        flaw: Flaw,
    },
    TakeBack {
        job: u8,
        by: By,
    },
    /// Price in wei a unit.
    Bid {
        job: u8,
        price: u128,
        by: Who,
    },
    GiveBack {
        job: u8,
        by: Who,
    },
    Submit {
        job: u8,
        answer: u8,
        vif: VifSent,
        by: Who,
    },
    Prove {
        job: u8,
        answer: u8,
        proof: ProofSent,
        by: Who,
    },
    /// With the result that was sent, or something else.
    Finalize {
        job: u8,
        forged: bool,
        truly: bool,
        by: u8,
    },
    TryEach {
        calls: AllOf,
        by: Who,
    },
    MoveOn {
        job: u8,
        by: u8,
    },
    RetryResult {
        job: u8,
        forged: bool,
        truly: bool,
    },
    RetryFailure {
        job: u8,
    },
    /// Has a court look at the answer, for a price in wei a unit.
    Dispute {
        job: u8,
        forged: bool,
        price: u128,
        by: u8,
    },
    Overturn {
        job: u8,
        forged: bool,
        by: u8,
    },
    Reopen {
        job: u8,
        forged: bool,
    },
    AdoptKey {
        by: Who,
    },
    ChallengeVif {
        job: u8,
        forged: bool,
        hints: HintsSent,
        by: u8,
    },
    /// Calls that only contracts may make: a new VRF key, a false VIF, a verdict.
    UsurpKey {
        executor: u32,
        by: u8,
    },
    UsurpVif {
        job: u8,
        by: u8,
    },
    UsurpVerdict {
        job: u8,
        verdict: u8,
        by: u8,
    },
    /// An account's credit, or a target's.
    Collect {
        account: u8,
    },
    CollectOfTarget {
        target: u8,
    },
}
