//! What a call, an estimate or a simulation is told that can't be: geth's codes and words. And what may be pretended.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::primitives::{Address, B256, U64, address};
use common::Link;
use serde_json::{Value, json};

const NOBODY: Address = Address::repeat_byte(0xc0);
const OTHER: Address = Address::repeat_byte(0xc1);

on_both_transports!(
    calls_are_refused_in_geths_words,
    estimates_are_refused_in_geths_words,
    precompiled_contracts_move_and_give_way,
    simulated_calls_are_refused_with_their_codes,
    simulated_calls_share_their_gas,
);

async fn calls_are_refused_in_geths_words(link: Link) {
    let gas = json!("0x5208");
    let fee = link.ask("eth_getBlockByNumber", json!(["latest", false])).await["baseFeePerGas"].clone();
    let fee: u64 = serde_json::from_value::<U64>(fee).unwrap().to();
    for (call, expected) in [
        (
            json!({"from": NOBODY, "to": OTHER, "value": "0x1", "gas": gas}),
            format!(
                "err: insufficient funds for gas * price + value: address {NOBODY} have 0 want 1 (supplied gas 21000)"
            ),
        ),
        (
            json!({"to": OTHER, "gas": "0x1"}),
            "err: intrinsic gas too low: have 1, want 21000 (supplied gas 1)".to_owned(),
        ),
        (
            json!({"from": NOBODY, "to": OTHER, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2", "gas": gas}),
            format!(
                "err: max priority fee per gas higher than max fee per gas: address {NOBODY}, maxPriorityFeePerGas: 2, \
                 maxFeePerGas: 1 (supplied gas 21000)"
            ),
        ),
        (
            json!({"from": NOBODY, "to": OTHER, "maxFeePerGas": "0x1", "gas": gas}),
            format!(
                "err: max fee per gas less than block base fee: address {NOBODY}, maxFeePerGas: 1, baseFee: {fee} \
                 (supplied gas 21000)"
            ),
        ),
        (json!({"to": OTHER, "chainId": "0x5"}), "chainId does not match node's (have=5, want=31337)".to_owned()),
        (
            json!({"to": OTHER, "gasPrice": "0x1", "maxFeePerGas": "0x1"}),
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".to_owned(),
        ),
        (
            json!({"to": OTHER, "data": "0x12", "input": "0x34"}),
            "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data"
                .to_owned(),
        ),
    ] {
        let (code, message, _) = link.fail("eth_call", json!([call, "latest"])).await;
        assert_eq!((code, message), (-32000, expected), "{call}");
    }
    let both = json!({OTHER.to_string(): {"state": {}, "stateDiff": {}}});
    let (code, message, _) = link.fail("eth_call", json!([{"to": OTHER}, "latest", both])).await;
    assert_eq!((code, message), (-32000, format!("account {OTHER} has both 'state' and 'stateDiff'")));
    // Nobody pays for what is only looked at.
    assert_eq!(link.ask("eth_call", json!([{"from": NOBODY, "to": OTHER}, "latest"])).await, "0x");
    let list = link.ask("eth_createAccessList", json!([{"from": NOBODY, "to": OTHER}, "latest"])).await;
    assert_eq!(list, json!({"accessList": [], "gasUsed": "0x5208"}));
}

async fn estimates_are_refused_in_geths_words(link: Link) {
    assert_eq!(link.ask("eth_estimateGas", json!([{"from": NOBODY, "to": OTHER}])).await, "0x5208");
    let gas = 16_777_216;
    let (code, message, _) = link.fail("eth_estimateGas", json!([{"from": NOBODY, "to": OTHER, "value": "0x1"}])).await;
    assert_eq!(code, -32000);
    assert_eq!(
        message,
        format!("failed with {gas} gas: insufficient funds for gas * price + value: address {NOBODY} have 0 want 1")
    );
    let (code, message, _) = link.fail("eth_estimateGas", json!([{"to": OTHER, "gas": "0x5207"}])).await;
    assert_eq!((code, message.as_str()), (-32000, "gas required exceeds allowance (20999)"));
}

/// The precompiled contract that answers with its input.
const IDENTITY: Address = address!("0000000000000000000000000000000000000004");

async fn precompiled_contracts_move_and_give_way(link: Link) {
    let call = |to: Address| json!({"to": to, "input": "0x1234"});
    let moved = json!({IDENTITY.to_string(): {"movePrecompileToAddress": OTHER}});
    assert_eq!(link.ask("eth_call", json!([call(IDENTITY), "latest"])).await, "0x1234");
    assert_eq!(link.ask("eth_call", json!([call(OTHER), "latest", moved])).await, "0x1234");
    assert_eq!(link.ask("eth_call", json!([call(IDENTITY), "latest", moved])).await, "0x");
    let traced = json!([call(OTHER), "latest", {"tracer": "callTracer", "stateOverrides": moved}]);
    assert_eq!(link.ask("debug_traceCall", traced).await["output"], "0x1234");

    // Returns 0x2a. The contract that was there answers elsewhere.
    let replaced = json!({IDENTITY.to_string(): {"code": "0x602a5f5260205ff3", "movePrecompileToAddress": OTHER}});
    let answer = link.ask("eth_call", json!([call(IDENTITY), "latest", replaced])).await;
    assert_eq!(answer, json!(B256::with_last_byte(0x2a)));
    let blocks = json!({"blockStateCalls": [
        {"stateOverrides": replaced, "calls": [call(IDENTITY), call(OTHER)]},
        {"calls": [call(OTHER)]},
    ]});
    let simulated = link.ask("eth_simulateV1", json!([blocks, "latest"])).await;
    let data = |block: usize, call: usize| simulated[block]["calls"][call]["returnData"].clone();
    assert_eq!([data(0, 0), data(0, 1), data(1, 0)], [json!(B256::with_last_byte(0x2a)), json!("0x1234"), json!("0x")]);

    let not_one = json!({NOBODY.to_string(): {"movePrecompileToAddress": OTHER}});
    let taken = json!({IDENTITY.to_string(): {"movePrecompileToAddress": OTHER}, OTHER.to_string(): {"nonce": "0x1"}});
    let itself = json!({IDENTITY.to_string(): {"movePrecompileToAddress": IDENTITY}});
    for (overrides, code, expected) in [
        (not_one, -32000, format!("account {NOBODY} is not a precompile")),
        (taken, -32000, format!("account {OTHER} has already been overridden")),
        (itself, -38022, format!("movePrecompileToAddress of {IDENTITY} refers to itself")),
    ] {
        let payload = json!({"blockStateCalls": [{"stateOverrides": overrides}]});
        let (found, message, _) = link.fail("eth_simulateV1", json!([payload, "latest"])).await;
        assert_eq!((found, message), (code, expected));
    }
}

async fn simulated_calls_are_refused_with_their_codes(link: Link) {
    let call = |extra: Value| {
        let mut call = json!({"from": NOBODY, "to": OTHER, "gas": "0x5208"});
        call.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        call
    };
    let overridden = json!({NOBODY.to_string(): {"nonce": "0x5"}});
    for (block, validation, code, expected) in [
        (
            json!({"calls": [call(json!({"value": "0x1"}))]}),
            false,
            -38014,
            "insufficient funds for gas * price + value: ",
        ),
        (json!({"calls": [call(json!({"gas": "0x0"}))]}), false, -38013, "intrinsic gas too low: have 0, want 21000"),
        (
            json!({"stateOverrides": overridden, "calls": [call(json!({"nonce": "0x4"}))]}),
            true,
            -38010,
            "nonce too low: ",
        ),
        (json!({"calls": [call(json!({"nonce": "0x64"}))]}), true, -38011, "nonce too high: "),
        (json!({"calls": [call(json!({}))]}), true, -38012, "max fee per gas less than block base fee: "),
        (
            json!({"stateOverrides": {NOBODY.to_string(): {"nonce": "0xffffffffffffffff"}}, "calls": [call(json!({}))]}),
            true,
            -32603,
            "nonce has max value: ",
        ),
        (
            json!({"stateOverrides": {NOBODY.to_string(): {"code": "0x00"}}, "calls": [call(json!({}))],
                "blockOverrides": {"baseFeePerGas": "0x0"}}),
            true,
            -38024,
            "sender not an eoa: ",
        ),
    ] {
        let payload = json!({"blockStateCalls": [block], "validation": validation});
        let (found, message, _) = link.fail("eth_simulateV1", json!([payload, "latest"])).await;
        assert_eq!(found, code, "{block}: {message}");
        let gas = if code == -38013 { 0 } else { 21_000 };
        assert!(message.starts_with(&format!("err: {expected}")), "{block}: {message}");
        assert!(message.ends_with(&format!("(supplied gas {gas})")), "{block}: {message}");
    }
    for (payload, code, expected) in [
        (json!({}), -32602, "empty input"),
        (json!({"blockStateCalls": []}), -32602, "empty input"),
        (json!({"blockStateCalls": [{"blockOverrides": {"number": "0x200"}}]}), -38026, "too many blocks"),
        (
            json!({"blockStateCalls": [{"blockOverrides": {"number": "0x0"}}]}),
            -38020,
            "block numbers must be in order: 0 <= 0",
        ),
        (
            json!({"blockStateCalls": [{"blockOverrides": {"gasLimit": "0x7530"}, "calls": [call(json!({})), call(json!({}))]}]}),
            -38015,
            "block gas limit reached: 21000 >= 30000",
        ),
    ] {
        let (found, message, _) = link.fail("eth_simulateV1", json!([payload, "latest"])).await;
        assert_eq!((found, message.as_str()), (code, expected), "{payload}");
    }
}

async fn simulated_calls_share_their_gas(link: Link) {
    let calls = json!([{"from": NOBODY, "to": OTHER}, {"from": NOBODY, "to": OTHER}]);
    let block = json!({"blockOverrides": {"gasLimit": "0xbebc200"}, "calls": calls});
    let payload = json!({"blockStateCalls": [block], "returnFullTransactions": true});
    let simulated = link.ask("eth_simulateV1", json!([payload, "latest"])).await;
    let gas = |index: usize| simulated[0]["transactions"][index]["gas"].clone();
    assert_eq!([gas(0), gas(1)], [json!("0x2faf080"), json!(U64::from(50_000_000 - 21_000))]);
}
