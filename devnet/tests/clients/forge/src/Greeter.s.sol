// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Forge's cheats that the script needs.
interface Cheats {
    function startBroadcast(uint256 key) external;
    function stopBroadcast() external;
    function envUint(string calldata name) external view returns (uint256);
}

contract Greeter {
    event Greeted(address indexed who, string greeting);

    string public greeting;

    constructor(string memory first) {
        greeting = first;
    }

    function greet(string calldata next) external {
        greeting = next;
        emit Greeted(msg.sender, next);
    }
}

/// Deploys a greeter by CREATE and one by CREATE2, and changes the greeting of both.
contract GreeterScript {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    function run() external returns (address created, address placed) {
        CHEATS.startBroadcast(CHEATS.envUint("KEY"));
        Greeter first = new Greeter("one");
        Greeter second = new Greeter{salt: bytes32(uint256(7))}("two");
        first.greet("three");
        second.greet("four");
        CHEATS.stopBroadcast();
        return (address(first), address(second));
    }
}
