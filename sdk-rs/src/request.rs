//! Requests of inference.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use infera_contracts::IJobRegistry::{Parameters, Terms};

use crate::{Error, Result};

/// What to ask. Fees and hashes are filled in from the registry's parameters.
#[derive(Debug, Clone)]
pub struct JobRequest {
    /// The model.
    pub model: B256,
    /// Its version; `None` takes the latest.
    pub version: Option<u32>,
    /// keccak256 of the runtime class's name.
    pub runtime_class: B256,
    /// The input bytes (for text: UTF-8).
    pub input: Bytes,
    /// The task's parameters.
    pub parameters: Bytes,
    /// n: how many executors answer.
    pub committee_size: u8,
    /// k: how many must agree.
    pub quorum: u8,
    /// Highest price per unit, in wei.
    pub max_price_per_unit: u128,
    /// Units paid for and allowed.
    pub max_units: u32,
    /// Seconds to commit.
    pub commit_window: u32,
    /// Seconds to reveal.
    pub reveal_window: u32,
    /// Contract to call back, with its gas; `None` leaves the result in the inbox.
    pub callback: Option<(Address, u32)>,
}

/// A job that was requested.
#[derive(Debug, Clone)]
pub struct RequestedJob {
    /// The job's id.
    pub id: B256,
    /// Its terms, which every later call on it needs.
    pub terms: Terms,
    /// The transaction of the request.
    pub transaction: B256,
    /// Its gas.
    pub gas_used: u64,
    /// Wei that went into the escrow.
    pub escrow: U256,
}

impl JobRequest {
    /// The full terms for `requester`, with the registry's smallest fees.
    pub fn terms(&self, requester: Address, nonce: U256, version: u32, parameters: &Parameters) -> Result<Terms> {
        let cap = parameters.maxInputBytes;
        if self.input.len() > cap as usize {
            return Err(Error::Invalid(format!(
                "the input has {} bytes, inline inputs may have {cap}: shorten it, or store it and pass its URI",
                self.input.len()
            )));
        }
        let (callback_target, callback_gas) = self.callback.unwrap_or_default();
        Ok(Terms {
            requester,
            nonce,
            modelId: self.model,
            version,
            runtimeClass: self.runtime_class,
            pool: 0,
            tier: 0,
            committeeSize: self.committee_size,
            quorum: self.quorum,
            inputHash: keccak256(&self.input),
            parametersHash: keccak256(&self.parameters),
            maxPricePerUnit: self.max_price_per_unit,
            maxUnits: self.max_units,
            commitWindow: self.commit_window,
            revealWindow: self.reveal_window,
            dispatchFee: parameters.minDispatchFee,
            advanceReserve: parameters.minAdvanceReserve,
            callbackTarget: callback_target,
            callbackGas: callback_gas,
            callbackFee: u128::from(callback_gas) * u128::from(parameters.callbackGasPrice),
            errorCallback: !callback_target.is_zero(),
            refundTo: requester,
        })
    }
}
