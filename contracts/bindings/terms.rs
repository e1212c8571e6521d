//! One struct of the contracts, which each interface's binding has a type of its own for.

use crate::{ICourt, IJobRegistry};

impl From<IJobRegistry::Terms> for ICourt::Terms {
    fn from(terms: IJobRegistry::Terms) -> Self {
        Self {
            requester: terms.requester,
            nonce: terms.nonce,
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            pool: terms.pool,
            tier: terms.tier,
            committeeSize: terms.committeeSize,
            quorum: terms.quorum,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            maxPricePerUnit: terms.maxPricePerUnit,
            maxUnits: terms.maxUnits,
            commitWindow: terms.commitWindow,
            revealWindow: terms.revealWindow,
            dispatchFee: terms.dispatchFee,
            advanceReserve: terms.advanceReserve,
            callbackTarget: terms.callbackTarget,
            callbackGas: terms.callbackGas,
            callbackFee: terms.callbackFee,
            errorCallback: terms.errorCallback,
            refundTo: terms.refundTo,
        }
    }
}
