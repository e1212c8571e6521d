// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Item, Order, Subscription} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {IRewardDistributor} from "../../src/rewards/IRewardDistributor.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {DeskFixture} from "../desk/DeskFixture.sol";
import {RewardFixture} from "../rewards/RewardFixture.sol";
import {NetworkFixture} from "../stake/NetworkFixture.sol";
import {GasFloor} from "./GasFloor.sol";

/// @notice The transactions of `StakingGasTest`, counted. Apart from it, because counting changes what a call is charged.
contract StakingFloorTest is NetworkFixture, GasFloor {
    uint256 private constant STAKE = 1000 ether;
    uint128 private constant LOCK = 10 ether;

    address private immutable alice = makeAddr("alice");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", STAKE);
        assertTrue(_lock(id, LOCK));
        _settle(id, LOCK, SeatOutcome.Success, 1 ether);
        _slash(id, 1, makeAddr("prover"), 1 ether);
    }

    function test_floors_of_staking_and_leaving() public {
        _skipEpochs(1);
        _countNext(address(staking), abi.encodeCall(IStaking.stake, (id)));
        hoax(alice, STAKE);
        staking.stake{value: STAKE}(id);
        assertGe(_snapshotFloor("stake"), 21_000);

        _countNext(address(staking), abi.encodeCall(IStaking.requestExit, (STAKE)));
        vm.prank(alice);
        staking.requestExit(STAKE);
        assertGe(_snapshotFloor("request_exit"), 21_000);

        uint64 maturesAt = staking.exitMaturity();
        _skipToEpoch(maturesAt);
        _countNext(address(staking), abi.encodeCall(IStaking.completeExit, (id, maturesAt)));
        staking.completeExit(id, maturesAt);
        assertGe(_snapshotFloor("complete_exit"), 21_000);
    }

    function test_floor_of_publishing_a_model() public {
        _countNext(
            address(models),
            abi.encodeCall(models.publish, ("minilm", keccak256("manifest"), 2, "ipfs://manifest", _classes()))
        );
        _publish("minilm");
        assertGe(_snapshotFloor("publish_model"), 21_000);
    }
}

/// @notice The claim of `RewardGasTest`, counted.
contract RewardFloorTest is RewardFixture, GasFloor {
    function test_floor_of_a_claim() public {
        _enterStakedStage();
        for (uint256 i; i < 6; ++i) {
            _burn(aliceId, 5 ether);
            _burn(bobId, 5 ether);
            distributor.checkpoint(_ids(bobId));
            distributor.checkpoint(_ids(aliceId));
            distributor.claimStaked(_ids(aliceId));
            _nextEpoch();
        }
        distributor.checkpoint(_ids(aliceId));
        skip(EPOCH_LENGTH / 2);
        distributor.claimStaked(_ids(aliceId));
        skip(EPOCH_LENGTH / 8);
        _countNext(address(distributor), abi.encodeCall(IRewardDistributor.claimStaked, (_ids(aliceId))));
        distributor.claimStaked(_ids(aliceId));
        assertGe(_snapshotFloor("claim_rewards"), 21_000);
    }
}

/// @notice The requests of `DeskGasTest`, counted.
contract DeskFloorTest is DeskFixture, GasFloor {
    function setUp() public override {
        input = new bytes(256);
        for (uint256 i = 0; i < input.length; ++i) {
            input[i] = bytes1(uint8(0x61 + i % 26));
        }
        super.setUp();
        _deposit(asker, 100 ether);
        Order memory order = _order(_askerTerms(100));
        _bring(order, _sign(order, askerKey));
    }

    function test_floor_of_a_signed_order() public {
        Order memory order = _order(_askerTerms(0));
        bytes memory signature = _sign(order, askerKey);
        _countNext(address(desk), abi.encodeCall(IJobDesk.requestSigned, (order, signature, input, labels, "")));
        vm.prank(relay);
        desk.requestSigned(order, signature, input, labels, "");
        assertGe(_snapshotFloor("signed_order_request"), 21_000);
    }

    function test_floor_of_sixteen_requests() public {
        Item[] memory items = new Item[](16);
        for (uint256 i; i < 16; ++i) {
            items[i] = _item(_askerTerms(i));
        }
        _countNext(address(desk), abi.encodeCall(IJobDesk.requestMany, (items)));
        vm.prank(asker);
        desk.requestMany(items);
        assertGe(_snapshotFloor("request_many_16"), 21_000);
    }

    function test_floor_of_an_interval() public {
        Subscription memory subscription = _subscription();
        _subscribe(subscription);
        vm.warp(subscription.start);
        _serve(subscription, 0);
        skip(PERIOD);
        _countNext(address(desk), abi.encodeCall(IJobDesk.serve, (subscription, 1, input, labels, "")));
        _serve(subscription, 1);
        assertGe(_snapshotFloor("subscription_interval"), 21_000);
    }
}
