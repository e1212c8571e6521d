// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExecutorRegistry} from "../../../src/executors/ExecutorRegistry.sol";
import {IStaking, Offence, SeatOutcome} from "../../../src/stake/IStaking.sol";
import {Slashing} from "../../../src/stake/Slashing.sol";
import {Staking} from "../../../src/stake/Staking.sol";
import {StakingLedger} from "./StakingLedger.sol";

/// @notice Everyone who touches staking, at random: owners, funders, delegators, the job registry, the court, provers, a donor,
/// time. Calls that the rules refuse are not made, so that runs get far; what the rules refuse is tested elsewhere.
contract StakingHandler is StakingLedger {
    uint256 private constant REQUESTERS = 3;

    Slashing private immutable slashing;
    address private immutable jobRegistry;
    address private immutable court;

    constructor(Staking staking_, Slashing slashing_, ExecutorRegistry executors_, address jobRegistry_, address court_)
        StakingLedger(staking_, executors_)
    {
        slashing = slashing_;
        jobRegistry = jobRegistry_;
        court = court_;
    }

    // ---------------------------------------------------------------- owners and funders

    function stake(uint256 seed, uint256 amount) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        if (staking.accountOf(id).ejected) return;
        amount = bound(amount, staking.minimumStake(), 1e24);
        hoax(makeAddr("funder"), amount);
        staking.stake{value: amount}(id);
        paidIn += amount;
    }

    function requestExit(uint256 seed, uint256 amount, bool whole) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        IStaking.PoolView memory pool = staking.poolOf(id);
        uint256 locked = staking.accountOf(id).locked;
        uint256 uncovered = locked > pool.delegated ? locked - pool.delegated : 0;
        if (pool.own == 0 || uncovered > pool.own) return;
        if (whole && uncovered == 0) {
            amount = type(uint256).max;
        } else {
            uint256 stays = uncovered > staking.minimumStake() ? uncovered : staking.minimumStake();
            if (stays >= pool.own) return;
            amount = bound(amount, 1, pool.own - stays);
        }
        rememberMaturity();
        vm.prank(executors.ownerOf(id));
        staking.requestExit(amount);
    }

    function completeExit(uint256 seed, uint256 which) external keepsSlashable(seed) {
        if (maturities.length == 0) return;
        uint32 id = executorAt(seed);
        uint64 maturesAt = maturities[which % maturities.length];
        uint256 amount = staking.exitOf(id, maturesAt);
        if (amount == 0 || !isMature(maturesAt)) return;
        address owner = executors.ownerOf(id);
        uint256 before = owner.balance;
        staking.completeExit(id, maturesAt);
        assertEq(owner.balance - before, amount);
        paidOut += amount;
    }

    function withdrawEarnings(uint256 seed) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        uint256 amount = staking.poolOf(id).ownerEarnings;
        if (amount == 0) return;
        address owner = executors.ownerOf(id);
        uint256 before = owner.balance;
        staking.withdrawEarnings(id);
        assertEq(owner.balance - before, amount);
        paidOut += amount;
    }

    function announceCommission(uint256 seed, uint16 bps) external keepsSlashable(seed) {
        bps = uint16(bound(bps, 0, staking.MAX_COMMISSION_BPS()));
        vm.prank(executors.ownerOf(executorAt(seed)));
        staking.announceCommission(bps);
    }

    function refreshWeights(uint256 seed) external keepsSlashable(seed) {
        executors.refreshWeights(executorAt(seed));
    }

    function comeBack(uint256 seed) external {
        uint32 id = executorAt(seed);
        IStaking.Account memory account = staking.accountOf(id);
        if (!account.ejected || account.inFlight != 0 || staking.poolOf(id).own != 0) return;
        if (staking.currentEpoch() < returnsAt[id]) return;
        if (unmaturedOf(id) != 0) return;
        // Delegators who left lately hold the return up too: their bucket must have matured.
        try staking.reinstate(id) {
            assertFalse(staking.accountOf(id).ejected);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IStaking.ExitNotMature.selector);
        }
    }

    // ---------------------------------------------------------------- delegators

    function delegate(uint256 seed, uint256 who, uint256 amount) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        IStaking.PoolView memory pool = staking.poolOf(id);
        if (staking.accountOf(id).ejected || pool.own < staking.minimumStake()) return;
        if (pool.delegatedShares > 1e11 * pool.delegated) return;
        amount = bound(amount, 1, 1e24);
        address delegator = delegatorAt(who);
        (uint256 worth,,) = staking.delegationOf(id, delegator);
        hoax(delegator, delegator.balance + amount);
        staking.delegate{value: amount}(id);
        paidIn += amount;
        (uint256 after_,,) = staking.delegationOf(id, delegator);
        assertLe(after_, worth + amount);
        ++operations;
    }

    function undelegate(uint256 seed, uint256 who, uint256 amount, bool whole) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        address delegator = delegatorAt(who);
        (uint256 worth,,) = staking.delegationOf(id, delegator);
        if (worth == 0) return;
        amount = whole ? type(uint256).max : bound(amount, 1, worth);
        rememberMaturity();
        vm.prank(delegator);
        staking.undelegate(id, amount);
        (uint256 left,,) = staking.delegationOf(id, delegator);
        assertLe(left, worth - (whole ? worth : amount));
        ++operations;
    }

    function completeUndelegation(uint256 seed, uint256 who, uint256 which) external keepsSlashable(seed) {
        if (maturities.length == 0) return;
        uint32 id = executorAt(seed);
        address delegator = delegatorAt(who);
        uint64 maturesAt = maturities[which % maturities.length];
        uint256 amount = staking.undelegationOf(id, delegator, maturesAt);
        if (amount == 0 || !isMature(maturesAt)) return;
        uint256 before = delegator.balance;
        staking.completeUndelegation(id, delegator, maturesAt);
        assertEq(delegator.balance - before, amount);
        paidOut += amount;
        ++operations;
    }

    function withdrawDelegation(uint256 seed, uint256 who) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        address delegator = delegatorAt(who);
        (,, uint256 amount) = staking.delegationOf(id, delegator);
        if (amount == 0) return;
        uint256 before = delegator.balance;
        staking.withdrawDelegation(id, delegator);
        assertEq(delegator.balance - before, amount);
        paidOut += amount;
        ++operations;
    }

    // ---------------------------------------------------------------- job registry

    function lockSeat(uint256 seed, uint256 amount, uint16 capacity) external keepsSlashable(seed) {
        uint32 id = executorAt(seed);
        // Now and then more than there is.
        amount = bound(amount, 0, staking.freeStakeOf(id) / 3 + 1);
        bool expected = staking.canLockSeat(id, uint128(amount), capacity);
        vm.prank(jobRegistry);
        bool locked = staking.tryLockSeat(bytes32(seed), id, uint128(amount), capacity);
        assertEq(locked, expected);
        if (locked) rememberSeat(id, uint128(amount));
    }

    function unlockSeat(uint256 seed) external {
        if (seats.length == 0) return;
        Seat memory seat = takeSeat(seed);
        vm.prank(jobRegistry);
        staking.unlockSeat(bytes32(seed), seat.executorId, seat.amount);
    }

    function settle(uint256 seed, uint256 payment, uint256 protocolFee, uint8 outcome) external {
        if (seats.length == 0) return;
        Seat memory seat = takeSeat(seed);
        payment = bound(payment, 0, 1e22);
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(
            seat.executorId, SeatOutcome(outcome % 5), uint128(payment), uint128(bound(protocolFee, 0, 0.02 ether))
        );
        hoax(jobRegistry, payment);
        staking.settle{value: payment}(bytes32(seed), vm.addr(1 + seed % REQUESTERS), seat.amount, settlements);
        paidIn += payment;
        ++operations;
    }

    function punish(uint256 seed, uint8 kind, uint128 seatFee) external {
        uint32 id = executorAt(seed);
        Offence offence = [Offence.NoReveal, Offence.InvalidVif, Offence.Conviction][kind % 3];
        address prover = provers[seed % 2];
        uint256 slashable = slashableOf(id);
        bytes memory matured = maturedExits(id);
        uint256 credited = staking.proverRewardOf(prover) + staking.unburnedOf(prover);
        uint256 reward = staking.proverRewardOf(prover);
        uint256 own = staking.poolOf(id).own;

        vm.prank(offence == Offence.Conviction ? court : jobRegistry);
        uint256 amount = slashing.punish(offence, id, bytes32(seed), uint128(bound(seatFee, 0, 1e21)), prover);

        assertEq(slashableOf(id) + amount, slashable, "what is taken is what is missing");
        assertEq(maturedExits(id), matured, "a matured exit is not slashed");
        assertEq(staking.proverRewardOf(prover) + staking.unburnedOf(prover), credited + amount);
        assertLe((staking.proverRewardOf(prover) - reward) * 10, own - staking.poolOf(id).own);
        assertGe(amount * 100, slashable * slashing.percentOf(offence, staking.strikesOf(id, offence)));
        if (slashable != 0 && slashableOf(id) == 0) returnsAt[id] = staking.exitMaturity();
        ++operations;
    }

    // ---------------------------------------------------------------- provers, donor, time

    function takeRewards(uint256 seed) external {
        address prover = provers[seed % 2];
        uint256 reward = staking.proverRewardOf(prover);
        if (reward != 0) staking.withdrawProverReward(prover);
        paidOut += reward;
        if (staking.unburnedOf(prover) != 0) staking.burnSlashed(prover);
    }

    function donate(uint256 amount) external {
        amount = bound(amount, 1, 1e24);
        bytes memory before = books();
        vm.deal(address(staking), address(staking).balance + amount);
        assertEq(books(), before, "a donation changes nothing");
        donated += amount;
    }

    function pass(uint256 time) external {
        // Up to beyond the maturity of an exit.
        skip(bound(time, 1 hours, 2 * staking.unbondingEpochs() * uint256(staking.epochLength())));
    }

    // ---------------------------------------------------------------- the end

    /// @notice Everyone leaves, and strangers do what strangers can.
    function everybodyLeaves() external {
        while (seats.length != 0) {
            Seat memory seat = takeSeat(0);
            vm.prank(jobRegistry);
            staking.unlockSeat(0, seat.executorId, seat.amount);
        }
        rememberMaturity();
        for (uint32 id = 1; id <= EXECUTORS; ++id) {
            if (staking.poolOf(id).own != 0) {
                vm.prank(executors.ownerOf(id));
                staking.requestExit(type(uint256).max);
            }
            for (uint256 who; who < DELEGATORS; ++who) {
                (uint256 worth,,) = staking.delegationOf(id, delegatorAt(who));
                if (worth == 0) continue;
                vm.prank(delegatorAt(who));
                staking.undelegate(id, type(uint256).max);
            }
        }
        vm.warp(uint256(staking.exitMaturity()) * staking.epochLength());
        for (uint32 id = 1; id <= EXECUTORS; ++id) {
            for (uint256 i; i < maturities.length; ++i) {
                if (staking.exitOf(id, maturities[i]) != 0) staking.completeExit(id, maturities[i]);
                for (uint256 who; who < DELEGATORS; ++who) {
                    if (staking.undelegationOf(id, delegatorAt(who), maturities[i]) == 0) continue;
                    staking.completeUndelegation(id, delegatorAt(who), maturities[i]);
                }
            }
            if (staking.poolOf(id).ownerEarnings != 0) staking.withdrawEarnings(id);
            for (uint256 who; who < DELEGATORS; ++who) {
                (,, uint256 owed) = staking.delegationOf(id, delegatorAt(who));
                if (owed != 0) staking.withdrawDelegation(id, delegatorAt(who));
            }
            if (staking.accountOf(id).ejected) staking.reinstate(id);
        }
        for (uint256 i; i < 2; ++i) {
            if (staking.proverRewardOf(provers[i]) != 0) staking.withdrawProverReward(provers[i]);
            if (staking.unburnedOf(provers[i]) != 0) staking.burnSlashed(provers[i]);
        }
    }
}
