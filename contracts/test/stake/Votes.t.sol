// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

contract VotesTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;

    address private immutable alice = makeAddr("alice");
    address private immutable dora = makeAddr("dora");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", STAKE);
        _delegate(dora, id, 500 ether);
    }

    function test_regression_stakeOfThisEpochHasNoVote() public {
        assertEq(_votes(alice), 0);
        assertEq(_votes(dora), 0);
        _skipEpochs(1);
        assertEq(_votes(alice), STAKE);
        assertEq(_votes(dora), 500 ether);

        // Flash stake: in and out within one transaction's time.
        _stake(id, 9 * STAKE);
        _delegate(dora, id, 9 * STAKE);
        _delegate(makeAddr("flash"), id, 9 * STAKE);
        assertEq(_votes(alice), STAKE);
        assertEq(_votes(dora), 500 ether);
        assertEq(_votes(makeAddr("flash")), 0);
        _skipEpochs(1);
        assertEq(_votes(alice), 10 * STAKE);
        assertEq(staking.votesOf(id, alice, staking.currentEpoch() - 1), STAKE);
    }

    function test_exitingStakeDoesNotVote() public {
        _skipEpochs(1);
        _requestExit(alice, 400 ether);
        _undelegate(dora, id, 100 ether);
        assertEq(_votes(alice), 600 ether);
        assertEq(_votes(dora), 400 ether);
    }

    function test_slashedStakeDoesNotVoteNorWhatTakesItsPlace() public {
        _skipEpochs(1);
        _slash(id, 50, address(0), 0);
        assertEq(_votes(alice), 500 ether);
        assertEq(_votes(dora), 250 ether);
        _stake(id, 500 ether);
        _delegate(dora, id, 250 ether);
        assertEq(_votes(alice), 500 ether);
        assertEq(_votes(dora), 250 ether);
        _skipEpochs(1);
        assertEq(_votes(alice), STAKE);
        assertEq(_votes(dora), 500 ether);
    }

    function test_aNewGenerationVotesFromItsNextEpoch() public {
        _skipEpochs(1);
        _slash(id, 100, address(0), 0);
        _skipToEpoch(staking.exitMaturity());
        staking.reinstate(id);
        _stake(id, STAKE);
        assertEq(_votes(alice), 0);
        assertEq(_votes(dora), 0);
        _skipEpochs(1);
        assertEq(_votes(alice), STAKE);
        assertEq(_votes(dora), 0);
    }

    function testFuzz_votesNeverExceedTheActiveStake(uint256 seed) public {
        for (uint256 step; step < 20; ++step) {
            uint256 random = uint256(keccak256(abi.encode(seed, step)));
            uint256 worth = _worthOf(id, dora);
            if (random % 5 == 0) _skipEpochs(1);
            else if (random % 5 == 1) _delegate(dora, id, 1 + (random >> 8) % 1e20);
            else if (random % 5 == 2 && worth != 0) _undelegate(dora, id, 1 + (random >> 8) % worth);
            else if (random % 5 == 3) _slash(id, uint8((random >> 8) % 30), address(0), 0);
            else _stake(id, STAKE);
            IStaking.PoolView memory pool = staking.poolOf(id);
            assertLe(_votes(alice), pool.own);
            assertLe(_votes(dora), _worthOf(id, dora));
            if (pool.own < MINIMUM_STAKE) _stake(id, STAKE);
        }
    }

    function test_theFutureHasNoVotes() public {
        uint64 epoch = staking.currentEpoch();
        vm.expectRevert(abi.encodeWithSelector(IStaking.EpochNotStarted.selector, epoch + 1, epoch));
        staking.votesOf(id, alice, epoch + 1);
        assertEq(staking.votesOf(id, alice, 0), 0);
        assertEq(staking.votesOf(id + 1, alice, epoch), 0);
    }

    function _votes(address account) private view returns (uint256) {
        return staking.votesOf(id, account, staking.currentEpoch());
    }
}
