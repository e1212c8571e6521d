// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {Sortition} from "../../src/schedule/Sortition.sol";
import {JobFixture, Reply} from "../jobs/JobFixture.sol";

/// @notice Ways in which networks of this kind have failed, tried here. `README.md` says where the others are tried.
contract KnownFailuresTest is JobFixture {
    /// A requester that owns two of three seats makes its own answer the result, and would like the honest third slashed.
    function test_a_committee_of_the_requesters_own_takes_no_stake_from_the_honest_one() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _cheat());
        _commit(terms, committee[1], _cheat());
        _commit(terms, committee[2], _honest());
        _reveal(terms, committee[0], _cheat());
        _reveal(terms, committee[1], _cheat());
        _reveal(terms, committee[2], _honest());
        uint256 stake = staking.stakeOf(committee[2]);
        _resolve(terms, _answersOf(_cheat(), _honest(), 2));
        assertEq(jobs.jobState(jobId).agreeing, 3);
        assertEq(staking.stakeOf(committee[2]), stake);
        assertEq(staking.accountOf(committee[2]).earnings, 0, "it earns nothing and loses reputation");
        assertLt(staking.accountOf(committee[2]).reputation, 500_000);
        assertFalse(staking.accountOf(committee[2]).ejected);
    }

    /// Jobs made to eject a competitor: however many one requester makes in an epoch, they count once.
    function test_bait_jobs_of_one_requester_step_a_competitors_reputation_once_an_epoch() public {
        uint32 victim;
        uint256 after_;
        for (uint256 nonce; nonce < 12; ++nonce) {
            Terms memory terms = _terms(nonce);
            (, uint32[] memory committee) = _requestDrawable(terms);
            uint256 seat = 2;
            if (victim == 0) victim = committee[2];
            while (seat < 3 && committee[seat] != victim) seat = seat == 0 ? 3 : seat - 1;
            if (seat == 3) continue;
            for (uint256 i; i < 3; ++i) {
                _commit(terms, committee[i], i == seat ? _honest() : _cheat());
            }
            for (uint256 i; i < 3; ++i) {
                _reveal(terms, committee[i], i == seat ? _honest() : _cheat());
            }
            _resolve(
                terms,
                seat == 0
                    ? _answers(_answer(0, _honest()), _answer(1, _cheat()))
                    : _answersOf(_cheat(), _honest(), seat)
            );
            uint256 reputation = staking.accountOf(victim).reputation;
            if (after_ == 0) after_ = reputation;
            assertEq(reputation, after_);
        }
        assertEq(after_, 500_000 - 62_500);
    }

    /// Who commits to a commitment that it saw can't open it: the owner is part of the hash.
    function test_a_copied_commitment_opens_for_nobody_but_its_author() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        bytes32 seen = _commitment(terms, committee[0], _honest());
        vm.prank(_signer(committee[0]));
        jobs.drawAndCommit(terms, seen);
        vm.prank(_signer(committee[1]));
        jobs.commit(jobId, seen);
        _commit(terms, committee[2], _honest());
        _reveal(terms, committee[0], _honest());
        Reply memory reply = _honest();
        vm.prank(_signer(committee[1]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CommitmentMismatch.selector, jobId, 1));
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[0]));
    }

    /// Who sees an opening on its way and sends it first only pays its author's gas.
    function test_a_front_run_reveal_earns_its_author_the_seat_and_the_copier_nothing() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        Reply memory reply = _honest();
        address copier = makeAddr("copier");
        for (uint8 seat; seat < 3; ++seat) {
            vm.prank(copier);
            jobs.reveal(jobId, seat, reply.result, reply.vector, _salt(committee[seat]));
        }
        _resolve(terms, _answers(_answer(0, reply), _answer(1, reply)));
        (uint256 payment,) = _split(SEAT_FEE);
        assertEq(staking.accountOf(committee[0]).earnings, payment);
        assertEq(jobs.creditOf(copier), 0);
    }

    /// A freed seat is drawn again only while nothing has been opened, so whoever takes it has nothing to copy.
    function test_no_seat_is_refilled_once_an_answer_can_be_seen() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _honest());
        _afterDeadline(jobId);
        // The quorum is there: the reveal phase opens, and the missing seat stays empty.
        _reveal(terms, committee[0], _honest());
        bytes32 commitment = _commitment(terms, committee[2], _honest());
        vm.prank(_signer(committee[2]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Revealing));
        jobs.commit(jobId, commitment);
        vm.prank(_signer(committee[2]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Revealing));
        jobs.decline(terms);
        assertEq(jobs.jobState(jobId).committee[2], committee[2]);
    }

    /// Answers of one job open no commitment of another, though everything but the nonce is the same.
    function test_a_commitment_is_not_replayed_in_another_job() public {
        (, uint32[] memory committee) = _requestDrawable(_terms(0));
        Terms memory other;
        bytes32 otherId;
        uint32[] memory seats;
        for (uint256 nonce = 1; seats.length == 0 || seats[0] != committee[0]; ++nonce) {
            other = _terms(nonce);
            (otherId, seats) = _requestDrawable(other);
        }
        bytes32 replayed = _commitment(_terms(0), committee[0], _honest());
        vm.prank(_signer(committee[0]));
        jobs.drawAndCommit(other, replayed);
        _commit(other, seats[1], _honest());
        _commit(other, seats[2], _honest());
        Reply memory reply = _honest();
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CommitmentMismatch.selector, otherId, 0));
        jobs.reveal(otherId, 0, reply.result, reply.vector, _salt(committee[0]));
    }

    /// A thief of the hot key commits, stays silent, and proves the silence itself.
    function test_a_thief_of_a_hot_key_gets_less_than_ten_seat_fees_of_a_stake_it_cannot_move() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        vm.prank(_signer(committee[0]));
        jobs.commit(jobId, keccak256("nothing"));
        _commit(terms, committee[1], _honest());
        _commit(terms, committee[2], _honest());
        _reveal(terms, committee[1], _honest());
        _reveal(terms, committee[2], _honest());
        _afterDeadline(jobId);
        _resolve(terms, _answers(_answer(1, _honest()), _answer(2, _honest())));
        vm.warp(vm.getBlockTimestamp() + parameters.revealGrace + 1);
        address thief = makeAddr("thief");
        uint256 before = staking.stakeOf(committee[0]);
        vm.prank(thief);
        jobs.punishSilent(jobId, 0);
        staking.withdrawProverReward(thief);
        assertEq(before - staking.stakeOf(committee[0]), before / 20);
        assertLe(thief.balance, 10 * SEAT_FEE);
        assertLe(thief.balance, before / 200);
        vm.prank(_signer(committee[0]));
        vm.expectRevert();
        staking.requestExit(1);
    }

    /// A stake of one block has no vote and no seat: weights and votes count from the next epoch.
    function test_flash_stake_is_drawn_for_nothing_and_votes_on_nothing() public {
        uint256 state = vm.snapshotState();
        (, uint32[] memory expected) = _requestDrawable(_terms(0));
        vm.revertToState(state);
        uint32 whale = _addExecutor(1_000_000 ether, PRICE, CAPACITY);
        (, uint32[] memory committee) = _requestDrawable(_terms(0));
        assertEq(abi.encode(committee), abi.encode(expected));
        address owner = executors.ownerOf(whale);
        assertEq(staking.votesOf(whale, owner, staking.currentEpoch()), 0);
        vm.prank(owner);
        staking.requestExit(type(uint256).max);
        _nextEpoch();
        assertEq(staking.votesOf(whale, owner, staking.currentEpoch()), 0);
    }

    function _answersOf(Reply memory majority, Reply memory other, uint256 seat)
        private
        pure
        returns (Answer[] memory)
    {
        return _answers(_answer(0, majority), _answer(seat, other));
    }
}

/// @notice A draw among ten thousand reads a path of the tree and not a list.
contract TenThousandExecutorsTest is JobFixture {
    bytes32 private constant KEY = keccak256("offering");

    function test_a_draw_among_ten_thousand_costs_little_more_than_among_a_thousand() public {
        uint256 thousand = _gasOfADraw(1000);
        uint256 tenThousand = _gasOfADraw(10_000);
        assertLt(tenThousand, thousand * 3 / 2);
        assertLt(tenThousand, 100_000);
    }

    function _gasOfADraw(uint32 count) private returns (uint256 used) {
        uint256 length = staking.epochLength();
        Sortition sortition = new Sortition(address(this), uint64(length));
        for (uint32 id = 1; id <= count; ++id) {
            sortition.setWeight(KEY, id, 1000 + id);
        }
        uint256 time = (vm.getBlockTimestamp() / length + 1) * length;
        vm.warp(time);
        vm.cool(address(sortition));
        uint32[] memory nobody = new uint32[](0);
        used = gasleft();
        uint32[] memory drawn = sortition.draw(KEY, time, keccak256("seed"), 0, 3, nobody);
        used -= gasleft();
        assertEq(drawn.length, 3);
    }
}
