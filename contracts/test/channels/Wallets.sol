// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../../src/channels/ChannelTypes.sol";
import {PaymentChannels} from "../../src/channels/PaymentChannels.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A wallet with one owner, and a claimer or a payee if need be.
contract OwnedWallet is IERC1271 {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function claim(PaymentChannels channels, Claim[] calldata claims) external returns (uint256) {
        return channels.claim(address(this), claims);
    }

    receive() external payable {}
}

enum Conduct {
    Reverts,
    BurnsGas,
    ReturnsMuch,
    ReturnsTooLittle,
    ReturnsAnotherValue,
    AnswersWithJunkBehind,
    /// Accepts, if its call back into the contract did anything.
    Reenters
}

/// @notice A wallet that accepts no signature, each time in another way.
contract HostileWallet {
    PaymentChannels private immutable channels;
    address private immutable payee;
    Conduct private conduct;

    constructor(PaymentChannels channels_, address payee_) {
        (channels, payee) = (channels_, payee_);
    }

    function set(Conduct conduct_) external {
        conduct = conduct_;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        bytes32 magic = IERC1271.isValidSignature.selector;
        if (conduct == Conduct.Reverts) revert("no");
        if (conduct == Conduct.BurnsGas) {
            assembly {
                invalid()
            }
        }
        if (conduct == Conduct.ReturnsMuch) {
            // Nearly all the memory that its gas buys; copying it would cost the caller as much again.
            assembly {
                return(0, 128000)
            }
        }
        if (conduct == Conduct.ReturnsTooLittle) {
            assembly {
                mstore(0, magic)
                return(0, 4)
            }
        }
        if (conduct == Conduct.AnswersWithJunkBehind) {
            assembly {
                mstore(0, or(magic, 1))
                return(0, 32)
            }
        }
        if (conduct == Conduct.Reenters) {
            (bool done,) = address(channels).call(abi.encodeCall(channels.thaw, (payee, 1, 1)));
            if (done) return IERC1271.isValidSignature.selector;
        }
        return 0xffffffff;
    }
}

/// @notice An account that takes money only when it wants to, and may try to be paid twice.
contract Receiver {
    PaymentChannels private immutable channels;
    bool private accepts;
    bool private greedy;
    bool public paidTwice;

    constructor(PaymentChannels channels_) {
        channels = channels_;
    }

    function set(bool accepts_, bool greedy_) external {
        (accepts, greedy) = (accepts_, greedy_);
    }

    receive() external payable {
        require(accepts, "no");
        if (greedy) (paidTwice,) = address(channels).call(abi.encodeCall(channels.withdrawFor, (address(this))));
    }
}
