// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {TermsHash} from "../../src/jobs/TermsHash.sol";
import {JobFixture} from "./JobFixture.sol";

contract TermsHashTest is JobFixture {
    uint256 private constant FIELDS = 22;

    /// @dev Fills every field from the seed, the enum aside, which has one value.
    function _anyTerms(bytes32 seed) private pure returns (Terms memory terms) {
        bytes memory words;
        for (uint256 field = 0; field < FIELDS; ++field) {
            uint256 word = uint256(keccak256(abi.encode(seed, field)));
            words = bytes.concat(words, bytes32(word & (type(uint256).max >> _spareBits(field))));
        }
        return abi.decode(words, (Terms));
    }

    /// @dev Bits of a field's word that must be zero.
    function _spareBits(uint256 field) private pure returns (uint256) {
        uint16[22] memory bits =
            [160, 256, 256, 32, 256, 64, 0, 8, 8, 256, 256, 128, 32, 32, 32, 128, 128, 160, 32, 128, 1, 160];
        return 256 - bits[field];
    }

    function testFuzz_the_hash_is_the_EIP712_hash_of_the_struct(bytes32 seed) public view {
        Terms memory terms = _anyTerms(seed);
        bytes32 typeHash = vm.eip712HashType(
            "Terms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,uint64 pool,uint8 tier,uint8 committeeSize,uint8 quorum,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,uint32 commitWindow,uint32 revealWindow,uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,bool errorCallback,address refundTo)"
        );
        assertEq(TermsHash.TERMS_TYPEHASH, typeHash);
        assertEq(jobs.termsHash(terms), keccak256(abi.encode(typeHash, terms)));
    }

    function testFuzz_the_id_binds_chain_registry_requester_nonce_and_terms(bytes32 seed, uint64 chain) public {
        vm.assume(chain != 0);
        Terms memory terms = _anyTerms(seed);
        vm.chainId(chain);
        bytes32 expected =
            keccak256(abi.encode(uint256(chain), address(jobs), terms.requester, terms.nonce, jobs.termsHash(terms)));
        assertEq(jobs.jobIdOf(terms), expected);
    }

    function test_the_offering_key_is_the_executor_registrys() public view {
        Terms memory terms = _terms(0);
        assertEq(
            this.offeringKey(terms),
            executors.offeringKeyOf(terms.modelId, terms.version, terms.runtimeClass, terms.pool)
        );
    }

    function offeringKey(Terms calldata terms) external pure returns (bytes32) {
        return TermsHash.offeringKey(terms);
    }

    /// The same meaning must not have two ids: every field narrower than a word is refused with a dirty high bit.
    function test_terms_with_unclean_bits_are_refused() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        bytes memory call = abi.encodeCall(IJobRegistry.request, (terms, input, labels, ""));
        uint256 narrow;
        for (uint256 field = 0; field < FIELDS; ++field) {
            if (_spareBits(field) == 0) continue;
            ++narrow;
            bytes memory dirty = bytes.concat(call);
            dirty[4 + 32 * field] = bytes1(uint8(dirty[4 + 32 * field]) ^ 0x80);
            vm.deal(requester, escrow);
            vm.prank(requester);
            (bool accepted,) = address(jobs).call{value: escrow}(dirty);
            assertFalse(accepted, vm.toString(field));
        }
        assertEq(narrow, 17);
        assertEq(address(jobs).balance, 0);

        vm.prank(requester);
        (bool clean,) = address(jobs).call{value: escrow}(call);
        assertTrue(clean);
        _assertPhase(jobs.jobIdOf(terms), Phase.Requested);
    }
}
