// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry, ResultRule, VerificationProfile, VersionStatus} from "../../src/models/IModelRegistry.sol";
import {ModelRegistry} from "../../src/models/ModelRegistry.sol";
import {Test} from "forge-std/Test.sol";

contract ModelRegistryTest is Test {
    bytes32 private constant CLASS = keccak256("fp32/libtorch-2.11");
    bytes32 private constant MANIFEST = keccak256("manifest");
    uint8 private constant TASK = 2;
    uint64 private constant CHANGE_DELAY = 2 days;

    address private immutable publisher = makeAddr("publisher");
    ModelRegistry private registry;

    function setUp() public {
        registry = new ModelRegistry(CHANGE_DELAY);
    }

    // ---------------------------------------------------------------- publish

    function test_publishRegistersTheFirstVersionAsActive() public {
        bytes32 modelId = keccak256(abi.encode(publisher, "minilm"));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelPublished(modelId, publisher, "minilm");
        vm.expectEmit(address(registry));
        emit IModelRegistry.VersionAdded(modelId, 1, MANIFEST, TASK, "ipfs://manifest");
        vm.expectEmit(address(registry));
        emit IModelRegistry.RuntimeClassAdded(modelId, 1, CLASS, _profile());

        assertEq(_publish("minilm"), modelId);
        assertEq(registry.modelIdOf(publisher, "minilm"), modelId);
        assertEq(registry.publisherOf(modelId), publisher);
        assertEq(registry.latestVersion(modelId), 1);
        assertTrue(registry.isServable(modelId, 1, CLASS));
        IModelRegistry.Version memory version = registry.versionOf(modelId, 1);
        assertEq(version.manifestHash, MANIFEST);
        assertEq(version.task, TASK);
        assertEq(uint8(version.status), uint8(VersionStatus.Active));
        assertEq(version.contentUri, "ipfs://manifest");
    }

    function test_aNameBelongsToItsPublisher() public {
        bytes32 modelId = _publish("minilm");
        vm.prank(makeAddr("another publisher"));
        assertNotEq(registry.publish("minilm", MANIFEST, TASK, "", _classes(_profile())), modelId);
        assertEq(registry.publisherOf(modelId), publisher);
    }

    function test_publishRefusesATakenName() public {
        bytes32 modelId = _publish("minilm");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelExists.selector, modelId));
        _publish("minilm");
    }

    function test_publishRefusesAnEmptyName() public {
        vm.expectRevert(IModelRegistry.EmptyName.selector);
        _publish("");
    }

    function test_publishRefusesAZeroManifestHash() public {
        vm.expectRevert(IModelRegistry.ZeroManifestHash.selector);
        registry.publish("minilm", bytes32(0), TASK, "", _classes(_profile()));
    }

    function test_publishRefusesAZeroTask() public {
        vm.expectRevert(IModelRegistry.ZeroTask.selector);
        registry.publish("minilm", MANIFEST, 0, "", _classes(_profile()));
    }

    function test_publishRefusesAVersionWithoutRuntimeClass() public {
        vm.expectRevert(IModelRegistry.NoRuntimeClass.selector);
        registry.publish("minilm", MANIFEST, TASK, "", new IModelRegistry.RuntimeClassInput[](0));
    }

    function test_publishRefusesARuntimeClassNamedTwice() public {
        IModelRegistry.RuntimeClassInput[] memory classes = new IModelRegistry.RuntimeClassInput[](2);
        classes[0] = classes[1] = IModelRegistry.RuntimeClassInput(CLASS, _profile());
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.DuplicateRuntimeClass.selector, CLASS));
        registry.publish("minilm", MANIFEST, TASK, "", classes);
    }

    // ---------------------------------------------------------------- profiles

    function test_profilesAreRefusedOutsideTheirRanges() public {
        VerificationProfile memory profile = _profile();
        profile.rule = ResultRule.None;
        _expectInvalid(profile, "rule");
        profile = _profile();
        profile.dimension = 0;
        _expectInvalid(profile, "dimension");
        profile.dimension = 1025;
        _expectInvalid(profile, "dimension");
        profile = _profile();
        profile.scale = 0;
        _expectInvalid(profile, "scale");
        profile = _profile();
        profile.maxCosineDistancePpb = 1e9 + 1;
        _expectInvalid(profile, "maxCosineDistancePpb");
        profile = _profile();
        profile.normTolerancePpm = 1e6 + 1;
        _expectInvalid(profile, "normTolerancePpm");
    }

    function test_aRuntimeClassNeedsAName() public {
        IModelRegistry.RuntimeClassInput[] memory classes = _classes(_profile());
        classes[0].runtimeClass = bytes32(0);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.InvalidProfile.selector, bytes32(0), "runtimeClass"));
        registry.publish("minilm", MANIFEST, TASK, "", classes);
    }

    function test_bitExactProfilesTolerateNothing() public {
        VerificationProfile memory profile = _bitExactProfile();
        profile.maxCosineDistancePpb = 1;
        _expectInvalid(profile, "maxCosineDistancePpb");
        profile = _bitExactProfile();
        profile.normTolerancePpm = 1;
        _expectInvalid(profile, "normTolerancePpm");
        profile = _bitExactProfile();
        profile.elementTolerance = 1;
        _expectInvalid(profile, "elementTolerance");

        registry.publish("minilm", MANIFEST, TASK, "", _classes(_bitExactProfile()));
    }

    function testFuzz_profilesInRangeReadBackAsTheyWereWritten(
        uint8 rule,
        uint16 dimension,
        uint16 scale,
        uint32 cosine,
        uint32 norm,
        uint32 element
    ) public {
        VerificationProfile memory profile = VerificationProfile({
            rule: ResultRule(bound(rule, 1, uint8(type(ResultRule).max))),
            dimension: uint16(bound(dimension, 1, 1024)),
            scale: uint16(bound(scale, 1, type(uint16).max)),
            maxCosineDistancePpb: uint32(bound(cosine, 0, 1e9)),
            normTolerancePpm: uint32(bound(norm, 0, 1e6)),
            elementTolerance: element,
            bitExact: false
        });
        bytes32 modelId = registry.publish("minilm", MANIFEST, TASK, "", _classes(profile));
        assertEq(abi.encode(registry.profileOf(modelId, 1, CLASS)), abi.encode(profile));
    }

    function testFuzz_whatIsUnknownReadsAsEmptyAndUnservable(bytes32 modelId, uint32 version, bytes32 class) public {
        bytes32 known = _publish("minilm");
        vm.assume(modelId != known);
        assertEq(uint8(registry.profileOf(modelId, version, class).rule), uint8(ResultRule.None));
        assertEq(uint8(registry.versionOf(modelId, version).status), uint8(VersionStatus.None));
        assertFalse(registry.isServable(modelId, version, class));
        assertFalse(registry.isServable(known, 1, keccak256("another class")));
        assertFalse(registry.isServable(known, 2, CLASS));
        assertFalse(registry.isServable(known, 0, CLASS));
        assertEq(registry.publisherOf(modelId), address(0));
    }

    // ---------------------------------------------------------------- versions

    function test_addVersionBecomesTheLatestAfterTheDelayAndLeavesTheOldAsItWas() public {
        bytes32 modelId = _publish("minilm");
        bytes memory before = abi.encode(registry.versionOf(modelId, 1), registry.profileOf(modelId, 1, CLASS));
        VerificationProfile memory profile = _profile();
        profile.scale = 100;

        vm.expectEmit(address(registry));
        emit IModelRegistry.VersionAdded(modelId, 2, keccak256("manifest 2"), TASK, "");
        vm.prank(publisher);
        assertEq(registry.addVersion(modelId, keccak256("manifest 2"), TASK, "", _classes(profile)), 2);

        assertTrue(registry.isServable(modelId, 2, CLASS), "by its number at once");
        uint64 activeAt = uint64(block.timestamp) + CHANGE_DELAY;
        (uint32 next, uint64 nextAt) = registry.nextVersion(modelId);
        assertEq(next, 2);
        assertEq(nextAt, activeAt);
        vm.warp(activeAt - 1);
        assertEq(registry.latestVersion(modelId), 1);
        vm.warp(activeAt);
        assertEq(registry.latestVersion(modelId), 2);
        (next, nextAt) = registry.nextVersion(modelId);
        assertEq(next + nextAt, 0);
        assertEq(registry.profileOf(modelId, 2, CLASS).scale, 100);
        assertEq(abi.encode(registry.versionOf(modelId, 1), registry.profileOf(modelId, 1, CLASS)), before);
    }

    function test_addVersionIsThePublishersAlone() public {
        bytes32 modelId = _publish("minilm");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPublisher.selector, address(this), publisher));
        registry.addVersion(modelId, MANIFEST, TASK, "", _classes(_profile()));
    }

    function test_addVersionRefusesAnUnknownModel() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("none")));
        registry.addVersion("none", MANIFEST, TASK, "", _classes(_profile()));
    }

    function test_latestVersionFallsBackToTheHighestActive() public {
        bytes32 modelId = _publish("minilm");
        for (uint256 i; i < 3; ++i) {
            vm.prank(publisher);
            registry.addVersion(modelId, MANIFEST, TASK, "", _classes(_profile()));
            skip(CHANGE_DELAY);
        }
        _setStatus(modelId, 3, VersionStatus.Deprecated);
        assertEq(registry.latestVersion(modelId), 4);
        _setStatus(modelId, 4, VersionStatus.Revoked);
        assertEq(registry.latestVersion(modelId), 2);
        _setStatus(modelId, 2, VersionStatus.Deprecated);
        _setStatus(modelId, 1, VersionStatus.Deprecated);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 0));
        registry.latestVersion(modelId);

        vm.prank(publisher);
        assertEq(registry.addVersion(modelId, MANIFEST, TASK, "", _classes(_profile())), 5);
        assertEq(registry.latestVersion(modelId), 5);
    }

    function test_aVersionAddedMeanwhileTakesThePlaceOfTheOneThatWaits() public {
        bytes32 modelId = _publish("minilm");
        _addVersion(modelId);
        skip(CHANGE_DELAY - 1);
        _addVersion(modelId);
        skip(CHANGE_DELAY - 1);
        assertEq(registry.latestVersion(modelId), 1);
        skip(1);
        assertEq(registry.latestVersion(modelId), 3);
    }

    function test_aVersionThatIsWithdrawnWhileItWaitsNeverBecomesTheLatest() public {
        bytes32 modelId = _publish("minilm");
        _addVersion(modelId);
        _setStatus(modelId, 2, VersionStatus.Revoked);
        skip(CHANGE_DELAY);
        assertEq(registry.latestVersion(modelId), 1);
    }

    function test_theFirstActiveVersionIsTheLatestAtOnce() public {
        bytes32 modelId = _publish("minilm");
        _addVersion(modelId);
        _setStatus(modelId, 1, VersionStatus.Revoked);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 0));
        registry.latestVersion(modelId);
        _addVersion(modelId);
        assertEq(registry.latestVersion(modelId), 3);
        skip(CHANGE_DELAY);
        assertEq(registry.latestVersion(modelId), 3, "the one that waited is older");
    }

    // ---------------------------------------------------------------- royalties

    function test_aRoyaltyActsAfterTheDelay() public {
        bytes32 modelId = _publish("minilm");
        vm.expectEmit(address(registry));
        emit IModelRegistry.RoyaltyAnnounced(modelId, publisher, 500, uint64(block.timestamp) + CHANGE_DELAY);
        _announceRoyalty(modelId, publisher, 500);
        skip(CHANGE_DELAY - 1);
        assertEq(registry.royaltyOf(modelId).bps, 0);
        skip(1);
        assertEq(registry.royaltyOf(modelId).bps, 500);
        assertEq(registry.royaltyOf(modelId).receiver, publisher);

        _announceRoyalty(modelId, address(1), 900);
        _announceRoyalty(modelId, address(0), 0);
        assertEq(registry.royaltyOf(modelId).bps, 500);
        skip(CHANGE_DELAY);
        assertEq(registry.royaltyOf(modelId).bps, 0);
    }

    function testFuzz_royaltiesAreCapped(uint16 bps) public {
        bytes32 modelId = _publish("minilm");
        uint16 maximum = registry.MAX_ROYALTY_BPS();
        bps = uint16(bound(bps, maximum + 1, type(uint16).max));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RoyaltyTooHigh.selector, bps, maximum));
        _announceRoyalty(modelId, publisher, bps);
        _announceRoyalty(modelId, publisher, maximum);
    }

    function test_aRoyaltyNeedsAReceiverAndIsThePublishersAlone() public {
        bytes32 modelId = _publish("minilm");
        vm.expectRevert(IModelRegistry.ZeroReceiver.selector);
        _announceRoyalty(modelId, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPublisher.selector, address(this), publisher));
        registry.announceRoyalty(modelId, address(this), 1);
        assertEq(registry.royaltyOf("none").bps, 0);
    }

    function test_latestVersionRefusesAnUnknownModel() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("none")));
        registry.latestVersion("none");
    }

    // ---------------------------------------------------------------- status

    function test_onlyAnActiveVersionIsServable() public {
        bytes32 modelId = _publish("minilm");
        vm.expectEmit(address(registry));
        emit IModelRegistry.VersionStatusChanged(modelId, 1, VersionStatus.Deprecated);
        _setStatus(modelId, 1, VersionStatus.Deprecated);
        assertFalse(registry.isServable(modelId, 1, CLASS));
        // Jobs in flight still need it.
        assertEq(uint8(registry.profileOf(modelId, 1, CLASS).rule), uint8(ResultRule.Scores));
    }

    function testFuzz_statusMovesForwardOnly(uint8 from, uint8 to) public {
        VersionStatus current = VersionStatus(bound(from, 1, 3));
        VersionStatus next = VersionStatus(bound(to, 0, 3));
        bytes32 modelId = _publish("minilm");
        if (current != VersionStatus.Active) _setStatus(modelId, 1, current);

        if (next <= current) {
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.StatusNotReversible.selector, current, next));
            _setStatus(modelId, 1, next);
        } else {
            _setStatus(modelId, 1, next);
            assertEq(uint8(registry.versionOf(modelId, 1).status), uint8(next));
        }
    }

    function test_setStatusIsThePublishersAlone() public {
        bytes32 modelId = _publish("minilm");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPublisher.selector, address(this), publisher));
        registry.setStatus(modelId, 1, VersionStatus.Revoked);
    }

    function test_setStatusRefusesWhatDoesNotExist() public {
        bytes32 modelId = _publish("minilm");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 2));
        _setStatus(modelId, 2, VersionStatus.Revoked);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("none")));
        _setStatus("none", 1, VersionStatus.Revoked);
    }

    // ---------------------------------------------------------------- helpers

    function _addVersion(bytes32 modelId) private {
        vm.prank(publisher);
        registry.addVersion(modelId, MANIFEST, TASK, "", _classes(_profile()));
    }

    function _announceRoyalty(bytes32 modelId, address receiver, uint16 bps) private {
        vm.prank(publisher);
        registry.announceRoyalty(modelId, receiver, bps);
    }

    function _publish(string memory name) private returns (bytes32) {
        vm.prank(publisher);
        return registry.publish(name, MANIFEST, TASK, "ipfs://manifest", _classes(_profile()));
    }

    function _setStatus(bytes32 modelId, uint32 version, VersionStatus status) private {
        vm.prank(publisher);
        registry.setStatus(modelId, version, status);
    }

    function _expectInvalid(VerificationProfile memory profile, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.InvalidProfile.selector, CLASS, field));
        registry.publish("minilm", MANIFEST, TASK, "", _classes(profile));
    }

    function _classes(VerificationProfile memory profile)
        private
        pure
        returns (IModelRegistry.RuntimeClassInput[] memory classes)
    {
        classes = new IModelRegistry.RuntimeClassInput[](1);
        classes[0] = IModelRegistry.RuntimeClassInput(CLASS, profile);
    }

    function _profile() private pure returns (VerificationProfile memory) {
        return VerificationProfile(ResultRule.Scores, 384, 32_767, 1000, 100, 20, false);
    }

    function _bitExactProfile() private pure returns (VerificationProfile memory) {
        return VerificationProfile(ResultRule.ExactBytes, 384, 32_767, 0, 0, 0, true);
    }
}
