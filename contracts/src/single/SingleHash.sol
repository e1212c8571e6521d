// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Record, SingleTerms} from "./SingleTypes.sol";

/// @title The hashes that name a job of a single executor, and bind what is said about it.
library SingleHash {
    /// EIP-712 type of `SingleTerms`.
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "SingleTerms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,uint8 tier,address verifier,uint8 scheduler,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,uint32 bidWindow,uint32 submitWindow,uint32 takeoverWindow,uint32 challengeWindow,uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,bool provisionalCallback,bool errorCallback,address refundTo)"
    );

    /// 24 static fields of one word each.
    uint256 private constant TERMS_BYTES = 24 * 32;
    /// 15 static fields of one word each.
    uint256 private constant RECORD_BYTES = 15 * 32;
    /// Executors outside the public pool don't serve here.
    uint64 private constant PUBLIC_POOL = 0;

    /// @notice EIP-712 hashStruct: keccak256(abi.encode(TERMS_TYPEHASH, terms)).
    /// @dev The struct is static, so its calldata is its encoding. Unclean high bits would give another hash for the
    /// same meaning; `request` refuses them (it decodes every field for its event), so no job has such an id.
    function terms(SingleTerms calldata given) internal pure returns (bytes32 result) {
        bytes32 typeHash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            mstore(pointer, typeHash)
            calldatacopy(add(pointer, 0x20), given, TERMS_BYTES)
            result := keccak256(pointer, add(TERMS_BYTES, 0x20))
        }
    }

    /// @notice keccak256(abi.encode(chainid, registry, requester, nonce, termsHash)), the registry being this contract.
    function jobId(SingleTerms calldata given) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), given.requester, given.nonce, terms(given)));
    }

    /// @notice `IExecutorRegistry.offeringKeyOf` of the terms in the public pool.
    function offeringKey(SingleTerms calldata given) internal pure returns (bytes32) {
        return keccak256(abi.encode(given.modelId, given.version, given.runtimeClass, PUBLIC_POOL));
    }

    /// @notice keccak256(abi.encode(record)).
    function record(Record memory given) internal pure returns (bytes32 result) {
        // In memory each field fills a word, as in the encoding.
        assembly ("memory-safe") {
            result := keccak256(given, RECORD_BYTES)
        }
    }

    /// @notice The same of a record that was sent. Unclean high bits give a hash that no job has.
    function sentRecord(Record calldata given) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            calldatacopy(pointer, given, RECORD_BYTES)
            result := keccak256(pointer, RECORD_BYTES)
        }
    }

    /// @notice What a record holds of a VIF.
    function vif(bytes32 vrfKeyHash, bytes32 beacon, bytes calldata proof) internal pure returns (bytes32) {
        return keccak256(abi.encode(vrfKeyHash, beacon, keccak256(proof)));
    }

    function vrfKey(uint256 x, uint256 y) internal pure returns (bytes32) {
        return keccak256(abi.encode(x, y));
    }
}
