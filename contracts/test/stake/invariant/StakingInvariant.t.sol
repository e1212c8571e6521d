// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking} from "../../../src/stake/IStaking.sol";
import {NetworkFixture} from "../NetworkFixture.sol";
import {StakingHandler} from "./StakingHandler.sol";

/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract StakingInvariantTest is NetworkFixture {
    StakingHandler private handler;

    function setUp() public override {
        super.setUp();
        bytes32 modelId = _publish("minilm");
        handler = new StakingHandler(staking, slashing, executors, jobRegistry);
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            string memory name = vm.toString(id);
            address owner = makeAddr(string.concat("owner ", name));
            assertEq(_register(owner, name), id);
            vm.prank(owner);
            executors.setOffering(modelId, 1, RUNTIME_CLASS, 0, 1 gwei, 100);
            handler.stake(id - 1, 1000 ether);
        }

        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = StakingHandler.stake.selector;
        selectors[1] = StakingHandler.requestExit.selector;
        selectors[2] = StakingHandler.completeExit.selector;
        selectors[3] = StakingHandler.withdrawEarnings.selector;
        selectors[4] = StakingHandler.withdrawProverReward.selector;
        selectors[5] = StakingHandler.lockSeat.selector;
        selectors[6] = StakingHandler.unlockSeat.selector;
        selectors[7] = StakingHandler.settle.selector;
        selectors[8] = StakingHandler.punish.selector;
        selectors[9] = StakingHandler.donate.selector;
        selectors[10] = StakingHandler.pass.selector;
        selectors[11] = StakingHandler.refreshWeights.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_theBalanceIsTheLiabilitiesAndWhatWasForcedIn() public view {
        assertEq(address(staking).balance, staking.liabilities() + handler.donated());
    }

    function invariant_liabilitiesAreTheSumOfWhatEveryoneIsOwed() public view {
        uint256 sum = staking.proverRewardOf(handler.provers(0)) + staking.proverRewardOf(handler.provers(1));
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            (uint256 exiting,) = staking.exitOf(id);
            sum += staking.stakeOf(id) + exiting + staking.accountOf(id).earnings;
        }
        assertEq(staking.liabilities(), sum);
    }

    function invariant_everyCoinIsHeldPaidOutOrBurned() public view {
        uint256 burned = staking.BURN_ADDRESS().balance;
        assertEq(handler.paidIn(), staking.liabilities() + handler.paidOut() + burned);
        assertLe(burned, handler.slashedStake());
        assertGe(burned * 10, handler.slashedStake() * 9, "a tenth at most goes to provers");
    }

    function invariant_locksAreThoseOfTheSeatsInFlight() public view {
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            IStaking.Account memory account = staking.accountOf(id);
            assertEq(account.locked, handler.lockedBy(id));
            assertEq(account.inFlight, handler.seatsOf(id));
        }
    }

    function invariant_ejectedExecutorsHaveNoWeightAndGetNoSeat() public view {
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            IStaking.Account memory account = staking.accountOf(id);
            assertLe(account.reputation, 1e6);
            if (!account.ejected) continue;
            assertEq(staking.weightOf(id), 0);
            assertFalse(staking.canLockSeat(id, 0, type(uint16).max));
        }
    }

    function invariant_gettersNeverRevert() public view {
        handler.books();
        uint32[3] memory strangers = [0, handler.EXECUTORS() + 1, type(uint32).max];
        for (uint256 i; i < strangers.length; ++i) {
            uint32 id = strangers[i];
            (uint256 exiting, uint64 maturesAt) = staking.exitOf(id);
            assertEq(staking.stakeOf(id) + exiting + maturesAt + staking.freeStakeOf(id) + staking.weightOf(id), 0);
            assertEq(staking.accountOf(id).reputation, reputation.initialScore());
            assertFalse(staking.canLockSeat(id, type(uint128).max, type(uint16).max));
        }
    }

    /// Whatever happened before, no lock outlives its seat.
    function afterInvariant() public {
        handler.releaseAllSeats();
        for (uint32 id = 1; id <= handler.EXECUTORS(); ++id) {
            assertEq(staking.accountOf(id).locked, 0);
            assertEq(staking.accountOf(id).inFlight, 0);
        }
    }
}
