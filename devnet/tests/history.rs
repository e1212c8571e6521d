//! Roots, reorgs, snapshots, time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy::{
    consensus::{EMPTY_ROOT_HASH, proofs},
    eips::BlockId,
    network::TransactionBuilder,
    primitives::{Address, B256, Bloom, Bytes, U256, keccak256},
    providers::{Provider, ext::AnvilApi},
    rlp::Decodable,
    rpc::types::{
        TransactionRequest,
        anvil::{ReorgOptions, TransactionData},
    },
    trie::{
        TrieAccount,
        root::{state_root_unhashed, storage_root_unhashed},
    },
};
use common::{Link, START};
use infera_devnet::{Clock, Config, Devnet, MiningMode, Orphans};
use serde::Deserialize;
use serde_json::{Value, json};

on_both_transports!(
    every_root_is_what_independent_code_computes,
    a_reorg_makes_other_blocks_with_other_hashes,
    a_reorg_can_keep_its_transactions,
    anvil_reorg_places_the_transactions_it_is_given,
    a_rollback_takes_blocks_and_states_back,
    a_snapshot_brings_everything_back_once,
    time_can_be_moved,
    the_state_can_be_set_by_hand,
    a_reset_begins_anew,
    a_dump_moves_to_another_chain,
    receipts_of_old_blocks_are_what_they_were,
);

#[derive(Deserialize)]
struct Dump {
    accounts: BTreeMap<Address, DumpedAccount>,
}

#[derive(Deserialize)]
struct DumpedAccount {
    #[serde(with = "alloy::serde::quantity")]
    nonce: u64,
    balance: U256,
    code: Bytes,
    storage: BTreeMap<U256, U256>,
}

async fn dump(link: &Link) -> Dump {
    let bytes = link.provider().anvil_dump_state().await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The oracle: alloy's hash builder over all accounts.
fn root_of(dump: &Dump) -> B256 {
    state_root_unhashed(dump.accounts.iter().map(|(address, account)| {
        let storage = account.storage.iter().map(|(key, value)| (B256::from(*key), *value));
        let storage_root = storage_root_unhashed(storage);
        (*address, TrieAccount::new(account.nonce, account.balance, storage_root, keccak256(&account.code)))
    }))
}

async fn every_root_is_what_independent_code_computes(link: Link) {
    let provider = link.provider();
    let counter = link.deploy_counter().await;
    let mut parent = provider.get_block_by_number(0.into()).await.unwrap().unwrap().header.hash;
    for round in 0..12u64 {
        link.devnet.set_mining(MiningMode::Manual);
        for account in 0..usize::try_from(round % 4).unwrap() {
            link.transfer(account, account + 1).await;
            link.count(counter).await;
        }
        if round == 6 {
            // Set by hand: a new account, and a slot that goes away again.
            provider.anvil_set_balance(Address::repeat_byte(3), U256::from(5)).await.unwrap();
            provider.anvil_set_storage_at(counter, U256::from(9), B256::repeat_byte(1)).await.unwrap();
        } else if round == 8 {
            provider.anvil_set_storage_at(counter, U256::from(9), B256::ZERO).await.unwrap();
            provider.anvil_set_balance(Address::repeat_byte(3), U256::ZERO).await.unwrap();
        }
        link.devnet.mine(1).unwrap();

        let head = provider.get_block(BlockId::latest()).full().await.unwrap().unwrap();
        let header = &head.header;
        assert_eq!(header.state_root, root_of(&dump(&link).await), "state root of block {}", header.number);
        assert_eq!(header.inner.hash_slow(), header.hash);
        let envelopes: Vec<_> = head.transactions.txns().map(|tx| tx.inner.inner().clone()).collect();
        assert_eq!(header.transactions_root, proofs::calculate_transaction_root(&envelopes));
        let receipts = provider.get_block_receipts(BlockId::latest()).await.unwrap().unwrap();
        let receipts: Vec<_> = receipts.into_iter().map(|receipt| receipt.inner.into_primitives_receipt()).collect();
        assert_eq!(header.receipts_root, proofs::calculate_receipt_root(&receipts));
        let bloom = receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
        assert_eq!(header.logs_bloom, bloom);
        assert_eq!(header.gas_used, receipts.last().map_or(0, |last| last.cumulative_gas_used()));
        assert_eq!(header.withdrawals_root, Some(EMPTY_ROOT_HASH));
        if round > 0 {
            assert_eq!(header.parent_hash, parent);
        }
        parent = header.hash;
    }
}

async fn a_reorg_makes_other_blocks_with_other_hashes(link: Link) {
    let provider = link.provider();
    let mut hashes = Vec::new();
    for _ in 0..4 {
        hashes.push(link.transfer(0, 1).await);
    }
    let old: Vec<B256> = futures::future::join_all(
        (0..5u64).map(async |number| provider.get_block_by_number(number.into()).await.unwrap().unwrap().header.hash),
    )
    .await;
    link.devnet.reorganize(2, Orphans::Drop).unwrap();

    assert_eq!(link.devnet.head().number, 4);
    for (number, old) in old.iter().enumerate() {
        let block = provider.get_block_by_number((number as u64).into()).await.unwrap().unwrap();
        assert_eq!(block.header.hash == *old, number <= 2, "block {number}");
        assert_eq!(provider.get_block_by_hash(*old).await.unwrap().is_some(), number <= 2);
    }
    // The chain of hashes is whole, and the dropped transactions are as if never sent.
    let third = provider.get_block_by_number(3.into()).await.unwrap().unwrap();
    assert_eq!(third.header.parent_hash, old[2]);
    assert_eq!(provider.get_transaction_count(link.account(0)).await.unwrap(), 2);
    assert!(link.receipt(hashes[1]).await.is_some());
    assert!(link.receipt(hashes[2]).await.is_none());
    assert!(provider.get_transaction_by_hash(hashes[2]).await.unwrap().is_none());
    // BLOCKHASH(3) is the new one.
    let seen = link.ask("eth_call", json!([{"data": "0x6003405f5260205ff3"}])).await;
    assert_eq!(seen, json!(third.header.hash));
    // More than there is, is refused, and nothing changes.
    assert!(link.devnet.reorganize(9, Orphans::Drop).is_err());
    assert_eq!(link.devnet.head().number, 4);
}

async fn a_reorg_can_keep_its_transactions(link: Link) {
    let counter = link.deploy_counter().await;
    let hashes = [link.count(counter).await, link.count(counter).await];
    let head = link.devnet.head();
    link.devnet.reorganize(2, Orphans::Requeue).unwrap();
    assert_ne!(link.devnet.head().hash, head.hash);
    assert_eq!(link.devnet.head().number, head.number);
    for hash in hashes {
        assert_eq!(link.receipt(hash).await.unwrap().block_number, Some(2), "the first new block takes both");
    }
    assert_eq!(link.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::from(2));
}

async fn anvil_reorg_places_the_transactions_it_is_given(link: Link) {
    let lost = link.transfer(0, 1).await;
    link.devnet.mine(2).unwrap();
    let request = TransactionRequest::default()
        .with_from(link.account(4))
        .with_to(Address::repeat_byte(0x44))
        .with_value(U256::from(7));
    let options = ReorgOptions { depth: 3, tx_block_pairs: vec![(TransactionData::JSON(request), 1)] };
    link.provider().anvil_reorg(options).await.unwrap();
    assert_eq!(link.devnet.head().number, 3);
    assert!(link.receipt(lost).await.is_none());
    let block = link.provider().get_block_by_number(2.into()).await.unwrap().unwrap();
    assert_eq!(block.transactions.len(), 1);
    assert_eq!(link.balance(Address::repeat_byte(0x44)).await, U256::from(7));
    // The nonces count from the block before the reorg: here its sender's first is dropped and two come anew.
    let requests = (1..3).map(|value| {
        let request = TransactionRequest::default().with_from(link.account(4)).with_to(Address::repeat_byte(0x45));
        (TransactionData::JSON(request.with_value(U256::from(value))), 0)
    });
    link.provider().anvil_reorg(ReorgOptions { depth: 2, tx_block_pairs: requests.collect() }).await.unwrap();
    assert_eq!(link.balance(Address::repeat_byte(0x45)).await, U256::from(3));
    assert_eq!(link.balance(Address::repeat_byte(0x44)).await, U256::ZERO);
    // By position, as cast sends it.
    let before = link.devnet.head();
    link.ask("anvil_reorg", json!([1, []])).await;
    assert_ne!(link.devnet.head(), before);
    let (code, _, _) = link.fail("anvil_reorg", json!([1, [["0x00", 1]]])).await;
    assert_eq!(code, -32602);
}

async fn a_rollback_takes_blocks_and_states_back(link: Link) {
    link.transfer(0, 1).await;
    let kept = link.devnet.head();
    let balance = link.balance(link.account(1)).await;
    link.transfer(0, 1).await;
    link.provider().anvil_rollback(None).await.unwrap();
    assert_eq!(link.devnet.head(), kept);
    assert_eq!(link.balance(link.account(1)).await, balance);
    // The nonce is free again.
    let again = link.transfer(0, 1).await;
    assert_eq!(link.receipt(again).await.unwrap().block_number, Some(2));
    assert!(link.devnet.roll_back(3).is_err());
}

async fn a_snapshot_brings_everything_back_once(link: Link) {
    let provider = link.provider();
    link.transfer(0, 1).await;
    let first = provider.anvil_snapshot().await.unwrap();
    let (head, balance) = (link.devnet.head(), link.balance(link.account(1)).await);
    let second = provider.anvil_snapshot().await.unwrap();
    let hash = link.transfer(0, 1).await;
    provider.anvil_set_balance(link.account(1), U256::from(1)).await.unwrap();
    provider.anvil_increase_time(1000).await.unwrap();
    link.devnet.mine(1).unwrap();

    assert!(provider.anvil_revert(first).await.unwrap());
    assert_eq!(link.devnet.head(), head);
    assert_eq!(link.balance(link.account(1)).await, balance);
    assert!(link.receipt(hash).await.is_none());
    link.devnet.mine(1).unwrap();
    let block = provider.get_block(BlockId::latest()).await.unwrap().unwrap();
    assert!(block.header.timestamp < START + 1000, "the time came back, too");
    assert!(!provider.anvil_revert(first).await.unwrap(), "a snapshot is used up");
    assert!(!provider.anvil_revert(second).await.unwrap(), "and so are those after it");

    // A snapshot outlives a rollback beneath it.
    let third = provider.anvil_snapshot().await.unwrap();
    let head = link.devnet.head();
    link.devnet.roll_back(2).unwrap();
    link.devnet.mine(5).unwrap();
    assert!(provider.anvil_revert(third).await.unwrap());
    assert_eq!(link.devnet.head(), head);
    assert_eq!(provider.get_block_by_number(1.into()).await.unwrap().unwrap().header.hash, block.header.parent_hash);
}

async fn time_can_be_moved(link: Link) {
    let provider = link.provider();
    let mined_at = async || -> u64 {
        link.devnet.mine(1).unwrap();
        provider.get_block(BlockId::latest()).await.unwrap().unwrap().header.timestamp
    };
    link.clock.advance(10);
    assert_eq!(mined_at().await, START + 10);
    assert_eq!(provider.anvil_increase_time(90).await.unwrap(), 90);
    assert_eq!(mined_at().await, START + 100);
    assert_eq!(mined_at().await, START + 101, "never the same twice");
    provider.anvil_set_next_block_timestamp(START + 500).await.unwrap();
    assert_eq!(mined_at().await, START + 500);
    link.clock.advance(5);
    assert_eq!(mined_at().await, START + 505, "time goes on from there");
    let (code, message, _) = link.fail("evm_setNextBlockTimestamp", json!([START])).await;
    assert_eq!(code, -32602);
    assert!(message.contains("not later than the last block's"), "{message}");
    provider.anvil_set_time(START + 1000).await.unwrap();
    assert_eq!(mined_at().await, START + 1000);
    provider.anvil_set_block_timestamp_interval(12).await.unwrap();
    assert_eq!((mined_at().await, mined_at().await), (START + 1012, START + 1024));
    assert!(provider.anvil_remove_block_timestamp_interval().await.unwrap());
    link.ask("evm_mine", json!([{"timestamp": START + 5000, "blocks": 2}])).await;
    assert_eq!(mined_at().await, START + 5002);
    link.ask("hardhat_mine", json!(["0x2", "0x3c"])).await;
    assert_eq!(mined_at().await, START + 5064);
}

/// A clock on which a second passes between any two looks at it.
#[derive(Debug)]
struct Hurrying(AtomicU64);

impl Clock for Hurrying {
    fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_second_may_pass_while_a_block_is_made() {
    let clock = Arc::new(Hurrying(AtomicU64::new(START)));
    let devnet = Devnet::start(Config { clock, ..Config::default() }).unwrap();
    devnet.mine(3).unwrap();
    let provider = devnet.provider();
    provider.anvil_set_next_block_timestamp(START + 500).await.unwrap();
    devnet.mine(1).unwrap();
    let timestamp = || async { provider.get_block(BlockId::latest()).await.unwrap().unwrap().header.timestamp };
    assert_eq!(timestamp().await, START + 500);
    devnet.mine(1).unwrap();
    assert!((START + 501..START + 520).contains(&timestamp().await), "time goes on from there");
}

async fn the_state_can_be_set_by_hand(link: Link) {
    let (provider, address) = (link.provider(), Address::repeat_byte(0x12));
    provider.anvil_set_balance(address, U256::from(77)).await.unwrap();
    provider.anvil_set_nonce(address, 9).await.unwrap();
    provider.anvil_set_code(address, Bytes::from_static(&[0x00])).await.unwrap();
    assert!(provider.anvil_set_storage_at(address, U256::from(3), B256::repeat_byte(4)).await.unwrap());
    let check = async || {
        assert_eq!(link.balance(address).await, U256::from(77));
        assert_eq!(provider.get_transaction_count(address).await.unwrap(), 9);
        assert_eq!(provider.get_code_at(address).await.unwrap(), Bytes::from_static(&[0x00]));
        assert_eq!(provider.get_storage_at(address, U256::from(3)).await.unwrap(), U256::from_be_bytes([4; 32]));
    };
    check().await;
    link.devnet.mine(1).unwrap();
    check().await;
    let coinbase = Address::repeat_byte(0x13);
    provider.anvil_set_coinbase(coinbase).await.unwrap();
    link.transfer(0, 1).await;
    assert!(link.balance(coinbase).await > U256::ZERO);
    link.ask("anvil_setPrevRandao", json!([B256::repeat_byte(8)])).await;
    link.devnet.mine(1).unwrap();
    let head = provider.get_block(BlockId::latest()).await.unwrap().unwrap();
    assert_eq!(head.header.mix_hash, B256::repeat_byte(8));
}

async fn a_reset_begins_anew(link: Link) {
    let first = link.devnet.head();
    link.ask("evm_increaseTime", json!([1000])).await;
    link.transfer(0, 1).await;
    link.ask("anvil_reset", json!([])).await;
    assert_eq!(link.devnet.head(), first);
    link.transfer(0, 1).await;
    let head = link.provider().get_block(BlockId::latest()).await.unwrap().unwrap();
    assert_eq!((head.header.number, head.header.timestamp), (1, START + 1));
    let forking = json!([{"forking": {"jsonRpcUrl": "http://localhost"}}]);
    assert_eq!(link.fail("hardhat_reset", forking).await.0, -32602);
}

async fn a_dump_moves_to_another_chain(link: Link) {
    let counter = link.deploy_counter().await;
    let hash = link.count(counter).await;
    let bytes = link.provider().anvil_dump_state().await.unwrap();
    let other = Link::in_process(|_| {}).await;
    assert!(other.provider().anvil_load_state(bytes).await.unwrap());
    assert_eq!(other.devnet.head(), link.devnet.head());
    assert_eq!(other.receipt(hash).await, link.receipt(hash).await);
    other.count(counter).await;
    assert_eq!(other.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::from(2));
    // States before the last were not kept, and that is said.
    let (code, message, _) = other.fail("eth_getBalance", json!([counter, "0x1"])).await;
    assert_eq!((code, message.as_str()), (-32000, "required historical state unavailable"));
    // Damage is told, and changes nothing.
    for damaged in ["0x", "0x7b7d", "0xffff"] {
        let (_, message, _) = other.fail("anvil_loadState", json!([damaged])).await;
        assert!(message.starts_with("the state is not one this chain can load"), "{message}");
    }
    let strange = Link::in_process(|config| config.chain_id = 5).await;
    let dump: Value = link.ask("anvil_dumpState", json!([])).await;
    let (_, message, _) = strange.fail("anvil_loadState", json!([dump])).await;
    assert!(message.contains("it is of chain 31337, and this is 5"), "{message}");
    let raw: Bytes = serde_json::from_value(link.ask("debug_getRawBlock", json!(["0x1"])).await).unwrap();
    assert!(alloy::consensus::Block::<alloy::consensus::TxEnvelope>::decode(&mut raw.as_ref()).is_ok());
}

/// Old blocks are records, which leave out what can be computed again.
async fn receipts_of_old_blocks_are_what_they_were(link: Link) {
    // PUSH1 aa PUSH1 bb PUSH1 cc PUSH1 20 PUSH1 00 LOG3
    let logger = Address::repeat_byte(0x10);
    link.ask("anvil_setCode", json!([logger, "0x60aa60bb60cc60206000a300"])).await;
    let call = async |from: usize| -> B256 {
        let request = TransactionRequest::default().with_from(link.account(from)).with_to(logger);
        link.client.request("eth_sendTransaction", (request,)).await.unwrap()
    };
    // A block with one log, one with the logs of two and a transfer between them, one without.
    call(0).await;
    link.devnet.set_mining(MiningMode::Manual);
    call(0).await;
    link.transfer(1, 2).await;
    call(2).await;
    link.devnet.mine(1).unwrap();
    link.transfer(1, 2).await;
    link.devnet.mine(1).unwrap();
    let all = async || -> Vec<Value> {
        let mut all = Vec::new();
        for number in ["0x1", "0x2", "0x3"] {
            all.push(link.ask("eth_getBlockReceipts", json!([number])).await);
        }
        all.push(link.ask("eth_getLogs", json!([{"fromBlock": "0x0", "address": logger}])).await);
        all
    };
    let before = all().await;
    assert_eq!(before[3].as_array().unwrap().len(), 3);
    link.devnet.mine(300).unwrap();
    assert_eq!(all().await, before);
}
