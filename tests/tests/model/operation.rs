//! What a sequence is made of.
//!
//! Jobs are counted from the newest, which is 0; one that there isn't was never requested. Accounts are the chain's, by their
//! position; executors' ids may be unknown.

mod parts;
mod single;

pub(crate) use self::{
    parts::{Asked, Keeper, Receipts, SeatPrice, Signed},
    single::{AllOf, HintsSent, ProofSent, Single, SingleMoment, VifSent, Who},
};
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
    /// When what an account asked out of the desk has thawed.
    Thawed { account: u8, plus: i8 },
    /// The beginning of a subscription's interval.
    Interval { subscription: u8, interval: u8, plus: i8 },
    /// The last second in which a seat can be challenged.
    LastChallenge { job: u8, seat: u8, plus: i8 },
    /// Of a job of a single executor.
    OfSingle { job: u8, moment: SingleMoment, plus: i8 },
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
    RefundToDesk,
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
    /// That of the so many next request; 0 is the newest request's.
    RevokeNonce {
        ahead: u8,
        by: u8,
    },
    /// That of a subscription's interval.
    RevokeInterval {
        subscription: u8,
        interval: u64,
        by: By,
    },

    /// Into an account at the desk. Amounts in wei; the largest number stands for all there is.
    Deposit {
        account: u8,
        amount: u128,
        by: u8,
    },
    /// Into a target's.
    DepositFor {
        target: u8,
        amount: u128,
        by: u8,
    },
    StartThaw {
        amount: u128,
        by: u8,
    },
    CancelThaw {
        by: u8,
    },
    WithdrawThawed {
        account: u8,
    },
    WithdrawFrom {
        keeper: Keeper,
        account: u8,
    },
    /// Requests, with so much paid into the account before.
    RequestMany {
        requests: Calls,
        value: u128,
        by: u8,
    },
    /// A request that its requester has signed for so many seconds.
    Order {
        request: Asked,
        lasts: u32,
        relay_fee: u64,
        signed: Signed,
        by: u8,
    },
    /// The newest order, sound or not, once more.
    OrderAgain {
        by: u8,
    },
    /// From so many seconds on; `truly` with the address of the input that it names.
    Subscribe {
        request: Asked,
        wait: u32,
        period: u32,
        count: u32,
        serve_fee: u64,
        truly: bool,
        by: By,
    },
    /// Subscriptions are counted like jobs; one that there isn't was never made.
    SubscribeAgain {
        subscription: u8,
        by: By,
    },
    Serve {
        subscription: u8,
        interval: u64,
        truly: bool,
        by: u8,
    },
    CancelSubscription {
        subscription: u8,
        by: By,
    },

    Challenge {
        job: u8,
        seat: u8,
        price: SeatPrice,
        /// Wei on top of the least dispatch fee and reserve.
        odd: u8,
        flaw: Flaw,
        by: u8,
    },
    /// What only registries may do.
    OpenCase {
        job: u8,
        by: u8,
    },
    /// A case is named by its court's job. The answers that were given, or others.
    Decide {
        job: u8,
        accused: Option<u8>,
        courts: Option<u8>,
        by: u8,
    },
    Lapse {
        job: u8,
        by: u8,
    },
    RetryVerdict {
        job: u8,
        by: u8,
    },
    /// The model's version, or another one.
    Calibrate {
        version: u32,
        calibrated: bool,
        by: By,
    },
    /// Two receipts of whoever has a seat.
    Equivocate {
        job: u8,
        seat: u8,
        receipts: Receipts,
        by: u8,
    },
    /// An offence, by its number, which only registries and the court may report.
    Report {
        executor: u32,
        offence: u8,
        by: u8,
    },

    /// About the single tier.
    Single(Single),

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

/// A request of which only the three cheapest executors are paid enough, so that all of them are drawn.
pub(crate) fn cheap_request() -> Operation {
    Operation::Request {
        requester: 14,
        by: By::Rightful,
        pool: 0,
        size: 3,
        quorum: 2,
        price: 30_000_000_000_000,
        odd: 0,
        commit_window: 60,
        reveal_window: 30,
        callback: None,
        on_failure: false,
        refund_to: None,
        flaw: Flaw::Sound,
    }
}
