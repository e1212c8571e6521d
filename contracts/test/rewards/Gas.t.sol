// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRewardDistributor} from "../../src/rewards/IRewardDistributor.sol";
import {RewardFixture} from "./RewardFixture.sol";

/// @notice Whole transactions of an executor that has done all this before.
contract RewardGasTest is RewardFixture {
    /// @dev Each checkpoint counts one epoch, allots the one before and freezes the next.
    /// forge-config: default.isolate = true
    function test_checkpoint_and_claim() public {
        _enterStakedStage();
        for (uint256 i; i < 6; ++i) {
            _burn(aliceId, 5 ether);
            _burn(bobId, 5 ether);
            distributor.checkpoint(_ids(bobId));
            distributor.checkpoint(_ids(aliceId));
            _snapshot("checkpoint_1", i == 5);
            distributor.claimStaked(_ids(aliceId));
            _nextEpoch();
        }
        distributor.checkpoint(_ids(aliceId));
        skip(EPOCH_LENGTH / 2);
        // The claim itself, then the money: an account with a credit and a balance from before.
        distributor.claimStaked(_ids(aliceId));
        distributor.withdrawFor(alice);
        skip(EPOCH_LENGTH / 4);
        distributor.claimStaked(_ids(aliceId));
        _snapshot("claim_rewards_staked_unused_credit", true);
        skip(EPOCH_LENGTH / 8);
        distributor.claimStaked(_ids(aliceId));
        uint256 used = _snapshot("claim_rewards", true);
        vm.snapshotValue("gas", "claim_rewards", used);
        distributor.withdrawFor(alice);
        _snapshot("withdraw_for", true);
    }

    /// forge-config: default.isolate = true
    function test_claim_of_a_root_of_1024_leaves() public {
        _burn(aliceId, 50 ether);
        _nextEpoch();
        bytes32[] memory proof = new bytes32[](10);
        bytes32 node = _leaf(aliceId, 2 ether, 6 ether);
        for (uint256 i; i < proof.length; ++i) {
            proof[i] = keccak256(abi.encode(i));
            node = _node(node, proof[i]);
        }
        _post(node, 6 ether);
        vm.warp(distributor.pendingRoot().activatesAt);
        distributor.claimTracked(_batchOf(proof));
        skip(EPOCH_LENGTH / 2);
        assertEq(distributor.claimTracked(_batchOf(proof)), 2 ether);
        _snapshot("claim_rewards_tracked", true);
    }

    function _batchOf(bytes32[] memory proof) private view returns (IRewardDistributor.TrackedClaim[] memory claims) {
        claims = new IRewardDistributor.TrackedClaim[](1);
        claims[0] = _claim(aliceId, 2 ether, 6 ether);
        claims[0].proof = proof;
    }

    function _snapshot(string memory name, bool wanted) private returns (uint256 used) {
        used = vm.lastCallGas().gasTotalUsed;
        if (wanted) vm.snapshotValue("rewards", name, used);
    }
}
