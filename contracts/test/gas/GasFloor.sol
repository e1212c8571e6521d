// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CommonBase} from "forge-std/Base.sol";
import {Vm, VmSafe} from "forge-std/Vm.sol";

/// @notice What a transaction costs by what it touches alone: the least for any code that reads, writes, calls and logs the same.
/// Counted from the transaction itself. What it costs beyond is computation.
/// @dev Prices of EIP-2028 (calldata), 2929 (access), 2200 and 3529 (storage), and the yellow paper (logs, value).
abstract contract GasFloor is CommonBase {
    /// @notice Storage slots by what becomes of them, contracts and logs.
    struct Touched {
        uint256 newSlots;
        uint256 changedSlots;
        uint256 clearedSlots;
        uint256 readSlots;
        uint256 contracts;
        uint256 transfers;
        uint256 logs;
    }

    uint256 private constant BASE = 21_000;
    uint256 private constant NEW_SLOT = 22_100;
    uint256 private constant CHANGED_SLOT = 5000;
    /// 5,000 less a refund of 4,800.
    uint256 private constant CLEARED_SLOT = 200;
    uint256 private constant READ_SLOT = 2100;
    uint256 private constant CONTRACT = 2600;
    /// 9,000, of which the receiver gets 2,300 to spend.
    uint256 private constant TRANSFER = 6700;

    address private to;
    bytes private input;
    mapping(bytes32 => bool) private seen;

    /// @dev The next call is counted, and is of `data` to `callee`.
    function _countNext(address callee, bytes memory data) internal {
        (to, input) = (callee, data);
        vm.recordLogs();
        vm.startStateDiffRecording();
    }

    /// @dev Writes the counts of the call into the snapshots, and returns its floor.
    function _snapshotFloor(string memory name) internal returns (uint256 floor) {
        VmSafe.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();
        Touched memory touched;
        // Cheats may come before the call, and the look whether there is a contract.
        uint256 start;
        while (accesses[start].account != to || accesses[start].kind != VmSafe.AccountAccessKind.Call) ++start;
        for (uint256 i = start; i < accesses.length; ++i) {
            VmSafe.AccountAccess memory access = accesses[i];
            if (i != start && access.kind == VmSafe.AccountAccessKind.Call && access.value != 0) ++touched.transfers;
            if (_isFirst(name, access.account, bytes32(type(uint256).max)) && _isContract(access)) ++touched.contracts;
            for (uint256 j; j < access.storageAccesses.length; ++j) {
                VmSafe.StorageAccess memory slot = access.storageAccesses[j];
                if (_isFirst(name, slot.account, slot.slot)) _sort(touched, accesses, slot);
            }
        }
        uint256 logGas;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        touched.logs = logs.length;
        for (uint256 i; i < logs.length; ++i) {
            logGas += 375 * (1 + logs[i].topics.length) + 8 * logs[i].data.length;
        }
        floor = BASE + _calldataGas() + logGas + touched.newSlots * NEW_SLOT + touched.changedSlots * CHANGED_SLOT
            + touched.clearedSlots * CLEARED_SLOT + touched.readSlots * READ_SLOT + touched.contracts * CONTRACT
            + touched.transfers * TRANSFER;
        _write(name, "new_slots", touched.newSlots);
        _write(name, "changed_slots", touched.changedSlots);
        _write(name, "cleared_slots", touched.clearedSlots);
        _write(name, "read_slots", touched.readSlots);
        _write(name, "contracts", touched.contracts);
        _write(name, "transfers", touched.transfers);
        _write(name, "logs", touched.logs);
        _write(name, "log_gas", logGas);
        _write(name, "calldata_gas", _calldataGas());
        _write(name, "floor", floor);
    }

    /// @dev The callee and the sender come with the base; precompiles cost no access.
    function _isContract(VmSafe.AccountAccess memory access) private view returns (bool) {
        return access.account != to && uint160(access.account) > 0xffff && access.account != address(vm)
            && access.kind != VmSafe.AccountAccessKind.Resume;
    }

    function _sort(Touched memory touched, VmSafe.AccountAccess[] memory accesses, VmSafe.StorageAccess memory first)
        private
        pure
    {
        bytes32 last = first.newValue;
        for (uint256 i; i < accesses.length; ++i) {
            for (uint256 j; j < accesses[i].storageAccesses.length; ++j) {
                VmSafe.StorageAccess memory slot = accesses[i].storageAccesses[j];
                bool same = slot.account == first.account && slot.slot == first.slot;
                if (same && slot.isWrite && !slot.reverted) last = slot.newValue;
            }
        }
        if (last == first.previousValue) ++touched.readSlots;
        else if (first.previousValue == 0) ++touched.newSlots;
        else if (last == 0) ++touched.clearedSlots;
        else ++touched.changedSlots;
    }

    function _isFirst(string memory name, address account, bytes32 slot) private returns (bool) {
        bytes32 key = keccak256(abi.encode(name, account, slot));
        if (seen[key]) return false;
        return seen[key] = true;
    }

    function _calldataGas() private view returns (uint256 gas) {
        for (uint256 i; i < input.length; ++i) {
            gas += input[i] == 0 ? 4 : 16;
        }
    }

    function _write(string memory name, string memory part, uint256 value) private {
        vm.snapshotValue("floors", string.concat(name, "_", part), value);
    }
}
