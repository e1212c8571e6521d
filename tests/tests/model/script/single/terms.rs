//! Requests of jobs of a single executor, sound and flawed.

use alloy::primitives::{Address, B256, U256, keccak256};
use infera_contracts::ISingleJobRegistry::{self, ISingleJobRegistryCalls as To, SingleTerms};

use super::super::{INPUT, Script, UNITS, parameters, requests::paid};
use crate::{
    model::{Call, Model, OPTIMISTIC, PROVEN, SORTITION, Transaction, single_escrow_of},
    operation::{Flaw, Single},
};

impl Script {
    /// A job's terms; of one that there isn't, terms that are fine but for their nonce.
    pub(super) fn single_terms(&self, model: &Model, job: u8) -> SingleTerms {
        let position = self.singles.len().checked_sub(usize::from(job) + 1);
        position.map_or_else(|| self.single_template(model), |position| self.singles[position].clone())
    }

    fn single_template(&self, model: &Model) -> SingleTerms {
        let bounds = &model.config.single;
        SingleTerms {
            requester: self.account(1),
            nonce: U256::MAX,
            modelId: model.config.model,
            version: 1,
            runtimeClass: model.config.class,
            tier: OPTIMISTIC,
            verifier: Address::ZERO,
            scheduler: SORTITION,
            inputHash: keccak256(INPUT),
            parametersHash: keccak256(parameters()),
            maxPricePerUnit: bounds.minFee,
            maxUnits: UNITS,
            bidWindow: 0,
            submitWindow: bounds.minWindow,
            takeoverWindow: bounds.minWindow,
            challengeWindow: bounds.minChallengeWindow,
            dispatchFee: bounds.minDispatchFee,
            advanceReserve: bounds.minAdvanceReserve,
            callbackTarget: Address::ZERO,
            callbackGas: 0,
            callbackFee: 0,
            provisionalCallback: false,
            errorCallback: false,
            refundTo: self.account(1),
        }
    }

    pub(super) fn ask(&mut self, model: &Model, operation: &Single) -> Transaction {
        let Single::Ask {
            requester,
            by,
            proven,
            misnamed,
            scheduler,
            price,
            odd,
            bid_window,
            submit_window,
            takeover_window,
            challenge_window,
            callback,
            provisionally,
            on_failure,
            refund_to,
            flaw,
        } = *operation
        else {
            panic!("{operation:?} asks for nothing")
        };
        let bounds = &model.config.single;
        self.requests += 1;
        let mut terms = SingleTerms {
            requester: self.account(requester),
            nonce: U256::from(self.requests),
            tier: if proven { PROVEN } else { OPTIMISTIC },
            verifier: if proven != misnamed { model.config.quorum.verifier } else { Address::ZERO },
            scheduler,
            maxPricePerUnit: price,
            bidWindow: bid_window,
            submitWindow: submit_window,
            takeoverWindow: takeover_window,
            challengeWindow: challenge_window,
            dispatchFee: bounds.minDispatchFee + u128::from(odd),
            advanceReserve: bounds.minAdvanceReserve + u128::from(odd),
            refundTo: refund_to.map_or_else(|| self.account(requester), |target| self.target(target)),
            ..self.single_template(model)
        };
        if let Some((target, gas)) = callback {
            terms.callbackTarget = self.target(target);
            terms.callbackGas = gas;
            terms.callbackFee = u128::from(gas) * u128::from(bounds.callbackGasPrice);
            (terms.provisionalCallback, terms.errorCallback) = (provisionally, on_failure);
        }
        let mut input = INPUT.to_vec();
        let mut uri = String::new();
        match flaw {
            Flaw::Sound | Flaw::Overpaid | Flaw::Underpaid | Flaw::RefundToDesk => {}
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
                let used = self.singles.iter().rev().find(|job| job.requester == terms.requester);
                terms.nonce = used.map_or(terms.nonce, |job| job.nonce);
            }
            Flaw::TooDear => terms.maxPricePerUnit = u128::MAX,
        }
        let value = paid(single_escrow_of(&terms), flaw);
        let from = self.sender(by, terms.requester);
        let call = ISingleJobRegistry::requestCall {
            terms,
            input: input.into(),
            parameters: parameters().into(),
            inputUri: uri,
        };
        Transaction { from, value, call: Call::Single(To::request(call)) }
    }
}
