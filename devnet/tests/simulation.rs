//! Blocks that are simulated, and traces as Parity gave them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256, hex},
    providers::{Provider, ext::AnvilApi},
    rpc::types::trace::parity::{Action, LocalizedTransactionTrace, TraceOutput},
};
use common::{COUNTED, Link, START, counter_code};
use serde_json::{Value, json};

on_both_transports!(
    simulated_blocks_build_on_each_other_and_leave_no_trace,
    simulated_gaps_are_filled_and_order_is_kept,
    a_simulated_call_may_fail_without_ending_the_block,
    validation_asks_of_calls_what_is_asked_of_transactions,
    transfers_are_logged_if_asked_for,
    a_simulated_block_is_the_one_that_is_made,
    traces_tell_every_call,
    trace_filters_pick_by_address_and_are_bounded,
    a_call_is_traced_as_asked,
);

fn number(value: &Value) -> u64 {
    serde_json::from_value::<U64>(value.clone()).unwrap_or_else(|_| panic!("{value} is no number")).to()
}

async fn simulated_blocks_build_on_each_other_and_leave_no_trace(link: Link) {
    let counter = link.deploy_counter().await;
    let head = link.devnet.head();
    let call = json!({"from": link.account(0), "to": counter});
    let blocks = link
        .ask("eth_simulateV1", json!([{"blockStateCalls": [
            {"calls": [call, call]},
            {"calls": [call], "stateOverrides": {counter.to_string(): {"stateDiff": {B256::ZERO.to_string(): B256::with_last_byte(9)}}}},
        ], "returnFullTransactions": true}, "latest"]))
        .await;
    let [first, second] = blocks.as_array().unwrap().as_slice() else { panic!("{blocks}") };
    assert_eq!((number(&first["number"]), number(&second["number"])), (head.number + 1, head.number + 2));
    assert_eq!(first["parentHash"], json!(head.hash));
    assert_eq!(second["parentHash"], first["hash"]);
    assert_eq!(number(&first["timestamp"]), START + 1 + 12);
    let result = |block: &Value, index: usize| block["calls"][index].clone();
    for (block, index, value) in [(first, 0, 1u8), (first, 1, 2), (second, 0, 10)] {
        let result = result(block, index);
        assert_eq!(result["returnData"], json!(B256::with_last_byte(value)));
        assert_eq!(number(&result["status"]), 1);
        assert_eq!(result["logs"][0]["topics"], json!([COUNTED]));
        assert_eq!(result["logs"][0]["blockHash"], block["hash"]);
        assert_eq!(number(&result["logs"][0]["logIndex"]), index as u64);
    }
    let used: u64 = (0..2).map(|index| number(&result(first, index)["gasUsed"])).sum();
    assert_eq!(number(&first["gasUsed"]), used);
    assert_eq!(first["transactions"][1]["from"], json!(link.account(0)));
    assert_eq!(number(&first["transactions"][1]["nonce"]), 2);
    assert_eq!(link.devnet.head(), head);
    assert_eq!(link.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::ZERO);
}

async fn simulated_gaps_are_filled_and_order_is_kept(link: Link) {
    link.devnet.mine(3).unwrap();
    let simulate = |blocks: Value| json!([{"blockStateCalls": blocks}]);
    let blocks = link
        .ask(
            "eth_simulateV1",
            simulate(json!([{"blockOverrides": {"number": "0x6", "feeRecipient": Address::repeat_byte(3)}}])),
        )
        .await;
    let numbers: Vec<_> = blocks.as_array().unwrap().iter().map(|block| number(&block["number"])).collect();
    assert_eq!(numbers, [4, 5, 6]);
    assert_eq!(blocks[2]["miner"], json!(Address::repeat_byte(3)));
    for (blocks, code) in [
        (json!([{"blockOverrides": {"number": "0x3"}}]), -38020),
        (json!([{"blockOverrides": {"time": "0x1"}}]), -38021),
        (json!([{"blockOverrides": {"number": "0xffff"}}]), -38026),
        (json!(vec![json!({}); 257]), -38026),
        (json!([]), -32602),
        (json!([{"calls": [{"gas": "0xfffffffff"}]}]), -38015),
    ] {
        let (found, message, _) = link.fail("eth_simulateV1", simulate(blocks.clone())).await;
        assert_eq!(found, code, "{message}");
    }
    let unknown = json!([{"blockStateCalls": [{}]}, "0x77"]);
    assert_eq!(link.fail("eth_simulateV1", unknown).await.1, "header not found");
}

async fn a_simulated_call_may_fail_without_ending_the_block(link: Link) {
    let counter = link.deploy_counter().await;
    let calls = json!([
        {"to": counter, "data": "0x1234"},
        {"to": counter, "gas": "0x5300"},
        {"to": counter},
    ]);
    let blocks = link.ask("eth_simulateV1", json!([{"blockStateCalls": [{"calls": calls}]}])).await;
    let results = &blocks[0]["calls"];
    assert_eq!(results[0]["error"], json!({"code": 3, "message": "execution reverted", "data": "0x1234"}));
    assert_eq!((&results[0]["returnData"], number(&results[0]["status"])), (&json!("0x1234"), 0));
    assert_eq!(results[1]["error"], json!({"code": -32015, "message": "out of gas"}));
    assert_eq!(number(&results[1]["gasUsed"]), 0x5300);
    assert_eq!(results[2]["returnData"], json!(B256::with_last_byte(1)));
    assert_eq!(results[2].get("error"), None);
}

async fn validation_asks_of_calls_what_is_asked_of_transactions(link: Link) {
    let (rich, poor) = (link.account(0), Address::repeat_byte(0x77));
    let simulate = |call: Value| json!([{"blockStateCalls": [{"calls": [call]}], "validation": true}]);
    let fee = "0x77359400";
    for (call, code) in [
        (json!({"from": rich, "to": poor, "nonce": "0x5", "maxFeePerGas": fee}), -38011),
        (json!({"from": rich, "to": poor, "maxFeePerGas": "0x1"}), -38012),
        (json!({"from": rich, "to": poor}), -38012),
        (json!({"from": rich, "to": poor, "maxFeePerGas": fee, "gas": "0x5000"}), -38013),
        (json!({"from": poor, "to": rich, "maxFeePerGas": fee}), -38014),
    ] {
        let (found, message, _) = link.fail("eth_simulateV1", simulate(call.clone())).await;
        assert_eq!(found, code, "{call}: {message}");
        // Without validation, only what can't be done at all is refused.
        if code != -38013 && code != -38014 {
            link.ask("eth_simulateV1", json!([{"blockStateCalls": [{"calls": [call]}]}])).await;
        }
    }
    link.transfer(0, 1).await;
    let used = json!({"from": rich, "to": poor, "nonce": "0x0", "maxFeePerGas": fee});
    assert_eq!(link.fail("eth_simulateV1", simulate(used)).await.0, -38010);
    let good = json!({"from": rich, "to": poor, "value": "0x1", "maxFeePerGas": fee});
    let blocks = link.ask("eth_simulateV1", simulate(good)).await;
    assert_eq!(number(&blocks[0]["calls"][0]["gasUsed"]), 21_000);
    assert!(number(&blocks[0]["baseFeePerGas"]) > 0);
}

async fn transfers_are_logged_if_asked_for(link: Link) {
    let (from, to) = (link.account(0), Address::repeat_byte(0x55));
    let call = json!({"from": from, "to": to, "value": "0x7"});
    let simulate = |traces: bool| json!([{"blockStateCalls": [{"calls": [call]}], "traceTransfers": traces}]);
    let blocks = link.ask("eth_simulateV1", simulate(true)).await;
    let log = &blocks[0]["calls"][0]["logs"][0];
    assert_eq!(log["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_eq!((&log["topics"][1], &log["topics"][2]), (&json!(from.into_word()), &json!(to.into_word())));
    assert_eq!(log["data"], json!(B256::with_last_byte(7)));
    let plain = link.ask("eth_simulateV1", simulate(false)).await;
    assert_eq!(plain[0]["calls"][0]["logs"], json!([]));
    assert_eq!(plain[0]["hash"], blocks[0]["hash"], "the block is the same");
}

/// A signed transaction in a simulated block has the same effect as in a real one: so have the blocks the same roots.
async fn a_simulated_block_is_the_one_that_is_made(link: Link) {
    let counter = link.deploy_counter().await;
    link.ask("anvil_setPrevRandao", json!([B256::ZERO])).await;
    link.clock.set(START + 500);
    let base_fee = link.ask("eth_getBlockByNumber", json!(["pending", false])).await["baseFeePerGas"].clone();
    let call = json!({"from": link.account(0), "to": counter, "gas": "0x186a0", "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1"});
    let block = json!({"calls": [call], "blockOverrides": {"time": U64::from(START + 500)}});
    let simulated =
        link.ask("eth_simulateV1", json!([{"blockStateCalls": [block], "validation": true}])).await[0].clone();
    link.client.request::<_, B256>("eth_sendTransaction", (call,)).await.unwrap();
    let made = link.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(made["baseFeePerGas"], base_fee);
    for field in [
        "number",
        "parentHash",
        "stateRoot",
        "receiptsRoot",
        "logsBloom",
        "gasUsed",
        "baseFeePerGas",
        "timestamp",
        "requestsHash",
        "excessBlobGas",
    ] {
        assert_eq!(simulated[field], made[field], "{field}");
    }
}

/// Init code of a contract that passes a call on to `to`, with its value.
fn forwarder_code(to: Address) -> Bytes {
    let runtime = format!("5f5f5f5f3473{}5af15f5260205ff3", hex::encode(to));
    let length = runtime.len() / 2;
    hex::decode(format!("60{length:02x}8060095f395ff3{runtime}")).unwrap().into()
}

async fn deploy(link: &Link, code: Bytes) -> (B256, Address) {
    let hash = link.ask("eth_sendTransaction", json!([{"from": link.account(0), "data": code}])).await;
    let hash: B256 = serde_json::from_value(hash).unwrap();
    let receipt = link.receipt(hash).await.unwrap();
    assert!(receipt.status());
    (hash, receipt.contract_address.unwrap())
}

async fn traces(link: &Link, method: &'static str, params: Value) -> Vec<LocalizedTransactionTrace> {
    serde_json::from_value(link.ask(method, params).await).unwrap()
}

async fn traces_tell_every_call(link: Link) {
    let (_, counter) = deploy(&link, counter_code()).await;
    let (deployment, forwarder) = deploy(&link, forwarder_code(counter)).await;
    let call = json!({"from": link.account(0), "to": forwarder, "value": "0x3"});
    let hash: B256 = serde_json::from_value(link.ask("eth_sendTransaction", json!([call])).await).unwrap();

    let found = traces(&link, "trace_transaction", json!([hash])).await;
    let [outer, inner] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (outer.block_number, outer.transaction_position, outer.transaction_hash),
        (Some(3), Some(0), Some(hash))
    );
    assert_eq!((&outer.trace.trace_address[..], outer.trace.subtraces), (&[][..], 1));
    assert_eq!(&inner.trace.trace_address[..], &[0]);
    let Action::Call(action) = &inner.trace.action else { panic!("{inner:?}") };
    assert_eq!((action.from, action.to, action.value), (forwarder, counter, U256::from(3)));
    let Some(TraceOutput::Call(output)) = &inner.trace.result else { panic!("{inner:?}") };
    assert_eq!(output.output[..], B256::with_last_byte(1)[..]);

    let of_block = traces(&link, "trace_block", json!(["0x3"])).await;
    assert_eq!(of_block, found);
    let created = traces(&link, "trace_transaction", json!([deployment])).await;
    assert!(matches!(&created[0].trace.result, Some(TraceOutput::Create(output)) if output.address == forwarder));
    assert_eq!(link.ask("trace_transaction", json!([B256::ZERO])).await, Value::Null);
    assert_eq!(link.ask("trace_block", json!(["0x99"])).await, Value::Null);
    assert_eq!(link.ask("trace_block", json!(["0x0"])).await, json!([]));
    // A block of several: each transaction on what those before it left.
    link.ask("evm_setAutomine", json!([false])).await;
    let nonce = link.provider().get_transaction_count(link.account(0)).await.unwrap();
    for offset in 0..3 {
        let call =
            json!({"from": link.account(0), "to": counter, "nonce": U64::from(nonce + offset), "gas": "0x186a0"});
        link.ask("eth_sendTransaction", json!([call])).await;
    }
    link.devnet.mine(1).unwrap();
    let outputs =
        traces(&link, "trace_block", json!(["latest"])).await.into_iter().map(|found| match found.trace.result {
            Some(TraceOutput::Call(output)) => U256::from_be_slice(&output.output),
            other => panic!("{other:?}"),
        });
    assert_eq!(outputs.collect::<Vec<_>>(), [2, 3, 4].map(U256::from));
}

async fn trace_filters_pick_by_address_and_are_bounded(link: Link) {
    let (_, counter) = deploy(&link, counter_code()).await;
    let (_, forwarder) = deploy(&link, forwarder_code(counter)).await;
    for _ in 0..3 {
        link.count(forwarder).await;
    }
    let to_counter = json!({"toAddress": [counter], "fromAddress": [forwarder]});
    let found = traces(&link, "trace_filter", json!([to_counter])).await;
    assert_eq!(found.iter().map(|trace| trace.block_number.unwrap()).collect::<Vec<_>>(), [3, 4, 5]);
    let page = json!({"toAddress": [counter], "fromAddress": [forwarder], "after": 1, "count": 1, "fromBlock": "0x1", "toBlock": "0x9"});
    assert_eq!(traces(&link, "trace_filter", json!([page])).await, found[1..2]);
    let either = json!({"toAddress": [counter], "fromAddress": [link.account(0)], "mode": "union"});
    assert_eq!(traces(&link, "trace_filter", json!([either])).await.len(), 8);
    link.devnet.mine(100).unwrap();
    let (code, message, _) = link.fail("trace_filter", json!([{}])).await;
    assert_eq!((code, message.as_str()), (-32602, "block range greater than 100 blocks is not supported"));
    let (code, ..) = link.fail("trace_filter", json!([{"fromBlock": "0x3", "toBlock": "0x2"}])).await;
    assert_eq!(code, -32602);
}

async fn a_call_is_traced_as_asked(link: Link) {
    let counter = link.deploy_counter().await;
    let call = json!({"from": link.account(0), "to": counter});
    let result = link.ask("trace_call", json!([call, ["trace", "stateDiff", "vmTrace"], "latest"])).await;
    assert_eq!(result["output"], json!(B256::with_last_byte(1)));
    assert_eq!(result["trace"][0]["action"]["to"], json!(counter));
    let slot = &result["stateDiff"][counter.to_string().to_lowercase()]["storage"][B256::ZERO.to_string()];
    assert_eq!(slot["*"]["to"], json!(B256::with_last_byte(1)));
    assert!(result["vmTrace"]["ops"].as_array().unwrap().len() > 10);
    let result = link.ask("trace_call", json!([call, ["trace"], "latest"])).await;
    assert_eq!((&result["stateDiff"], &result["vmTrace"]), (&Value::Null, &Value::Null));
    assert_eq!(link.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::ZERO);
    link.provider().anvil_set_code(counter, Bytes::from_static(&[0xfe])).await.unwrap();
    let result = link.ask("trace_call", json!([call, ["trace"]])).await;
    assert!(result["trace"][0]["error"].is_string(), "{result}");
}
