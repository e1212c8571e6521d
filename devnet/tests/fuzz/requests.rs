//! Requests that are nearly right.

use alloy::primitives::hex;
use serde_json::{Map, Value, json};

use crate::{methods::METHODS, random::Random};

/// The first development accounts, some precompiled contracts, and what calls and creations lead to.
const ADDRESSES: [&str; 9] = [
    "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    "0x0000000000000000000000000000000000000000",
    "0x0000000000000000000000000000000000000004",
    "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
    "0x5fbdb2315678afecb367f032d93f642f64180aa3",
    "0x000000000000000000636f6e736f6c652e6c6f67",
    "0xc000000000000000000000000000000000000000",
];

/// Code that does something: returns, reverts, stops badly, stores and logs, loops, calls itself, creates.
const CODES: [&str; 9] = [
    "0x",
    "0x602a5f5260205ff3",
    "0x5f5ffd",
    "0xfe",
    "0x60015f5560205fa0",
    "0x5b5f56",
    "0x5f5f5f5f5f305af1",
    "0x6005600b5f3960055ff35f545f5260205ff3",
    "0xef0100f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
];

/// A request, which may be of a method that is none.
pub(crate) fn request(random: &mut Random) -> Value {
    let (method, letters) = *random.pick(METHODS);
    let mut params: Vec<Value> = letters.chars().map(|letter| parameter(letter, random)).collect();
    match random.below(16) {
        0 => params.truncate(random.below(params.len() + 1)),
        1 => params.push(anything(random, 2)),
        _ => {}
    }
    let method = if random.once_in(100) { "eth_nothing" } else { method };
    let id = if random.once_in(16) { anything(random, 1) } else { json!(random.below(100)) };
    let params = if random.once_in(64) { anything(random, 2) } else { Value::Array(params) };
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// What a method may want: A address, B block, C percentiles, D transactions of a reorg, E typed data, F filter, G tracer,
/// H hash, I number, J fork, K slot, L slots, M mining options, N number of blocks, O block override, P simulation, Q quantity, R signed transaction,
/// S state override, T call, U trace filter, V slots by account, W boolean, X kinds of traces, Y bytes, Z calls.
fn parameter(letter: char, random: &mut Random) -> Value {
    if random.once_in(10) {
        return anything(random, 3);
    }
    match letter {
        'A' => address(random),
        'B' => block(random),
        'C' => (0..random.below(4)).map(|_| json!(random.below(120) as f64 - 5.0)).collect(),
        'D' => (0..random.below(3)).map(|_| json!([call(random), random.below(3)])).collect(),
        'E' => typed_data(random),
        'F' => filter(random),
        'G' => tracer(random),
        'H' => hash(random),
        'I' => json!(random.number()),
        'J' => json!({"forking": {"blockNumber": random.number()}}),
        'K' => slot(random),
        'L' => (0..random.below(4)).map(|_| slot(random)).collect(),
        'M' => json!({"timestamp": random.number(), "blocks": random.below(5)}),
        'N' => json!(format!("{:#x}", random.pick(&[0, 1, 2, 5, 100_001, u64::MAX]))),
        'O' => block_override(random),
        'P' => simulation(random),
        'Q' => quantity(random),
        'R' => signed(random),
        'S' => state_override(random),
        'T' => call(random),
        'U' => json!({
            "fromBlock": block(random), "toBlock": block(random), "fromAddress": [address(random)],
            "after": random.below(3), "count": random.below(3),
        }),
        'V' => json!({ADDRESSES[random.below(ADDRESSES.len())]: [slot(random), slot(random)]}),
        'W' => json!(random.once_in(2)),
        'X' => json!([random.pick(&["trace", "vmTrace", "stateDiff"])]),
        'Y' => code(random),
        'Z' => (0..random.below(3)).map(|_| json!([call(random), ["trace"]])).collect(),
        other => panic!("no parameter is called {other}"),
    }
}

/// JSON of any kind.
fn anything(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 9 } else { 11 }) {
        0 => Value::Null,
        1 => json!(random.once_in(2)),
        2 => json!(random.number()),
        3 => json!(-(random.number() as f64) / 3.0),
        4 => json!(String::from_utf8_lossy(&random.bytes(12))),
        5 => quantity(random),
        6 => code(random),
        7 => address(random),
        8 => block(random),
        9 => (0..random.below(4)).map(|_| anything(random, depth - 1)).collect(),
        _ => {
            const FIELDS: [&str; 8] = ["from", "to", "data", "address", "topics", "blockHash", "tracer", "state"];
            let mut object = Map::new();
            for _ in 0..random.below(4) {
                object.insert((*random.pick(&FIELDS)).to_owned(), anything(random, depth - 1));
            }
            Value::Object(object)
        }
    }
}

fn quantity(random: &mut Random) -> Value {
    match random.below(12) {
        0 => json!(format!("0x{}", "f".repeat(1 + random.below(70)))),
        1 => json!(random.number()),
        2..6 => json!(format!("{:#x}", random.below(8))),
        _ => json!(format!("{:#x}", random.number())),
    }
}

fn address(random: &mut Random) -> Value {
    json!(random.pick(&ADDRESSES))
}

fn hash(random: &mut Random) -> Value {
    json!(format!("0x{}", hex::encode([*random.pick(&[0, 1, 0xff]); 32])))
}

fn slot(random: &mut Random) -> Value {
    if random.once_in(2) { hash(random) } else { quantity(random) }
}

fn block(random: &mut Random) -> Value {
    match random.below(8) {
        0 => quantity(random),
        1 => json!({"blockHash": hash(random)}),
        2 => json!({"blockNumber": quantity(random)}),
        _ => json!(random.pick(&["latest", "pending", "earliest", "safe", "finalized", "0x0", "0x1", "0x2"])),
    }
}

fn code(random: &mut Random) -> Value {
    if random.once_in(3) { json!(hex::encode_prefixed(random.bytes(64))) } else { json!(random.pick(&CODES)) }
}

fn call(random: &mut Random) -> Value {
    // Whatever loops is to end soon.
    let mut call = json!({"gas": format!("{:#x}", 21_000 + random.below(200_000))});
    for _ in 0..random.below(7) {
        let (field, value) = match random.below(15) {
            0 | 1 => ("from", address(random)),
            2 | 3 => ("to", address(random)),
            4 => ("value", quantity(random)),
            5 => ("data", code(random)),
            6 => ("input", code(random)),
            7 => ("nonce", quantity(random)),
            8 => ("gasPrice", quantity(random)),
            9 => ("maxFeePerGas", quantity(random)),
            10 => ("maxPriorityFeePerGas", quantity(random)),
            11 => ("accessList", json!([{"address": address(random), "storageKeys": [hash(random)]}])),
            12 => ("blobVersionedHashes", json!([hash(random)])),
            13 => ("type", json!(format!("{:#x}", random.below(6)))),
            _ => (
                "authorizationList",
                json!([{
                    "chainId": quantity(random), "address": address(random), "nonce": quantity(random), "yParity": "0x0",
                    "r": quantity(random), "s": quantity(random),
                }]),
            ),
        };
        call[field] = value;
    }
    call
}

fn filter(random: &mut Random) -> Value {
    let mut filter = json!({});
    for _ in 0..random.below(4) {
        let (field, value) = match random.below(5) {
            0 => ("fromBlock", block(random)),
            1 => ("toBlock", block(random)),
            2 => ("address", if random.once_in(2) { address(random) } else { json!([address(random)]) }),
            3 => ("topics", (0..random.below(6)).map(|_| anything(random, 1)).collect()),
            _ => ("blockHash", hash(random)),
        };
        filter[field] = value;
    }
    filter
}

fn tracer(random: &mut Random) -> Value {
    const TRACERS: [&str; 7] =
        ["callTracer", "prestateTracer", "4byteTracer", "flatCallTracer", "noopTracer", "muxTracer", "{}"];
    const FLAGS: [&str; 6] = ["diffMode", "withLog", "onlyTopCall", "enableMemory", "disableStack", "disableStorage"];
    let mut options = json!({"limit": 100});
    if !random.once_in(3) {
        options["tracer"] = json!(random.pick(&TRACERS));
        options["tracerConfig"] = match random.below(3) {
            0 => json!({"callTracer": {}, "4byteTracer": null}),
            1 => anything(random, 2),
            _ => json!({*random.pick(&FLAGS): random.once_in(2)}),
        };
    }
    options[*random.pick(&FLAGS)] = json!(random.once_in(2));
    if random.once_in(4) {
        options["stateOverrides"] = state_override(random);
        options["blockOverrides"] = block_override(random);
    }
    options
}

fn state_override(random: &mut Random) -> Value {
    let mut accounts = Map::new();
    for _ in 0..random.below(3) {
        let mut account = json!({});
        for _ in 0..random.below(4) {
            let (field, value) = match random.below(6) {
                0 => ("balance", quantity(random)),
                1 => ("nonce", quantity(random)),
                2 => ("code", code(random)),
                3 => ("state", json!({hash(random).as_str().unwrap(): hash(random)})),
                4 => ("stateDiff", json!({hash(random).as_str().unwrap(): hash(random)})),
                _ => ("movePrecompileToAddress", address(random)),
            };
            account[field] = value;
        }
        accounts.insert((*random.pick(&ADDRESSES)).to_owned(), account);
    }
    Value::Object(accounts)
}

fn block_override(random: &mut Random) -> Value {
    let mut block = json!({});
    for _ in 0..random.below(4) {
        let (field, value) = match random.below(9) {
            0 => ("number", quantity(random)),
            1 => ("time", quantity(random)),
            2 => ("gasLimit", quantity(random)),
            3 => ("feeRecipient", address(random)),
            4 => ("prevRandao", hash(random)),
            5 => ("baseFeePerGas", quantity(random)),
            6 => ("blobBaseFee", quantity(random)),
            7 => ("difficulty", quantity(random)),
            _ => ("blockHash", json!({"1": hash(random)})),
        };
        block[field] = value;
    }
    block
}

fn simulation(random: &mut Random) -> Value {
    let block = |random: &mut Random| {
        let calls: Vec<_> = (0..random.below(3)).map(|_| call(random)).collect();
        json!({"blockOverrides": block_override(random), "stateOverrides": state_override(random), "calls": calls})
    };
    let blocks: Vec<_> = (0..random.below(3)).map(|_| block(random)).collect();
    json!({
        "blockStateCalls": blocks, "validation": random.once_in(3), "traceTransfers": random.once_in(2),
        "returnFullTransactions": random.once_in(2),
    })
}

/// Bytes that are nearly a signed transaction: of account 0 on chain 31337, nonce 0.
fn signed(random: &mut Random) -> Value {
    const TRANSFERS: [&str; 2] = [
        "f86480843b9aca008252089470997970c51812dc3a010c7d01b50e0d17dc79c8018082f4f5a0c5a1a2d2a4b0a2b3f0f1e2d3c4b5a69788776655\
         443322110ffeeddccbbaa998a0123456789abcdef00112233445566778899aabbccddeeff00112233445566778",
        "02f86b827a698001843b9aca008252089470997970c51812dc3a010c7d01b50e0d17dc79c80180c001a0c5a1a2d2a4b0a2b3f0f1e2d3c4b5a697\
         88776655443322110ffeeddccbbaa998a0123456789abcdef00112233445566778899aabbccddeeff00112233445566778",
    ];
    let mut bytes = hex::decode(random.pick(&TRANSFERS).replace(' ', "")).unwrap();
    random.spoil(&mut bytes);
    json!(hex::encode_prefixed(bytes))
}

fn typed_data(random: &mut Random) -> Value {
    let kind = random.pick(&["uint256", "address", "bytes", "Note", "Note[]", "string[2]", "uint7", "nothing"]);
    json!({
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Note": [{"name": "text", "type": kind}]},
        "primaryType": random.pick(&["Note", "EIP712Domain", "None"]),
        "domain": {"name": "fuzz"},
        "message": {"text": anything(random, 2)},
    })
}
