//! All that a requester fixes, and its hash.

use alloy::{primitives::B256, sol, sol_types::SolStruct};

sol! {
    /// Who runs a job and when its answer is final.
    #[derive(Debug, PartialEq, Eq, Hash)]
    enum Tier {
        /// `committeeSize` executors by commit and reveal; final when `quorum` of them agree.
        Redundant
    }

    /// A job's terms, field by field the struct of `JobTypes.sol`. Amounts are in wei, windows in seconds.
    #[derive(Debug, PartialEq, Eq, Hash)]
    struct Terms {
        /// Who asks and pays: the caller of `request`.
        address requester;
        /// Picked by the requester, used once.
        uint256 nonce;
        /// See `ids::model_id`.
        bytes32 modelId;
        /// A version number, never 0.
        uint32 version;
        /// See `ids::runtime_class`.
        bytes32 runtimeClass;
        /// Set of executors; 0 is the public pool.
        uint64 pool;
        /// Who runs the job and when its answer is final.
        Tier tier;
        /// n: seats, at most 7.
        uint8 committeeSize;
        /// k: answers that must agree; 2k > n, and k < n for n >= 3.
        uint8 quorum;
        /// keccak256 of the input bytes.
        bytes32 inputHash;
        /// keccak256 of the parameter bytes.
        bytes32 parametersHash;
        /// Highest price per unit that may be drawn.
        uint128 maxPricePerUnit;
        /// Units paid for and allowed; a seat's fee is the drawn price times this.
        uint32 maxUnits;
        /// Seconds from the draw until commitments close.
        uint32 commitWindow;
        /// Seconds from the opening of the reveal phase until it closes (the grace comes on top).
        uint32 revealWindow;
        /// Pays whoever brings the resolution.
        uint128 dispatchFee;
        /// Pays those who advance a stuck job; what is left is refunded.
        uint128 advanceReserve;
        /// Called with the result; the zero address leaves the result in the inbox.
        address callbackTarget;
        /// Gas for the callback, 0 without a target.
        uint32 callbackGas;
        /// Pays whoever runs the callback.
        uint128 callbackFee;
        /// Also call back when the job is refunded after the draw.
        bool errorCallback;
        /// Who is credited with every refund.
        address refundTo;
    }
}

/// EIP-712 type of [`Terms`]; the tier is its number.
pub const TERMS_TYPE: &str = "Terms(address requester,uint256 nonce,bytes32 modelId,uint32 version,\
    bytes32 runtimeClass,uint64 pool,uint8 tier,uint8 committeeSize,uint8 quorum,bytes32 inputHash,\
    bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,uint32 commitWindow,uint32 revealWindow,\
    uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,\
    bool errorCallback,address refundTo)";

/// EIP-712 hashStruct: `keccak256(abi.encode(keccak256(TERMS_TYPE), terms))`.
pub fn terms_hash(terms: &Terms) -> B256 {
    terms.eip712_hash_struct()
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{U256, keccak256};
    use alloy::sol_types::SolValue;

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_type_and_the_abi_encoding() {
        let terms = Terms {
            requester: [1; 20].into(),
            nonce: U256::from(2),
            modelId: [3; 32].into(),
            version: 4,
            runtimeClass: [5; 32].into(),
            pool: 6,
            tier: Tier::Redundant,
            committeeSize: 3,
            quorum: 2,
            inputHash: [7; 32].into(),
            parametersHash: [8; 32].into(),
            maxPricePerUnit: 9,
            maxUnits: 10,
            commitWindow: 11,
            revealWindow: 12,
            dispatchFee: 13,
            advanceReserve: 14,
            callbackTarget: [15; 20].into(),
            callbackGas: 16,
            callbackFee: 17,
            errorCallback: true,
            refundTo: [18; 20].into(),
        };
        assert_eq!(Terms::eip712_encode_type(), TERMS_TYPE);
        let preimage = [keccak256(TERMS_TYPE).as_slice(), &terms.abi_encode()].concat();
        assert_eq!(terms_hash(&terms), keccak256(preimage));
    }
}
