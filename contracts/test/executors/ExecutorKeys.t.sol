// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {NetworkFixture} from "../stake/NetworkFixture.sol";
import {Vm} from "forge-std/Test.sol";

contract ExecutorKeysTest is NetworkFixture {
    uint256 private constant FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;

    address private immutable alice = makeAddr("alice");
    address private immutable bob = makeAddr("bob");

    // ---------------------------------------------------------------- register

    function test_registerGivesDenseIdsFromOneAndActsAtOnce() public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory possession = _possession("alice", alice);
        bytes memory signerPossession = _signerPossession("alice", alice);
        vm.expectEmit(address(executors));
        emit IExecutorRegistry.ExecutorRegistered(1, alice, keys.signer, keys, "https://alice.example", "eu");
        vm.prank(alice);
        assertEq(executors.register(keys, possession, signerPossession, "https://alice.example", "eu"), 1);
        assertEq(_register(bob, "bob"), 2);

        assertEq(executors.executorCount(), 2);
        assertEq(executors.idOfOwner(alice), 1);
        assertEq(executors.ownerOf(1), alice);
        assertEq(executors.idOfSigner(keys.signer), 1);
        IExecutorRegistry.Executor memory executor = executors.executorOf(1);
        assertEq(executor.owner, alice);
        assertEq(abi.encode(executor.keys), abi.encode(keys));
        assertEq(executor.endpoint, "https://alice.example");
        assertEq(executor.region, "eu");
    }

    function test_registerRefusesASecondTime() public {
        _register(alice, "alice");
        IExecutorRegistry.Keys memory keys = _keys("alice 2");
        bytes memory possession = _possession("alice 2", alice);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.AlreadyRegistered.selector, alice, 1));
        vm.prank(alice);
        executors.register(keys, possession, "", "", "");
    }

    function test_registerRefusesTheZeroSigner() public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        keys.signer = address(0);
        _expectRefused(keys, _possession("alice", alice), abi.encodeWithSelector(IExecutorRegistry.ZeroSigner.selector));
    }

    function test_registerRefusesASignerInUse() public {
        _register(alice, "alice");
        IExecutorRegistry.Keys memory keys = _keys("bob");
        keys.signer = _keys("alice").signer;
        bytes memory possession = _possession("bob", bob);
        bytes memory signerPossession = _signerPossession("alice", bob);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.SignerInUse.selector, keys.signer));
        vm.prank(bob);
        executors.register(keys, possession, signerPossession, "", "");
    }

    /// A front-runner that sees a registration under way can't take its signer: the signer names its owner.
    function test_regression_aSignerCannotBeSquatted() public {
        IExecutorRegistry.Keys memory keys = _keys("mallory");
        keys.signer = _keys("alice").signer;
        bytes memory possession = _possession("mallory", bob);
        bytes memory seenInTheMempool = _signerPossession("alice", alice);
        vm.prank(bob);
        vm.expectPartialRevert(IExecutorRegistry.InvalidSignerProof.selector);
        executors.register(keys, possession, seenInTheMempool, "", "");
        assertEq(_register(alice, "alice"), 1);
    }

    function test_theSignersProofNamesThisChain() public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory signerPossession = _signerPossession("alice", alice);
        vm.chainId(block.chainid + 1);
        bytes memory possession = _possession("alice", alice);
        vm.prank(alice);
        vm.expectPartialRevert(IExecutorRegistry.InvalidSignerProof.selector);
        executors.register(keys, possession, signerPossession, "", "");
    }

    function testFuzz_aMalformedSignersProofIsRefusedByName(bytes calldata signerPossession) public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory possession = _possession("alice", alice);
        vm.prank(alice);
        vm.expectPartialRevert(IExecutorRegistry.InvalidSignerProof.selector);
        executors.register(keys, possession, signerPossession, "", "");
    }

    function test_aSignerThatActedIsRememberedAndNeverComesBack() public {
        _register(alice, "alice");
        address signer = _keys("alice").signer;
        uint64 registeredAt = uint64(vm.getBlockTimestamp());
        skip(10);
        _announce(alice, "alice 2");
        skip(KEY_CHANGE_DELAY);
        executors.activateKeys(1);
        uint64 replacedAt = uint64(vm.getBlockTimestamp());

        assertEq(executors.signerAt(signer, registeredAt - 1), 0);
        assertEq(executors.signerAt(signer, registeredAt), 1);
        assertEq(executors.signerAt(signer, replacedAt - 1), 1);
        assertEq(executors.signerAt(signer, replacedAt), 0);
        assertEq(executors.signerAt(_keys("alice 2").signer, replacedAt - 1), 0, "only announced");
        assertEq(executors.signerAt(_keys("alice 2").signer, replacedAt), 1);

        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory possession = _possession("alice", alice);
        bytes memory signerPossession = _signerPossession("alice", alice);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.SignerInUse.selector, signer));
        vm.prank(alice);
        executors.announceKeys(keys, possession, signerPossession);
    }

    // ---------------------------------------------------------------- VRF key

    function testFuzz_aVrfKeyOffTheCurveIsRefused(uint256 x, uint256 y) public {
        vm.assume(mulmod(y, y, FIELD) != addmod(mulmod(x, mulmod(x, x, FIELD), FIELD), 7, FIELD));
        _expectInvalidVrfKey(x, y);
    }

    function test_aVrfKeyMustBeReduced() public {
        // A point with a small x, so that x + p fits in 256 bits and is the same point modulo p: y^2 = 1 + 7.
        uint256 y = 0x4218F20AE6C646B363DB68605822FB14264CA8D2587FDD6FBC750D587E76A7EE;
        assertEq(mulmod(y, y, FIELD), 8);
        _expectInvalidVrfKey(1 + FIELD, y);
        _expectInvalidVrfKey(FIELD, FIELD);
        _expectInvalidVrfKey(0, 0);
    }

    function test_possessionMustBeSignedByTheVrfKey() public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        Vm.Wallet memory other = _vrfWallet("mallory");
        _expectRefused(
            keys,
            _possession("mallory", alice),
            abi.encodeWithSelector(
                IExecutorRegistry.InvalidPossessionProof.selector, _vrfWallet("alice").addr, other.addr
            )
        );
    }

    function test_possessionMustNameTheOwner() public {
        // Bob replays Alice's proof.
        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory possession = _possession("alice", alice);
        vm.prank(bob);
        vm.expectPartialRevert(IExecutorRegistry.InvalidPossessionProof.selector);
        executors.register(keys, possession, "", "", "");
    }

    function test_possessionMustNameThisChain() public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory possession = _possession("alice", alice);
        vm.chainId(block.chainid + 1);
        vm.prank(alice);
        vm.expectPartialRevert(IExecutorRegistry.InvalidPossessionProof.selector);
        executors.register(keys, possession, "", "", "");
    }

    function testFuzz_malformedPossessionIsRefusedByName(bytes calldata possession) public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        vm.prank(alice);
        vm.expectPartialRevert(IExecutorRegistry.InvalidPossessionProof.selector);
        executors.register(keys, possession, "", "", "");
    }

    function test_theDigestIsTheOneOfEip712() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Infera"),
                keccak256("1"),
                block.chainid,
                address(executors)
            )
        );
        bytes32 structHash = keccak256(abi.encode(keccak256("VrfPossession(address owner)"), alice));
        assertEq(executors.vrfPossessionDigest(alice), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        structHash = keccak256(abi.encode(keccak256("SignerPossession(address owner)"), alice));
        assertEq(executors.signerPossessionDigest(alice), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    // ---------------------------------------------------------------- change of keys

    function test_announcedKeysActAfterTheDelay() public {
        _register(alice, "alice");
        IExecutorRegistry.Keys memory keys = _keys("alice 2");
        address oldSigner = _keys("alice").signer;
        uint64 activeAt = uint64(block.timestamp) + KEY_CHANGE_DELAY;
        _announce(alice, "alice 2");

        (IExecutorRegistry.Keys memory pending, uint64 pendingAt) = executors.pendingKeysOf(1);
        assertEq(abi.encode(pending), abi.encode(keys));
        assertEq(pendingAt, activeAt);
        assertEq(executors.idOfSigner(oldSigner), 1);
        assertEq(executors.idOfSigner(keys.signer), 0, "announced, but not active");

        vm.warp(activeAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.KeysNotActiveYet.selector, 1, activeAt));
        executors.activateKeys(1);

        vm.warp(activeAt);
        vm.expectEmit(address(executors));
        emit IExecutorRegistry.KeysChanged(1, keys);
        executors.activateKeys(1);
        assertEq(executors.idOfSigner(oldSigner), 0);
        assertEq(executors.idOfSigner(keys.signer), 1);
        assertEq(abi.encode(executors.executorOf(1).keys), abi.encode(keys));
        (, pendingAt) = executors.pendingKeysOf(1);
        assertEq(pendingAt, 0);
    }

    function test_announceKeysChecksTheKeysLikeRegister() public {
        _register(alice, "alice");
        IExecutorRegistry.Keys memory keys = _keys("alice 2");
        bytes memory possession = _possession("mallory", alice);
        vm.prank(alice);
        vm.expectPartialRevert(IExecutorRegistry.InvalidPossessionProof.selector);
        executors.announceKeys(keys, possession, "");
    }

    function test_announceKeysIsForRegisteredOwners() public {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        bytes memory possession = _possession("alice", alice);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NotRegistered.selector, alice));
        vm.prank(alice);
        executors.announceKeys(keys, possession, "");
    }

    function test_anAnnouncedSignerIsTaken() public {
        _register(alice, "alice");
        _announce(alice, "alice 2");
        IExecutorRegistry.Keys memory keys = _keys("bob");
        keys.signer = _keys("alice 2").signer;
        bytes memory possession = _possession("bob", bob);
        bytes memory signerPossession = _signerPossession("alice 2", bob);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.SignerInUse.selector, keys.signer));
        vm.prank(bob);
        executors.register(keys, possession, signerPossession, "", "");
    }

    function test_anotherAnnouncementReplacesTheFirstAndFreesItsSigner() public {
        _register(alice, "alice");
        _announce(alice, "bob");
        skip(1 days);
        _announce(alice, "alice 2");
        (IExecutorRegistry.Keys memory pending, uint64 activeAt) = executors.pendingKeysOf(1);
        assertEq(pending.signer, _keys("alice 2").signer);
        assertEq(activeAt, block.timestamp + KEY_CHANGE_DELAY);
        assertEq(_register(bob, "bob"), 2);
    }

    function test_anAnnouncementMayBeRepeated() public {
        _register(alice, "alice");
        _announce(alice, "alice 2");
        _announce(alice, "alice 2");
        skip(KEY_CHANGE_DELAY);
        executors.activateKeys(1);
        assertEq(executors.idOfSigner(_keys("alice 2").signer), 1);
    }

    function test_theSignerMayStayWhileOtherKeysChange() public {
        _register(alice, "alice");
        IExecutorRegistry.Keys memory keys = _keys("alice 2");
        keys.signer = _keys("alice").signer;
        bytes memory possession = _possession("alice 2", alice);
        bytes memory signerPossession = _signerPossession("alice", alice);
        vm.prank(alice);
        executors.announceKeys(keys, possession, signerPossession);
        assertEq(executors.idOfSigner(keys.signer), 1, "still acts while the change is pending");
        // A replaced announcement does not free a signer that is in use.
        vm.prank(alice);
        executors.announceKeys(keys, possession, signerPossession);
        assertEq(executors.idOfSigner(keys.signer), 1);

        skip(KEY_CHANGE_DELAY);
        executors.activateKeys(1);
        assertEq(executors.idOfSigner(keys.signer), 1);
        assertEq(executors.executorOf(1).keys.vrfX, keys.vrfX);
    }

    function testFuzz_activateKeysNeedsAnAnnouncement(uint32 executorId) public {
        _register(alice, "alice");
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NoPendingKeys.selector, executorId));
        executors.activateKeys(executorId);
    }

    // ---------------------------------------------------------------- revocation

    function test_aRevokedSignerStopsAtOnce() public {
        _register(alice, "alice");
        address signer = _keys("alice").signer;
        vm.expectEmit(address(executors));
        emit IExecutorRegistry.SignerRevoked(1, signer);
        vm.prank(alice);
        executors.revokeSigner();
        assertEq(executors.idOfSigner(signer), 0);
        assertEq(executors.executorOf(1).keys.signer, address(0));

        vm.expectRevert(IExecutorRegistry.ZeroSigner.selector);
        vm.prank(alice);
        executors.revokeSigner();
    }

    function test_revokeSignerIsForRegisteredOwners() public {
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NotRegistered.selector, address(this)));
        executors.revokeSigner();
    }

    function test_newKeysFollowARevocation() public {
        _register(alice, "alice");
        vm.prank(alice);
        executors.revokeSigner();
        _announce(alice, "alice 2");
        skip(KEY_CHANGE_DELAY);
        executors.activateKeys(1);
        assertEq(executors.idOfSigner(_keys("alice 2").signer), 1);
    }

    function test_anAnnouncementDoesNotBringARevokedSignerBack() public {
        _register(alice, "alice");
        IExecutorRegistry.Keys memory keys = _keys("alice 2");
        keys.signer = _keys("alice").signer;
        bytes memory possession = _possession("alice 2", alice);
        bytes memory signerPossession = _signerPossession("alice", alice);
        vm.startPrank(alice);
        executors.announceKeys(keys, possession, signerPossession);
        executors.revokeSigner();
        vm.stopPrank();
        skip(KEY_CHANGE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IExecutorRegistry.NoPendingKeys.selector, 1));
        executors.activateKeys(1);
    }

    function test_aRevocationLeavesAnAnnouncementOfAnotherSigner() public {
        _register(alice, "alice");
        _announce(alice, "alice 2");
        vm.prank(alice);
        executors.revokeSigner();
        skip(KEY_CHANGE_DELAY);
        executors.activateKeys(1);
        assertEq(executors.idOfSigner(_keys("alice 2").signer), 1);
    }

    // ---------------------------------------------------------------- helpers

    function _announce(address owner, string memory name) private {
        IExecutorRegistry.Keys memory keys = _keys(name);
        bytes memory possession = _possession(name, owner);
        bytes memory signerPossession = _signerPossession(name, owner);
        vm.expectEmit(address(executors));
        emit IExecutorRegistry.KeysChangeAnnounced(
            executors.idOfOwner(owner), keys, uint64(block.timestamp) + KEY_CHANGE_DELAY
        );
        vm.prank(owner);
        executors.announceKeys(keys, possession, signerPossession);
    }

    function _expectInvalidVrfKey(uint256 x, uint256 y) private {
        IExecutorRegistry.Keys memory keys = _keys("alice");
        (keys.vrfX, keys.vrfY) = (x, y);
        _expectRefused(
            keys, _possession("alice", alice), abi.encodeWithSelector(IExecutorRegistry.InvalidVrfKey.selector, x, y)
        );
    }

    function _expectRefused(IExecutorRegistry.Keys memory keys, bytes memory possession, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(alice);
        executors.register(keys, possession, "", "", "");
    }
}
