//! Traces as geth and Parity give them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::primitives::{Address, B256, Bytes};
use common::{COUNTED, Link};
use serde_json::{Value, json};

on_both_transports!(
    call_tracers_take_their_options,
    prestate_tracers_tell_before_and_after,
    the_struct_logger_takes_its_options,
    small_tracers_and_their_sum_agree,
    a_block_is_traced_transaction_by_transaction,
    parity_replays_what_was_mined,
    parity_calls_build_on_each_other,
);

/// A counter and the transaction that called it first.
async fn counted(link: &Link) -> (Value, B256) {
    let counter = link.deploy_counter().await;
    (json!(counter), link.count(counter).await)
}

async fn call_tracers_take_their_options(link: Link) {
    let (counter, hash) = counted(&link).await;
    let trace = async |config: Value| {
        link.ask("debug_traceTransaction", json!([hash, {"tracer": "callTracer", "tracerConfig": config}])).await
    };
    let plain = trace(json!({})).await;
    assert_eq!((&plain["type"], &plain["to"], &plain["logs"]), (&json!("CALL"), &counter, &Value::Null));
    let logs = trace(json!({"withLog": true})).await["logs"].clone();
    assert_eq!((&logs[0]["address"], &logs[0]["topics"]), (&counter, &json!([COUNTED])));

    // Code that calls the counter with data, which reverts; the failure stays inside.
    let target = counter.as_str().unwrap().trim_start_matches("0x");
    let caller = format!("0x60015f525f5f60205f5f73{target}5af100");
    let call = async |config: Value| {
        let options = json!({"tracer": "callTracer", "tracerConfig": config});
        link.ask("debug_traceCall", json!([{"data": caller}, "latest", options])).await
    };
    let inner = call(json!({})).await["calls"][0].clone();
    assert_eq!((&inner["to"], &inner["error"]), (&counter, &json!("execution reverted")));
    assert_eq!(call(json!({"onlyTopCall": true})).await["calls"], Value::Null);
}

async fn prestate_tracers_tell_before_and_after(link: Link) {
    let (counter, _) = counted(&link).await;
    let hash = link.count(serde_json::from_value(counter.clone()).unwrap()).await;
    let counter = counter.as_str().unwrap();
    let slot = B256::ZERO.to_string();
    let trace = async |config: Value| {
        link.ask("debug_traceTransaction", json!([hash, {"tracer": "prestateTracer", "tracerConfig": config}])).await
    };
    let before = trace(json!({})).await;
    assert_eq!(before[counter]["storage"][&slot], json!(B256::with_last_byte(1)));
    let change = trace(json!({"diffMode": true})).await;
    assert_eq!(change["pre"][counter]["storage"][&slot], json!(B256::with_last_byte(1)));
    assert_eq!(change["post"][counter]["storage"][&slot], json!(B256::with_last_byte(2)));
}

async fn the_struct_logger_takes_its_options(link: Link) {
    let (_, hash) = counted(&link).await;
    let steps = async |options: Value| {
        let trace = link.ask("debug_traceTransaction", json!([hash, options])).await;
        assert_eq!((&trace["failed"], &trace["gas"]), (&json!(false), &json!(44155)));
        trace["structLogs"].clone()
    };
    let plain = steps(json!({})).await;
    assert_eq!((&plain[0]["op"], &plain[0]["stack"]), (&json!("CALLDATASIZE"), &json!([])));
    assert!(plain.as_array().unwrap().iter().any(|step| step["storage"].is_object()));
    assert!(plain.as_array().unwrap().iter().all(|step| step["memory"].is_null()));
    let options = json!({"enableMemory": true, "disableStack": true, "disableStorage": true});
    let other = steps(options).await;
    assert!(other.as_array().unwrap().iter().all(|step| step["stack"].is_null() && step["storage"].is_null()));
    assert!(other.as_array().unwrap().iter().any(|step| step["memory"].is_array()));
}

async fn small_tracers_and_their_sum_agree(link: Link) {
    let (_, hash) = counted(&link).await;
    let trace = async |options: Value| link.ask("debug_traceTransaction", json!([hash, options])).await;
    assert_eq!(trace(json!({"tracer": "noopTracer"})).await, json!({}));
    let call = trace(json!({"tracer": "callTracer"})).await;
    let flat = trace(json!({"tracer": "flatCallTracer"})).await;
    assert_eq!((&flat[0]["action"]["to"], &flat[0]["transactionHash"]), (&call["to"], &json!(hash)));
    for config in [json!({}), Value::Null] {
        let of_each = json!({"callTracer": config, "4byteTracer": config, "noopTracer": config});
        let sum = trace(json!({"tracer": "muxTracer", "tracerConfig": of_each})).await;
        assert_eq!(sum, json!({"callTracer": call, "4byteTracer": {}, "noopTracer": {}}));
    }
}

async fn a_block_is_traced_transaction_by_transaction(link: Link) {
    let (counter, _) = counted(&link).await;
    link.ask("evm_setAutomine", json!([false])).await;
    let call = json!([{"from": link.account(0), "to": counter, "gas": "0x186a0"}]);
    let mut hashes = Vec::new();
    for _ in 0..3 {
        hashes.push(link.ask("eth_sendTransaction", call.clone()).await);
    }
    link.devnet.mine(1).unwrap();
    let options = json!({"tracer": "callTracer"});
    let by_number = link.ask("debug_traceBlockByNumber", json!(["0x3", options])).await;
    let block = link.ask("eth_getBlockByNumber", json!(["0x3", false])).await;
    assert_eq!(block["transactions"], json!(hashes));
    let by_hash = link.ask("debug_traceBlockByHash", json!([block["hash"], options])).await;
    let raw = link.ask("debug_getRawBlock", json!(["0x3"])).await;
    let encoded = link.ask("debug_traceBlock", json!([raw, options])).await;
    assert!(by_number == by_hash && by_number == encoded);
    for (index, hash) in hashes.iter().enumerate() {
        let alone = link.ask("debug_traceTransaction", json!([hash, options])).await;
        assert_eq!(by_number[index], json!({"txHash": hash, "result": alone}));
        // Each saw what those before it left.
        assert_eq!(alone["output"], json!(B256::with_last_byte(index as u8 + 2)));
    }
}

async fn parity_replays_what_was_mined(link: Link) {
    let (counter, hash) = counted(&link).await;
    let types = json!(["trace", "stateDiff"]);
    let replayed = link.ask("trace_replayTransaction", json!([hash, types])).await;
    let slot = B256::ZERO.to_string();
    let change = &replayed["stateDiff"][counter.as_str().unwrap()]["storage"][&slot]["*"];
    assert_eq!(*change, json!({"from": B256::ZERO, "to": B256::with_last_byte(1)}));
    let mut in_block = link.ask("trace_replayBlockTransactions", json!(["0x2", types])).await;
    assert_eq!(in_block[0].as_object_mut().unwrap().remove("transactionHash"), Some(json!(hash)));
    assert_eq!(in_block, json!([replayed]));
    let traces = link.ask("trace_transaction", json!([hash])).await;
    assert_eq!(link.ask("trace_get", json!([hash, []])).await, traces[0]);
    assert_eq!(link.ask("trace_get", json!([hash, ["0x3"]])).await, Value::Null);
    assert_eq!(link.ask("trace_replayBlockTransactions", json!(["0x99", types])).await, Value::Null);
}

async fn parity_calls_build_on_each_other(link: Link) {
    let (counter, _) = counted(&link).await;
    let call = json!([{"to": counter}, ["trace"]]);
    let results = link.ask("trace_callMany", json!([[call, call], "latest"])).await;
    assert_eq!(results[0]["output"], json!(B256::with_last_byte(2)));
    assert_eq!(results[1]["output"], json!(B256::with_last_byte(3)));
    let request = json!([{"from": link.account(0), "to": counter, "gas": "0x186a0"}]);
    let signed = link.ask("eth_signTransaction", request).await;
    let result = link.ask("trace_rawTransaction", json!([signed, ["trace"]])).await;
    assert_eq!(result["output"], json!(B256::with_last_byte(2)));
    assert_eq!(serde_json::from_value::<Bytes>(signed).unwrap()[0], 2);
    assert_eq!(link.devnet.head().number, 2, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_without_an_end_is_cut_or_refused() {
    let link = Link::in_process(|config| config.gas_limit = 100_000_000).await;
    let loops = Address::repeat_byte(0x99);
    let options = |limit: u64| {
        json!({"limit": limit, "stateOverrides": {loops.to_string(): {"code": "0x5b5f56"}},
        "disableStack": true, "disableStorage": true})
    };
    // Three steps of eleven gas.
    let call = json!({"to": loops, "gas": "0xaba950"});
    let (code, message, _) = link.fail("debug_traceCall", json!([call, "latest", options(0)])).await;
    assert_eq!((code, message.as_str()), (-32000, "the trace has more than 3000000 steps: give a limit, or less gas"));
    let cut = link.ask("debug_traceCall", json!([call, "latest", options(5)])).await;
    assert_eq!(cut["structLogs"].as_array().unwrap().len(), 5);
}
