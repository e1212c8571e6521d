// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DeskAccount, Item, Order, Subscription} from "../../src/desk/DeskTypes.sol";
import {Terms} from "../../src/jobs/JobTypes.sol";
import {DeskLedger, GreedyWallet, Way} from "./DeskLedger.sol";

/// @notice The steps of runs over the desk, by who takes them. Each knows whether the contracts must take it, and fails if
/// they do otherwise.
abstract contract DeskHandlers is DeskLedger {
    uint256 internal constant MAX_ORDERS = 16;
    uint256 internal constant MAX_SUBSCRIPTIONS = 6;
    uint256 internal constant ITEMS = 4;

    // ---------------------------------------------------------------- anyone's money

    /// @dev Anyone pays into anyone's account.
    function deposit(uint256 who, uint256 amount) external observed {
        amount = bound(amount, 1, 1 ether);
        address account = _party(who);
        _deposit(account, amount);
        accounts[account].balance += uint128(amount);
        cameIn += amount;
    }

    function startThaw(uint256 who, uint256 amount) external observed {
        address account = _party(who);
        uint256 balance = accounts[account].balance;
        // Mostly what is there, sometimes more.
        amount = bound(amount, 0, balance + balance / 8);
        vm.prank(account);
        try desk.startThaw(uint128(amount)) {
            assertTrue(amount != 0 && amount <= balance, "D7: more thaws than there is");
            accounts[account].thawing = uint128(amount);
            accounts[account].thawedAt = uint64(vm.getBlockTimestamp() + desk.thawPeriod());
        } catch {
            assertTrue(amount == 0 || amount > balance, "a thaw was refused");
        }
    }

    function cancelThaw(uint256 who) external observed {
        address account = _party(who);
        vm.prank(account);
        try desk.cancelThaw() {
            assertTrue(accounts[account].thawing != 0);
            (accounts[account].thawing, accounts[account].thawedAt) = (0, 0);
        } catch {
            assertEq(accounts[account].thawing, 0, "a thaw was not cancelled");
        }
    }

    function withdrawThawed(uint256 who) external observed {
        _withdrawThawed(_party(who));
    }

    function withdrawFor(uint256 who) external observed {
        _withdrawFor(_party(who));
    }

    // ---------------------------------------------------------------- requesters

    /// @dev A request without the desk, which takes a number all the same.
    function ask(uint256 who, uint256 number) external observed {
        address from = _requester(who);
        Terms memory terms = _termsOf(from, _nonce(from, number), number);
        uint256 escrow = jobs.quote(terms);
        bool fresh = _canRequest(terms);
        vm.deal(from, from.balance + escrow);
        vm.prank(from);
        try jobs.request{value: escrow}(terms, input, labels, "") returns (bytes32 jobId) {
            assertTrue(fresh, "D3: a number was used twice");
            _took(Way.Own, terms, jobId);
        } catch {
            assertFalse(fresh, "an own request was refused");
        }
    }

    /// @dev Some items that nobody may take, among good ones.
    function requestMany(uint256 who, uint256 numbers, uint256 kinds, uint256 value) external observed {
        address from = _requester(who);
        value = value % 3 == 0 ? 0 : bound(value, 0, 0.3 ether);
        Item[] memory items = new Item[](ITEMS);
        for (uint256 i; i < ITEMS; ++i) {
            uint256 number = uint256(keccak256(abi.encode(numbers, i)));
            items[i] = _spoilt(_item(_termsOf(from, _nonce(from, number), number)), uint8(kinds >> (8 * i)) % 10);
            if (items[i].terms.requester == from) _agree(items[i].terms, 0);
        }
        vm.deal(from, from.balance + value);
        vm.prank(from);
        bytes32[] memory ids = desk.requestMany{value: value}(items);
        cameIn += value;
        accounts[from].balance += uint128(value);
        for (uint256 i; i < ITEMS; ++i) {
            Terms memory terms = items[i].terms;
            bool good = terms.requester == from && terms.refundTo != address(desk) && terms.version == VERSION
                && items[i].input.length == input.length && _canRequest(terms) && _reaches(terms, 0);
            assertEq(ids[i], good ? jobs.jobIdOf(terms) : bytes32(0), "D4: an item");
            if (good) _charge(Way.Many, terms, ids[i], address(0), 0);
            else ++refused;
        }
    }

    /// @dev One order in five is signed by somebody else. Nothing happens on chain.
    function sign(uint256 who, uint256 number, uint256 dice) external {
        if (orders.length == MAX_ORDERS) return;
        address from = _requester(who);
        Order memory order = _order(_termsOf(from, _nonce(from, number), number));
        order.deadline = vm.getBlockTimestamp() + bound(dice, 1 minutes, 3 hours);
        order.relayFee = uint128(dice % FEE);
        bool right = dice % 5 != 0;
        orders.push(order);
        signatures.push(_sign(order, right ? keyOf[from] : relayKey));
        rightly.push(right);
        if (right) _agree(order.terms, order.relayFee);
    }

    function revoke(uint256 who, uint256 number) external observed {
        address from = _requester(who);
        uint256 nonce = _nonce(from, number);
        bool fresh = !spent[from][nonce];
        vm.prank(from);
        try jobs.revokeNonce(nonce) {
            assertTrue(fresh, "D3: a used number was revoked");
            spent[from][nonce] = true;
            revoked[from][nonce] = true;
        } catch {
            assertFalse(fresh, "a number was not revoked");
        }
    }

    function subscribe(uint256 who, uint256 dice) external observed {
        if (subscriptions.length == MAX_SUBSCRIPTIONS) return;
        address from = _requester(who);
        Subscription memory subscription = Subscription({
            terms: _termsOf(from, subscriptions.length, dice),
            start: uint64(vm.getBlockTimestamp() + dice % 1 hours),
            period: uint32(bound(dice, 10 minutes, 1 hours)),
            count: uint32(1 + dice % 5),
            serveFee: uint128(dice % FEE),
            inputUriHash: keccak256("")
        });
        bytes32 id = _subscribe(subscription);
        subscriptions.push(subscription);
        subscriptionIds.push(id);
        ends[id] = subscription.count;
        for (uint256 interval; interval < subscription.count; ++interval) {
            _agree(_intervalTerms(subscription, id, interval), subscription.serveFee);
        }
    }

    function cancelSubscription(uint256 which, uint256 dice) external observed {
        // Seldom, for nothing is served afterwards.
        if (subscriptions.length == 0 || dice % 4 != 0) return;
        Subscription memory subscription = subscriptions[which % subscriptions.length];
        bytes32 id = subscriptionIds[which % subscriptions.length];
        vm.prank(subscription.terms.requester);
        desk.cancelSubscription(subscription);
        uint256 time = vm.getBlockTimestamp();
        uint256 next = time < subscription.start ? 0 : (time - subscription.start) / subscription.period + 1;
        if (next < ends[id]) ends[id] = next;
    }

    // ---------------------------------------------------------------- relays

    /// @dev As it was signed, or altered in one place.
    function bring(uint256 which, uint256 who, uint256 alteration) external observed {
        if (orders.length == 0) return;
        which %= orders.length;
        Order memory order = orders[which];
        alteration %= 10;
        if (alteration == 0) ++order.terms.maxUnits;
        if (alteration == 1) ++order.relayFee;
        if (alteration == 2) order.deadline += 1 days;
        if (alteration == 3) order.terms.refundTo = relay;
        if (alteration == 4) order.terms.requester = _otherRequester(order.terms.requester);
        if (alteration == 5) ++order.terms.nonce;
        bool good = alteration > 5 && rightly[which] && vm.getBlockTimestamp() <= order.deadline
            && _canRequest(order.terms) && _reaches(order.terms, order.relayFee);
        address by = _relay(who);
        vm.prank(by);
        try desk.requestSigned(order, signatures[which], input, labels, "") returns (bytes32 jobId) {
            assertTrue(good, "D5: an order became a job that mustn't");
            _charge(Way.Order, order.terms, jobId, by, order.relayFee);
        } catch {
            assertFalse(good, "an order was refused");
        }
    }

    /// @dev Mostly the present interval, sometimes any; sometimes for another fee than was subscribed.
    function serve(uint256 which, uint256 who, uint256 dice) external observed {
        if (subscriptions.length == 0) return;
        which %= subscriptions.length;
        Subscription memory subscription = subscriptions[which];
        bytes32 id = subscriptionIds[which];
        uint256 time = vm.getBlockTimestamp();
        uint256 interval = time < subscription.start ? 0 : (time - subscription.start) / subscription.period;
        bool present = time >= subscription.start;
        if (dice % 4 == 0) {
            present = present && interval == (dice >> 8) % 7;
            interval = (dice >> 8) % 7;
        }
        Terms memory terms = _intervalTerms(subscription, id, interval);
        bool good = present && interval < ends[id] && _canRequest(terms) && _reaches(terms, subscription.serveFee);
        if ((dice >> 16) % 6 == 0) (good, subscription.serveFee) = (false, subscription.serveFee + 1);
        address by = _relay(who);
        vm.prank(by);
        try desk.serve(subscription, interval, input, labels, "") returns (bytes32 jobId) {
            assertTrue(good, "D6: an interval was served that mustn't be");
            assertEq(jobId, jobs.jobIdOf(terms));
            _charge(Way.Interval, terms, jobId, by, subscription.serveFee);
        } catch {
            assertFalse(good, "an interval was not served");
        }
    }

    // ---------------------------------------------------------------- intruder, guardian, donor and time

    /// @dev One call of somebody who has agreed with nobody on anything.
    function disturb(uint256 which, uint256 what) external observed {
        address intruder = makeAddr("intruder");
        Order memory order = _order(_termsOf(_requester(which), which % NUMBERS, which));
        bytes[5] memory calls;
        calls[0] = abi.encodeCall(desk.startThaw, (1));
        calls[1] = abi.encodeCall(desk.requestSigned, (order, new bytes(65), input, labels, ""));
        calls[2] = abi.encodeCall(desk.withdrawFor, (intruder));
        calls[3] = abi.encodeCall(desk.cancelThaw, ());
        if (subscriptions.length != 0) {
            Subscription memory subscription = subscriptions[which % subscriptions.length];
            calls[4] = abi.encodeCall(desk.cancelSubscription, (subscription));
        }
        bytes32 before = _everything();
        vm.prank(intruder);
        (bool done,) = address(desk).call(calls[what % calls.length]);
        assertFalse(done, "D8: an intruder was let in");
        assertEq(_everything(), before);
    }

    /// @dev Nobody is charged for what the pause refuses.
    function pause(uint256 dice) external observed {
        if (dice % 4 != 0) return;
        try all.governance.pauseNewJobs(all.governance.terms().maximumPause) {} catch {}
    }

    function donate(uint256 amount) external observed {
        amount = bound(amount, 1, 1 ether);
        bytes32 before = _everything();
        vm.deal(address(desk), address(desk).balance + amount);
        donated += amount;
        assertEq(_everything(), before, "D8: a donation changed something");
    }

    function pass(uint256 time) external observed {
        skip(bound(time, 1, 20 minutes));
    }

    /// @dev To the last second before a thaw's end, to its end; to the first second of an interval, to its last.
    function passToEdge(uint256 which, uint256 edge) external observed {
        uint256 time = accounts[_party(which)].thawedAt;
        if (edge % 4 < 2 && subscriptions.length != 0) {
            Subscription memory subscription = subscriptions[which % subscriptions.length];
            time = subscription.start + (edge >> 8) % (subscription.count + 1) * subscription.period;
        }
        if (time > vm.getBlockTimestamp() + 1) vm.warp(time - edge % 2);
    }

    // ---------------------------------------------------------------- steps of steps

    function _withdrawThawed(address account) internal {
        DeskAccount memory known = accounts[account];
        bool due = known.thawing != 0 && vm.getBlockTimestamp() >= known.thawedAt;
        uint256 amount = known.thawing < known.balance ? known.thawing : known.balance;
        uint256 before = account.balance;
        vm.prank(stranger);
        try desk.withdrawThawed(account) {
            assertTrue(due, "D7: a thaw was taken early");
            assertEq(account.balance - before, amount, "D7: not what has thawed and is there");
            accounts[account] = DeskAccount(uint128(known.balance - amount), 0, 0);
            paidOut += amount;
        } catch {
            assertFalse(due, "a thaw was not paid");
        }
        assertFalse(GreedyWallet(payable(wallet)).paidTwice(), "D7: paid twice");
    }

    function _withdrawFor(address account) internal {
        uint256 amount = credits[account];
        uint256 before = account.balance;
        vm.prank(stranger);
        try desk.withdrawFor(account) {
            assertEq(account.balance - before, amount);
            credits[account] = 0;
            paidOut += amount;
        } catch {
            assertEq(amount, 0, "a credit was not paid");
        }
    }

    /// @dev A good item made one that must be refused, or left.
    function _spoilt(Item memory item, uint256 kind) private view returns (Item memory) {
        if (kind == 0) item.terms.version = 9;
        if (kind == 1) item.terms.requester = _otherRequester(item.terms.requester);
        if (kind == 2) item.terms.refundTo = address(desk);
        if (kind == 3) item.terms.maxUnits = 100_000;
        if (kind == 4) item.input = bytes.concat(item.input, "!");
        return item;
    }
}
