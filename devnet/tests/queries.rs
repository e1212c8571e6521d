//! Calls, estimates, past states, logs, proofs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    eips::BlockId,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U64, U256, hex, keccak256},
    providers::{
        Provider,
        ext::{AnvilApi, DebugApi},
    },
    rlp::Encodable,
    rpc::types::{
        Filter, TransactionRequest,
        trace::geth::{GethDebugTracingOptions, GethTrace},
    },
    signers::Signer,
    sol_types::{Panic, Revert, SolError},
    trie::{Nibbles, TrieAccount, proof::verify_proof},
};
use common::{COUNTED, Link, START};
use futures::StreamExt;
use infera_devnet::Orphans;
use serde_json::{Value, json};

on_both_transports!(
    past_states_stay_readable,
    a_revert_carries_its_data_and_reason,
    calls_take_overrides,
    estimates_suffice_and_are_tight,
    an_access_list_names_what_is_touched,
    logs_are_found_by_range_hash_and_topic,
    filters_tell_what_is_new,
    proofs_verify_against_the_header,
    fee_history_adds_up,
    fees_follow_demand,
    dev_accounts_sign,
    raw_encodings_hash_to_what_they_are,
    traces_show_the_call_and_its_steps,
    code_sees_the_block_it_runs_in,
    names_and_versions_are_told,
);

async fn past_states_stay_readable(link: Link) {
    let counter = link.deploy_counter().await;
    for _ in 0..3 {
        link.count(counter).await;
    }
    let provider = link.provider();
    let head = provider.get_block_number().await.unwrap();
    let next = TransactionRequest::default().with_to(counter);
    for back in 0..4 {
        let number = head - back;
        let value = provider.call(next.clone()).block(number.into()).await.unwrap();
        assert_eq!(U256::from_be_slice(&value), U256::from(4 - back), "a call at block {number} counts on from there");
        let stored = provider.get_storage_at(counter, U256::ZERO).block_id(number.into()).await.unwrap();
        assert_eq!(stored, U256::from(3 - back));
        let hash = provider.get_block_by_number(number.into()).await.unwrap().unwrap().header.hash;
        assert_eq!(provider.get_storage_at(counter, U256::ZERO).hash(hash).await.unwrap(), stored);
        assert_eq!(provider.get_transaction_count(link.account(0)).block_id(number.into()).await.unwrap(), 4 - back);
    }
    assert_eq!(provider.get_code_at(counter).block_id(0.into()).await.unwrap(), Bytes::new());
    assert_eq!(
        provider.get_balance(link.account(0)).block_id(0.into()).await.unwrap(),
        U256::from(10_000) * U256::from(10u64.pow(18))
    );
    for unknown in [json!("0x99"), json!({"blockHash": B256::ZERO})] {
        let (code, message, _) = link.fail("eth_getBalance", json!([counter, unknown])).await;
        assert_eq!((code, message.as_str()), (-32000, "header not found"));
    }
}

async fn a_revert_carries_its_data_and_reason(link: Link) {
    let counter = link.deploy_counter().await;
    let call = |data: &[u8]| json!([{"to": counter, "data": hex::encode_prefixed(data)}, "latest"]);
    let reason = Revert::from("not today").abi_encode();
    for method in ["eth_call", "eth_estimateGas"] {
        let failure = link.fail(method, call(&reason)).await;
        assert_eq!(
            failure,
            (3, "execution reverted: not today".to_owned(), Some(json!(hex::encode_prefixed(&reason))))
        );
        // So does a panic.
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        let failure = link.fail(method, call(&panic)).await;
        assert_eq!((failure.0, failure.1.as_str()), (3, "execution reverted: arithmetic underflow or overflow"));
        // A custom error has data and no words.
        let failure = link.fail(method, call(&hex!("deadbeef01"))).await;
        assert_eq!(failure, (3, "execution reverted".to_owned(), Some(json!("0xdeadbeef01"))));
    }
    // In a transaction the revert is mined, and the receipt says so.
    let request = json!([{"from": link.account(0), "to": counter, "data": "0x01", "gas": "0x186a0"}]);
    let hash: B256 = serde_json::from_value(link.ask("eth_sendTransaction", request).await).unwrap();
    let receipt = link.receipt(hash).await.unwrap();
    assert!(!receipt.status());
    assert!(receipt.gas_used < 100_000);
    // An invalid instruction is not a revert.
    let failure = link.fail("eth_call", json!([{"data": "0xfe"}])).await;
    assert_eq!((failure.0, failure.1.as_str()), (-32000, "invalid opcode"));
    let failure = link.fail("eth_call", json!([{"data": "0x5b5f56", "gas": "0x15f90"}])).await;
    assert_eq!((failure.0, failure.1.as_str()), (-32000, "out of gas"));
}

async fn calls_take_overrides(link: Link) {
    let counter = link.deploy_counter().await;
    let slot = |value: u64| json!({counter.to_string(): {"stateDiff": {B256::ZERO.to_string(): B256::from(U256::from(value))}}});
    let call = json!({"to": counter});
    let result = link.ask("eth_call", json!([call, "latest", slot(41)])).await;
    assert_eq!(result, json!(B256::from(U256::from(42))));
    assert_eq!(link.ask("eth_call", json!([call, "latest"])).await, json!(B256::from(U256::from(1))));
    // TIMESTAMP, as if the block were another.
    let code = json!({Address::ZERO.to_string(): {"code": "0x425f5260205ff3"}});
    let at = json!({"time": "0x7b"});
    let time = link.ask("eth_call", json!([{"to": Address::ZERO}, "latest", code, at])).await;
    assert_eq!(time, json!(B256::from(U256::from(123))));
    // A balance that is not there, and one that is lent.
    let poor = Address::repeat_byte(9);
    let transfer = json!({"from": poor, "to": counter, "value": "0x5"});
    let (code, message, _) = link.fail("eth_call", json!([transfer, "latest"])).await;
    assert_eq!(code, -32000);
    assert!(message.contains("insufficient funds"), "{message}");
    link.ask("eth_call", json!([transfer, "latest", {poor.to_string(): {"balance": "0x5"}}])).await;
}

async fn estimates_suffice_and_are_tight(link: Link) {
    let counter = link.deploy_counter().await;
    let provider = link.provider();
    let from = link.account(0);
    let to_nobody =
        TransactionRequest::default().with_from(from).with_to(Address::repeat_byte(1)).with_value(U256::from(1));
    assert_eq!(provider.estimate_gas(to_nobody).await.unwrap(), 21_000);
    let call = TransactionRequest::default().with_from(from).with_to(counter);
    let estimate = provider.estimate_gas(call.clone()).await.unwrap();
    let hash = link.ask("eth_sendTransaction", json!([call.with_gas_limit(estimate)])).await;
    let receipt = link.receipt(serde_json::from_value(hash).unwrap()).await.unwrap();
    assert!(receipt.status());
    assert!(estimate <= receipt.gas_used + receipt.gas_used / 20, "{estimate} for {}", receipt.gas_used);
    let endless = link.fail("eth_estimateGas", json!([{"from": from, "data": "0x5b5f56"}])).await;
    assert_eq!(endless.1, "gas required exceeds allowance (16777216)");
}

async fn an_access_list_names_what_is_touched(link: Link) {
    let counter = link.deploy_counter().await;
    let result = link.ask("eth_createAccessList", json!([{"from": link.account(0), "to": counter}])).await;
    assert_eq!(result["accessList"], json!([{"address": counter, "storageKeys": [B256::ZERO]}]));
    assert_eq!(result["error"], Value::Null);
}

async fn logs_are_found_by_range_hash_and_topic(link: Link) {
    let counter = link.deploy_counter().await;
    let other = link.deploy_counter().await;
    for address in [counter, other, counter] {
        link.count(address).await;
    }
    let provider = link.provider();
    let values = async |filter: Filter| -> Vec<(u64, U256)> {
        let logs = provider.get_logs(&filter).await.unwrap();
        logs.iter().map(|log| (log.block_number.unwrap(), U256::from_be_slice(&log.data().data))).collect()
    };
    let all = Filter::new().from_block(0);
    assert_eq!(values(all.clone().address(counter)).await, [(3, U256::from(1)), (5, U256::from(2))]);
    assert_eq!(values(all.clone().event_signature(COUNTED)).await.len(), 3);
    assert_eq!(values(all.clone().event_signature(B256::repeat_byte(1))).await, []);
    assert_eq!(values(Filter::new().from_block(4).to_block(4)).await, [(4, U256::from(1))]);
    assert_eq!(values(Filter::new()).await, [(5, U256::from(2))], "without a range: the last block");
    let block = provider.get_block_by_number(3.into()).await.unwrap().unwrap();
    let logs = provider.get_logs(&Filter::new().at_block_hash(block.header.hash)).await.unwrap();
    assert_eq!(logs.len(), 1);
    assert_eq!(logs[0].transaction_hash, block.transactions.hashes().next());
    assert_eq!(
        (logs[0].log_index, logs[0].removed, logs[0].block_timestamp),
        (Some(0), false, Some(block.header.timestamp))
    );
    let unknown = link.fail("eth_getLogs", json!([{"blockHash": B256::ZERO}])).await;
    assert_eq!(unknown.1, "unknown block");
    let backwards = link.fail("eth_getLogs", json!([{"fromBlock": "0x4", "toBlock": "0x2"}])).await;
    assert_eq!(backwards.0, -32602);
}

async fn filters_tell_what_is_new(link: Link) {
    let counter = link.deploy_counter().await;
    let blocks = link.ask("eth_newBlockFilter", json!([])).await;
    let logs = link.ask("eth_newFilter", json!([{"address": counter}])).await;
    let pending = link.ask("eth_newPendingTransactionFilter", json!([])).await;
    let hash = link.count(counter).await;
    let changes = async |id: &Value| -> Value { link.ask("eth_getFilterChanges", json!([id])).await };
    assert_eq!(changes(&blocks).await, json!([link.devnet.head().hash]));
    assert_eq!(changes(&pending).await, json!([hash]));
    let found = changes(&logs).await;
    assert_eq!((found[0]["transactionHash"].clone(), found.as_array().unwrap().len()), (json!(hash), 1));
    assert_eq!(changes(&blocks).await, json!([]));

    // A reorg takes the log back.
    link.devnet.reorganize(1, Orphans::Drop).unwrap();
    let taken = changes(&logs).await;
    assert_eq!((taken[0]["removed"].clone(), taken[0]["transactionHash"].clone()), (json!(true), json!(hash)));
    assert_eq!(changes(&blocks).await, json!([link.devnet.head().hash]));

    assert_eq!(link.ask("eth_uninstallFilter", json!([blocks])).await, true);
    assert_eq!(link.ask("eth_uninstallFilter", json!([blocks])).await, false);
    assert_eq!(link.fail("eth_getFilterChanges", json!([blocks])).await.1, "filter not found");

    // alloy's watcher stands on these.
    let mut watched = link.provider().watch_blocks().await.unwrap().into_stream();
    link.devnet.mine(1).unwrap();
    assert_eq!(watched.next().await.unwrap(), [link.devnet.head().hash]);
}

async fn proofs_verify_against_the_header(link: Link) {
    let counter = link.deploy_counter().await;
    link.count(counter).await;
    let provider = link.provider();
    for id in [BlockId::number(1), BlockId::latest()] {
        let root = provider.get_block(id).await.unwrap().unwrap().header.state_root;
        let absent = Address::repeat_byte(0x99);
        for address in [counter, link.account(0), absent] {
            let keys = vec![B256::ZERO, B256::repeat_byte(5)];
            let proof = provider.get_proof(address, keys).block_id(id).await.unwrap();
            let account = TrieAccount::new(proof.nonce, proof.balance, proof.storage_hash, proof.code_hash);
            let leaf = (address != absent).then(|| alloy::rlp::encode(account));
            verify_proof(root, Nibbles::unpack(keccak256(address)), leaf, &proof.account_proof).unwrap();
            for slot in proof.storage_proof {
                let mut value = Vec::new();
                slot.value.encode(&mut value);
                let value = (!slot.value.is_zero()).then_some(value);
                let path = Nibbles::unpack(keccak256(slot.key.as_b256()));
                verify_proof(proof.storage_hash, path, value, &slot.proof).unwrap();
            }
        }
    }
}

async fn fee_history_adds_up(link: Link) {
    for _ in 0..3 {
        link.transfer(0, 1).await;
    }
    let provider = link.provider();
    let history = provider.get_fee_history(2, 3.into(), &[0.0, 50.0, 100.0]).await.unwrap();
    assert_eq!((history.oldest_block, history.base_fee_per_gas.len(), history.gas_used_ratio.len()), (2, 3, 2));
    for (at, number) in [(0, 2), (1, 3)] {
        let block = provider.get_block_by_number(number.into()).await.unwrap().unwrap();
        assert_eq!(history.base_fee_per_gas[at], u128::from(block.header.base_fee_per_gas.unwrap()));
    }
    assert_eq!(history.reward.unwrap(), vec![vec![1_000_000_000; 3]; 2]);
    let pending = link.ask("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!(pending["baseFeePerGas"], json!(U64::from(history.base_fee_per_gas[2])));
    let beyond = link.fail("eth_feeHistory", json!(["0x1", "0x63", []])).await.1;
    assert_eq!(beyond, "request beyond head block: requested 99, head 3");
    assert_eq!(link.fail("eth_feeHistory", json!(["0x1", "latest", [50, 10]])).await.0, -32000);
}

async fn fees_follow_demand(link: Link) {
    let gas_price = async || link.provider().get_gas_price().await.unwrap();
    let at_first = gas_price().await;
    link.devnet.mine(1).unwrap();
    assert!(gas_price().await < at_first, "empty blocks make gas cheaper (EIP-1559)");
    link.ask("anvil_setNextBlockBaseFeePerGas", json!(["0x77359400"])).await;
    assert_eq!(gas_price().await, 3_000_000_000);
    link.devnet.mine(1).unwrap();
    let head = link.provider().get_block(BlockId::latest()).await.unwrap().unwrap();
    assert_eq!(head.header.base_fee_per_gas, Some(2_000_000_000));
}

async fn dev_accounts_sign(link: Link) {
    let signer = &link.devnet.accounts()[2];
    let message = b"hello";
    let expected = signer.sign_message(message).await.unwrap();
    let params = json!([signer.address(), hex::encode_prefixed(message)]);
    assert_eq!(link.ask("eth_sign", params).await, json!(hex::encode_prefixed(expected.as_bytes())));
    let typed = json!({
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Mail": [{"name": "to", "type": "address"}]},
        "primaryType": "Mail", "domain": {"name": "test"}, "message": {"to": Address::ZERO},
    });
    let signature = link.ask("eth_signTypedData_v4", json!([signer.address(), typed.clone()])).await;
    let data: alloy::dyn_abi::TypedData = serde_json::from_value(typed).unwrap();
    let signature = alloy::primitives::Signature::from_raw(&hex::decode(signature.as_str().unwrap()).unwrap()).unwrap();
    let hash = data.eip712_signing_hash().unwrap();
    assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), signer.address());
    let (_, message, _) = link.fail("eth_sign", json!([Address::ZERO, "0x00"])).await;
    assert!(message.starts_with("unknown account"));
}

async fn raw_encodings_hash_to_what_they_are(link: Link) {
    let hash = link.transfer(0, 1).await;
    let bytes = async |method, params| -> Bytes { serde_json::from_value(link.ask(method, params).await).unwrap() };
    assert_eq!(keccak256(bytes("eth_getRawTransactionByHash", json!([hash])).await), hash);
    assert_eq!(keccak256(bytes("debug_getRawHeader", json!(["0x1"])).await), link.devnet.head().hash);
    let block = bytes("debug_getRawBlock", json!(["0x1"])).await;
    let shown = link.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!(shown["size"], json!(U64::from(block.len())));
}

async fn traces_show_the_call_and_its_steps(link: Link) {
    let counter = link.deploy_counter().await;
    // The state it ran in includes what was set by hand.
    link.provider().anvil_set_storage_at(counter, U256::ZERO, B256::from(U256::from(6))).await.unwrap();
    let hash = link.count(counter).await;
    let GethTrace::Default(frame) =
        link.provider().debug_trace_transaction(hash, GethDebugTracingOptions::default()).await.unwrap()
    else {
        unreachable!("the default tracer's frame");
    };
    assert_eq!(U256::from_be_slice(&frame.return_value), U256::from(7));
    assert_eq!(frame.gas, link.receipt(hash).await.unwrap().gas_used);
    assert!(frame.struct_logs.iter().any(|step| step.op == "SSTORE"));
    let call = link.ask("debug_traceTransaction", json!([hash, {"tracer": "callTracer"}])).await;
    assert_eq!((&call["to"], &call["type"]), (&json!(counter), &json!("CALL")));
    let trace =
        link.ask("debug_traceCall", json!([{"to": counter, "data": "0x01"}, "latest", {"tracer": "callTracer"}])).await;
    assert_eq!(trace["error"], "execution reverted");
    assert_eq!(link.fail("debug_traceTransaction", json!([B256::ZERO])).await.1, "transaction not found");
}

async fn code_sees_the_block_it_runs_in(link: Link) {
    link.devnet.mine(300).unwrap();
    let run = async |code: &str, id: &str| -> U256 {
        let code = format!("{code}5f5260205ff3"); // return the top of the stack, run as init code
        serde_json::from_value(link.ask("eth_call", json!([{"data": format!("0x{code}")}, id])).await).unwrap()
    };
    assert_eq!(run("43", "latest").await, U256::from(300)); // NUMBER
    assert_eq!(run("43", "0x7").await, U256::from(7));
    assert_eq!(run("42", "0x7").await, U256::from(START + 7)); // TIMESTAMP
    assert_eq!(run("46", "latest").await, U256::from(31337)); // CHAINID
    let provider = link.provider();
    let hash = async |number: u64| -> U256 {
        provider.get_block_by_number(number.into()).await.unwrap().unwrap().header.hash.into()
    };
    assert_eq!(run("61012b40", "latest").await, hash(299).await); // BLOCKHASH(299)
    assert_eq!(run("602c40", "latest").await, hash(44).await); // BLOCKHASH(44): 256 back
    assert_eq!(run("602b40", "latest").await, U256::ZERO); // one further back is forgotten
    assert_eq!(run("600640", "0x7").await, hash(6).await);
    let mix: U256 = provider.get_block_by_number(7.into()).await.unwrap().unwrap().header.mix_hash.into();
    assert_eq!(run("44", "0x7").await, mix); // PREVRANDAO
    // EIP-2935 keeps the hash in a contract, EIP-4788 the beacon root.
    let history = link
        .ask(
            "eth_call",
            json!([{"to": "0x0000F90827F1C53a10cb7A02335B175320002935", "data": B256::from(U256::from(10))}]),
        )
        .await;
    assert_eq!(serde_json::from_value::<U256>(history).unwrap(), hash(10).await);
    let time = B256::from(U256::from(START + 300));
    let root = link.ask("eth_call", json!([{"to": "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02", "data": time}])).await;
    assert_eq!(root, json!(B256::ZERO));
}

async fn names_and_versions_are_told(link: Link) {
    let version = link.ask("web3_clientVersion", json!([])).await;
    assert!(version.as_str().unwrap().starts_with("anvil/infera-devnet/v"), "{version}");
    assert_eq!(link.ask("net_version", json!([])).await, "31337");
    assert_eq!(link.ask("eth_chainId", json!([])).await, "0x7a69");
    assert_eq!(link.ask("eth_syncing", json!([])).await, false);
    let info = link.provider().anvil_node_info().await.unwrap();
    assert_eq!((info.hard_fork.as_str(), info.environment.chain_id), ("Osaka", 31337));
    let metadata = link.provider().anvil_metadata().await.unwrap();
    assert_eq!(metadata.latest_block_hash, link.devnet.head().hash);
}
