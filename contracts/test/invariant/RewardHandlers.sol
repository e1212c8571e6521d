// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicySet} from "../../src/governance/IPolicySet.sol";
import {ProtocolParameters} from "../../src/governance/ProtocolParameters.sol";
import {IRewardDistributor} from "../../src/rewards/IRewardDistributor.sol";
import {RewardFixture} from "../rewards/RewardFixture.sol";
import {RejectingOwner} from "../stake/Recipients.sol";

/// @notice Everyone who touches emission and governance, at random, and what is remembered of it.
abstract contract RewardHandlers is RewardFixture {
    /// @dev The leaves of a root, one for each executor.
    struct Leaves {
        bytes32 root;
        uint96[4] settled;
        uint96[4] cumulative;
    }

    uint32[4] internal ids;
    address[4] internal owners;
    Leaves internal activeLeaves;
    Leaves internal pendingLeaves;

    uint256 internal funded;
    uint256 internal paidOut;
    uint256 internal donated;
    /// Epochs that were counted in the staked stage.
    uint64[] internal epochs;
    mapping(uint64 epoch => uint256) internal allottedIn;
    mapping(uint64 epoch => mapping(uint32 id => uint256)) internal burnedIn;
    /// The largest weight seen at the checkpoints of an epoch: what may be frozen for the next.
    mapping(uint64 epoch => mapping(uint32 id => uint256)) internal seenWeight;
    mapping(uint32 id => IRewardDistributor.Received) internal last;

    mapping(uint32 id => uint64) private _countedEpoch;

    uint256 internal start;
    uint256 internal pausedTime;
    uint256 internal announcedAt;

    function setUp() public virtual override {
        super.setUp();
        funded = RESERVE;
        address rejecting = address(new RejectingOwner());
        uint32 rejectingId = _registerWithStake(rejecting, "rejecting", STAKE);
        ids = [aliceId, bobId, carolId, rejectingId];
        owners = [alice, bob, carol, rejecting];
        start = vm.getBlockTimestamp();
        vm.prank(owner);
        distributor.setStakedFrom(_epoch() + 4);
    }

    // ---------------------------------------------------------------- jobs and stake

    function record(uint256 who, bool agreed, uint256 fee) external {
        uint32 id = _pick(who);
        fee = agreed ? bound(fee, 0, 20 ether) : 0;
        burnedIn[_epoch()][id] += fee;
        _record(id, agreed, fee);
    }

    function addStake(uint256 who, uint256 amount) external {
        uint32 id = _pick(who);
        if (staking.accountOf(id).ejected) return;
        _stake(id, bound(amount, MINIMUM_STAKE, 100 * STAKE));
    }

    function leaveStake(uint256 who) external {
        uint32 id = _pick(who);
        if (staking.stakeOf(id) == 0) return;
        _requestExit(executors.ownerOf(id), type(uint256).max);
    }

    function slashStake(uint256 who, uint8 percent) external {
        _slash(_pick(who), uint8(bound(percent, 1, 40)), address(0), 0);
    }

    // ---------------------------------------------------------------- the staked stage

    function setStakedFrom(uint64 ahead) external {
        uint64 fromEpoch = ahead % 8 == 0 ? 0 : _epoch() + ahead % 4;
        uint64 earliest = _epoch() + 2;
        uint64 present = distributor.stakedFrom();
        bool due = (present == 0 || present >= earliest) && (fromEpoch == 0 || fromEpoch >= earliest);
        vm.prank(owner);
        try distributor.setStakedFrom(fromEpoch) {
            assertTrue(due, "the stage was moved at a wrong time");
        } catch {
            assertFalse(due, "the stage was not moved");
        }
    }

    function checkpoint(uint256 who, bool everyone) public {
        uint32[] memory some = everyone ? _everyone() : _ids(_pick(who));
        uint64 epoch = _epoch();
        for (uint256 i; i < some.length; ++i) {
            uint32 id = some[i];
            uint256 weight = _weight(id);
            if (weight > seenWeight[epoch][id]) seenWeight[epoch][id] = weight;
            uint256 before = distributor.epochState(epoch - 1).totalWeight;
            uint256 allotted = distributor.receivedBy(id).staked;
            uint64 counted = _countedEpoch[id];
            distributor.checkpoint(_ids(id));

            uint256 added = distributor.epochState(epoch - 1).totalWeight - before;
            assertLe(added, seenWeight[epoch - 2][id] * burnedIn[epoch - 1][id], "weight that was not frozen");
            assertLe(added, weight * burnedIn[epoch - 1][id], "weight that has left");
            uint256 amount = distributor.receivedBy(id).staked - allotted;
            assertLe(amount, burnedIn[counted][id], "more than it burned in the epoch");
            allottedIn[counted] += amount;
            if (added != 0) {
                _countedEpoch[id] = epoch - 1;
                if (epochs.length == 0 || epochs[epochs.length - 1] != epoch - 1) epochs.push(epoch - 1);
            }
        }
        _observe();
    }

    /// @dev An epoch in which everybody works and somebody checkpoints, so that runs get to allotments.
    function workAnEpoch(uint64[4] calldata fees) external {
        for (uint256 i; i < 4; ++i) {
            uint256 fee = bound(fees[i], 1e9, 15 ether);
            burnedIn[_epoch()][ids[i]] += fee;
            _record(ids[i], true, fee);
        }
        checkpoint(0, true);
        pass(0, true);
    }

    function claimStaked(uint256 who) public {
        uint32 id = _pick(who);
        uint256 claimable = distributor.claimableStaked(id);
        uint256 credit = distributor.creditOf(executors.ownerOf(id));
        assertEq(distributor.claimStaked(_ids(id)), claimable);
        assertEq(distributor.creditOf(executors.ownerOf(id)), credit + claimable);
        assertEq(distributor.claimableStaked(id), 0);
        _observe();
    }

    // ---------------------------------------------------------------- the tracked stage

    /// @dev The poster is honest about the sum of its leaves or promises too much, within the budget or beyond it.
    function postRoot(uint96[4] calldata increases, bool settles, uint96 total, bool honest) external {
        _roll();
        IRewardDistributor.Root memory active = distributor.activeRoot();
        Leaves memory next;
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            next.settled[i] = settles ? activeLeaves.cumulative[i] : 0;
            next.cumulative[i] = activeLeaves.cumulative[i] + uint96(bound(increases[i], 0, 4 ether));
            sum += next.cumulative[i];
        }
        total = honest ? uint96(sum) : uint96(bound(total, 0, active.total + 40 ether));
        next.root = _root(next);
        uint64 through = _epoch() - 1;
        uint256 budget = distributor.budgetThrough(through);
        uint64 staked = distributor.stakedFrom();
        bool due = distributor.pendingRoot().activatesAt == 0 && total >= active.total && total - active.total <= budget
            && through >= active.throughEpoch && (staked == 0 || through < staked);
        vm.prank(poster);
        try distributor.postRoot(next.root, total, through) {
            assertTrue(due, "a root was taken");
            pendingLeaves = next;
        } catch {
            assertFalse(due, "a root was refused");
        }
    }

    function cancelRoot(bool byOwner) external {
        _roll();
        bool due = distributor.pendingRoot().activatesAt != 0;
        uint256 reserve = distributor.reserve();
        vm.prank(byOwner ? owner : guardian);
        try distributor.cancelRoot() {
            assertTrue(due, "an active root was cancelled");
            assertGe(distributor.reserve(), reserve);
        } catch {
            assertFalse(due, "a root was not cancelled");
        }
    }

    function claimTracked(uint256 bad) public {
        _roll();
        IRewardDistributor.TrackedClaim[] memory claims = _claims();
        if (bad % 5 < 4) claims[bad % 5].cumulative += 1;
        uint256 before = distributor.trackedClaimed();
        uint256 amount = distributor.claimTracked(claims);
        assertEq(distributor.trackedClaimed(), before + amount);
        _observe();
    }

    // ---------------------------------------------------------------- governance

    function pause(uint32 duration, bool early) external {
        vm.prank(guardian);
        try governance.pauseNewJobs(duration % 3 days) {
            (uint256 until,) = governance.pauseTimes();
            assertLe(until, vm.getBlockTimestamp() + 2 days);
        } catch {}
        if (!early) return;
        vm.prank(owner);
        try governance.resumeNewJobs() {
            assertFalse(governance.isPaused());
        } catch {
            assertFalse(governance.isPaused());
        }
    }

    function change(uint16 share, uint96 cap, uint256 step) external {
        IPolicySet present = governance.current();
        if (step % 4 == 0) {
            ProtocolParameters memory next = _parameters();
            (next.emissionShareBps, next.epochEmissionCap) = (share % 1001, uint96(bound(cap, 0, 100 ether)));
            vm.prank(owner);
            try governance.announce(_policies(), next) {
                announcedAt = vm.getBlockTimestamp();
            } catch {}
        } else if (step % 4 == 1 && step % 8 == 1) {
            vm.prank(owner);
            try governance.cancel() {} catch {}
        } else {
            try governance.execute() {
                assertGt(vm.getBlockTimestamp(), announcedAt + 2 * EPOCH_LENGTH, "a change came too soon");
                return;
            } catch {}
        }
        assertEq(address(governance.current()), address(present), "the set changed without its delay");
    }

    // ---------------------------------------------------------------- money, donors, intruders, time

    function fund(uint256 amount) external {
        amount = bound(amount, 1, 1e4 ether);
        _fund(amount);
        funded += amount;
    }

    function withdrawFor(uint256 who) public {
        address account = owners[who % 4];
        uint256 credit = distributor.creditOf(account);
        try distributor.withdrawFor(account) {
            paidOut += credit;
            assertEq(distributor.creditOf(account), 0);
        } catch {
            assertTrue(credit == 0 || account == owners[3], "a credit was not paid");
            assertEq(distributor.creditOf(account), credit);
        }
    }

    function donate(uint256 amount) external {
        bytes memory before = _everything();
        amount = bound(amount, 1, 1e6 ether);
        vm.deal(address(distributor), address(distributor).balance + amount);
        donated += amount;
        assertEq(_everything(), before, "a donation changed something");
    }

    function intrude(uint256 which) external {
        bytes[8] memory calls = [
            abi.encodeCall(distributor.postRoot, ("root", 0, _epoch() - 1)),
            abi.encodeCall(distributor.cancelRoot, ()),
            abi.encodeCall(distributor.setPoster, (stranger)),
            abi.encodeCall(distributor.setStakedFrom, (_epoch() + 2)),
            abi.encodeCall(governance.announce, (_policies(), _parameters())),
            abi.encodeCall(governance.cancel, ()),
            abi.encodeCall(governance.setGuardian, (stranger)),
            abi.encodeCall(governance.pauseNewJobs, (1))
        ];
        which %= calls.length;
        vm.prank(stranger);
        (bool done,) = (which < 4 ? address(distributor) : address(governance)).call(calls[which]);
        assertFalse(done, "an intruder was let in");
    }

    function pass(uint256 time, bool toNextEpoch) public {
        time = toNextEpoch ? EPOCH_LENGTH - vm.getBlockTimestamp() % EPOCH_LENGTH : bound(time, 1, EPOCH_LENGTH);
        (uint256 until,) = governance.pauseTimes();
        uint256 now_ = vm.getBlockTimestamp();
        if (until > now_) pausedTime += until - now_ < time ? until - now_ : time;
        skip(time);
    }

    // ---------------------------------------------------------------- what is remembered

    function _pick(uint256 who) internal view returns (uint32) {
        return ids[who % 4];
    }

    function _everyone() internal view returns (uint32[] memory all) {
        all = new uint32[](4);
        for (uint256 i; i < 4; ++i) {
            all[i] = ids[i];
        }
    }

    /// @dev The contract activates roots when it is next asked; so do the books.
    function _roll() internal {
        if (distributor.activeRoot().hash == pendingLeaves.root && pendingLeaves.root != 0) {
            activeLeaves = pendingLeaves;
        }
    }

    function _leaves(Leaves memory given) private view returns (bytes32[4] memory leaves) {
        for (uint256 i; i < 4; ++i) {
            leaves[i] = _leaf(ids[i], given.settled[i], given.cumulative[i]);
        }
    }

    function _root(Leaves memory given) private view returns (bytes32) {
        bytes32[4] memory leaves = _leaves(given);
        return _node(_node(leaves[0], leaves[1]), _node(leaves[2], leaves[3]));
    }

    function _claims() internal view returns (IRewardDistributor.TrackedClaim[] memory claims) {
        bytes32[4] memory leaves = _leaves(activeLeaves);
        claims = new IRewardDistributor.TrackedClaim[](4);
        for (uint256 i; i < 4; ++i) {
            claims[i] = _claim(ids[i], activeLeaves.settled[i], activeLeaves.cumulative[i]);
            claims[i].proof = new bytes32[](2);
            claims[i].proof[0] = leaves[i ^ 1];
            claims[i].proof[1] = i < 2 ? _node(leaves[2], leaves[3]) : _node(leaves[0], leaves[1]);
        }
    }

    /// @dev What was received never falls.
    function _observe() internal {
        for (uint256 i; i < 4; ++i) {
            IRewardDistributor.Received memory received = distributor.receivedBy(ids[i]);
            IRewardDistributor.Received memory before = last[ids[i]];
            assertGe(received.tracked, before.tracked);
            assertGe(received.staked, before.staked);
            assertGe(received.stakedClaimed, before.stakedClaimed);
            last[ids[i]] = received;
        }
    }

    /// @dev All that the getters say.
    function _everything() internal view returns (bytes memory all) {
        all = abi.encode(
            distributor.reserve(),
            distributor.budget(),
            distributor.budgetThrough(_epoch() - 1),
            distributor.liabilities(),
            distributor.activeRoot(),
            distributor.pendingRoot(),
            distributor.trackedClaimed(),
            distributor.stakedFrom()
        );
        for (uint256 i; i < 4; ++i) {
            all = abi.encode(
                all,
                distributor.receivedBy(ids[i]),
                distributor.claimableStaked(ids[i]),
                distributor.creditOf(owners[i]),
                distributor.frozenWeightOf(ids[i], _epoch())
            );
        }
    }
}
