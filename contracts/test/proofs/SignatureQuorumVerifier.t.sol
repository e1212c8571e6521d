// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../src/governance/Governed.sol";
import {ProofStatement} from "../../src/proofs/IProofVerifier.sol";
import {ISignatureQuorumVerifier} from "../../src/proofs/ISignatureQuorumVerifier.sol";
import {SignatureQuorumVerifier} from "../../src/proofs/SignatureQuorumVerifier.sol";
import {GovernanceFixture} from "../governance/GovernanceFixture.sol";
import {VmSafe} from "forge-std/Vm.sol";

contract SignatureQuorumVerifierTest is GovernanceFixture {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    SignatureQuorumVerifier private verifier;
    /// Ascending by address.
    VmSafe.Wallet[] private wallets;
    uint256 private immutable delay = _terms().changeDelay;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 8; ++i) {
            VmSafe.Wallet memory wallet = vm.createWallet(string.concat("signer ", vm.toString(i)));
            wallets.push(wallet);
            uint256 place = i;
            for (; place != 0 && wallet.addr < wallets[place - 1].addr; --place) {
                wallets[place] = wallets[place - 1];
            }
            wallets[place] = wallet;
        }
        // The first five; three of them must sign.
        verifier = _verifier();
    }

    // ---------------------------------------------------------------- proofs

    function test_a_quorum_proves() public view {
        assertTrue(_verify(_sign(0, 1, 2)));
        assertTrue(_verify(_sign(0, 2, 4)));
        assertTrue(_verify(bytes.concat(_sign(0, 1, 2), _signature(3), _signature(4))), "more than the quorum");
    }

    function test_fewer_than_a_quorum_prove_nothing() public view {
        assertFalse(_verify(bytes.concat(_signature(0), _signature(1))));
        assertFalse(_verify(""));
    }

    function test_a_signer_counts_once() public view {
        assertFalse(_verify(_sign(0, 0, 1)));
        assertFalse(_verify(_sign(0, 1, 1)));
    }

    function test_signatures_are_in_ascending_order() public view {
        assertFalse(_verify(_sign(1, 0, 2)));
        assertFalse(_verify(_sign(0, 2, 1)));
    }

    function test_a_stranger_spoils_a_proof() public view {
        assertFalse(_verify(_sign(0, 1, 5)));
        assertFalse(_verify(bytes.concat(_sign(0, 1, 2), _signature(6))));
    }

    /// Every field is bound: a proof of one statement proves no other.
    function testFuzz_a_proof_is_of_one_statement(uint256 field, uint256 bit) public view {
        bytes memory proof = _sign(0, 1, 2);
        bytes memory encoded = abi.encode(_statement());
        field = bound(field, 0, 8);
        // In the range of the field's type: the executor is an address, the version 32 bits.
        bit = bound(bit, 0, field == 1 ? 159 : field == 3 ? 31 : 255);
        assembly ("memory-safe") {
            let at := add(add(encoded, 0x20), mul(field, 0x20))
            mstore(at, xor(mload(at), shl(bit, 1)))
        }
        assertFalse(verifier.verify(abi.decode(encoded, (ProofStatement)), proof));
    }

    function test_a_malformed_proof_is_false() public view {
        bytes memory proof = _sign(0, 1, 2);
        assertFalse(_verify(bytes.concat(proof, hex"00")));
        for (uint256 length; length < proof.length; length += 13) {
            bytes memory cut = _sign(0, 1, 2);
            assembly ("memory-safe") {
                mstore(cut, length)
            }
            assertFalse(_verify(cut));
        }
        assertFalse(_verify(new bytes(195)));
        assertFalse(_verify(new bytes(65 * 100)));
    }

    function testFuzz_any_bytes_are_false_and_not_a_revert(bytes calldata proof) public view {
        assertFalse(_verify(proof));
    }

    function test_the_other_form_of_a_signature_is_refused() public view {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallets[2].privateKey, verifier.statementDigest(_statement()));
        bytes memory other = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        assertTrue(_verify(bytes.concat(_signature(0), _signature(1), abi.encodePacked(r, s, v))));
        assertFalse(_verify(bytes.concat(_signature(0), _signature(1), other)));
    }

    function test_a_proof_is_of_one_chain_and_one_verifier() public {
        bytes memory proof = _sign(0, 1, 2);
        SignatureQuorumVerifier other = _verifier();
        assertFalse(other.verify(_statement(), proof));
        vm.chainId(block.chainid + 1);
        assertFalse(_verify(proof));
    }

    function test_the_digest_is_the_typed_data_of_the_interface() public view {
        bytes32 typehash = keccak256(
            "ProofStatement(bytes32 jobId,address executor,bytes32 modelId,uint32 version,bytes32 runtimeClass,bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash)"
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Infera"),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
        bytes32 structHash = keccak256(abi.encode(typehash, _statement()));
        assertEq(verifier.statementDigest(_statement()), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    /// The golden vector of the protocol crate and the book.
    function test_the_digest_is_the_golden_one() public {
        address golden = address(bytes20(hex"a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"));
        vm.etch(golden, address(verifier).code);
        vm.chainId(412_346);
        ProofStatement memory statement = ProofStatement({
            jobId: 0x53ae32c1942e071a29f20a8b618a7f29a0af30827e5829246cc9f1f30e956891,
            executor: address(bytes20(hex"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2")),
            modelId: 0x081a55110390a6244d76708818e876c04831281e5d6a53e2c05d61bae355e8b8,
            version: 1,
            runtimeClass: keccak256("fp32/libtorch-2.11"),
            inputHash: 0xa588d34f2e7a6bc59560f2ce69bd153f5493f49afc02b84873ddbbd5def1349b,
            parametersHash: 0x7456317bba558e5e06da59ad87c1da5f028cd60e013095eb5eec3bb16aa5711d,
            resultHash: 0xc4721fcb2d4c912f250163ebb30505dcc52ce3df475de42d4c99a34bddae0408,
            vectorHash: 0x4a61ce0909156a00305332c3c746e5cd5c429a50a38b482091b3f82de91576a0
        });
        assertEq(
            SignatureQuorumVerifier(golden).statementDigest(statement),
            0x9c4b74d087ee6e8e81fa027038d58c55f4ec2781285d9b4468b553822feb7a6a
        );
    }

    // ---------------------------------------------------------------- signers

    /// A change of signers while a proof is under way: the old ones prove until the moment it acts, the new ones from then on.
    function test_new_signers_take_over_at_one_moment() public {
        uint256 from = vm.getBlockTimestamp() + delay;
        vm.expectEmit();
        emit ISignatureQuorumVerifier.SignersAnnounced(_list(3, 8), 4, from);
        vm.prank(owner);
        verifier.announceSigners(_list(3, 8), 4);
        bytes memory byOld = _sign(0, 1, 2);
        bytes memory byNew = bytes.concat(_sign(3, 4, 5), _signature(6));
        (address[] memory next, uint256 quorum, uint256 activeFrom) = verifier.announced();
        assertEq(next, _list(3, 8));
        assertEq(quorum, 4);
        assertEq(activeFrom, from);

        vm.warp(from - 1);
        assertTrue(_verify(byOld));
        assertFalse(_verify(byNew));
        vm.warp(from);
        assertFalse(_verify(byOld));
        assertTrue(_verify(byNew));
        assertEq(verifier.signers(), _list(3, 8));
        assertEq(verifier.quorum(), 4);
        (next,,) = verifier.announced();
        assertEq(next.length, 0);
    }

    function test_signers_change_again_and_again() public {
        for (uint256 round; round < 4; ++round) {
            vm.prank(owner);
            verifier.announceSigners(_list(round, round + 4), 3);
            skip(delay);
            assertEq(verifier.signers(), _list(round, round + 4));
            assertTrue(_verify(_sign(round, round + 1, round + 2)));
        }
    }

    function test_an_announcement_can_be_taken_back_or_replaced() public {
        vm.startPrank(owner);
        vm.expectRevert(ISignatureQuorumVerifier.NothingAnnounced.selector);
        verifier.cancelSigners();
        verifier.announceSigners(_list(3, 8), 3);
        vm.expectEmit();
        emit ISignatureQuorumVerifier.SignersCancelled();
        verifier.cancelSigners();
        skip(delay);
        assertEq(verifier.signers(), _list(0, 5));

        verifier.announceSigners(_list(3, 8), 3);
        skip(delay - 1);
        verifier.announceSigners(_list(2, 5), 2);
        skip(1);
        assertEq(verifier.signers(), _list(0, 5), "the time starts anew");
        skip(delay - 1);
        assertEq(verifier.signers(), _list(2, 5));
        vm.expectRevert(ISignatureQuorumVerifier.NothingAnnounced.selector);
        verifier.cancelSigners();
    }

    function test_a_revoked_signer_stops_at_once_in_both_lists() public {
        vm.startPrank(owner);
        verifier.announceSigners(_list(0, 4), 3);
        vm.expectEmit();
        emit ISignatureQuorumVerifier.SignerRevoked(wallets[1].addr);
        verifier.revokeSigner(wallets[1].addr);
        assertFalse(_verify(_sign(0, 1, 2)));
        assertTrue(_verify(_sign(0, 2, 3)));
        assertEq(verifier.signers().length, 4);
        skip(delay);
        assertEq(verifier.signers().length, 3);
        assertTrue(_verify(_sign(0, 2, 3)));

        vm.expectRevert(abi.encodeWithSelector(ISignatureQuorumVerifier.NotSigner.selector, wallets[1].addr));
        verifier.revokeSigner(wallets[1].addr);
        // Fewer than the quorum are left: nothing passes until new signers act.
        verifier.revokeSigner(wallets[0].addr);
        assertFalse(_verify(bytes.concat(_signature(2), _signature(3))));
        verifier.announceSigners(_list(2, 4), 2);
        skip(delay);
        assertTrue(_verify(bytes.concat(_signature(2), _signature(3))));
    }

    function test_a_list_ascends_and_has_a_majority_quorum() public {
        address[] memory list = _list(0, 3);
        (list[0], list[1]) = (list[1], list[0]);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(ISignatureQuorumVerifier.SignersNotAscending.selector, list[0], list[1]));
        verifier.announceSigners(list, 2);
        list = _list(0, 3);
        list[1] = list[0];
        vm.expectRevert(abi.encodeWithSelector(ISignatureQuorumVerifier.SignersNotAscending.selector, list[0], list[0]));
        verifier.announceSigners(list, 2);
        list[0] = address(0);
        vm.expectRevert(
            abi.encodeWithSelector(ISignatureQuorumVerifier.SignersNotAscending.selector, address(0), address(0))
        );
        verifier.announceSigners(list, 2);

        uint256[3] memory bad = [uint256(2), 5, 0];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ISignatureQuorumVerifier.InvalidQuorum.selector, bad[i], 4));
            verifier.announceSigners(_list(0, 4), bad[i]);
        }
        vm.expectRevert(abi.encodeWithSelector(ISignatureQuorumVerifier.InvalidQuorum.selector, 0, 0));
        verifier.announceSigners(new address[](0), 0);
        vm.expectRevert(abi.encodeWithSelector(ISignatureQuorumVerifier.TooManySigners.selector, 33, 32));
        verifier.announceSigners(new address[](33), 20);
    }

    function test_only_the_owner_changes_signers() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotOwner.selector, guardian));
        verifier.announceSigners(_list(0, 5), 3);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotOwner.selector, guardian));
        verifier.cancelSigners();
        vm.expectRevert(abi.encodeWithSelector(Governed.NotOwner.selector, guardian));
        verifier.revokeSigner(wallets[0].addr);
    }

    function test_gas_of_a_proof_by_three() public {
        bytes memory proof = _sign(0, 2, 4);
        ProofStatement memory statement = _statement();
        vm.cool(address(verifier));
        assertTrue(verifier.verify(statement, proof));
        vm.snapshotGasLastCall("proofs", "quorum_3_of_5");
    }

    // ---------------------------------------------------------------- helpers

    function _verifier() private returns (SignatureQuorumVerifier) {
        bytes memory arguments = abi.encode(governance, _list(0, 5), 3);
        return SignatureQuorumVerifier(_create("SignatureQuorumVerifier.sol:SignatureQuorumVerifier", arguments));
    }

    function _statement() private pure returns (ProofStatement memory) {
        return ProofStatement({
            jobId: keccak256("job"),
            executor: address(0xE1),
            modelId: keccak256("model"),
            version: 3,
            runtimeClass: RUNTIME_CLASS,
            inputHash: keccak256("input"),
            parametersHash: keccak256("parameters"),
            resultHash: keccak256("result"),
            vectorHash: keccak256("vector")
        });
    }

    function _verify(bytes memory proof) private view returns (bool) {
        return verifier.verify(_statement(), proof);
    }

    function _signature(uint256 who) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallets[who].privateKey, verifier.statementDigest(_statement()));
        return abi.encodePacked(r, s, v);
    }

    function _sign(uint256 a, uint256 b, uint256 c) private view returns (bytes memory) {
        return bytes.concat(_signature(a), _signature(b), _signature(c));
    }

    function _list(uint256 from, uint256 to) private view returns (address[] memory list) {
        list = new address[](to - from);
        for (uint256 i; i < list.length; ++i) {
            list[i] = wallets[from + i].addr;
        }
    }
}
