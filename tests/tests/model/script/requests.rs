//! Requests, sound and flawed.

use alloy::primitives::{Address, B256, U256, keccak256};
use infera_contracts::IJobRegistry::{IJobRegistryCalls, Terms, requestCall};

use super::{INPUT, Script, parameters};
use crate::{
    model::{Model, escrow_of},
    operation::{Flaw, Operation},
};

/// More than anybody here pays for a job; dearer ones are refused before they are paid.
const MOST_PAID: u128 = 100_000_000_000_000_000_000;

impl Script {
    pub(super) fn request(
        &mut self,
        model: &Model,
        operation: &Operation,
    ) -> Option<(Address, u128, IJobRegistryCalls)> {
        let (from, value, call) = self.asked(model, operation)?;
        Some((from, value, IJobRegistryCalls::request(call)))
    }

    /// Who sends a request, and what.
    pub(super) fn asked(&mut self, model: &Model, operation: &Operation) -> Option<(Address, u128, requestCall)> {
        let Operation::Request {
            requester,
            by,
            pool,
            size,
            quorum,
            price,
            odd,
            commit_window,
            reveal_window,
            callback,
            on_failure,
            refund_to,
            flaw,
        } = *operation
        else {
            return None;
        };
        let bounds = &model.config.jobs;
        self.requests += 1;
        let mut terms = Terms {
            requester: self.account(requester),
            nonce: U256::from(self.requests),
            pool,
            committeeSize: size,
            quorum,
            maxPricePerUnit: price,
            dispatchFee: bounds.minDispatchFee + u128::from(odd),
            advanceReserve: bounds.minAdvanceReserve + u128::from(odd),
            commitWindow: commit_window,
            revealWindow: reveal_window,
            refundTo: refund_to.map_or_else(|| self.account(requester), |target| self.target(target)),
            ..self.template(model)
        };
        if let Some((target, gas)) = callback {
            terms.callbackTarget = self.target(target);
            terms.callbackGas = gas;
            terms.callbackFee = u128::from(gas) * u128::from(bounds.callbackGasPrice);
            terms.errorCallback = on_failure;
        }
        let mut input = INPUT.to_vec();
        let mut uri = String::new();
        match flaw {
            Flaw::Sound | Flaw::Overpaid | Flaw::Underpaid => {}
            Flaw::ByUri => (input, uri) = (Vec::new(), "ipfs://input".to_owned()),
            Flaw::ZeroRefund => terms.refundTo = Address::ZERO,
            Flaw::UnknownVersion => terms.version = 2,
            Flaw::UnknownClass => terms.runtimeClass = B256::repeat_byte(9),
            Flaw::LowDispatchFee => terms.dispatchFee = bounds.minDispatchFee - 1,
            Flaw::LowReserve => terms.advanceReserve = bounds.minAdvanceReserve - 1,
            Flaw::LowCallbackFee => terms.callbackFee = terms.callbackFee.saturating_sub(1),
            Flaw::CallbackWithoutTarget => terms.callbackTarget = Address::ZERO,
            Flaw::DearCallback => {
                terms.callbackGas = bounds.maxCallbackGas + 1;
                terms.callbackFee = u128::from(terms.callbackGas) * u128::from(bounds.callbackGasPrice);
            }
            Flaw::LargeInput => {
                input = vec![0; bounds.maxInputBytes as usize + 1];
                terms.inputHash = keccak256(&input);
            }
            Flaw::OtherInput => input.push(0),
            Flaw::OtherParameters => terms.parametersHash = B256::ZERO,
            Flaw::InputAndUri => uri.push('x'),
            Flaw::UsedNonce => {
                let used = self.jobs.iter().rev().find(|job| job.requester == terms.requester);
                terms.nonce = used.map_or(terms.nonce, |job| job.nonce);
            }
            Flaw::TooDear => terms.maxPricePerUnit = u128::MAX,
            Flaw::RefundToDesk => terms.refundTo = model.config.at.job_desk,
        }
        let value = paid(escrow_of(&terms), flaw);
        let from = self.sender(by, terms.requester);
        let call = requestCall { terms, input: input.into(), parameters: parameters().into(), inputUri: uri };
        Some((from, value, call))
    }
}

/// What is sent where so much is asked.
pub(super) fn paid(required: U256, flaw: Flaw) -> u128 {
    let required: u128 = if required > U256::from(MOST_PAID) { 0 } else { required.to() };
    match flaw {
        Flaw::Overpaid => required + 7,
        Flaw::Underpaid => required.saturating_sub(1),
        _ => required,
    }
}
