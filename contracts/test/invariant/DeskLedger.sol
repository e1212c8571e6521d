// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DeskAccount, Order, Subscription} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {JobDesk} from "../../src/desk/JobDesk.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Terms} from "../../src/jobs/JobTypes.sol";
import {DeskFixture} from "../desk/DeskFixture.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice A requester with code: its owner signs for it (ERC-1271). Paid, it asks to be paid once more.
contract GreedyWallet is IERC1271 {
    address private immutable owner;
    JobDesk private immutable desk;
    bool public paidTwice;

    constructor(address owner_, JobDesk desk_) {
        (owner, desk) = (owner_, desk_);
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    receive() external payable {
        (bool thawed,) = address(desk).call(abi.encodeCall(desk.withdrawThawed, (address(this))));
        (bool credited,) = address(desk).call(abi.encodeCall(desk.withdrawFor, (address(this))));
        paidTwice = paidTwice || thawed || credited;
    }
}

/// @notice How a job came to be.
enum Way {
    Own,
    Many,
    Order,
    Interval
}

/// @notice What is remembered of a run over the desk: what each party has agreed to, what its account must hold, and which
/// numbers are used. Events are read after each step and must say the same.
abstract contract DeskLedger is DeskFixture {
    /// Numbers that requesters pick themselves, few, so that they collide.
    uint256 internal constant NUMBERS = 12;
    uint256 internal constant PARTIES = 4;

    address internal wallet;
    address internal secondRelay;
    /// Signs what is not for it to sign.
    uint256 internal relayKey;
    mapping(address requester => uint256) internal keyOf;

    Order[] internal orders;
    bytes[] internal signatures;
    bool[] internal rightly;
    Subscription[] internal subscriptions;
    bytes32[] internal subscriptionIds;
    /// The first interval that isn't to be served.
    mapping(bytes32 subscriptionId => uint256) internal ends;

    mapping(address account => DeskAccount) internal accounts;
    mapping(address account => uint256) internal credits;
    mapping(address requester => mapping(uint256 nonce => bool)) internal spent;
    mapping(address requester => mapping(uint256 nonce => bool)) internal revoked;
    mapping(Way way => uint256) internal brought;
    /// Items.
    uint256 internal refused;
    /// What a requester agreed to be charged for a job beside its escrow.
    mapping(bytes32 jobId => mapping(uint256 fee => bool)) internal agreed;

    // As the events tell it.
    mapping(address requester => mapping(uint256 nonce => uint256)) internal jobsOf;
    mapping(bytes32 jobId => address) internal requesterOf;
    mapping(bytes32 jobId => uint256) internal charges;
    /// Numbers that jobs were requested with, in the order of requests.
    uint256[] internal requested;
    uint256 internal chargedEscrow;
    uint256 internal requestedEscrow;

    uint256 internal cameIn;
    uint256 internal paidOut;
    uint256 internal sentOn;
    uint256 internal ownEscrow;
    uint256 internal donated;

    function setUp() public virtual override {
        super.setUp();
        (address owner, uint256 ownerKey) = makeAddrAndKey("owner of the wallet");
        wallet = address(new GreedyWallet(owner, desk));
        (keyOf[asker], keyOf[wallet]) = (askerKey, ownerKey);
        (secondRelay, relayKey) = makeAddrAndKey("second relay");
    }

    /// @dev Around every step: reads its events.
    modifier observed() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IJobRegistry.JobRequested.selector) _readRequest(logs[i]);
        }
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IJobDesk.Charged.selector) _readCharge(logs[i]);
        }
    }

    function _readRequest(Vm.Log memory log) private {
        (Terms memory terms,,,) = abi.decode(log.data, (Terms, bytes, bytes, string));
        (bytes32 jobId, address from) = (log.topics[1], address(uint160(uint256(log.topics[2]))));
        ++jobsOf[from][terms.nonce];
        assertEq(jobsOf[from][terms.nonce], 1, "D3: two jobs of a number");
        assertFalse(revoked[from][terms.nonce], "D3: a job of a revoked number");
        requesterOf[jobId] = from;
        requested.push(terms.nonce);
        requestedEscrow += jobs.quote(terms);
    }

    function _readCharge(Vm.Log memory log) private {
        bytes32 jobId = log.topics[2];
        (uint256 escrow, uint256 fee) = abi.decode(log.data, (uint256, uint256));
        assertEq(address(uint160(uint256(log.topics[1]))), requesterOf[jobId], "D2: another paid");
        assertTrue(agreed[jobId][fee], "D2: charged for what nobody agreed to");
        ++charges[jobId];
        assertEq(charges[jobId], 1, "D2: charged twice");
        chargedEscrow += escrow;
    }

    // ---------------------------------------------------------------- what steps remember

    function _agree(Terms memory terms, uint256 fee) internal {
        agreed[jobs.jobIdOf(terms)][fee] = true;
    }

    /// @dev A number became a job.
    function _took(Way way, Terms memory terms, bytes32 jobId) internal {
        assertEq(jobId, jobs.jobIdOf(terms));
        spent[terms.requester][terms.nonce] = true;
        ++brought[way];
        if (way == Way.Own) ownEscrow += jobs.quote(terms);
    }

    /// @dev And its requester's account paid for it.
    function _charge(Way way, Terms memory terms, bytes32 jobId, address payee, uint256 fee) internal {
        _took(way, terms, jobId);
        uint256 escrow = jobs.quote(terms);
        accounts[terms.requester].balance -= uint128(escrow + fee);
        credits[payee] += fee;
        sentOn += escrow;
    }

    // ---------------------------------------------------------------- what they foretell by

    /// @dev As far as the registry is concerned.
    function _canRequest(Terms memory terms) internal view returns (bool) {
        return !spent[terms.requester][terms.nonce] && !all.governance.isPaused();
    }

    function _reaches(Terms memory terms, uint256 fee) internal view returns (bool) {
        return accounts[terms.requester].balance >= jobs.quote(terms) + fee;
    }

    // ---------------------------------------------------------------- who and what

    function _requester(uint256 who) internal view returns (address) {
        return who % 2 == 0 ? asker : wallet;
    }

    function _otherRequester(address one) internal view returns (address) {
        return one == asker ? wallet : asker;
    }

    /// @dev A requester may bring its own orders.
    function _relay(uint256 who) internal view returns (address) {
        return who % 3 == 0 ? relay : who % 3 == 1 ? secondRelay : asker;
    }

    function _party(uint256 who) internal view returns (address) {
        who %= PARTIES;
        return who == 0 ? asker : who == 1 ? wallet : who == 2 ? relay : secondRelay;
    }

    /// @dev One of few, or that of an interval of the requester's.
    function _nonce(address from, uint256 number) internal view returns (uint256) {
        uint256 which = number >> 16;
        if (number % 4 == 0 && subscriptions.length != 0) {
            Subscription storage subscription = subscriptions[which % subscriptions.length];
            if (subscription.terms.requester == from) {
                return desk.nonceOf(subscriptionIds[which % subscriptions.length], (number >> 8) % subscription.count);
            }
        }
        return (number >> 8) % NUMBERS;
    }

    /// @dev Terms differ between requests of one number, too.
    function _termsOf(address from, uint256 nonce, uint256 dice) internal view returns (Terms memory terms) {
        terms = _terms(nonce);
        terms.requester = from;
        terms.maxUnits = UNITS + uint32((dice >> 24) % 3);
    }

    function _intervalTerms(Subscription memory subscription, bytes32 id, uint256 interval)
        internal
        view
        returns (Terms memory)
    {
        // A copy of its own: the subscription's terms keep their number.
        Terms memory terms = abi.decode(abi.encode(subscription.terms), (Terms));
        terms.nonce = desk.nonceOf(id, interval);
        return terms;
    }

    /// @dev All that the getters say.
    function _everything() internal view returns (bytes32 hash) {
        for (uint256 i; i < PARTIES; ++i) {
            hash = keccak256(abi.encode(hash, desk.accountOf(_party(i)), desk.creditOf(_party(i))));
        }
        for (uint256 i; i < subscriptionIds.length; ++i) {
            hash = keccak256(abi.encode(hash, desk.endIntervalOf(subscriptionIds[i])));
        }
        for (uint256 nonce; nonce < NUMBERS; ++nonce) {
            hash = keccak256(abi.encode(hash, jobs.nonceUsed(asker, nonce), jobs.nonceUsed(wallet, nonce)));
        }
        hash = keccak256(abi.encode(hash, desk.liabilities()));
    }
}
