// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExecutorRegistry} from "../../../src/executors/ExecutorRegistry.sol";
import {IStaking, SeatOutcome} from "../../../src/stake/IStaking.sol";
import {Slashing} from "../../../src/stake/Slashing.sol";
import {Staking} from "../../../src/stake/Staking.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Everyone who touches staking, at random: owners and funders, the job registry, provers, a donor, time.
/// @dev Keeps its own books beside the contract's. Calls that the rules refuse are not made, so that runs get far; what the
/// rules refuse is tested elsewhere.
contract StakingHandler is Test {
    struct Seat {
        uint32 executorId;
        uint128 amount;
    }

    uint32 public constant EXECUTORS = 4;
    uint256 private constant REQUESTERS = 3;

    Staking private immutable staking;
    Slashing private immutable slashing;
    ExecutorRegistry private immutable executors;
    address private immutable jobRegistry;
    address[2] public provers;

    Seat[] private _seats;
    mapping(uint32 executorId => uint256) public lockedBy;
    mapping(uint32 executorId => uint256) public seatsOf;
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public slashedStake;
    uint256 public donated;

    constructor(Staking staking_, Slashing slashing_, ExecutorRegistry executors_, address jobRegistry_) {
        staking = staking_;
        slashing = slashing_;
        executors = executors_;
        jobRegistry = jobRegistry_;
        provers = [makeAddr("prover 1"), makeAddr("prover 2")];
    }

    // ---------------------------------------------------------------- owners and funders

    function stake(uint256 seed, uint256 amount) external {
        uint32 id = _executor(seed);
        if (staking.accountOf(id).ejected) return;
        amount = bound(amount, staking.minimumStake(), 1e24);
        hoax(makeAddr("funder"), amount);
        staking.stake{value: amount}(id);
        paidIn += amount;
    }

    function requestExit(uint256 seed, uint256 amount, bool whole) external {
        uint32 id = _executor(seed);
        (uint256 pending,) = staking.exitOf(id);
        uint256 active = staking.stakeOf(id);
        uint256 locked = staking.accountOf(id).locked;
        if (pending != 0 || active == 0 || locked > active) return;
        if (whole && locked == 0) {
            amount = active;
        } else {
            uint256 stays = locked > staking.minimumStake() ? locked : staking.minimumStake();
            if (stays >= active) return;
            amount = bound(amount, 1, active - stays);
        }
        vm.prank(executors.ownerOf(id));
        staking.requestExit(amount);
    }

    function completeExit(uint256 seed) external {
        uint32 id = _executor(seed);
        (uint256 amount, uint64 maturesAt) = staking.exitOf(id);
        if (amount == 0 || staking.currentEpoch() < maturesAt) return;
        address owner = executors.ownerOf(id);
        uint256 before = owner.balance;
        staking.completeExit(id);
        assertEq(owner.balance - before, amount);
        paidOut += amount;
    }

    function withdrawEarnings(uint256 seed) external {
        uint32 id = _executor(seed);
        uint256 amount = staking.accountOf(id).earnings;
        if (amount == 0) return;
        address owner = executors.ownerOf(id);
        uint256 before = owner.balance;
        staking.withdrawEarnings(id);
        assertEq(owner.balance - before, amount);
        paidOut += amount;
    }

    function withdrawProverReward(uint256 seed) external {
        address prover = provers[seed % 2];
        uint256 amount = staking.proverRewardOf(prover);
        if (amount == 0) return;
        staking.withdrawProverReward(prover);
        paidOut += amount;
    }

    function refreshWeights(uint256 seed) external {
        executors.refreshWeights(_executor(seed));
    }

    // ---------------------------------------------------------------- job registry

    function lockSeat(uint256 seed, uint256 amount, uint16 capacity) external {
        uint32 id = _executor(seed);
        // Now and then more than there is.
        amount = bound(amount, 0, staking.freeStakeOf(id) / 3 + 1);
        bool expected = staking.canLockSeat(id, uint128(amount), capacity);
        vm.prank(jobRegistry);
        bool locked = staking.tryLockSeat(bytes32(seed), id, uint128(amount), capacity);
        assertEq(locked, expected);
        if (!locked) return;
        _seats.push(Seat(id, uint128(amount)));
        lockedBy[id] += amount;
        ++seatsOf[id];
    }

    function unlockSeat(uint256 seed) external {
        if (_seats.length == 0) return;
        Seat memory seat = _takeSeat(seed);
        vm.prank(jobRegistry);
        staking.unlockSeat(bytes32(seed), seat.executorId, seat.amount);
    }

    function settle(uint256 seed, uint256 payment, uint256 protocolFee, uint8 outcome) external {
        if (_seats.length == 0) return;
        Seat memory seat = _takeSeat(seed);
        payment = bound(payment, 0, 1e22);
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(
            seat.executorId, SeatOutcome(outcome % 5), uint128(payment), uint128(bound(protocolFee, 0, 0.02 ether))
        );
        hoax(jobRegistry, payment);
        staking.settle{value: payment}(bytes32(seed), vm.addr(1 + seed % REQUESTERS), seat.amount, settlements);
        paidIn += payment;
    }

    function punish(uint256 seed, uint128 seatFee) external {
        uint32 id = _executor(seed);
        seatFee = uint128(bound(seatFee, 0, 1e21));
        uint256 active = staking.stakeOf(id);
        (uint256 exiting, uint64 maturesAt) = staking.exitOf(id);
        uint256 earnings = staking.accountOf(id).earnings;
        bool mature = exiting != 0 && staking.currentEpoch() >= maturesAt;

        vm.prank(jobRegistry);
        uint256 amount = slashing.punishNoReveal(id, bytes32(seed), seatFee, provers[seed % 2]);

        (uint256 left,) = staking.exitOf(id);
        if (mature) assertEq(left, exiting, "a mature exit is not slashed");
        assertEq(active + exiting - staking.stakeOf(id) - left, amount);
        assertEq(staking.accountOf(id).earnings, earnings, "earnings are not slashed");
        slashedStake += amount;
    }

    // ---------------------------------------------------------------- donor and time

    function donate(uint256 amount) external {
        amount = bound(amount, 1, 1e24);
        bytes memory before = books();
        vm.deal(address(staking), address(staking).balance + amount);
        assertEq(books(), before, "a donation changes nothing");
        donated += amount;
    }

    function pass(uint256 time) external {
        // Up to beyond the maturity of an exit.
        skip(bound(time, 1 hours, (staking.unbondingEpochs() + 1) * uint256(staking.epochLength())));
    }

    // ---------------------------------------------------------------- for the invariants

    function releaseAllSeats() external {
        while (_seats.length != 0) {
            Seat memory seat = _takeSeat(0);
            vm.prank(jobRegistry);
            staking.unlockSeat(0, seat.executorId, seat.amount);
        }
    }

    /// @notice All that staking says about everybody.
    function books() public view returns (bytes memory all) {
        all = abi.encode(staking.liabilities(), staking.proverRewardOf(provers[0]), staking.proverRewardOf(provers[1]));
        for (uint32 id = 1; id <= EXECUTORS; ++id) {
            (uint256 exiting, uint64 maturesAt) = staking.exitOf(id);
            all = abi.encode(
                all, staking.accountOf(id), staking.stakeOf(id), exiting, maturesAt, staking.freeStakeOf(id)
            );
            all = abi.encode(all, staking.weightOf(id), staking.canLockSeat(id, 1 ether, 1));
        }
    }

    function _takeSeat(uint256 seed) private returns (Seat memory seat) {
        uint256 index = seed % _seats.length;
        seat = _seats[index];
        _seats[index] = _seats[_seats.length - 1];
        _seats.pop();
        lockedBy[seat.executorId] -= seat.amount;
        --seatsOf[seat.executorId];
    }

    function _executor(uint256 seed) private pure returns (uint32) {
        return uint32(1 + seed % EXECUTORS);
    }
}
