// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {VersionStatus} from "../../src/models/IModelRegistry.sol";
import {ISortition} from "../../src/schedule/ISortition.sol";
import {NetworkFixture} from "../stake/NetworkFixture.sol";
import {StdStorage, stdStorage} from "forge-std/Test.sol";

contract ExecutorOfferingsTest is NetworkFixture {
    using stdStorage for StdStorage;

    uint256 private constant MAX_TRANSACTION_GAS = 1 << 24;
    uint96 private constant PRICE = 1 gwei;
    /// 200 INFER at a reputation of one half.
    uint64 private constant WEIGHT = 100_000;

    address private immutable alice = makeAddr("alice");
    bytes32 private modelId;
    bytes32 private key;
    uint32 private id;

    function setUp() public override {
        super.setUp();
        modelId = _publish("minilm");
        key = executors.offeringKeyOf(modelId, 1, RUNTIME_CLASS, 0);
        id = _registerWithStake(alice, "alice", 2 * MINIMUM_STAKE);
    }

    function test_anOfferingEntersTheDrawOfItsVersion() public {
        vm.expectEmit(address(executors));
        emit IExecutorRegistry.OfferingChanged(
            id, modelId, 1, RUNTIME_CLASS, 0, IExecutorRegistry.Offering(PRICE, 4, true)
        );
        vm.expectEmit(address(sortition));
        emit ISortition.WeightChanged(key, id, WEIGHT);
        _offer(PRICE, 4);

        IExecutorRegistry.Offering memory offering = executors.offeringOf(id, key);
        assertEq(offering.pricePerUnit, PRICE);
        assertEq(offering.capacity, 4);
        assertTrue(offering.active);
        assertEq(executors.offeringKeysOf(id).length, 1);
        assertEq(executors.offeringKeysOf(id)[0], key);
        _assertNextWeight(WEIGHT);
    }

    function test_theKeyHashesAllThatNamesADraw() public view {
        assertEq(key, keccak256(abi.encode(modelId, uint32(1), RUNTIME_CLASS, uint64(0))));
    }

    function test_aChangeActsOnJobsOfTheNextEpoch() public {
        _offer(PRICE, 4);
        assertFalse(_at(0).active, "not before it was offered");
        _skipEpochs(1);
        assertEq(_at(0).pricePerUnit, PRICE);

        // The beacon is known: a dearer price would be paid by a job whose committee is fixed.
        _offer(2 * PRICE, 8);
        assertEq(executors.offeringOf(id, key).pricePerUnit, 2 * PRICE);
        assertEq(_at(0).pricePerUnit, PRICE);
        assertEq(_at(0).capacity, 4);
        _offer(3 * PRICE, 9);
        assertEq(_at(0).pricePerUnit, PRICE, "nor with a second change");

        _skipEpochs(1);
        assertEq(_at(0).pricePerUnit, 3 * PRICE);
        assertEq(_at(EPOCH_LENGTH).pricePerUnit, PRICE, "a job of the last epoch that is drawn now");
        _offer(PRICE, 0);
        assertEq(_at(0).pricePerUnit, 3 * PRICE);
        assertEq(_at(EPOCH_LENGTH).pricePerUnit, PRICE, "the change of before is not forgotten");
        _skipEpochs(1);
        assertFalse(_at(0).active);
        assertEq(_at(EPOCH_LENGTH).pricePerUnit, 3 * PRICE);
    }

    /// What acts on an epoch is what was set last before it, whenever it is asked for in that epoch or the next.
    function testFuzz_offeringsAreFrozenPerEpoch(uint256 seed) public {
        uint16[12] memory frozen;
        uint16 current;
        for (uint256 epoch; epoch < 12; ++epoch) {
            frozen[epoch] = current;
            for (uint256 change; change < uint256(keccak256(abi.encode(seed, epoch))) % 3; ++change) {
                _assertFrozen(frozen, epoch);
                current = uint16(1 + uint256(keccak256(abi.encode(seed, epoch, change))) % 100);
                _offer(PRICE, current);
            }
            _assertFrozen(frozen, epoch);
            _skipEpochs(1);
        }
    }

    function test_capacityZeroWithdraws() public {
        _offer(PRICE, 4);
        vm.expectEmit(address(executors));
        emit IExecutorRegistry.OfferingChanged(
            id, modelId, 1, RUNTIME_CLASS, 0, IExecutorRegistry.Offering(0, 0, false)
        );
        _offer(PRICE, 0);
        assertFalse(executors.offeringOf(id, key).active);
        assertEq(executors.offeringKeysOf(id).length, 0);
        _assertNextWeight(0);

        _offer(PRICE, 4);
        _assertNextWeight(WEIGHT);
    }

    function test_termsOfSeveralAreThoseOfTheEpochAndTheWithdrawnHaveNoCapacity() public {
        _offer(PRICE, 4);
        _skipEpochs(1);
        uint256 offered = vm.getBlockTimestamp();
        uint32[] memory ids = new uint32[](3);
        (ids[0], ids[1], ids[2]) = (id + 1, id, id);
        (uint96[] memory prices, uint16[] memory capacities) = executors.termsOf(ids, key, offered);
        assertEq(prices.length + capacities.length, 6);
        assertEq(prices[0] + capacities[0], 0, "never registered");
        for (uint256 i = 1; i < 3; ++i) {
            assertEq(prices[i], PRICE);
            assertEq(capacities[i], 4);
        }
        _offer(PRICE, 0);
        _skipEpochs(1);
        (, capacities) = executors.termsOf(ids, key, offered);
        assertEq(capacities[1], 4, "jobs of the last epoch are drawn by its terms");
        (, capacities) = executors.termsOf(ids, key, vm.getBlockTimestamp());
        assertEq(capacities[1], 0);
    }

    function test_withdrawingNeedsAnOffering() public {
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NotOffered.selector, id, key));
        _offer(PRICE, 0);
    }

    function test_aVersionThatIsNotServableCanOnlyBeWithdrawn() public {
        _offer(PRICE, 4);
        vm.prank(publisher);
        models.setStatus(modelId, 1, VersionStatus.Deprecated);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NotServable.selector, modelId, 1, RUNTIME_CLASS));
        _offer(PRICE, 8);
        _offer(PRICE, 0);
        assertFalse(executors.offeringOf(id, key).active);
    }

    function test_offeringsAreForRegisteredOwners() public {
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NotRegistered.selector, address(this)));
        executors.setOffering(modelId, 1, RUNTIME_CLASS, 0, PRICE, 4);
    }

    function test_activeOfferingsAreBounded() public {
        uint256 maximum = executors.MAX_OFFERINGS();
        for (uint256 i; i < maximum; ++i) {
            bytes32 model = _publish(vm.toString(i));
            vm.prank(alice);
            executors.setOffering(model, 1, RUNTIME_CLASS, 0, PRICE, 4);
        }
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.TooManyOfferings.selector, id, maximum));
        _offer(PRICE, 4);

        // A withdrawal makes room.
        bytes32 first = models.modelIdOf(publisher, "0");
        vm.prank(alice);
        executors.setOffering(first, 1, RUNTIME_CLASS, 0, PRICE, 0);
        _offer(PRICE, 4);
    }

    function testFuzz_theListHoldsExactlyTheActiveOfferings(uint256 seed) public {
        bytes32[5] memory ids;
        bool[5] memory active;
        for (uint256 i; i < 5; ++i) {
            ids[i] = _publish(vm.toString(i));
        }
        uint256 count;
        for (uint256 step; step < 40; ++step) {
            uint256 i = uint256(keccak256(abi.encode(seed, step))) % 5;
            vm.prank(alice);
            executors.setOffering(ids[i], 1, RUNTIME_CLASS, 0, PRICE, active[i] ? 0 : uint16(step + 1));
            active[i] = !active[i];
            count = active[i] ? count + 1 : count - 1;
        }
        bytes32[] memory listed = executors.offeringKeysOf(id);
        assertEq(listed.length, count);
        for (uint256 i; i < listed.length; ++i) {
            assertTrue(executors.offeringOf(id, listed[i]).active);
            for (uint256 j; j < i; ++j) {
                assertNotEq(listed[i], listed[j]);
            }
        }
    }

    // ---------------------------------------------------------------- weights

    function test_weightsFollowTheStakeOnceSomebodyRefreshes() public {
        _offer(PRICE, 4);
        _stake(id, 2 * MINIMUM_STAKE);
        _assertNextWeight(WEIGHT);
        vm.prank(makeAddr("anyone"));
        executors.refreshWeights(id);
        _assertNextWeight(2 * WEIGHT);

        _requestExit(alice, 4 * MINIMUM_STAKE);
        executors.refreshWeights(id);
        _assertNextWeight(0);
    }

    function test_weightsActFromTheNextEpoch() public {
        _offer(PRICE, 4);
        (uint64 frozen,) = sortition.weightOf(key, id);
        assertEq(frozen, 0);
        _skipEpochs(1);
        (frozen,) = sortition.weightOf(key, id);
        assertEq(frozen, WEIGHT);
    }

    function test_anExecutorWithoutSignerHasNoWeight() public {
        _offer(PRICE, 4);
        vm.prank(alice);
        executors.revokeSigner();
        executors.refreshWeights(id);
        _assertNextWeight(0);
    }

    function test_refreshLeavesWithdrawnOfferingsAlone() public {
        _offer(PRICE, 4);
        _offer(PRICE, 0);
        executors.refreshWeights(id);
        _assertNextWeight(0);
    }

    function testFuzz_refreshRefusesUnknownExecutors(uint32 executorId) public {
        vm.assume(executorId != id);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.UnknownExecutor.selector, executorId));
        executors.refreshWeights(executorId);
    }

    function testFuzz_gettersKnowNothingOfUnknownIds(uint32 executorId, bytes32 offeringKey, address account)
        public
        view
    {
        vm.assume(executorId != id && account != alice && account != executors.executorOf(id).keys.signer);
        assertEq(executors.ownerOf(executorId), address(0));
        assertEq(executors.executorOf(executorId).owner, address(0));
        assertFalse(executors.offeringOf(executorId, offeringKey).active);
        assertEq(executors.offeringKeysOf(executorId).length, 0);
        assertEq(executors.idOfOwner(account), 0);
        assertEq(executors.idOfSigner(account), 0);
    }

    // ---------------------------------------------------------------- gas

    /// The worst case: the most offerings, deep trees, and every node changed for the first time since a past epoch.
    function test_aRefreshOfAllOfferingsFitsInATransaction() public {
        stdstore.target(address(executors)).sig("executorCount()").checked_write(uint256(16_000));
        address bob = makeAddr("bob");
        uint32 late = _registerWithStake(bob, "bob", MINIMUM_STAKE);
        assertEq(late, 16_001);
        for (uint256 i; i < executors.MAX_OFFERINGS(); ++i) {
            bytes32 model = _publish(vm.toString(i));
            vm.prank(bob);
            executors.setOffering(model, 1, RUNTIME_CLASS, 0, PRICE, 4);
        }
        _skipEpochs(1);
        _stake(late, MINIMUM_STAKE);
        vm.cool(address(executors));
        vm.cool(address(sortition));
        executors.refreshWeights(late);
        assertLe(vm.lastCallGas().gasTotalUsed, MAX_TRANSACTION_GAS - 21_000);
    }

    function test_theDrawReadsOneSlotPerAnswer() public {
        _offer(PRICE, 4);
        _skipEpochs(2);
        address signer = executors.executorOf(id).keys.signer;
        vm.record();
        executors.idOfSigner(signer);
        executors.offeringAt(id, key, block.timestamp);
        (bytes32[] memory reads,) = vm.accesses(address(executors));
        assertEq(reads.length, 2);
    }

    function _offer(uint96 price, uint16 capacity) private {
        vm.prank(alice);
        executors.setOffering(modelId, 1, RUNTIME_CLASS, 0, price, capacity);
    }

    /// @dev What acts on jobs requested so long ago.
    function _at(uint256 ago) private view returns (IExecutorRegistry.Offering memory) {
        return executors.offeringAt(id, key, block.timestamp - ago);
    }

    function _assertFrozen(uint16[12] memory frozen, uint256 epoch) private view {
        assertEq(_at(0).capacity, frozen[epoch]);
        if (epoch != 0) assertEq(_at(EPOCH_LENGTH).capacity, frozen[epoch - 1]);
    }

    function _assertNextWeight(uint64 expected) private view {
        (, uint64 next) = sortition.weightOf(key, id);
        assertEq(next, expected);
    }
}
