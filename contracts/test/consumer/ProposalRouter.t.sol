// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ask, InferaConsumer} from "../../src/consumer/InferaConsumer.sol";
import {ProposalRouter} from "../../src/examples/ProposalRouter.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, CallbackStatus, Phase, RefundReason, Terms, Tier} from "../../src/jobs/JobTypes.sol";
import {VersionStatus} from "../../src/models/IModelRegistry.sol";
import {JobFixture, Reply} from "../jobs/JobFixture.sol";

contract ProposalRouterTest is JobFixture {
    address private immutable proposer = makeAddr("proposer");
    address private immutable parks = makeAddr("parks desk");
    address private immutable roads = makeAddr("roads desk");
    uint256 private constant BUDGET = 3 ether;
    ProposalRouter private router;

    function setUp() public override {
        super.setUp();
        router = new ProposalRouter(jobs, all.models, _ask(), _categories());
    }

    function _ask() private view returns (Ask memory) {
        return Ask({
            modelId: modelId,
            version: 0,
            runtimeClass: RUNTIME_CLASS,
            committeeSize: 3,
            quorum: 2,
            maxPricePerUnit: 2 * PRICE,
            maxUnits: UNITS,
            commitWindow: 60,
            revealWindow: 0,
            callbackGas: 200_000,
            refundTo: address(0)
        });
    }

    function _categories() private view returns (ProposalRouter.Category[] memory given) {
        given = new ProposalRouter.Category[](2);
        given[0] = ProposalRouter.Category("parks", parks);
        given[1] = ProposalRouter.Category("roads", roads);
    }

    /// @dev The terms that the router makes of its ask, written out.
    function _routerTerms(uint256 nonce) private view returns (Terms memory terms) {
        terms = _withCallback(_terms(nonce), address(router), 200_000);
        terms.requester = address(router);
        terms.revealWindow = parameters.minRevealWindow;
        terms.refundTo = proposer;
    }

    function _propose() private returns (uint256 proposalId) {
        uint256 value = router.quote() + BUDGET;
        vm.deal(proposer, value);
        vm.prank(proposer);
        return router.propose{value: value}(string(input));
    }

    function _answerAll(Terms memory terms, Reply memory reply) private returns (Answer[] memory answers) {
        _toBeacon();
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        _commitAll(terms, committee, reply);
        _revealAll(terms, committee, reply);
        answers = new Answer[](3);
        for (uint256 seat = 0; seat < 3; ++seat) {
            answers[seat] = _answer(seat, reply);
        }
    }

    // ---------------------------------------------------------------- asking

    function test_a_proposal_asks_on_the_terms_that_follow_from_the_ask() public {
        Terms memory terms = _routerTerms(1);
        bytes32 jobId = jobs.jobIdOf(terms);
        uint256 cost = jobs.quote(terms);
        assertEq(router.quote(), cost);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.JobRequested(jobId, address(router), modelId, terms, input, labels, "");
        vm.expectEmit(address(router));
        emit ProposalRouter.ProposalSubmitted(1, jobId, proposer, BUDGET, string(input));
        assertEq(_propose(), 1);

        (address from, ProposalRouter.Status status,, uint256 budget, bytes32 ofJob) = router.proposals(1);
        assertEq(from, proposer);
        assertEq(uint256(status), uint256(ProposalRouter.Status.Asked));
        assertEq(budget, BUDGET);
        assertEq(ofJob, jobId);
        assertEq(address(router).balance, BUDGET);
        assertEq(address(jobs).balance, cost);
    }

    function test_the_latest_version_is_asked_for_when_the_ask_names_none() public {
        Ask memory ask = _ask();
        ask.version = VERSION;
        ProposalRouter pinned = new ProposalRouter(jobs, all.models, ask, _categories());
        assertEq(pinned.quote(), router.quote());
        vm.prank(publisher);
        all.models.setStatus(modelId, VERSION, VersionStatus.Deprecated);
        vm.expectRevert();
        router.quote();
        assertGt(pinned.quote(), 0);
    }

    function test_windows_are_brought_within_the_registrys_bounds() public {
        Ask memory ask = _ask();
        (ask.commitWindow, ask.revealWindow) = (type(uint32).max, 7);
        router = new ProposalRouter(jobs, all.models, ask, _categories());
        Terms memory terms = _routerTerms(1);
        (terms.commitWindow, terms.revealWindow) = (parameters.maxCommitWindow, 7);
        _propose();
        _assertPhase(jobs.jobIdOf(terms), Phase.Requested);
    }

    function test_refuses_empty_texts_and_too_little_payment() public {
        uint256 cost = router.quote();
        hoax(proposer, cost);
        vm.expectRevert(ProposalRouter.EmptyProposal.selector);
        router.propose{value: cost}("");
        hoax(proposer, cost);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.InsufficientPayment.selector, cost, cost - 1));
        router.propose{value: cost - 1}("a text");
    }

    function test_refuses_no_too_many_and_ownerless_categories() public {
        ProposalRouter.Category[] memory none = new ProposalRouter.Category[](0);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.InvalidCategories.selector, 0));
        new ProposalRouter(jobs, all.models, _ask(), none);
        ProposalRouter.Category[] memory many = new ProposalRouter.Category[](33);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.InvalidCategories.selector, 33));
        new ProposalRouter(jobs, all.models, _ask(), many);
        ProposalRouter.Category[] memory ownerless = _categories();
        ownerless[1].desk = address(0);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.ZeroDesk.selector, 1));
        new ProposalRouter(jobs, all.models, _ask(), ownerless);
    }

    // ---------------------------------------------------------------- the answer

    function test_the_answer_routes_the_proposal_and_its_budget() public {
        _propose();
        Terms memory terms = _routerTerms(1);
        Answer[] memory answers = _answerAll(terms, _reply(1));
        vm.expectEmit(address(router));
        emit ProposalRouter.ProposalRouted(1, 1, roads, 612_000);
        _resolve(terms, answers);

        assertEq(uint256(jobs.jobState(jobs.jobIdOf(terms)).callbackStatus), uint256(CallbackStatus.Delivered));
        (, ProposalRouter.Status status, uint16 category,,) = router.proposals(1);
        assertEq(uint256(status), uint256(ProposalRouter.Status.Routed));
        assertEq(category, 1);
        assertEq(router.creditOf(roads), BUDGET);
        assertEq(jobs.creditOf(proposer), jobs.quote(terms) - 3 * SEAT_FEE - terms.dispatchFee - terms.callbackFee);

        router.withdrawFor(roads);
        assertEq(roads.balance, BUDGET);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.NothingToWithdraw.selector, roads));
        router.withdrawFor(roads);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.StillOpen.selector, 1));
        router.reclaim(1);
    }

    function test_proposals_do_not_mix() public {
        _propose();
        _propose();
        Terms memory second = _routerTerms(2);
        _resolve(second, _answerAll(second, _reply(1)));
        Terms memory first = _routerTerms(1);
        _resolve(first, _answerAll(first, _reply(0)));
        assertEq(router.creditOf(parks), BUDGET);
        assertEq(router.creditOf(roads), BUDGET);
        (,, uint16 category,,) = router.proposals(2);
        assertEq(category, 1);
        assertEq(address(router).balance, 2 * BUDGET);
    }

    function test_an_answer_with_more_labels_than_categories_moves_nothing() public {
        _propose();
        Terms memory terms = _routerTerms(1);
        int32[] memory scores = new int32[](3);
        (scores[0], scores[1], scores[2]) = (int32(1), int32(2), int32(3));
        Reply memory odd = Reply(abi.encode(uint16(2), scores), _honest().vector);
        bytes32 jobId = jobs.jobIdOf(terms);
        _resolve(terms, _answerAll(terms, odd));
        assertEq(uint256(jobs.jobState(jobId).callbackStatus), uint256(CallbackStatus.Failed));
        (, ProposalRouter.Status status,,,) = router.proposals(1);
        assertEq(uint256(status), uint256(ProposalRouter.Status.Asked));
        assertEq(address(router).balance, BUDGET);

        router.reclaim(1);
        assertEq(router.creditOf(proposer), BUDGET);
    }

    function test_a_callback_that_is_repeated_after_the_reclaim_moves_nothing() public {
        _propose();
        Terms memory terms = _routerTerms(1);
        bytes32 jobId = jobs.jobIdOf(terms);
        Answer[] memory answers = _answerAll(terms, _reply(1));
        // The router is out of order when the answer comes.
        bytes memory code = address(router).code;
        vm.etch(address(router), hex"fe");
        _resolve(terms, answers);
        vm.etch(address(router), code);
        router.reclaim(1);

        jobs.retryCallback(terms, answers[0].result, keccak256(answers[0].vector));
        assertEq(uint256(jobs.jobState(jobId).callbackStatus), uint256(CallbackStatus.Failed));
        assertEq(router.creditOf(proposer), BUDGET);
        assertEq(router.creditOf(roads), 0);
    }

    function test_only_the_registry_may_call_back() public {
        _propose();
        bytes32 jobId = jobs.jobIdOf(_routerTerms(1));
        bytes memory result = _honest().result;
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(InferaConsumer.NotRegistry.selector, stranger));
        router.onInferenceResult(jobId, result);
        vm.expectRevert(abi.encodeWithSelector(InferaConsumer.NotRegistry.selector, stranger));
        router.onInferenceFailed(jobId, RefundReason.NoAgreement);
        vm.stopPrank();
    }

    /// Anybody can name the router as the target of a job of their own.
    function test_others_jobs_are_refused() public {
        bytes memory result = _honest().result;
        bytes memory refusal = abi.encodeWithSelector(ProposalRouter.UnknownJob.selector, bytes32("another"));
        vm.startPrank(address(jobs));
        vm.expectRevert(refusal);
        router.onInferenceResult("another", result);
        vm.expectRevert(refusal);
        router.onInferenceFailed("another", RefundReason.NoAgreement);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- no answer

    function test_without_an_answer_the_proposer_reclaims_the_budget() public {
        _propose();
        Terms memory terms = _routerTerms(1);
        _toBeacon();
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        _commitAll(terms, committee, _honest());
        bytes32 jobId = jobs.jobIdOf(terms);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.StillOpen.selector, 1));
        router.reclaim(1);

        _afterGrace(jobId);
        vm.expectEmit(address(router));
        emit ProposalRouter.ProposalUnanswered(1, RefundReason.TooFewReveals);
        _advance(terms);
        router.reclaim(1);
        assertEq(router.creditOf(proposer), BUDGET);
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.StillOpen.selector, 1));
        router.reclaim(1);
        router.withdrawFor(proposer);
        jobs.withdrawFor(proposer);
        assertEq(proposer.balance, BUDGET + jobs.quote(terms) - terms.callbackFee - terms.advanceReserve / 4);
    }

    function test_an_unknown_proposal_cannot_be_reclaimed() public {
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.StillOpen.selector, 9));
        router.reclaim(9);
    }

    function test_a_desk_that_refuses_money_keeps_its_credit() public {
        ProposalRouter.Category[] memory given = _categories();
        // A contract without a receive function.
        given[0].desk = address(all.models);
        router = new ProposalRouter(jobs, all.models, _ask(), given);
        _propose();
        Terms memory terms = _routerTerms(1);
        _resolve(terms, _answerAll(terms, _reply(0)));
        vm.expectRevert(abi.encodeWithSelector(ProposalRouter.TransferFailed.selector, address(all.models), BUDGET));
        router.withdrawFor(address(all.models));
        assertEq(router.creditOf(address(all.models)), BUDGET);
    }

    function test_the_categories_can_be_read() public view {
        assertEq(abi.encode(router.categories()), abi.encode(_categories()));
        assertEq(uint256(_routerTerms(1).tier), uint256(Tier.Redundant));
    }
}
