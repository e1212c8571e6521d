// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim, SkipReason} from "../../src/channels/ChannelTypes.sol";
import {IPaymentChannels} from "../../src/channels/IPaymentChannels.sol";
import {PaymentChannels} from "../../src/channels/PaymentChannels.sol";
import {ChannelFixture} from "./ChannelFixture.sol";
import {Conduct, HostileWallet, OwnedWallet} from "./Wallets.sol";

contract ChannelSignaturesTest is ChannelFixture {
    /// Order of secp256k1.
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function test_the_digest_is_eip712s() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Infera"),
                keccak256("1"),
                block.chainid,
                address(channels)
            )
        );
        bytes32 voucher = keccak256(
            abi.encode(
                keccak256("Voucher(bytes32 channelId,uint128 cumulative,bytes32 receiptsRoot)"), id, uint256(5), ROOT
            )
        );
        assertEq(channels.voucherDigest(id, 5, ROOT), keccak256(abi.encodePacked(hex"1901", domain, voucher)));
    }

    // ---------------------------------------------------------------- replay

    function test_a_voucher_of_another_channel_is_refused() public {
        _deposit(1 ether);
        _deposit(payer, NONCE + 1, 1 ether);
        Claim memory voucher = _voucher(payer, NONCE + 1, 1 ether, payerKey);
        voucher.openNonce = NONCE;
        _assertSkipped(voucher, SkipReason.InvalidSignature);
    }

    function test_a_voucher_to_another_payee_is_refused() public {
        _deposit(1 ether);
        Claim memory voucher = _voucher(1 ether);
        payee = makeAddr("another payee");
        _deposit(1 ether);
        _assertSkipped(voucher, SkipReason.InvalidSignature);
    }

    function test_a_voucher_for_another_contract_is_refused() public {
        _deposit(1 ether);
        Claim memory voucher = _voucher(1 ether);
        channels = new PaymentChannels(parameters);
        _deposit(1 ether);
        _assertSkipped(voucher, SkipReason.InvalidSignature);
    }

    /// @dev The same contract at the same address, as after a fork.
    function test_a_voucher_for_another_chain_is_refused() public {
        _deposit(1 ether);
        Claim memory voucher = _voucher(1 ether);
        vm.chainId(block.chainid + 1);
        _deposit(1 ether);
        _assertSkipped(voucher, SkipReason.InvalidSignature);
    }

    /// @dev Channel ids differ between chains and contracts already; the domain would do alone.
    function test_the_domain_alone_tells_chains_and_contracts_apart() public {
        bytes32 here = channels.voucherDigest(id, 1, ROOT);
        assertTrue(new PaymentChannels(parameters).voucherDigest(id, 1, ROOT) != here);
        vm.chainId(block.chainid + 1);
        assertTrue(channels.voucherDigest(id, 1, ROOT) != here);
    }

    function test_every_field_is_signed() public {
        _deposit(10 ether);
        Claim memory voucher = _voucher(1 ether);
        voucher.cumulative = 2 ether;
        _assertSkipped(voucher, SkipReason.InvalidSignature);
        voucher = _voucher(1 ether);
        voucher.receiptsRoot = 0;
        _assertSkipped(voucher, SkipReason.InvalidSignature);
    }

    function test_malformed_and_malleable_signatures_are_refused() public {
        _deposit(10 ether);
        Claim memory voucher = _voucher(1 ether);
        bytes32 digest = channels.voucherDigest(id, 1 ether, ROOT);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(payerKey, digest);
        bytes[5] memory bad = [
            bytes(""),
            abi.encodePacked(r, s),
            abi.encodePacked(r, s, v, v),
            abi.encodePacked(r, ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27)),
            new bytes(65)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            voucher.signature = bad[i];
            _assertSkipped(voucher, SkipReason.InvalidSignature);
        }
    }

    // ---------------------------------------------------------------- session key

    function test_a_session_key_signs_beside_the_payer() public {
        _deposit(10 ether);
        (address key, uint256 secret) = makeAddrAndKey("session");
        _assertSkipped(_voucher(payer, NONCE, 1 ether, secret), SkipReason.InvalidSignature);

        vm.expectEmit(address(channels));
        emit IPaymentChannels.SessionKeySet(id, key);
        vm.prank(payer);
        channels.setSessionKey(payee, NONCE, key);
        assertEq(channels.channelOf(id).sessionKey, key);
        assertEq(_claim(_voucher(payer, NONCE, 1 ether, secret)), 1 ether);
        assertEq(_claim(_voucher(2 ether)), 1 ether);
        // For this channel only.
        _deposit(payer, 1, 1 ether);
        _assertSkipped(_voucher(payer, 1, 1 ether, secret), SkipReason.InvalidSignature);
    }

    function test_a_session_key_is_set_once_by_the_payer_of_an_open_channel() public {
        address key = makeAddr("session");
        _expectRevert(IPaymentChannels.ChannelNotOpen.selector);
        vm.prank(payer);
        channels.setSessionKey(payee, NONCE, key);

        _deposit(1 ether);
        bytes32 others = channels.channelIdOf(stranger, payee, NONCE);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ChannelNotOpen.selector, others));
        vm.prank(stranger);
        channels.setSessionKey(payee, NONCE, key);

        vm.startPrank(payer);
        vm.expectRevert(IPaymentChannels.ZeroSessionKey.selector);
        channels.setSessionKey(payee, NONCE, address(0));
        channels.setSessionKey(payee, NONCE, key);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.SessionKeyAlreadySet.selector, id, key));
        channels.setSessionKey(payee, NONCE, stranger);
    }

    // ---------------------------------------------------------------- wallets

    function test_a_wallet_pays_by_its_own_rule() public {
        (address owner, uint256 secret) = makeAddrAndKey("owner");
        address wallet = address(new OwnedWallet(owner));
        _deposit(wallet, NONCE, 1 ether);
        _assertSkipped(_voucher(wallet, NONCE, 1 ether, payerKey), SkipReason.InvalidSignature);
        assertEq(_claim(_voucher(wallet, NONCE, 1 ether, secret)), 1 ether);
    }

    function test_a_hostile_wallet_costs_its_own_item_only() public {
        HostileWallet wallet = new HostileWallet(channels, payee);
        _deposit(10 ether);
        _deposit(address(wallet), 1, 1 ether);
        bytes32 walletsId = channels.channelIdOf(address(wallet), payee, 1);
        for (uint8 conduct = 0; conduct <= uint8(type(Conduct).max); ++conduct) {
            wallet.set(Conduct(conduct));
            Claim[] memory claims = new Claim[](2);
            claims[0] = _voucher(address(wallet), 1, 1 ether, payerKey);
            claims[1] = _voucher((conduct + 1) * 1 ether);
            _expectSkipped(walletsId, 0, SkipReason.InvalidSignature);
            uint256 before = gasleft();
            assertEq(_claim(claims), 1 ether);
            assertLt(before - gasleft(), parameters.walletGas + 100_000);
        }
        assertEq(channels.channelOf(walletsId).thawing, 0);
    }

    /// @dev What a key has signed is signed, though its account may get code later.
    function test_a_key_whose_account_became_a_wallet_is_still_bound() public {
        _deposit(1 ether);
        vm.etch(payer, address(new HostileWallet(channels, payee)).code);
        assertEq(_claim(_voucher(1 ether)), 1 ether);
    }

    /// @dev With any gas, an honest wallet's voucher is paid, or skipped for want of gas, or the transaction fails: never
    /// called invalid, and no voucher of a key falls with it.
    function testFuzz_too_little_gas_never_makes_a_good_voucher_bad(uint256 gasGiven) public {
        (address owner, uint256 secret) = makeAddrAndKey("owner");
        address wallet = address(new OwnedWallet(owner));
        _deposit(wallet, NONCE, 1 ether);
        _deposit(10 ether);
        Claim[] memory claims = new Claim[](2);
        claims[0] = _voucher(wallet, NONCE, 1 ether, secret);
        claims[1] = _voucher(2 ether);
        gasGiven = bound(gasGiven, 20_000, 250_000);

        vm.recordLogs();
        vm.prank(payee);
        (bool done, bytes memory answer) =
            address(channels).call{gas: gasGiven}(abi.encodeCall(channels.claim, (payee, claims)));
        if (!done) {
            assertEq(channels.creditOf(payee), 0);
            return;
        }
        uint256 paid = abi.decode(answer, (uint256));
        if (paid == 3 ether) return;
        assertEq(paid, 2 ether);
        bytes memory skipped = vm.getRecordedLogs()[0].data;
        (, SkipReason reason) = abi.decode(skipped, (uint256, SkipReason));
        assertEq(uint8(reason), uint8(SkipReason.InsufficientGas));
    }

    function test_a_wallet_that_cannot_be_asked_is_skipped_and_paid_later() public {
        (address owner, uint256 secret) = makeAddrAndKey("owner");
        address wallet = address(new OwnedWallet(owner));
        _deposit(wallet, NONCE, 1 ether);
        Claim[] memory claims = _batch(_voucher(wallet, NONCE, 1 ether, secret));
        _expectSkipped(channels.channelIdOf(wallet, payee, NONCE), 0, SkipReason.InsufficientGas);
        vm.prank(payee);
        assertEq(channels.claim{gas: parameters.walletGas}(payee, claims), 0);
        assertEq(_claim(claims), 1 ether);
    }
}
