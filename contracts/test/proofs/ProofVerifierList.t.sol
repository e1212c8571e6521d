// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../src/governance/Governed.sol";
import {IProofVerifierList} from "../../src/proofs/IProofVerifierList.sol";
import {GovernanceFixture} from "../governance/GovernanceFixture.sol";

contract ProofVerifierListTest is GovernanceFixture {
    address private immutable verifier = address(this);
    uint256 private immutable delay = _terms().changeDelay;

    function test_a_verifier_is_active_after_the_delay() public {
        assertFalse(verifiers.isActive(verifier));
        uint256 from = vm.getBlockTimestamp() + delay;
        vm.expectEmit();
        emit IProofVerifierList.VerifierAdded(verifier, from);
        vm.prank(owner);
        verifiers.add(verifier);
        assertEq(verifiers.activeFrom(verifier), from);
        vm.warp(from - 1);
        assertFalse(verifiers.isActive(verifier));
        vm.warp(from);
        assertTrue(verifiers.isActive(verifier));
    }

    function test_a_removed_verifier_stops_at_once_and_waits_again() public {
        vm.startPrank(owner);
        verifiers.add(verifier);
        vm.expectRevert(abi.encodeWithSelector(IProofVerifierList.AlreadyListed.selector, verifier));
        verifiers.add(verifier);
        skip(delay);
        vm.expectEmit();
        emit IProofVerifierList.VerifierRemoved(verifier);
        verifiers.remove(verifier);
        assertFalse(verifiers.isActive(verifier));
        vm.expectRevert(abi.encodeWithSelector(IProofVerifierList.NotListed.selector, verifier));
        verifiers.remove(verifier);
        verifiers.add(verifier);
        skip(delay - 1);
        assertFalse(verifiers.isActive(verifier));
        verifiers.remove(verifier);
        skip(1);
        assertFalse(verifiers.isActive(verifier), "removed before it was active");
    }

    function test_a_verifier_is_a_contract() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IProofVerifierList.NoVerifier.selector, stranger));
        verifiers.add(stranger);
    }

    function test_only_the_owner_changes_the_list() public {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotOwner.selector, stranger));
        verifiers.add(verifier);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotOwner.selector, stranger));
        verifiers.remove(verifier);
    }
}
