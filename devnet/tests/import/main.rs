//! Blocks from a file: what is accepted, and what each wrong one is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod blocks;
#[path = "../common/mod.rs"]
mod common;
mod uncles;

use std::{fs, path::PathBuf};

use alloy::{
    consensus::{
        Block, Header, TxEnvelope,
        constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_WITHDRAWALS},
        proofs::{calculate_ommers_root, calculate_transaction_root, calculate_withdrawals_root},
    },
    eips::eip4895::{Withdrawal, Withdrawals},
    primitives::{Address, B64, B256, Bloom, Bytes, U64, U256, utils::Unit},
    providers::{Provider, ext::AnvilApi},
    rlp::Decodable,
};
use common::{Link, all_forks};
use infera_devnet::{Error, EthereumHardfork};
use serde_json::json;
use tempfile::TempDir;

type RawBlock = Block<TxEnvelope>;

const MINER: Address = Address::repeat_byte(0x55);

/// Where blocks are written to be imported.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn with(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("chain.rlp");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Imports blocks into a chain.
    fn import(&self, link: &Link, blocks: &[RawBlock]) -> Result<u64, Error> {
        let bytes: Vec<u8> = blocks.iter().flat_map(alloy::rlp::encode).collect();
        link.devnet.import(&self.with(&bytes))
    }

    /// The reason for which a block is refused; the chain stays as it is.
    fn refusal(&self, link: &Link, block: &RawBlock) -> String {
        let head = link.devnet.head();
        let error = self.import(link, std::slice::from_ref(block)).unwrap_err();
        assert_eq!(link.devnet.head(), head);
        let Error::Import { block: named, reason, imported: 0, .. } = &error else { panic!("{error}") };
        assert_eq!(*named, format!("block {} (entry 1 of the file, at byte 0)", block.header.number));
        reason.clone()
    }
}

/// All blocks after the first, as other clients would write them.
async fn export(link: &Link) -> Vec<RawBlock> {
    let mut blocks = Vec::new();
    for number in 1..=link.devnet.head().number {
        let raw: Bytes =
            serde_json::from_value(link.ask("debug_getRawBlock", json!([U64::from(number)])).await).unwrap();
        blocks.push(RawBlock::decode(&mut raw.as_ref()).unwrap());
    }
    blocks
}

async fn chain(fork: EthereumHardfork) -> Link {
    let link = Link::in_process(|config| config.hardfork = fork).await;
    link.provider().anvil_set_coinbase(MINER).await.unwrap();
    link
}

/// A chain with transfers and, where the fork can, logs.
async fn busy_chain(fork: EthereumHardfork) -> Link {
    let link = chain(fork).await;
    link.transfer(0, 1).await;
    if fork >= EthereumHardfork::Shanghai {
        let counter = link.deploy_counter().await;
        link.count(counter).await;
    }
    link.transfer(1, 2).await;
    link.devnet.mine(2).unwrap();
    link
}

/// The block as it would be if its state root were right: the import tells which that is.
fn with_right_root(place: &Place, link: &Link, mut block: RawBlock) -> RawBlock {
    let reason = place.refusal(link, &block);
    let (start, want) = reason.split_once(", must be ").unwrap();
    assert!(start.starts_with("its state root is 0x"), "{reason}");
    block.header.state_root = want.parse().unwrap();
    block
}
