// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExecutorRegistry} from "../../../src/executors/ExecutorRegistry.sol";
import {IStaking, Offence} from "../../../src/stake/IStaking.sol";
import {Staking} from "../../../src/stake/Staking.sol";
import {Test} from "forge-std/Test.sol";

/// @notice What is remembered of a run, beside the contract's own books.
abstract contract StakingLedger is Test {
    struct Seat {
        uint32 executorId;
        uint128 amount;
    }

    uint32 public constant EXECUTORS = 3;
    uint256 public constant DELEGATORS = 3;

    Staking internal immutable staking;
    ExecutorRegistry internal immutable executors;
    address[2] public provers;

    Seat[] internal seats;
    uint64[] internal maturities;
    mapping(uint64 maturesAt => bool) private _known;
    mapping(uint32 executorId => uint256) public lockedBy;
    mapping(uint32 executorId => uint256) public seatsOf;
    /// When an executor that lost everything may come back.
    mapping(uint32 executorId => uint64) internal returnsAt;
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public donated;
    /// Steps that may round.
    uint256 public operations;

    /// @dev Nothing but a slash and time may lower what could be slashed.
    modifier keepsSlashable(uint256 seed) {
        uint32 id = executorAt(seed);
        uint256 before = slashableOf(id);
        _;
        assertGe(slashableOf(id), before, "slashability falls at maturity alone");
    }

    constructor(Staking staking_, ExecutorRegistry executors_) {
        staking = staking_;
        executors = executors_;
        provers = [makeAddr("prover 1"), makeAddr("prover 2")];
    }

    function executorAt(uint256 seed) public pure returns (uint32) {
        return uint32(1 + seed % EXECUTORS);
    }

    function delegatorAt(uint256 who) public pure returns (address) {
        return address(uint160(0xde1e + who % DELEGATORS));
    }

    function rememberMaturity() internal {
        uint64 maturesAt = staking.exitMaturity();
        if (_known[maturesAt]) return;
        _known[maturesAt] = true;
        maturities.push(maturesAt);
    }

    function isMature(uint64 maturesAt) internal view returns (bool) {
        return staking.currentEpoch() >= maturesAt;
    }

    function rememberSeat(uint32 id, uint128 amount) internal {
        seats.push(Seat(id, amount));
        lockedBy[id] += amount;
        ++seatsOf[id];
    }

    function takeSeat(uint256 seed) internal returns (Seat memory seat) {
        uint256 index = seed % seats.length;
        seat = seats[index];
        seats[index] = seats[seats.length - 1];
        seats.pop();
        lockedBy[seat.executorId] -= seat.amount;
        --seatsOf[seat.executorId];
    }

    // ---------------------------------------------------------------- sums

    /// @notice What a slash could take: active stake and the buckets that have not matured.
    function slashableOf(uint32 id) public view returns (uint256) {
        return staking.stakeOf(id) + unmaturedOf(id);
    }

    function unmaturedOf(uint32 id) public view returns (uint256 sum) {
        (uint256 own, uint256 delegated) = _exits(id, false);
        return own + delegated;
    }

    function maturedExits(uint32 id) public view returns (bytes memory all) {
        for (uint256 i; i < maturities.length; ++i) {
            if (!isMature(maturities[i])) continue;
            all = abi.encode(all, staking.exitOf(id, maturities[i]), staking.undelegatingOf(id, maturities[i]));
            for (uint256 who; who < DELEGATORS; ++who) {
                all = abi.encode(all, staking.undelegationOf(id, delegatorAt(who), maturities[i]));
            }
        }
    }

    /// @notice What everybody could take out now or later, by the getters.
    function claims() public view returns (uint256 sum) {
        for (uint256 i; i < 2; ++i) {
            sum += staking.proverRewardOf(provers[i]) + staking.unburnedOf(provers[i]);
        }
        for (uint32 id = 1; id <= EXECUTORS; ++id) {
            IStaking.PoolView memory pool = staking.poolOf(id);
            sum += pool.own + pool.ownerEarnings;
            for (uint256 i; i < maturities.length; ++i) {
                sum += staking.exitOf(id, maturities[i]);
            }
            for (uint256 who; who < DELEGATORS; ++who) {
                (uint256 worth,, uint256 owed) = staking.delegationOf(id, delegatorAt(who));
                sum += worth + owed;
                for (uint256 i; i < maturities.length; ++i) {
                    sum += staking.undelegationOf(id, delegatorAt(who), maturities[i]);
                }
            }
        }
    }

    /// @notice All that staking says about everybody.
    function books() public view returns (bytes memory all) {
        all = abi.encode(claims(), staking.exitMaturity());
        for (uint32 id = 1; id <= EXECUTORS; ++id) {
            all = abi.encode(all, staking.accountOf(id), staking.poolOf(id), staking.exitingOf(id));
            all = abi.encode(all, staking.freeStakeOf(id), staking.weightOf(id), staking.canLockSeat(id, 1 ether, 1));
            all = abi.encode(all, staking.strikesOf(id, Offence.NoReveal), maturedExits(id), slashableOf(id));
            all = abi.encode(all, staking.votesOf(id, delegatorAt(0), staking.currentEpoch()));
        }
    }

    function _exits(uint32 id, bool mature) private view returns (uint256 own, uint256 delegated) {
        for (uint256 i; i < maturities.length; ++i) {
            if (isMature(maturities[i]) != mature) continue;
            own += staking.exitOf(id, maturities[i]);
            delegated += staking.undelegatingOf(id, maturities[i]);
        }
    }
}
