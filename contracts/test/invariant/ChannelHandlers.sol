// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Channel, ChannelStatus, Claim} from "../../src/channels/ChannelTypes.sol";
import {ChannelFixture} from "../channels/ChannelFixture.sol";
import {OwnedWallet} from "../channels/Wallets.sol";

/// @notice The steps that a run over channels is made of, by who takes them, and what is remembered of them. Each step
/// knows whether the contract must take it, and fails if it does otherwise.
abstract contract ChannelHandlers is ChannelFixture {
    /// @notice One channel, and what its parties know of it.
    struct Lane {
        bytes32 id;
        address payer;
        /// Signs for the payer.
        uint256 key;
        address payee;
        uint64 nonce;
        /// The highest voucher that the payee has accepted, when, and who signed it.
        uint128 accepted;
        uint256 acceptedAt;
        uint256 signer;
        Channel last;
    }

    Lane[] internal lanes;
    address[] internal accounts;
    uint256 internal sessionSecret;
    address internal sessionKey;

    uint256 internal paidIn;
    uint256 internal paidOut;
    uint256 internal donated;
    /// @dev Sums of what the claims returned and what payers took back.
    mapping(address payee => uint256) internal earned;
    mapping(address payer => uint256) internal returned;
    mapping(address account => uint256) internal received;

    function setUp() public virtual override {
        super.setUp();
        (sessionKey, sessionSecret) = makeAddrAndKey("session");
        address wallet = address(new OwnedWallet(payer));
        address secondPayee = makeAddr("second payee");
        _addLane(payer, payee, 0);
        _addLane(payer, payee, 1);
        _addLane(wallet, payee, 0);
        _addLane(payer, secondPayee, 0);
        _addLane(wallet, secondPayee, 0);
        accounts = [payer, wallet, payee, secondPayee];
        vm.prank(secondPayee);
        channels.setClaimer(stranger);
        for (uint256 i = 0; i < lanes.length; ++i) {
            deposit(i, 100 ether);
        }
    }

    function _addLane(address payer_, address payee_, uint64 nonce) private {
        bytes32 laneId = channels.channelIdOf(payer_, payee_, nonce);
        Lane storage lane = lanes.push();
        (lane.id, lane.payer, lane.key, lane.payee, lane.nonce) = (laneId, payer_, payerKey, payee_, nonce);
    }

    // ---------------------------------------------------------------- anyone

    function deposit(uint256 which, uint256 amount) public {
        Lane storage lane = _pick(which);
        amount = bound(amount, 1, 100 ether);
        vm.prank(stranger);
        try channels.deposit{value: amount}(lane.payer, lane.payee, lane.nonce) {
            assertTrue(lane.last.status != ChannelStatus.Closed, "a closed channel took a deposit");
            paidIn += amount;
        } catch {
            assertTrue(lane.last.status == ChannelStatus.Closed, "a deposit was refused");
        }
        _observe();
    }

    function withdrawFor(uint256 which) external {
        address account = accounts[which % accounts.length];
        uint256 credit = channels.creditOf(account);
        vm.prank(stranger);
        try channels.withdrawFor(account) {
            received[account] += credit;
            paidOut += credit;
        } catch {
            assertEq(credit, 0, "a credit was not paid");
        }
        _observe();
    }

    /// @dev The contract can't refuse money that comes by a block's reward or a self-destruction.
    function donate(uint256 amount) external {
        amount = bound(amount, 1, 100 ether);
        bytes32 before = _everything();
        vm.deal(address(channels), address(channels).balance + amount);
        donated += amount;
        assertEq(_everything(), before, "a donation changed something");
    }

    function pass(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 2 days));
    }

    /// @dev To the edges of a thaw: its last second and its end, its expiry's last second and the expiry.
    function passToEdge(uint256 which, uint256 edge) external {
        Channel memory channel = _pick(which).last;
        if (channel.thawEndsAt == 0) return;
        uint256 time = channel.thawEndsAt + (edge % 4 < 2 ? 0 : parameters.withdrawalPeriod) - edge % 2;
        if (time > vm.getBlockTimestamp()) vm.warp(time);
    }

    /// @dev One call of somebody who has no part in the channel.
    function disturb(uint256 which, uint256 what) external {
        Lane storage lane = _pick(which);
        address intruder = makeAddr("intruder");
        bytes[7] memory calls = [
            abi.encodeCall(channels.thaw, (lane.payee, lane.nonce, 1)),
            abi.encodeCall(channels.cancelThaw, (lane.payee, lane.nonce)),
            abi.encodeCall(channels.withdrawThawed, (lane.payee, lane.nonce)),
            abi.encodeCall(channels.closeAsPayer, (lane.payee, lane.nonce)),
            abi.encodeCall(channels.closeAsPayee, (lane.payer, lane.nonce)),
            abi.encodeCall(channels.claim, (lane.payee, _batch(_acceptedVoucher(lane)))),
            abi.encodeCall(channels.anchorReceipts, (lane.payee, lane.payer, lane.nonce, ROOT))
        ];
        vm.prank(intruder);
        (bool done,) = address(channels).call(calls[what % calls.length]);
        assertFalse(done, "an intruder was let in");
        _observe();
    }

    // ---------------------------------------------------------------- payer and payee, off chain

    /// @dev The payee accepts a higher voucher, by its rule.
    function accept(uint256 which, uint256 amount) external {
        Lane storage lane = _pick(which);
        uint256 backing = channels.backingOf(lane.id);
        if (lane.last.status != ChannelStatus.Open || backing <= lane.accepted) return;
        lane.accepted = uint128(bound(amount, lane.accepted + 1, backing));
        lane.acceptedAt = vm.getBlockTimestamp();
        lane.signer = lane.last.sessionKey != address(0) && amount % 2 == 0 ? sessionSecret : lane.key;
    }

    // ---------------------------------------------------------------- payer

    function setSessionKey(uint256 which) external {
        Lane storage lane = _pick(which);
        vm.prank(lane.payer);
        try channels.setSessionKey(lane.payee, lane.nonce, sessionKey) {
            assertEq(lane.last.sessionKey, address(0), "a session key was replaced");
        } catch {
            assertTrue(lane.last.sessionKey != address(0) || lane.last.status != ChannelStatus.Open);
        }
        _observe();
    }

    function thaw(uint256 which, uint96 amount, bool all) external {
        Lane storage lane = _pick(which);
        amount = all ? type(uint96).max : uint96(bound(amount, 1, 300 ether));
        vm.prank(lane.payer);
        try channels.thaw(lane.payee, lane.nonce, amount) {
            assertTrue(lane.last.status == ChannelStatus.Open);
        } catch {
            assertTrue(lane.last.status != ChannelStatus.Open, "a thaw was refused");
        }
        _observe();
    }

    function cancelThaw(uint256 which) external {
        Lane storage lane = _pick(which);
        vm.prank(lane.payer);
        try channels.cancelThaw(lane.payee, lane.nonce) {
            assertTrue(lane.last.thawEndsAt != 0);
        } catch {
            assertTrue(lane.last.thawEndsAt == 0, "a thaw was not cancelled");
        }
        _observe();
    }

    function withdrawThawed(uint256 which) external {
        Lane storage lane = _pick(which);
        Channel memory before = lane.last;
        vm.prank(lane.payer);
        try channels.withdrawThawed(lane.payee, lane.nonce) {
            assertTrue(_isDue(before), "a thaw was taken outside its time");
            uint256 amount = _min(before.thawing, before.deposited - before.claimed);
            returned[lane.payer] += amount;
            assertEq(channels.channelOf(lane.id).deposited, before.deposited - amount);
            _backingLeft(lane);
        } catch {
            assertFalse(_isDue(before), "a thaw was not paid");
        }
        _observe();
    }

    function closeAsPayer(uint256 which) public {
        Lane storage lane = _pick(which);
        Channel memory before = lane.last;
        uint256 balance = before.deposited - before.claimed;
        bool due = _isDue(before) && before.thawing >= balance;
        vm.prank(lane.payer);
        try channels.closeAsPayer(lane.payee, lane.nonce) {
            assertTrue(due, "a payer closed without a thaw of everything");
            returned[lane.payer] += balance;
            _backingLeft(lane);
        } catch {
            assertFalse(due, "a payer could not close");
        }
        _observe();
    }

    // ---------------------------------------------------------------- payee

    /// @dev A batch with an item for each of the payee's channels, good ones and bad ones.
    function claim(bool second, uint256 kinds) external {
        address payee_ = second ? accounts[3] : payee;
        Claim[] memory claims = new Claim[](lanes.length);
        for (uint256 i = 0; i < lanes.length; ++i) {
            // An item of another payee's channel is one of an unknown channel here.
            claims[i] = _acceptedVoucher(lanes[i]);
            uint256 kind = (kinds >> (8 * i)) % 6;
            if (kind == 0) claims[i].cumulative += 1; // not what was signed
            else if (kind == 1) claims[i].signature = "nothing";
            else if (kind == 2) claims[i] = _signed(lanes[i], lanes[i].accepted / 2, lanes[i].key);
        }
        vm.prank(second && kinds % 2 == 0 ? stranger : payee_);
        earned[payee_] += channels.claim(payee_, claims);
        _observe();
    }

    /// @dev A payer promises more than it has deposited, and the payee takes what it can get.
    function claimUnbacked(uint256 which, uint256 excess) external {
        Lane storage lane = _pick(which);
        uint256 cumulative = lane.last.deposited + bound(excess, 0, 100 ether);
        Claim[] memory claims = _batch(_signed(lane, uint128(cumulative), lane.key));
        vm.prank(lane.payee);
        earned[lane.payee] += channels.claim(lane.payee, claims);
        if (lane.last.status == ChannelStatus.Open && lane.accepted < lane.last.deposited) {
            (lane.accepted, lane.signer) = (lane.last.deposited, lane.key);
            lane.acceptedAt = vm.getBlockTimestamp();
        }
        _observe();
    }

    /// @dev Seldom, for nothing happens in a channel afterwards.
    function closeAsPayee(uint256 which, uint256 dice) external {
        if (dice % 4 != 0) return;
        Lane storage lane = _pick(which);
        Channel memory before = lane.last;
        vm.prank(lane.payee);
        try channels.closeAsPayee(lane.payer, lane.nonce) {
            assertTrue(before.status == ChannelStatus.Open);
            returned[lane.payer] += before.deposited - before.claimed;
            lane.accepted = before.claimed;
        } catch {
            assertTrue(before.status != ChannelStatus.Open, "a payee could not close");
        }
        _observe();
    }

    // ---------------------------------------------------------------- what is remembered

    function _pick(uint256 which) internal view returns (Lane storage) {
        return lanes[which % lanes.length];
    }

    /// @dev The backing of an accepted voucher has left: the payee had a whole thaw's time to claim it.
    function _backingLeft(Lane storage lane) private {
        uint256 deposited = channels.channelOf(lane.id).deposited;
        if (deposited >= lane.accepted) return;
        assertGe(vm.getBlockTimestamp(), lane.acceptedAt + parameters.thawPeriod, "backing left before its time");
        lane.accepted = uint128(deposited);
    }

    /// @dev Checks each channel's step from what it last was, and remembers what it is.
    function _observe() internal {
        for (uint256 i = 0; i < lanes.length; ++i) {
            Lane storage lane = lanes[i];
            Channel memory now_ = channels.channelOf(lane.id);
            Channel memory last = lane.last;
            assertGe(now_.claimed, last.claimed, "a voucher total fell");
            assertGe(uint8(now_.status), uint8(last.status), "a channel went back");
            if (last.sessionKey != address(0)) assertEq(now_.sessionKey, last.sessionKey, "a session key changed");
            if (last.status == ChannelStatus.Closed) {
                assertEq(keccak256(abi.encode(now_)), keccak256(abi.encode(last)), "a closed channel changed");
            }
            lane.last = now_;
        }
    }

    function _isDue(Channel memory channel) private view returns (bool) {
        uint256 time = vm.getBlockTimestamp();
        return channel.status == ChannelStatus.Open && channel.thawEndsAt != 0 && time >= channel.thawEndsAt
            && time < channel.thawEndsAt + parameters.withdrawalPeriod;
    }

    function _acceptedVoucher(Lane storage lane) internal view returns (Claim memory) {
        return _signed(lane, lane.accepted, lane.signer == 0 ? lane.key : lane.signer);
    }

    function _signed(Lane storage lane, uint128 cumulative, uint256 key) private view returns (Claim memory) {
        bytes memory signature = _sign(key, channels.voucherDigest(lane.id, cumulative, ROOT));
        return Claim(lane.payer, lane.nonce, cumulative, ROOT, signature);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @dev All that the getters say.
    function _everything() internal view returns (bytes32 hash) {
        for (uint256 i = 0; i < lanes.length; ++i) {
            hash = keccak256(abi.encode(hash, channels.channelOf(lanes[i].id), channels.backingOf(lanes[i].id)));
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            hash = keccak256(abi.encode(hash, channels.creditOf(accounts[i]), channels.claimerOf(accounts[i])));
        }
        hash = keccak256(abi.encode(hash, channels.liabilities()));
    }
}
