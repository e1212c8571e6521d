// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DeskAccount} from "../../src/desk/DeskTypes.sol";
import {DeskHandlers} from "./DeskHandlers.sol";
import {Way} from "./DeskLedger.sol";

/// @notice The invariants D1 to D9 of README.md. A step that fails is a failure, for steps assert, too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract DeskInvariants is DeskHandlers {
    function setUp() public override {
        super.setUp();
        bytes4[] memory steps = new bytes4[](23);
        steps[0] = this.deposit.selector;
        steps[1] = this.deposit.selector;
        steps[2] = this.ask.selector;
        steps[3] = this.requestMany.selector;
        steps[4] = this.requestMany.selector;
        steps[5] = this.sign.selector;
        steps[6] = this.sign.selector;
        steps[7] = this.bring.selector;
        steps[8] = this.bring.selector;
        steps[9] = this.bring.selector;
        steps[10] = this.revoke.selector;
        steps[11] = this.subscribe.selector;
        steps[12] = this.serve.selector;
        steps[13] = this.serve.selector;
        steps[14] = this.cancelSubscription.selector;
        steps[15] = this.startThaw.selector;
        steps[16] = this.cancelThaw.selector;
        steps[17] = this.withdrawThawed.selector;
        steps[18] = this.withdrawFor.selector;
        steps[19] = this.disturb.selector;
        steps[20] = this.donate.selector;
        steps[21] = this.pass.selector;
        steps[22] = this.passToEdge.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        bytes4[] memory rare = new bytes4[](1);
        rare[0] = this.pause.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: rare}));
        targetContract(address(this));
    }

    /// The steps get everywhere: each way to a job, and each refusal.
    function test_the_steps_reach_every_way_to_a_job_and_every_refusal() public {
        for (uint256 who; who < 2; ++who) {
            this.deposit(who, 1 ether);
            // A number of its own each; the order of the second is the wallet's.
            this.sign(who, 1 << 8, 1001);
            this.bring(who, 0, 9);
        }
        assertEq(brought[Way.Order], 2);
        this.bring(0, 0, 9); // again
        this.sign(0, 2 << 8, 1000); // by somebody else
        this.bring(2, 0, 9);
        this.sign(0, 3 << 8, 1001);
        for (uint256 alteration; alteration < 6; ++alteration) {
            this.bring(3, 1, alteration);
        }
        this.revoke(0, 3 << 8);
        this.bring(3, 0, 9);
        this.sign(0, 4 << 8, 1001);
        skip(orders[4].deadline - vm.getBlockTimestamp() + 1);
        this.bring(4, 0, 9);
        assertEq(brought[Way.Order], 2);

        this.ask(0, 1 | (5 << 8));
        this.ask(0, 1 | (5 << 8));
        assertEq(brought[Way.Own], 1);
        // Of each four items two are good, but for a number that was taken already.
        this.requestMany(0, 77, 0x09020109, 0);
        this.requestMany(1, 78, 0x09090300, 1);
        this.requestMany(1, 79, 0x09090904, 1);
        assertGt(brought[Way.Many], 3);
        assertGt(refused, 4);

        this.subscribe(0, 3); // four intervals
        vm.warp(subscriptions[0].start);
        this.serve(0, 0, 1); // for another fee
        uint256 good = 1 << 16;
        this.serve(0, 0, good | (5 << 8)); // the third
        assertEq(brought[Way.Interval], 0);
        this.serve(0, 0, good | 1);
        this.serve(0, 0, good | 1); // again
        assertEq(brought[Way.Interval], 1);
        this.revoke(0, 1 << 8);
        skip(subscriptions[0].period);
        this.serve(0, 0, good | 1); // revoked
        this.cancelSubscription(0, 4);
        skip(subscriptions[0].period);
        this.serve(0, 0, good | 1); // ended
        assertEq(brought[Way.Interval], 1);

        this.startThaw(0, accounts[asker].balance);
        this.withdrawThawed(0);
        this.passToEdge(0, 3);
        this.withdrawThawed(0);
        assertGt(accounts[asker].thawing, 0);
        skip(1);
        this.withdrawThawed(0);
        assertEq(accounts[asker].balance, 0);
        this.pause(0);
        this.deposit(0, 1 ether);
        this.ask(0, 1 | (6 << 8));
        assertFalse(spent[asker][6], "refused in a pause");
        afterInvariant();
    }

    /// D1
    function invariant_the_desk_owes_accounts_and_credits_and_holds_them() public view {
        uint256 owed;
        for (uint256 i; i < PARTIES; ++i) {
            owed += desk.accountOf(_party(i)).balance + desk.creditOf(_party(i));
        }
        assertEq(desk.liabilities(), owed);
        assertEq(address(desk).balance, owed + donated);
        assertEq(cameIn, owed + paidOut + sentOn);
    }

    /// D2. That each charge is for what its requester agreed to, once, is asserted at every step.
    function invariant_accounts_hold_what_their_owners_did_not_spend() public view {
        for (uint256 i; i < PARTIES; ++i) {
            address account = _party(i);
            assertEq(keccak256(abi.encode(desk.accountOf(account))), keccak256(abi.encode(accounts[account])));
            assertEq(desk.creditOf(account), credits[account]);
        }
        assertEq(chargedEscrow, sentOn);
        assertEq(requestedEscrow, sentOn + ownEscrow);
        assertEq(address(jobs).balance, requestedEscrow);
    }

    /// D3. That a number becomes no second job, and a revoked one none, is asserted at every step.
    function invariant_a_number_is_used_by_one_job_or_revoked() public view {
        for (uint256 nonce; nonce < NUMBERS; ++nonce) {
            for (uint256 who; who < 2; ++who) {
                address from = _requester(who);
                bool used = jobs.nonceUsed(from, nonce);
                assertEq(used, spent[from][nonce]);
                assertEq(used, revoked[from][nonce] || jobsOf[from][nonce] == 1);
            }
        }
        assertEq(requested.length, brought[Way.Own] + brought[Way.Many] + brought[Way.Order] + brought[Way.Interval]);
    }

    /// D6. That an interval is served within it alone is asserted at every step.
    function invariant_an_interval_is_served_once_and_before_the_end() public view {
        uint256 served;
        for (uint256 i; i < subscriptions.length; ++i) {
            bytes32 id = subscriptionIds[i];
            address from = subscriptions[i].terms.requester;
            assertEq(desk.endIntervalOf(id), ends[id]);
            assertLe(ends[id], subscriptions[i].count);
            for (uint256 interval; interval < subscriptions[i].count; ++interval) {
                uint256 nonce = desk.nonceOf(id, interval);
                assertLe(jobsOf[from][nonce], 1);
                bytes32 jobId = jobs.jobIdOf(_intervalTerms(subscriptions[i], id, interval));
                served += charges[jobId];
            }
        }
        assertGe(served, brought[Way.Interval]);
    }

    /// D8. That a donation changes no getter's answer, and an intruder is let into nothing, is asserted at every step.
    function invariant_getters_never_revert() public view {
        _everything();
        desk.accountOf(address(0));
        desk.creditOf(address(0));
        desk.endIntervalOf("unknown");
        desk.nonceOf("unknown", type(uint256).max);
        desk.thawPeriod();
        desk.jobs();
        desk.eip712Domain();
        for (uint256 i; i < orders.length; ++i) {
            desk.orderDigest(orders[i]);
        }
        for (uint256 i; i < subscriptions.length; ++i) {
            assertEq(desk.subscriptionIdOf(subscriptions[i]), subscriptionIds[i]);
        }
    }

    /// D9. After each run everyone takes everything out one thaw later, and nothing but donations stays.
    function afterInvariant() public {
        for (uint256 i; i < PARTIES; ++i) {
            DeskAccount memory account = desk.accountOf(_party(i));
            if (account.balance == 0) continue;
            vm.prank(_party(i));
            desk.startThaw(account.balance);
            accounts[_party(i)].thawing = account.balance;
            accounts[_party(i)].thawedAt = uint64(vm.getBlockTimestamp() + desk.thawPeriod());
        }
        skip(desk.thawPeriod());
        for (uint256 i; i < PARTIES; ++i) {
            _withdrawThawed(_party(i));
            _withdrawFor(_party(i));
        }
        assertEq(desk.liabilities(), 0);
        assertEq(address(desk).balance, donated);
        assertEq(cameIn, paidOut + sentOn);
    }
}
