//! What a requester fixes.

use alloy::primitives::{Address, B256, U256};
use infera_contracts::IJobRegistry;
use serde::{Deserialize, Serialize};

use crate::wei::Wei;

/// All that the requester fixed; see `JobTypes.sol`. Amounts in wei, windows in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "field by field the struct `Terms` of the contracts, documented there")]
pub struct JobTerms {
    pub requester: Address,
    pub nonce: U256,
    pub model_id: B256,
    pub version: u32,
    pub runtime_class: B256,
    pub pool: u64,
    pub tier: u8,
    pub committee_size: u8,
    pub quorum: u8,
    pub input_hash: B256,
    pub parameters_hash: B256,
    pub max_price_per_unit: Wei,
    pub max_units: u32,
    pub commit_window: u32,
    pub reveal_window: u32,
    pub dispatch_fee: Wei,
    pub advance_reserve: Wei,
    pub callback_target: Address,
    pub callback_gas: u32,
    pub callback_fee: Wei,
    pub error_callback: bool,
    pub refund_to: Address,
}

impl From<&IJobRegistry::Terms> for JobTerms {
    fn from(terms: &IJobRegistry::Terms) -> Self {
        Self {
            requester: terms.requester,
            nonce: terms.nonce,
            model_id: terms.modelId,
            version: terms.version,
            runtime_class: terms.runtimeClass,
            pool: terms.pool,
            tier: terms.tier,
            committee_size: terms.committeeSize,
            quorum: terms.quorum,
            input_hash: terms.inputHash,
            parameters_hash: terms.parametersHash,
            max_price_per_unit: terms.maxPricePerUnit.into(),
            max_units: terms.maxUnits,
            commit_window: terms.commitWindow,
            reveal_window: terms.revealWindow,
            dispatch_fee: terms.dispatchFee.into(),
            advance_reserve: terms.advanceReserve.into(),
            callback_target: terms.callbackTarget,
            callback_gas: terms.callbackGas,
            callback_fee: terms.callbackFee.into(),
            error_callback: terms.errorCallback,
            refund_to: terms.refundTo,
        }
    }
}

impl From<&JobTerms> for IJobRegistry::Terms {
    fn from(terms: &JobTerms) -> Self {
        Self {
            requester: terms.requester,
            nonce: terms.nonce,
            modelId: terms.model_id,
            version: terms.version,
            runtimeClass: terms.runtime_class,
            pool: terms.pool,
            tier: terms.tier,
            committeeSize: terms.committee_size,
            quorum: terms.quorum,
            inputHash: terms.input_hash,
            parametersHash: terms.parameters_hash,
            maxPricePerUnit: terms.max_price_per_unit.0.saturating_to(),
            maxUnits: terms.max_units,
            commitWindow: terms.commit_window,
            revealWindow: terms.reveal_window,
            dispatchFee: terms.dispatch_fee.0.saturating_to(),
            advanceReserve: terms.advance_reserve.0.saturating_to(),
            callbackTarget: terms.callback_target,
            callbackGas: terms.callback_gas,
            callbackFee: terms.callback_fee.0.saturating_to(),
            errorCallback: terms.error_callback,
            refundTo: terms.refund_to,
        }
    }
}
