//! The state of a job of a single executor, and what it costs.

use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolValue,
};
use infera_contracts::ISingleJobRegistry::{Record, SingleTerms};
use infera_protocol::ids;

use super::super::{Model, job::CallbackStatus};

/// EIP-712 type of the terms.
const TERMS_TYPE: &str = "SingleTerms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,\
    uint8 tier,address verifier,uint8 scheduler,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,\
    uint32 maxUnits,uint32 bidWindow,uint32 submitWindow,uint32 takeoverWindow,uint32 challengeWindow,uint128 dispatchFee,\
    uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,bool provisionalCallback,\
    bool errorCallback,address refundTo)";

/// `SingleTier`.
pub(crate) const OPTIMISTIC: u8 = 0;
pub(crate) const PROVEN: u8 = 1;
/// `Scheduler`.
pub(crate) const SORTITION: u8 = 0;
pub(crate) const ROUND_ROBIN: u8 = 1;
pub(crate) const REVERSE_AUCTION: u8 = 2;

/// Where a job stands, by its number in the contracts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SinglePhase {
    #[default]
    None,
    Requested,
    Drawn,
    Provisional,
    Acquitted,
    Lapsed,
    Challenged,
    Convicted,
    Final,
    Overturned,
    Refunded,
}

/// A job; the default is one that was never requested.
#[derive(Debug, Clone, Default)]
pub(crate) struct SingleJob {
    pub(crate) phase: SinglePhase,
    pub(crate) callback: CallbackStatus,
    /// Why it was refunded.
    pub(crate) reason: u8,
    /// Paid steps of `advanceJob`.
    pub(crate) advances: u8,
    pub(crate) request_block: u64,
    pub(crate) request_time: u64,
    /// Until when the seat's holder has priority.
    pub(crate) deadline: u64,
    /// The seat's holder, 0 when there is none.
    pub(crate) executor: u32,
    /// Wei.
    pub(crate) fee: u128,
    /// Of a round-robin job.
    pub(crate) turn: u64,
    /// An answered job's record, as it is stored.
    pub(crate) record: B256,
}

impl SingleJob {
    pub(crate) fn is_answered(&self) -> bool {
        (SinglePhase::Provisional..=SinglePhase::Overturned).contains(&self.phase)
    }
}

/// A record's hash without its lowest byte, the place of which is another's in the job's slot.
pub(crate) fn stored(record: &Record) -> B256 {
    let mut hash = keccak256(record.abi_encode());
    hash[31] = 0;
    hash
}

/// What a record holds of a VIF.
pub(crate) fn vif_hash(key_hash: B256, beacon: B256, vif: &[u8]) -> B256 {
    keccak256((key_hash, beacon, keccak256(vif)).abi_encode())
}

/// The most that the fee can be.
pub(super) fn max_fee(terms: &SingleTerms) -> U256 {
    U256::from(terms.maxPricePerUnit) * U256::from(terms.maxUnits)
}

/// What `request` takes. A provisional result may be followed by a call about its being overturned.
pub(crate) fn single_escrow_of(terms: &SingleTerms) -> U256 {
    let callbacks = if terms.provisionalCallback { 2 } else { 1 };
    let callbacks = U256::from(callbacks) * U256::from(terms.callbackFee);
    max_fee(terms) + U256::from(terms.dispatchFee) + U256::from(terms.advanceReserve) + callbacks
}

/// What bounties left of the reserve.
pub(super) fn reserve_left(terms: &SingleTerms, advances: u8) -> u128 {
    (0..advances).fold(terms.advanceReserve, |left, _| left - left / 4)
}

/// The escrow less the bounties, of a job that was paid for.
pub(super) fn escrow_left(terms: &SingleTerms, advances: u8) -> u128 {
    single_escrow_of(terms).to::<u128>() - terms.advanceReserve + reserve_left(terms, advances)
}

impl Model {
    pub(crate) fn single_id_of(&self, terms: &SingleTerms) -> B256 {
        let terms_hash = keccak256([keccak256(TERMS_TYPE).to_vec(), terms.abi_encode()].concat());
        let registry = self.config.at.single_job_registry;
        ids::job_id(self.config.chain_id, registry, terms.requester, terms.nonce, terms_hash)
    }

    /// Any job; a default one that was never requested.
    pub(crate) fn single(&self, id: B256) -> SingleJob {
        self.singles.jobs.get(&id).cloned().unwrap_or_default()
    }

    /// A job that was requested.
    pub(super) fn single_mut(&mut self, id: B256) -> &mut SingleJob {
        self.singles.jobs.get_mut(&id).expect("its phase was asked for before")
    }
}
