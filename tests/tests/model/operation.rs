//! What a sequence is made of.
//!
//! Jobs are counted from the newest, which is 0; one that there isn't was never requested. Accounts are the chain's, by their
//! position; executors' ids may be unknown.

use crate::model::Code;

/// Who sends a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Who may: the requester, the seat's signer, the executor's owner, the pool's admin, the guardian.
    Rightful,
    Account(u8),
}

/// When the next block comes; at least a second after the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// After the last block.
    Seconds(u32),
    /// The beginning of the so many next epoch, and so many seconds.
    Epoch { next: u8, plus: i8 },
    /// The end of a job's phase.
    Deadline { job: u8, plus: i8 },
    /// The same, if it is that of commitments; else at once.
    CommitDeadline { job: u8, plus: i8 },
    /// The end of the grace after it.
    Grace { job: u8, plus: i8 },
    /// The last moment to decline.
    LastDecline { job: u8, plus: i8 },
    /// When the draw begins to be paid.
    DrawBounty { job: u8, plus: i8 },
}

/// What is wrong, or unusual, about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Sound,
    ByUri,
    Overpaid,
    Underpaid,
    ZeroRefund,
    UnknownVersion,
    UnknownClass,
    LowDispatchFee,
    LowReserve,
    LowCallbackFee,
    CallbackWithoutTarget,
    DearCallback,
    LargeInput,
    OtherInput,
    OtherParameters,
    InputAndUri,
    UsedNonce,
    TooDear,
}

/// How the answers for a resolution are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    Complete,
    /// Under the highest seat that gave each.
    Relabelled,
    WithoutLast,
    Reversed,
    FirstTwice,
    Forged,
    OfSeat(u8),
}

/// Several calls in one transaction.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Calls(pub(crate) Vec<Operation>);

impl std::fmt::Debug for Calls {
    /// As Rust source.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Calls(vec!{:?})", self.0)
    }
}

/// A step of a sequence. Its `Debug` form is its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Wait(Moment),
    /// Blocks without transactions.
    Mine {
        blocks: u16,
    },
    /// Gives a target of callbacks and refunds other code.
    Recode {
        target: u8,
        code: Code,
    },

    Request {
        requester: u8,
        by: By,
        pool: u64,
        size: u8,
        quorum: u8,
        /// Wei a unit.
        price: u128,
        /// Wei on top of the least dispatch fee and reserve.
        odd: u8,
        commit_window: u32,
        reveal_window: u32,
        /// Position of the target, and its gas.
        callback: Option<(u8, u32)>,
        on_failure: bool,
        /// A target that is credited with refunds, instead of the requester.
        refund_to: Option<u8>,
        flaw: Flaw,
    },
    Cancel {
        job: u8,
        by: By,
    },
    /// Position of the answer; beyond the last one, a commitment of zero.
    Commit {
        job: u8,
        seat: u8,
        answer: u8,
        draw: bool,
        by: By,
    },
    Decline {
        job: u8,
        seat: u8,
        by: By,
    },
    /// The answer that was committed, or another one.
    Reveal {
        job: u8,
        seat: u8,
        answer: Option<u8>,
    },
    RevealSame {
        job: u8,
        seat: u8,
        same_as: u8,
    },
    Resolve {
        job: u8,
        answers: Given,
        by: u8,
    },
    RevealAndResolve {
        job: u8,
        seat: u8,
        answers: Given,
        by: u8,
    },
    PunishSilent {
        job: u8,
        seat: u8,
        by: u8,
    },
    Advance {
        job: u8,
        by: u8,
    },
    RetryCallback {
        job: u8,
        truly: bool,
    },
    /// An account's credit, or a target's.
    Withdraw {
        account: u8,
    },
    WithdrawOfTarget {
        target: u8,
    },
    Batch {
        calls: Calls,
        by: u8,
    },

    /// Amounts in wei; the largest number stands for all there is.
    Stake {
        executor: u32,
        amount: u128,
        by: u8,
    },
    RequestExit {
        executor: u32,
        amount: u128,
        by: By,
    },
    /// So many exit periods before the newest exit's maturity.
    CompleteExit {
        executor: u32,
        before: u64,
    },
    Delegate {
        executor: u32,
        amount: u128,
        by: u8,
    },
    Undelegate {
        executor: u32,
        amount: u128,
        by: u8,
    },
    CompleteUndelegation {
        executor: u32,
        delegator: u8,
        before: u64,
    },
    WithdrawDelegation {
        executor: u32,
        delegator: u8,
    },
    WithdrawEarnings {
        executor: u32,
    },
    AnnounceCommission {
        executor: u32,
        bps: u16,
        by: By,
    },
    Reinstate {
        executor: u32,
    },
    ForgiveStrikes {
        executor: u32,
    },
    StartGeneration {
        executor: u32,
    },
    WithdrawProverReward {
        prover: u8,
    },
    BurnSlashed {
        prover: u8,
    },
    RefreshWeights {
        executor: u32,
    },
    /// Price in wei a unit; a capacity of 0 withdraws.
    Offer {
        executor: u32,
        price: u64,
        capacity: u16,
        version: u32,
        pool: u64,
        by: By,
    },
    RevokeSigner {
        executor: u32,
        by: By,
    },
    ListExecutor {
        pool: u64,
        executor: u32,
        admitted: bool,
        by: By,
    },
    ListRequester {
        pool: u64,
        requester: u8,
        admitted: bool,
        by: By,
    },
    /// Of new jobs, in seconds.
    Pause {
        duration: u32,
        by: By,
    },
    Resume {
        by: By,
    },
    /// One of the calls that only contracts may make.
    Trespass {
        executor: u32,
        call: Forbidden,
        by: u8,
    },
}

/// Calls of the stake that only job registries and the slashing may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forbidden {
    TryLockSeat,
    LockSeats,
    UnlockSeat,
    Settle,
    Slash,
}
