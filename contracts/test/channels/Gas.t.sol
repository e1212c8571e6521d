// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../../src/channels/ChannelTypes.sol";
import {ChannelFixture} from "./ChannelFixture.sol";
import {OwnedWallet} from "./Wallets.sol";

/// @notice What the lane costs on chain, in whole transactions: 21,000 each, calldata, execution. All accounts and
/// channels were used before.
contract ChannelGasTest is ChannelFixture {
    uint64 private constant CHANNELS = 16;
    uint256 private constant RECEIPTS = 100;

    address private wallet;
    uint256 private sessionSecret;

    function setUp() public override {
        super.setUp();
        address sessionKey;
        (sessionKey, sessionSecret) = makeAddrAndKey("session");
        wallet = address(new OwnedWallet(payer));
        for (uint64 nonce = 0; nonce < CHANNELS; ++nonce) {
            _deposit(payer, nonce, 100 ether);
            _claim(_voucher(payer, nonce, 1 ether, payerKey));
        }
        vm.prank(payer);
        channels.setSessionKey(payee, 1, sessionKey);
        _deposit(wallet, 0, 100 ether);
        _claim(_voucher(wallet, 0, 1 ether, payerKey));
    }

    /// @dev One voucher pays for a hundred jobs and anchors their receipts, alone in its transaction.
    /// forge-config: default.isolate = true
    function test_voucher_per_job_100() public {
        uint256 used = _measureClaim("claim_1_voucher", _batch(_voucher(payer, 0, 2.3456789 ether, payerKey)));
        uint256 perJob = (used + RECEIPTS - 1) / RECEIPTS;
        vm.snapshotValue("channels", "voucher_per_job_100", perJob);
        vm.snapshotValue("gas", "voucher_per_job_100", perJob);
        assertLe(perJob, 1000);
    }

    /// forge-config: default.isolate = true
    function test_a_batch_of_vouchers() public {
        Claim[] memory claims = new Claim[](CHANNELS);
        for (uint64 nonce = 0; nonce < CHANNELS; ++nonce) {
            claims[nonce] = _voucher(payer, nonce, 2.3456789 ether, payerKey);
        }
        uint256 used = _measureClaim("claim_16_vouchers", claims);
        uint256 perJob = (used + CHANNELS * RECEIPTS - 1) / (CHANNELS * RECEIPTS);
        vm.snapshotValue("channels", "voucher_per_job_100_in_batch_16", perJob);
        assertLe(perJob, 300);
    }

    /// forge-config: default.isolate = true
    function test_other_signers() public {
        _measureClaim("claim_1_voucher_session_key", _batch(_voucher(payer, 1, 2.3456789 ether, sessionSecret)));
        _measureClaim("claim_1_voucher_wallet", _batch(_voucher(wallet, 0, 2.3456789 ether, payerKey)));
    }

    /// forge-config: default.isolate = true
    function test_the_rest() public {
        vm.prank(stranger);
        channels.deposit{value: 1 ether}(payer, payee, NONCE + CHANNELS);
        _record("open");
        vm.prank(stranger);
        channels.deposit{value: 1 ether}(payer, payee, 0);
        _record("top_up");
        vm.prank(payee);
        channels.anchorReceipts(payee, payer, 0, ROOT);
        _record("anchor_receipts");
        vm.prank(payer);
        channels.thaw(payee, 0, 1 ether);
        _record("thaw");
        vm.warp(vm.getBlockTimestamp() + parameters.thawPeriod);
        vm.prank(payer);
        channels.withdrawThawed(payee, 0);
        _record("withdraw_thawed");
        vm.prank(payee);
        channels.closeAsPayee(payer, 0);
        _record("close_as_payee");
        channels.withdrawFor(payer);
        _record("withdraw_for");
    }

    function _measureClaim(string memory name, Claim[] memory claims) private returns (uint256 used) {
        vm.prank(payee);
        uint256 paid = channels.claim(payee, claims);
        used = _record(name);
        assertEq(paid, claims.length * 1.3456789 ether);
    }

    function _record(string memory name) private returns (uint256 used) {
        used = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("channels", name, used);
    }
}
