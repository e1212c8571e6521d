// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICalibrationList} from "./ICalibrationList.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title The owner's list of calibrated profiles.
contract CalibrationList is ICalibrationList, Ownable2Step {
    mapping(bytes32 key => bool) private _calibrated;

    constructor(address owner_) Ownable(owner_) {}

    /// @inheritdoc ICalibrationList
    function setCalibrated(bytes32 modelId, uint32 version, bytes32 runtimeClass, bool calibrated) external onlyOwner {
        _calibrated[_key(modelId, version, runtimeClass)] = calibrated;
        emit CalibrationSet(modelId, version, runtimeClass, calibrated);
    }

    /// @inheritdoc ICalibrationList
    function isCalibrated(bytes32 modelId, uint32 version, bytes32 runtimeClass) external view returns (bool) {
        return _calibrated[_key(modelId, version, runtimeClass)];
    }

    function _key(bytes32 modelId, uint32 version, bytes32 runtimeClass) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, runtimeClass));
    }
}
