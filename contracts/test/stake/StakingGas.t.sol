// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// @notice Gas of what jobs call, from cold storage, without the 21k base of a transaction.
contract StakingGasTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;
    uint128 private constant LOCK = 10 ether;

    address private immutable alice = makeAddr("alice");
    address private immutable prover = makeAddr("prover");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", STAKE);
        // Slots that a network in use has written before.
        assertTrue(_lock(id, LOCK));
        _settle(id, LOCK, SeatOutcome.Success, 1 ether);
        _slash(id, 1, prover, 1 ether);
    }

    /// The whole transaction: base, calldata, `Slashing`, `Staking`. Own and delegated stake, both exit buckets.
    function test_gasOfASlash() public {
        _fillBuckets();
        uint256 gas = _gasOfAPunishment(prover);
        vm.snapshotValue("Staking", "slash", gas);
        assertLe(gas, 60_000);
    }

    /// A prover that has never had a reward: its slot is new, which costs 17,100 more than one that is not.
    function test_gasOfASlashForANewProver() public {
        uint256 gas = _gasOfAPunishment(makeAddr("new prover"));
        vm.snapshotValue("Staking", "slash, new prover", gas);
        assertLe(gas, 60_000 + 17_100);
    }

    function test_gasOfASlashForANewProverWithBothBucketsFull() public {
        _fillBuckets();
        vm.snapshotValue("Staking", "slash, new prover, both buckets", _gasOfAPunishment(makeAddr("new prover")));
    }

    function test_aSlashCostsTheSameForAnyNumberOfDelegators() public {
        uint256 state = vm.snapshotState();
        _delegate(makeAddr("first"), id, 1 ether);
        uint256 one = _gasOfAPunishment(prover);
        vm.revertToState(state);
        for (uint256 i; i < 1_000; ++i) {
            _delegate(address(uint160(0x1000 + i)), id, 1 ether);
        }
        uint256 thousand = _gasOfAPunishment(prover);
        vm.snapshotValue("gas", "slash_1000_delegators", thousand);
        assertEq(thousand, one);
    }

    /// Whole transactions.
    /// forge-config: default.isolate = true
    function test_gasOfStakingAndLeaving() public {
        _skipEpochs(1);
        hoax(alice, STAKE);
        staking.stake{value: STAKE}(id);
        vm.snapshotValue("gas", "stake", vm.lastCallGas().gasTotalUsed);

        vm.prank(alice);
        staking.requestExit(STAKE);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        uint64 maturesAt = staking.exitMaturity();
        _skipToEpoch(maturesAt);
        staking.completeExit(id, maturesAt);
        // Both steps.
        vm.snapshotValue("gas", "exit", gas + vm.lastCallGas().gasTotalUsed);
    }

    /// forge-config: default.isolate = true
    function test_gasOfPublishingAModel() public {
        _publish("minilm");
        vm.snapshotValue("gas", "publish_model", vm.lastCallGas().gasTotalUsed);
    }

    function test_gasOfDelegating() public {
        _delegate(makeAddr("dora"), id, STAKE);
        _skipEpochs(1);
        hoax(makeAddr("eve"), STAKE);
        _cool();
        staking.delegate{value: STAKE}(id);
        vm.snapshotGasLastCall("Staking", "delegate, first time");
        vm.prank(makeAddr("dora"));
        _cool();
        staking.undelegate(id, 1 ether);
        vm.snapshotGasLastCall("Staking", "undelegate");
    }

    function test_gasOfALock() public {
        _cool();
        assertTrue(_lock(id, LOCK));
        vm.snapshotGasLastCall("Staking", "tryLockSeat");
    }

    function test_gasOfASettlementOfThreeSeats() public {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](3);
        settlements[0] = IStaking.Settlement(id, SeatOutcome.Success, 1 ether, FULL_STEP_FEE);
        for (uint256 i = 1; i < 3; ++i) {
            string memory name = vm.toString(i);
            uint32 other = _registerWithStake(makeAddr(name), name, STAKE);
            settlements[i] = IStaking.Settlement(other, SeatOutcome.Success, 1 ether, FULL_STEP_FEE);
        }
        for (uint256 i; i < 3; ++i) {
            assertTrue(_lock(settlements[i].executorId, LOCK));
        }
        _cool();
        hoax(jobRegistry, 3 ether);
        staking.settle{value: 3 ether}(JOB, requester, LOCK, settlements);
        vm.snapshotGasLastCall("Staking", "settle, three seats");
    }

    /// @dev Own and delegated stake in both exit buckets.
    function _fillBuckets() private {
        address dora = makeAddr("dora");
        _delegate(dora, id, STAKE);
        for (uint256 i; i < 2; ++i) {
            _requestExit(alice, STAKE / 10);
            _undelegate(dora, id, STAKE / 10);
            if (i == 0) _skipToEpoch(staking.exitMaturity() - UNBONDING_EPOCHS);
        }
    }

    function _gasOfAPunishment(address rewarded) private returns (uint256) {
        bytes memory data = abi.encodeCall(slashing.punishNoReveal, (id, JOB, 1 ether, rewarded));
        _cool();
        vm.prank(jobRegistry);
        slashing.punishNoReveal(id, JOB, 1 ether, rewarded);
        return _intrinsic(data) + vm.lastCallGas().gasTotalUsed;
    }

    /// @dev What a transaction costs before it runs.
    function _intrinsic(bytes memory data) private pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    function _cool() private {
        vm.cool(address(staking));
        vm.cool(address(reputation));
    }
}
