// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Terms} from "./JobTypes.sol";

/// @title The hashes that name a job, its committee's draw and its answers.
library TermsHash {
    /// EIP-712 type of `Terms`.
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,uint64 pool,uint8 tier,uint8 committeeSize,uint8 quorum,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,uint32 commitWindow,uint32 revealWindow,uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,bool errorCallback,address refundTo)"
    );
    bytes32 internal constant COMMITMENT_DOMAIN = keccak256("INFERA-COMMITMENT-v1");

    /// 22 static fields of one word each.
    uint256 private constant TERMS_BYTES = 22 * 32;

    /// @notice EIP-712 hashStruct: keccak256(abi.encode(TERMS_TYPEHASH, terms)).
    /// @dev The struct is static, so its calldata is its encoding. Unclean high bits would give another hash for the
    /// same meaning; `request` refuses them (it decodes every field for its event), so no job has such an id.
    function hash(Terms calldata terms) internal pure returns (bytes32 result) {
        bytes32 typeHash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            mstore(pointer, typeHash)
            calldatacopy(add(pointer, 0x20), terms, TERMS_BYTES)
            result := keccak256(pointer, add(TERMS_BYTES, 0x20))
        }
    }

    /// @notice keccak256(abi.encode(chainid, registry, requester, nonce, termsHash)), the registry being this contract.
    function jobId(Terms calldata terms) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), terms.requester, terms.nonce, hash(terms)));
    }

    /// @notice `IExecutorRegistry.offeringKeyOf` of the terms, computed here because a call costs ten times as much.
    function offeringKey(Terms calldata terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(terms.modelId, terms.version, terms.runtimeClass, terms.pool));
    }

    /// @param executor The executor's owner address.
    function commitment(bytes32 id, address executor, bytes32 resultHash, bytes32 vectorHash, bytes32 salt)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(COMMITMENT_DOMAIN, block.chainid, address(this), id, executor, resultHash, vectorHash, salt)
        );
    }

    /// @notice What a seat stores after its reveal.
    function answer(bytes32 resultHash, bytes32 vectorHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(resultHash, vectorHash));
    }
}
