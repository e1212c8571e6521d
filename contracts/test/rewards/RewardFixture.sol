// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ProtocolParameters} from "../../src/governance/ProtocolParameters.sol";
import {ActivityLog} from "../../src/rewards/ActivityLog.sol";
import {IRewardDistributor, RewardSkip} from "../../src/rewards/IRewardDistributor.sol";
import {RewardDistributor} from "../../src/rewards/RewardDistributor.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {GovernanceFixture} from "../governance/GovernanceFixture.sol";

/// @notice A distributor over the real registry and staking, with a reserve and three executors of equal stake.
abstract contract RewardFixture is GovernanceFixture {
    uint256 internal constant RESERVE = 1000 ether;
    uint256 internal constant STAKE = 1000 ether;
    /// One hundredth of the reserve.
    uint256 internal constant BUDGET = 10 ether;

    address internal immutable poster = makeAddr("poster");
    address internal immutable alice = makeAddr("alice");
    address internal immutable bob = makeAddr("bob");
    address internal immutable carol = makeAddr("carol");

    ActivityLog internal activities;
    RewardDistributor internal distributor;
    uint32 internal aliceId;
    uint32 internal bobId;
    uint32 internal carolId;

    function setUp() public virtual override {
        super.setUp();
        activities = ActivityLog(vm.deployCode("ActivityLog.sol:ActivityLog", abi.encode(jobRegistry, EPOCH_LENGTH)));
        distributor = RewardDistributor(
            vm.deployCode(
                "RewardDistributor.sol:RewardDistributor", abi.encode(governance, activities, executors, staking)
            )
        );
        vm.prank(owner);
        distributor.setPoster(poster);
        _fund(RESERVE);
        aliceId = _registerWithStake(alice, "alice", STAKE);
        bobId = _registerWithStake(bob, "bob", STAKE);
        carolId = _registerWithStake(carol, "carol", STAKE);
    }

    // ---------------------------------------------------------------- steps

    function _fund(uint256 amount) internal {
        hoax(makeAddr("funder"), amount);
        distributor.fund{value: amount}();
    }

    /// @dev A public job's seat, as the job registry records it.
    function _record(uint32 id, bool agreed, uint256 protocolFee) internal {
        IStaking.Settlement[] memory seats = new IStaking.Settlement[](1);
        seats[0] = IStaking.Settlement(id, agreed ? SeatOutcome.Success : SeatOutcome.Outlier, 0, uint128(protocolFee));
        vm.prank(jobRegistry);
        activities.record(seats);
    }

    function _burn(uint32 id, uint256 protocolFee) internal {
        _record(id, true, protocolFee);
    }

    function _nextEpoch() internal {
        vm.warp((_epoch() + 1) * EPOCH_LENGTH);
    }

    function _epoch() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp() / EPOCH_LENGTH);
    }

    function _ids(uint32 id) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = id;
    }

    function _all() internal view returns (uint32[] memory ids) {
        ids = new uint32[](3);
        (ids[0], ids[1], ids[2]) = (aliceId, bobId, carolId);
    }

    // ---------------------------------------------------------------- the tracked stage

    function _leaf(uint32 id, uint96 settled, uint96 cumulative) internal view returns (bytes32) {
        return
            keccak256(bytes.concat(keccak256(abi.encode(block.chainid, address(distributor), id, settled, cumulative))));
    }

    function _node(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    function _claim(uint32 id, uint96 settled, uint96 cumulative)
        internal
        pure
        returns (IRewardDistributor.TrackedClaim memory)
    {
        return IRewardDistributor.TrackedClaim(id, settled, cumulative, new bytes32[](0));
    }

    /// @dev A root of two leaves, and their claims.
    function _tree(IRewardDistributor.TrackedClaim memory a, IRewardDistributor.TrackedClaim memory b)
        internal
        view
        returns (bytes32 root, IRewardDistributor.TrackedClaim[] memory claims)
    {
        bytes32 left = _leaf(a.executorId, a.settled, a.cumulative);
        bytes32 right = _leaf(b.executorId, b.settled, b.cumulative);
        claims = new IRewardDistributor.TrackedClaim[](2);
        (claims[0], claims[1]) = (a, b);
        claims[0].proof = new bytes32[](1);
        claims[0].proof[0] = right;
        claims[1].proof = new bytes32[](1);
        claims[1].proof[0] = left;
        root = _node(left, right);
    }

    function _post(bytes32 root, uint96 total) internal {
        vm.prank(poster);
        distributor.postRoot(root, total, _epoch() - 1);
    }

    /// @dev A root of one leaf, active and streamed out.
    function _postAlone(uint32 id, uint96 cumulative) internal {
        _post(_leaf(id, 0, cumulative), cumulative);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
    }

    function _batch(IRewardDistributor.TrackedClaim memory item)
        internal
        pure
        returns (IRewardDistributor.TrackedClaim[] memory claims)
    {
        claims = new IRewardDistributor.TrackedClaim[](1);
        claims[0] = item;
    }

    function _expectSkip(uint32 id, uint256 index, RewardSkip reason) internal {
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.ClaimSkipped(id, index, reason);
    }

    /// @dev The item pays nothing and changes nothing.
    function _assertSkipped(IRewardDistributor.TrackedClaim memory item, RewardSkip reason) internal {
        uint256 before = distributor.trackedClaimed();
        _expectSkip(item.executorId, 0, reason);
        assertEq(distributor.claimTracked(_batch(item)), 0);
        assertEq(distributor.trackedClaimed(), before);
    }

    // ---------------------------------------------------------------- the staked stage

    /// @dev Enters the epoch before the first staked one, the time to freeze.
    function _enterStakedStage() internal returns (uint64 first) {
        first = _epoch() + 2;
        vm.prank(owner);
        distributor.setStakedFrom(first);
        _nextEpoch();
    }

    /// @dev What stake and reputation weigh now.
    function _weight(uint32 id) internal view returns (uint256) {
        return staking.weightOf(id);
    }

    /// @dev An outlier of a requester of its own: costs reputation.
    function _spoilReputation(uint32 id, uint256 times) internal {
        for (uint256 i; i < times; ++i) {
            assertTrue(_lock(id, 1 ether));
            _settleFor(vm.addr(1 + i), id, 1 ether, SeatOutcome.Outlier, 0);
        }
    }

    function _setParameters(uint16 emissionShareBps, uint96 epochEmissionCap) internal {
        ProtocolParameters memory next = _parameters();
        (next.emissionShareBps, next.epochEmissionCap) = (emissionShareBps, epochEmissionCap);
        _announceAndExecute(next);
    }
}
