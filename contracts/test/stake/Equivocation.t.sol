// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {ISlashing} from "../../src/stake/ISlashing.sol";
import {IStaking, Offence} from "../../src/stake/IStaking.sol";
import {JobFixture} from "../jobs/JobFixture.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice Two final receipts of one job with different results, shown by anyone, for jobs of the real registry.
contract EquivocationTest is JobFixture {
    address private immutable prover = makeAddr("prover");
    bytes32 private jobId;
    uint32 private cheat;
    Vm.Wallet private signer;

    function setUp() public override {
        super.setUp();
        uint32[] memory committee;
        (jobId, committee) = _requestDrawn(_terms(0));
        cheat = committee[1];
        signer = _signerWallet(cheat);
    }

    function test_twoFinalReceiptsWithDifferentResultsCostEverything() public {
        vm.expectEmit(address(staking));
        emit IStaking.Slashed(
            cheat, jobId, prover, Offence.Equivocation, 1, 100, STAKE, 10 * jobs.jobState(jobId).seatFee
        );
        assertEq(_show(_receipt("one"), _receipt("two"), signer, signer), STAKE);
        assertEq(staking.stakeOf(cheat), 0);
        assertTrue(staking.accountOf(cheat).ejected);
    }

    function test_anotherVectorIsAnotherResult() public {
        ISlashing.Receipt memory second = _receipt("one");
        second.vectorHash = keccak256("another vector");
        assertEq(_show(_receipt("one"), second, signer, signer), STAKE);
    }

    function test_evidenceCountsOnceForAJob() public {
        _show(_receipt("one"), _receipt("two"), signer, signer);
        vm.expectRevert(abi.encodeWithSelector(ISlashing.AlreadyPunished.selector, cheat, jobId));
        _show(_receipt("two"), _receipt("three"), signer, signer);
    }

    function test_oneResultIsNoEquivocation() public {
        ISlashing.Receipt memory again = _receipt("one");
        again.unitsOut = 99;
        vm.expectRevert(abi.encodeWithSelector(ISlashing.SameResult.selector, again.resultHash, again.vectorHash));
        _show(_receipt("one"), again, signer, signer);
    }

    function test_receiptsThatAreNotFinalMayDiffer() public {
        ISlashing.Receipt memory chunk = _receipt("one");
        chunk.isFinal = false;
        vm.expectRevert(ISlashing.ReceiptNotFinal.selector);
        _show(chunk, _receipt("two"), signer, signer);
        vm.expectRevert(ISlashing.ReceiptNotFinal.selector);
        _show(_receipt("two"), chunk, signer, signer);
    }

    function test_receiptsOfTwoJobsMayDiffer() public {
        ISlashing.Receipt memory other = _receipt("two");
        other.jobId = keccak256("another job");
        vm.expectRevert(abi.encodeWithSelector(ISlashing.OtherJob.selector, jobId, other.jobId));
        _show(_receipt("one"), other, signer, signer);
    }

    function test_bothMustBeSignedByOneKey() public {
        Vm.Wallet memory mallory = vm.createWallet("mallory");
        vm.expectRevert(abi.encodeWithSelector(ISlashing.SignersDiffer.selector, signer.addr, mallory.addr));
        _show(_receipt("one"), _receipt("two"), signer, mallory);
        vm.expectRevert(abi.encodeWithSelector(ISlashing.SignersDiffer.selector, address(0), address(0)));
        vm.prank(prover);
        all.slashing.punishEquivocation(jobs, _receipt("one"), "", _receipt("two"), "");
    }

    function test_aStrangersKeyConvictsNobody() public {
        Vm.Wallet memory mallory = vm.createWallet("mallory");
        vm.expectRevert(
            abi.encodeWithSelector(ISlashing.UnknownSigner.selector, mallory.addr, jobs.jobState(jobId).requestTime)
        );
        _show(_receipt("one"), _receipt("two"), mallory, mallory);
    }

    /// A thief of the hot key can sign anything; only jobs in which the executor sits can be held against it.
    function test_aJobWithoutTheExecutorsSeatConvictsNobody() public {
        ISlashing.Receipt memory first = _receipt("one");
        ISlashing.Receipt memory second = _receipt("two");
        first.jobId = second.jobId = keccak256("a job that never was");
        vm.expectPartialRevert(ISlashing.UnknownSigner.selector);
        _show(first, second, signer, signer);

        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            if (_sits(id)) continue;
            Vm.Wallet memory other = _signerWallet(id);
            vm.expectRevert(abi.encodeWithSelector(ISlashing.NotSeated.selector, id, jobId));
            _show(_receipt("one"), _receipt("two"), other, other);
        }
    }

    function test_theKeyOfTheDrawConvictsAlsoAfterItWasRevoked() public {
        vm.prank(executors.ownerOf(cheat));
        executors.revokeSigner();
        assertEq(_show(_receipt("one"), _receipt("two"), signer, signer), STAKE);
    }

    function test_aKeyThatWasRevokedBeforeTheJobConvictsNobody() public {
        vm.prank(executors.ownerOf(cheat));
        executors.revokeSigner();
        skip(1);
        bytes32 later = _request(_terms(1));
        ISlashing.Receipt memory first = _receipt("one");
        ISlashing.Receipt memory second = _receipt("two");
        first.jobId = second.jobId = later;
        vm.expectPartialRevert(ISlashing.UnknownSigner.selector);
        _show(first, second, signer, signer);
    }

    function testFuzz_onlyJobRegistriesHaveReceipts(address registry) public {
        vm.assume(registry != address(jobs));
        vm.expectRevert(abi.encodeWithSelector(ISlashing.NotJobRegistry.selector, registry));
        all.slashing.punishEquivocation(IJobRegistry(registry), _receipt("one"), "", _receipt("two"), "");
    }

    function test_theDigestIsTheOneOfEip712() public view {
        ISlashing.Receipt memory receipt = _receipt("one");
        assertEq(all.slashing.receiptDigest(address(jobs), receipt), _digest(receipt));
    }

    /// @dev By the standard, without asking the contract.
    function _digest(ISlashing.Receipt memory receipt) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Infera"),
                keccak256("1"),
                block.chainid,
                address(jobs)
            )
        );
        bytes32 typeHash = keccak256(
            "Receipt(bytes32 jobId,bytes32 modelId,uint32 version,bytes32 runtimeClass,bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash,bytes32 traceRoot,bytes32 beta,uint32 unitsIn,uint32 unitsOut,bool isFinal)"
        );
        bytes32 structHash = keccak256(abi.encodePacked(typeHash, abi.encode(receipt)));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _receipt(bytes memory result) private view returns (ISlashing.Receipt memory receipt) {
        receipt.jobId = jobId;
        receipt.modelId = modelId;
        receipt.version = VERSION;
        receipt.runtimeClass = RUNTIME_CLASS;
        receipt.resultHash = keccak256(result);
        receipt.vectorHash = keccak256("vector");
        receipt.unitsIn = 7;
        receipt.isFinal = true;
    }

    function _show(
        ISlashing.Receipt memory first,
        ISlashing.Receipt memory second,
        Vm.Wallet memory firstKey,
        Vm.Wallet memory secondKey
    ) private returns (uint256) {
        bytes memory firstSignature = _signReceipt(firstKey, first);
        bytes memory secondSignature = _signReceipt(secondKey, second);
        vm.prank(prover);
        return all.slashing.punishEquivocation(jobs, first, firstSignature, second, secondSignature);
    }

    function _signReceipt(Vm.Wallet memory key, ISlashing.Receipt memory receipt) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(receipt));
        return abi.encodePacked(r, s, v);
    }

    function _sits(uint32 id) private view returns (bool) {
        uint32[] memory committee = jobs.jobState(jobId).committee;
        for (uint256 seat; seat < committee.length; ++seat) {
            if (committee[seat] == id) return true;
        }
        return false;
    }
}
