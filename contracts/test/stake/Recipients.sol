// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice An owner that can't be paid.
contract RejectingOwner {
    error NoThanks();

    receive() external payable {
        revert NoThanks();
    }
}

/// @notice An owner that calls back while it is paid, and remembers what came of it.
contract ReenteringOwner {
    address private immutable target;
    bytes private call;
    bool public reentered;
    bool public succeeded;

    constructor(address target_) {
        target = target_;
    }

    function prepare(bytes calldata call_) external {
        call = call_;
    }

    receive() external payable {
        if (reentered) return;
        reentered = true;
        (succeeded,) = target.call(call);
    }
}
