//! Rules of every fork, from Frontier to Osaka.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    consensus::{ReceiptEnvelope, SignableTransaction, TxEnvelope, TxLegacy, proofs::calculate_receipt_root},
    eips::eip2718::{Decodable2718, Encodable2718},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, KECCAK256_EMPTY, TxKind, U64, U256, hex, utils::Unit},
    providers::{Provider, ext::AnvilApi},
};
use common::{Link, START, all_forks, counter_code};
use infera_devnet::EthereumHardfork;
use serde_json::{Value, json};

const MINER: Address = Address::repeat_byte(0x55);

const FORKS: [EthereumHardfork; 18] = [
    EthereumHardfork::Frontier,
    EthereumHardfork::Homestead,
    EthereumHardfork::Tangerine,
    EthereumHardfork::SpuriousDragon,
    EthereumHardfork::Byzantium,
    EthereumHardfork::Constantinople,
    EthereumHardfork::Petersburg,
    EthereumHardfork::Istanbul,
    EthereumHardfork::MuirGlacier,
    EthereumHardfork::Berlin,
    EthereumHardfork::London,
    EthereumHardfork::ArrowGlacier,
    EthereumHardfork::GrayGlacier,
    EthereumHardfork::Paris,
    EthereumHardfork::Shanghai,
    EthereumHardfork::Cancun,
    EthereumHardfork::Prague,
    EthereumHardfork::Osaka,
];

/// A counter for chains without `PUSH0`: adds one to slot 0.
fn old_counter() -> Bytes {
    // mstore(0, runtime); return(17, 15), where the runtime is sstore(0, sload(0) + 1) and a log without topics
    alloy::primitives::bytes!("6e60005460010160005560006000a0006000 52600f6011f3")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_rewarded_as_its_fork_says() {
    for fork in FORKS {
        let link = Link::in_process(|config| config.hardfork = fork).await;
        link.provider().anvil_set_coinbase(MINER).await.unwrap();
        link.devnet.mine(3).unwrap();
        let ether = match fork {
            fork if fork < EthereumHardfork::Byzantium => 5,
            fork if fork < EthereumHardfork::Constantinople => 3,
            fork if fork < EthereumHardfork::Paris => 2,
            _ => 0,
        };
        assert_eq!(link.balance(MINER).await, U256::from(3 * ether) * Unit::ETHER.wei(), "{fork}");
        let block = link.ask("eth_getBlockByNumber", json!(["0x3", false])).await;
        let hard = block["difficulty"].as_str().unwrap() != "0x0";
        assert_eq!(hard, fork < EthereumHardfork::Paris, "{fork}");
        assert_eq!(block.get("baseFeePerGas").is_some(), fork >= EthereumHardfork::London, "{fork}");
        assert_eq!(block.get("withdrawals").is_some(), fork >= EthereumHardfork::Shanghai, "{fork}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_the_state_before_byzantium_and_the_outcome_since() {
    for fork in FORKS {
        let link = Link::in_process(|config| config.hardfork = fork).await;
        let hash = link.transfer(0, 1).await;
        let receipt = link.ask("eth_getTransactionReceipt", json!([hash])).await;
        let block = link.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
        assert_eq!(receipt.get("root").is_some(), fork < EthereumHardfork::Byzantium, "{fork}");
        assert_eq!(receipt.get("status").is_some(), fork >= EthereumHardfork::Byzantium, "{fork}");
        let raw: Vec<Bytes> = serde_json::from_value(link.ask("debug_getRawReceipts", json!(["0x1"])).await).unwrap();
        let receipts: Vec<_> = raw.iter().map(|raw| ReceiptEnvelope::decode_2718_exact(raw).unwrap()).collect();
        assert_eq!(json!(calculate_receipt_root(&receipts)), block["receiptsRoot"], "{fork}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_may_be_of_the_types_its_fork_knows() {
    for fork in FORKS {
        let link = Link::in_process(|config| config.hardfork = fork).await;
        let (from, to) = (link.account(0), link.account(1));
        let legacy = json!({"from": from, "to": to, "gasPrice": "0x77359400"});
        link.ask("eth_sendTransaction", json!([legacy])).await;
        let kinds = [
            (EthereumHardfork::Berlin, json!({"from": from, "to": to, "gasPrice": "0x77359400", "accessList": []})),
            (EthereumHardfork::London, json!({"from": from, "to": to, "maxFeePerGas": "0x77359400"})),
        ];
        for (since, request) in kinds {
            if fork >= since {
                link.ask("eth_sendTransaction", json!([request])).await;
            } else {
                let (_, message, _) = link.fail("eth_sendTransaction", json!([request])).await;
                assert!(message.contains("not active") || message.contains("not supported"), "{fork}: {message}");
            }
        }
        // A signature without a chain is good at all times; one with a chain since EIP-155.
        for chain_id in [None, Some(link.devnet.chain_id())] {
            let nonce = link.provider().get_transaction_count(from).await.unwrap();
            let (gas_limit, gas_price, to) = (21_000, 2_000_000_000, TxKind::Call(to));
            let mut tx = TxLegacy { chain_id, nonce, gas_limit, gas_price, to, ..Default::default() };
            let signature = link.devnet.accounts()[0].sign_transaction_sync(&mut tx).unwrap();
            let raw = Bytes::from(TxEnvelope::from(tx.into_signed(signature)).encoded_2718());
            if chain_id.is_none() || fork >= EthereumHardfork::SpuriousDragon {
                link.ask("eth_sendRawTransaction", json!([raw])).await;
            } else {
                let (_, message, _) = link.fail("eth_sendRawTransaction", json!([raw])).await;
                assert_eq!(message, "its signature names a chain, which came with EIP-155");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_accounts_that_are_touched_stay_until_spurious_dragon() {
    for (fork, stays) in [(EthereumHardfork::Tangerine, true), (EthereumHardfork::SpuriousDragon, false)] {
        let link = Link::in_process(|config| config.hardfork = fork).await;
        let empty = Address::repeat_byte(0x77);
        let request = json!({"from": link.account(0), "to": empty, "value": "0x0", "gas": "0x186a0"});
        link.ask("eth_sendTransaction", json!([request])).await;
        // Far enough back that its state is rebuilt.
        link.devnet.mine(200).unwrap();
        for at in ["0x1", "latest"] {
            let proof = link.ask("eth_getProof", json!([empty, [], at])).await;
            // The last node is the account's leaf, which ends with its code hash, or shows that there is none.
            let last = proof["accountProof"].as_array().unwrap().last().unwrap().as_str().unwrap();
            let leaf = last.ends_with(&hex::encode(KECCAK256_EMPTY));
            assert_eq!(leaf, stays, "{fork} at {at}: {proof}");
        }
        let block = link.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
        let proof = link.ask("eth_getProof", json!([empty, [], "0x1"])).await;
        let root = alloy::primitives::keccak256(proof["accountProof"][0].as_str().unwrap().parse::<Bytes>().unwrap());
        assert_eq!(json!(root), block["stateRoot"], "{fork}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genesis_file_leads_through_all_forks() {
    let link = Link::in_process(|config| config.genesis = Some(all_forks())).await;
    link.provider().anvil_set_coinbase(MINER).await.unwrap();
    link.provider().anvil_set_block_timestamp_interval(10).await.unwrap();
    let mut earned = U256::ZERO;
    for number in 1u64..=60 {
        let (before, at) = (link.balance(MINER).await, U64::from(number));
        let deploy = if number < 45 { old_counter() } else { counter_code() };
        let price = if number < 30 { json!({}) } else { json!({"maxPriorityFeePerGas": "0x0"}) };
        let mut request = json!({"from": link.account(0), "data": deploy, "gas": "0x7a120"});
        if number < 30 {
            request["gasPrice"] = json!("0x0");
        } else {
            request.as_object_mut().unwrap().extend(price.as_object().unwrap().clone());
        }
        let hash = link.ask("eth_sendTransaction", json!([request])).await;
        let receipt = link.ask("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["blockNumber"], json!(at));
        assert!(receipt["contractAddress"].is_string());
        assert_eq!(receipt.get("root").is_some(), number < 15, "{number}");
        let reward = match number {
            0..15 => 5,
            15..20 => 3,
            20..40 => 2,
            _ => 0,
        };
        earned += U256::from(reward) * Unit::ETHER.wei();
        assert_eq!(link.balance(MINER).await - before, U256::from(reward) * Unit::ETHER.wei(), "{number}");
        let block = link.ask("eth_getBlockByNumber", json!([at, false])).await;
        let time = block["timestamp"].as_str().unwrap().parse::<U64>().unwrap().to::<u64>();
        assert_eq!(time, START + 10 * number);
        assert_eq!(block.get("baseFeePerGas").is_some(), number >= 30, "{number}");
        assert_eq!(block["difficulty"] == json!("0x0"), number >= 40, "{number}");
        assert_eq!(block["mixHash"] == json!(B256::ZERO), number < 40, "{number}");
        assert_eq!(block.get("withdrawalsRoot").is_some(), number >= 45, "{number}");
        assert_eq!(block.get("excessBlobGas").is_some(), number >= 50, "{number}");
        assert_eq!(block.get("requestsHash").is_some(), number >= 55, "{number}");
        let limit = if number < 30 { 8_000_000u64 } else { 16_000_000 };
        assert_eq!(block["gasLimit"], json!(U64::from(limit)), "{number}");
    }
    assert_eq!(link.balance(MINER).await, earned);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_merges_where_its_total_difficulty_says() {
    let merge = |difficulty: u64| async move {
        let link = Link::in_process(|config| {
            let mut genesis = all_forks();
            genesis.config.merge_netsplit_block = None;
            genesis.config.terminal_total_difficulty = Some(U256::from(difficulty));
            (genesis.config.shanghai_time, genesis.config.cancun_time) = (None, None);
            (genesis.config.prague_time, genesis.config.osaka_time) = (None, None);
            config.genesis = Some(genesis);
        })
        .await;
        link.devnet.mine(12).unwrap();
        link
    };
    let merged_at = async |link: &Link| {
        for number in 0..=link.devnet.head().number {
            let block: Value = link.ask("eth_getBlockByNumber", json!([U64::from(number), false])).await;
            if block["difficulty"] == json!("0x0") {
                return Some(number);
            }
        }
        None
    };
    // 131072 each, but that blocks less than 13 seconds apart become harder by a 2048th.
    let link = merge(131_072 * 6).await;
    assert_eq!(merged_at(&link).await, Some(6));
    // A reorg goes back behind the merge.
    link.devnet.roll_back(9).unwrap();
    assert_eq!(merged_at(&link).await, None);
    link.devnet.mine(12).unwrap();
    assert_eq!(merged_at(&link).await, Some(6));
    assert_eq!(merged_at(&merge(u64::MAX).await).await, None);
    assert_eq!(merged_at(&merge(131_072).await).await, Some(1));
}
