// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, Offence} from "../../../src/stake/IStaking.sol";
import {NetworkFixture} from "../NetworkFixture.sol";
import {StakingHandler} from "./StakingHandler.sol";

/// @notice Numbered in `test/invariant/README.md`. S5, S6, S8 and S11 are checked by the handler, in the steps they are about.
///
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract StakingInvariantTest is NetworkFixture {
    StakingHandler private handler;

    function setUp() public override {
        super.setUp();
        bytes32 modelId = _publish("minilm");
        handler = new StakingHandler(staking, slashing, executors, jobRegistry, court);
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            string memory name = vm.toString(id);
            address owner = makeAddr(string.concat("owner ", name));
            assertEq(_register(owner, name), id);
            vm.prank(owner);
            executors.setOffering(modelId, 1, RUNTIME_CLASS, 0, 1 gwei, 100);
            handler.stake(id - 1, 1000 ether);
            handler.delegate(id - 1, id, 100 ether);
        }

        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](18);
        selectors[0] = StakingHandler.stake.selector;
        selectors[1] = StakingHandler.requestExit.selector;
        selectors[2] = StakingHandler.completeExit.selector;
        selectors[3] = StakingHandler.withdrawEarnings.selector;
        selectors[4] = StakingHandler.takeRewards.selector;
        selectors[5] = StakingHandler.lockSeat.selector;
        selectors[6] = StakingHandler.unlockSeat.selector;
        selectors[7] = StakingHandler.settle.selector;
        selectors[8] = StakingHandler.punish.selector;
        selectors[9] = StakingHandler.donate.selector;
        selectors[10] = StakingHandler.pass.selector;
        selectors[11] = StakingHandler.refreshWeights.selector;
        selectors[12] = StakingHandler.comeBack.selector;
        selectors[13] = StakingHandler.delegate.selector;
        selectors[14] = StakingHandler.undelegate.selector;
        selectors[15] = StakingHandler.completeUndelegation.selector;
        selectors[16] = StakingHandler.withdrawDelegation.selector;
        selectors[17] = StakingHandler.announceCommission.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// S1
    function invariant_theBalanceCoversEveryClaimAndHoldsNothingElseButDust() public view {
        uint256 owed = handler.claims() + handler.donated();
        assertGe(address(staking).balance, owed);
        // A rounding leaves less than a wei for each delegator behind.
        assertLe(address(staking).balance - owed, 4 * handler.DELEGATORS() * (handler.operations() + 1));
    }

    /// S2
    function invariant_everyCoinIsHeldPaidOutOrBurned() public view {
        uint256 held = address(staking).balance - handler.donated();
        assertEq(handler.paidIn(), held + handler.paidOut() + staking.BURN_ADDRESS().balance);
    }

    /// S3
    function invariant_locksAreThoseOfTheSeatsInFlight() public view {
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            IStaking.Account memory account = staking.accountOf(id);
            assertEq(account.locked, handler.lockedBy(id));
            assertEq(account.inFlight, handler.seatsOf(id));
        }
    }

    /// S4
    function invariant_ejectedExecutorsHaveNoWeightAndGetNoSeat() public view {
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            IStaking.Account memory account = staking.accountOf(id);
            assertLe(account.reputation, 1e6);
            if (!account.ejected && staking.poolOf(id).own >= staking.minimumStake()) continue;
            assertEq(staking.weightOf(id), 0);
            assertFalse(staking.canLockSeat(id, 0, type(uint16).max));
        }
    }

    /// S7
    function invariant_sharesAreNeverWorthMoreThanThePoolNorMoreThanAWeiEach() public view {
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            IStaking.PoolView memory pool = staking.poolOf(id);
            assertLe(pool.delegated, pool.delegatedShares);
            uint256 worths;
            uint256 shares;
            for (uint256 who; who < handler.DELEGATORS(); ++who) {
                (uint256 worth, uint256 held,) = staking.delegationOf(id, handler.delegatorAt(who));
                worths += worth;
                shares += held;
            }
            assertEq(shares, pool.delegatedShares);
            assertLe(worths, pool.delegated);
            assertLe(pool.delegated - worths, handler.DELEGATORS());
        }
    }

    /// S9
    function invariant_votesAreActiveStake() public view {
        uint64 epoch = staking.currentEpoch();
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            assertLe(staking.votesOf(id, executors.ownerOf(id), epoch), staking.poolOf(id).own);
            for (uint256 who; who < handler.DELEGATORS(); ++who) {
                address delegator = handler.delegatorAt(who);
                (uint256 worth,,) = staking.delegationOf(id, delegator);
                assertLe(staking.votesOf(id, delegator, epoch), worth);
            }
        }
    }

    /// S10
    function invariant_gettersNeverRevert() public view {
        handler.books();
        uint32[3] memory strangers = [0, handler.EXECUTORS() + 1, type(uint32).max];
        for (uint256 i; i < strangers.length; ++i) {
            uint32 id = strangers[i];
            assertEq(staking.stakeOf(id) + staking.exitingOf(id) + staking.freeStakeOf(id) + staking.weightOf(id), 0);
            assertEq(staking.votesOf(id, address(0), 0) + staking.strikesOf(id, Offence.Conviction), 0);
            assertEq(staking.accountOf(id).reputation, reputation.initialScore());
            assertEq(staking.poolOf(id).generation, 0);
            assertFalse(staking.canLockSeat(id, type(uint128).max, type(uint16).max));
        }
    }

    /// S12
    function afterInvariant() public {
        handler.everybodyLeaves();
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            assertEq(staking.accountOf(id).locked, 0);
            assertEq(staking.accountOf(id).inFlight, 0);
            assertFalse(staking.accountOf(id).ejected, "everyone has a way back");
        }
        // Shares that were worth nothing may gain a wei of dust when others leave.
        assertLe(handler.claims(), handler.EXECUTORS() * handler.DELEGATORS());
        uint256 dust = address(staking).balance - handler.donated();
        assertLe(dust, 4 * handler.DELEGATORS() * (handler.operations() + 1));
    }
}
