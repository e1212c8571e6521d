#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    rpc::types::EIP1186AccountProofResponse,
};

use crate::{
    accounts::DevAccounts,
    block_log::BlockLog,
    chain::Chain,
    clock::ManualClock,
    config::{Config, MiningMode},
    genesis::genesis,
};

const ACCOUNTS: u64 = 400;

fn chain() -> Chain {
    let clock = std::sync::Arc::new(ManualClock::new(1_800_000_000));
    let config = Config { mining: MiningMode::Manual, clock, ..Config::default() };
    let accounts = DevAccounts::derive(&config.mnemonic, &config.derivation_path, 2).unwrap();
    let (spec, first) = genesis(&config, &accounts).unwrap();
    Chain::new(&config, spec, first)
}

fn account(index: u64) -> Address {
    Address::from_word(keccak256((index % ACCOUNTS).to_be_bytes()))
}

/// Makes blocks before which sixty accounts change, some of them contracts with storage.
fn grow(chain: &mut Chain, blocks: u64) {
    for _ in 0..blocks {
        let number = chain.head().number();
        for step in 0..60 {
            let (touched, value) = (number * 61 + step, U256::from(number * 1000 + step));
            match step % 6 {
                0 => chain.state.set_storage(account(touched), U256::from(step), value),
                1 => chain.state.set_code(account(touched), vec![0x5b; (number % 7) as usize].into()),
                2 => chain.state.set_balance(account(touched), U256::ZERO),
                _ => chain.state.set_balance(account(touched), value << 100),
            }
        }
        chain.mine(Some(Vec::new())).unwrap();
    }
}

/// What is known of a block's state: its root, and proofs.
fn facts(chain: &Chain, number: u64) -> (B256, Vec<EIP1186AccountProofResponse>) {
    let block = chain.block_by_number(number).unwrap();
    let state = chain.blocks().state_after(&block).unwrap();
    assert_eq!(state.root(), block.header().state_root, "block {number}");
    let proofs = (0..5).map(|index| state.proof(account(number * 61 + index), [U256::from(index).into()]));
    (state.root(), proofs.collect())
}

/// A chain, and what was known of each block when it was the head.
fn long_chain(blocks: u64) -> (Chain, Vec<(B256, Vec<EIP1186AccountProofResponse>)>) {
    let mut chain = chain();
    let mut known = vec![facts(&chain, 0)];
    for number in 1..=blocks {
        grow(&mut chain, 1);
        known.push(facts(&chain, number));
    }
    (chain, known)
}

#[test]
fn the_state_of_every_old_block_is_what_it_was() {
    let (chain, known) = long_chain(600);
    let checkpoints = chain.blocks().checkpoints().count();
    assert!((2..20).contains(&checkpoints), "{checkpoints}");
    for number in (0..=600).chain((0..=600).rev().step_by(71)) {
        assert_eq!(facts(&chain, number), known[number as usize]);
        let block = chain.block_by_number(number).unwrap();
        if number > 0 {
            // Sixty were changed by hand in between, and empty blocks change system contracts only.
            let before = chain.state_before(&block).unwrap();
            assert_ne!(before.root(), known[number as usize - 1].0);
            assert_ne!(before.root(), known[number as usize].0);
        }
    }
}

#[test]
fn a_deep_rollback_leads_to_the_old_state_and_a_revert_back() {
    let (mut chain, known) = long_chain(450);
    let (hash, snapshot) = (chain.head().hash(), chain.snapshot());
    grow(&mut chain, 3);
    chain.take_events();
    let removed = chain.roll_back(443).unwrap();
    assert_eq!((removed.len(), removed[0].block().unwrap().number(), chain.head().number()), (443, 11, 10));
    assert_eq!(chain.state.root(), known[10].0);
    assert_eq!(facts(&chain, 9), known[9]);
    grow(&mut chain, 200);
    assert_eq!(facts(&chain, 5), known[5]);
    facts(&chain, 60);
    assert_ne!(chain.block_by_number(60).unwrap().hash(), removed[49].hash);
    assert!(chain.revert(snapshot));
    assert_eq!((chain.head().number(), chain.head().hash()), (450, hash));
    for number in (0..=450).step_by(9) {
        assert_eq!(facts(&chain, number), known[number as usize]);
    }
    let block = chain.block_by_number(60).unwrap();
    assert_eq!(chain.block_by_hash(&block.hash()).unwrap().number(), 60);
}

#[test]
fn checkpoints_go_with_the_blocks_they_stand_on_and_come_again() {
    let (mut chain, _) = long_chain(600);
    let before = chain.blocks().checkpoints().count();
    chain.roll_back(550).unwrap();
    assert!(chain.blocks().checkpoints().all(|(number, _)| number <= 50));
    grow(&mut chain, 550);
    assert_eq!(chain.blocks().checkpoints().count(), before);
    facts(&chain, 300);
}

#[test]
fn a_log_brings_checkpoints_and_old_states_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.log");
    let mut writer = chain();
    let mut log = BlockLog::open(&path, &mut writer).unwrap();
    let mut known = vec![facts(&writer, 0)];
    let step = |writer: &mut Chain, log: &mut BlockLog| {
        let events = writer.take_events();
        log.record(writer, &events);
    };
    for number in 1..=500 {
        grow(&mut writer, 1);
        step(&mut writer, &mut log);
        known.push(facts(&writer, number));
    }
    writer.roll_back(200).unwrap();
    step(&mut writer, &mut log);
    writer.state.set_balance(account(1), U256::from(77));
    step(&mut writer, &mut log);
    for number in 301..=520 {
        grow(&mut writer, 1);
        step(&mut writer, &mut log);
        known.truncate(number as usize);
        known.push(facts(&writer, number));
    }
    writer.state.set_balance(account(2), U256::from(78));
    step(&mut writer, &mut log);
    log.close().unwrap();

    let mut reader = chain();
    let log = BlockLog::open(&path, &mut reader).unwrap();
    assert_eq!(reader.head().hash(), writer.head().hash());
    assert_eq!(reader.state.root(), writer.state.root());
    let numbers = |chain: &Chain| chain.blocks().checkpoints().map(|(number, _)| number).collect::<Vec<_>>();
    assert_eq!(numbers(&reader), numbers(&writer));
    assert!(!numbers(&reader).is_empty());
    for number in (0..=520).chain((0..=520).rev().step_by(61)) {
        assert_eq!(facts(&reader, number), known[number as usize]);
    }
    drop(log);
    // Torn anywhere, a log holds a chain that was.
    let whole = std::fs::read(&path).unwrap();
    for cut in [1, 3_000, 30_000, 300_000, 900_000] {
        let torn = folder.path().join(format!("torn-{cut}.log"));
        std::fs::write(&torn, &whole[..whole.len() - cut]).unwrap();
        let mut reader = chain();
        BlockLog::open(&torn, &mut reader).unwrap();
        let head = reader.head().number();
        assert!(head < 520 || cut == 1, "{cut}");
        facts(&reader, head);
        facts(&reader, head / 2);
    }
    // And it goes on.
    grow(&mut reader, 200);
    for number in [100, 400, 520] {
        assert_eq!(facts(&reader, number), known[number as usize]);
    }
    facts(&reader, 530);
}
