//! What is fixed before the first transaction.

use alloy::primitives::{Address, B256, U256};
use infera_contracts::{ICourt, IJobRegistry::Parameters, ISingleJobRegistry};
use infera_protocol::profile::VerificationProfile;
use infera_sdk::Deployment;

use super::single::Quorum;

/// An executor; its id is its position, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Executor {
    pub(crate) owner: Address,
    /// Its first; later ones are not modelled.
    pub(crate) signer: Address,
    /// Its VRF key's x and y.
    pub(crate) vrf: (U256, U256),
}

/// How an account with code takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Accepts,
    Refuses,
    /// Runs until its gas is gone.
    Burns,
    /// Accepts, and takes every signature for its own (ERC-1271).
    Signs,
}

impl Code {
    /// Whether a call with so much gas succeeds.
    pub(crate) fn accepts(self, gas: u32) -> bool {
        match self {
            Self::Accepts => true,
            // Any that is given is enough to return a word.
            Self::Signs => gas != 0,
            Self::Refuses | Self::Burns => false,
        }
    }
}

/// A rule that the contracts don't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// A seat can be declined until commitments close.
    LateDecline,
    /// The bounty for an advance is rounded up.
    GenerousBounty,
    /// The last second of the grace is past it.
    ShortGrace,
    /// A slash rounds down.
    LenientSlash,
    /// A delegator's shares are burned rounded down.
    CheapUndelegation,
    /// Misses step the reputation every time.
    Bait,
    /// An order can be brought again.
    RepeatedOrder,
    /// Money thaws at once.
    QuickThaw,
    /// A case that lapses costs nothing.
    FreeLapse,
    /// After a lapse, the same offer will do again.
    PatientLapse,
    /// A court may seat whom it judges.
    SeatedAccused,
    /// A conviction leaves the reputation alone.
    KindConviction,
    /// The same equivocation can be shown again.
    RepeatedEquivocation,
    /// A takeover blames nobody.
    KindTakeover,
    /// A single job's royalty is rounded up.
    GenerousRoyalty,
    /// A bid that equals the best is taken.
    EqualBid,
}

/// Deployment, parameters and who is there.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) chain_id: u64,
    pub(crate) at: Deployment,
    pub(crate) jobs: Parameters,
    pub(crate) court: ICourt::Parameters,
    pub(crate) single: ISingleJobRegistry::Parameters,
    pub(crate) quorum: Quorum,
    /// Of the desk, in seconds.
    pub(crate) thaw_period: u32,
    pub(crate) minimum_stake: u128,
    /// Seconds.
    pub(crate) epoch_length: u64,
    pub(crate) unbonding_epochs: u64,
    /// Wei of protocol fee; also the least of a clean job.
    pub(crate) full_step_fee: u128,
    pub(crate) model: B256,
    pub(crate) class: B256,
    pub(crate) profile: VerificationProfile,
    /// Of the model's publisher.
    pub(crate) royalty_receiver: Address,
    pub(crate) royalty_bps: u16,
    /// Owns the policies and the list of calibrated profiles too.
    pub(crate) guardian: Address,
    /// Seconds.
    pub(crate) maximum_pause: u32,
    /// Seconds.
    pub(crate) pause_cool_down: u32,
    /// Of the private pool.
    pub(crate) pool_admin: Address,
    pub(crate) executors: Vec<Executor>,
    pub(crate) mutation: Option<Mutation>,
}

impl Config {
    /// The executor with an id that one has.
    pub(crate) fn executor(&self, id: u32) -> &Executor {
        &self.executors[id as usize - 1]
    }

    /// The id of the executor that `is_it` finds, 0 when there is none.
    pub(crate) fn id_where(&self, is_it: impl Fn(&Executor) -> bool) -> u32 {
        self.executors.iter().position(is_it).map_or(0, |position| position as u32 + 1)
    }

    pub(crate) fn knows(&self, id: u32) -> bool {
        id != 0 && id as usize <= self.executors.len()
    }
}
