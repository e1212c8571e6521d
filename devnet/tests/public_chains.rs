//! Short chains from the public `ethereum/tests` repository (`bcUncleTest`), made by other clients: transfers, an uncle,
//! and every root and hash as published.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::fs;

use alloy::{
    consensus::{
        Block, BlockBody, EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header, SignableTransaction, TxEnvelope, TxLegacy,
    },
    primitives::{Address, B64, B256, Signature, TxKind, U256, address, b64, b256, uint},
};
use common::Link;
use infera_devnet::Config;
use serde_json::{Value, json};

const MINER: Address = address!("8888f1f195afa192cfee860698584c030f4c9db1");
const RECEIVER: Address = address!("095e7baea6a6c7c4c2dfeb977efac326af552d87");

/// Number, timestamp, difficulty, hash, and roots of the state, the transactions and the receipts.
type Row = (u64, u64, u64, B256, B256, B256, B256);

/// Whether the signature's y is odd, its r and s.
const SIGNATURES: [(bool, U256, U256); 3] = uint!([
    (
        false,
        0x77c7cd36820c71821c1aed59de46e70e701c4a8dd89c9ba508ab722210f60da8_U256,
        0x3f29825d40c7c3f7bff3ca69267e0f3fb74b2d18b8c2c4e3c135b5d3b06e288d_U256,
    ),
    (
        false,
        0x33c86e64d708c97c6b135cadff79dbf45985aa0b53694789e90d15f756765f23_U256,
        0x1d0f8caa2a16405148c9d85581be5814960010f3cba938b5501590cea1f7cf_U256,
    ),
    (
        true,
        0x15eb1cc916728b9799e55c489857727669afb2986433d5f54cde11faaed9f0ee_U256,
        0x5d36f6d06c34aae8d0a2a5895c8ba4a17ad46a5fa59f361cb3e7e01a23030e38_U256,
    ),
]);

/// The roots of the transactions, which are the same in both chains.
const TRANSACTIONS: [B256; 3] = [
    b256!("5c9151c2413d1cd25c51ffb4ac38948acc1359bf08c6b49f283660e9bcf0f516"),
    b256!("c673e076264c4669a5c2e479f1757b78e42511efe33b5fd2c0a23b929c7f87f5"),
    b256!("1722b8a91bfc4f5614ce36ee77c7cce6620ab4af36d3c54baa66d7dbeb7bce1a"),
];

fn transfer(index: usize) -> TxEnvelope {
    let tx = TxLegacy {
        chain_id: None,
        nonce: index as u64,
        gas_price: 1,
        gas_limit: 0x4cb2f,
        to: TxKind::Call(RECEIVER),
        value: U256::from(10),
        ..Default::default()
    };
    let (odd, r, s) = SIGNATURES[index];
    tx.into_signed(Signature::new(r, s, odd)).into()
}

/// A chain that starts as the published ones, with some forks from the start.
fn start(forks: &[&str], mix_hash: B256, nonce: B64) -> Link {
    let mut config: Value = forks.iter().map(|fork| (format!("{fork}Block"), json!(0))).collect();
    config["chainId"] = json!(1);
    let genesis = json!({
        "config": config,
        "coinbase": MINER,
        "difficulty": "0x20000",
        "extraData": "0x42",
        "gasLimit": "0x2fefd8",
        "mixHash": mix_hash,
        "nonce": nonce,
        "timestamp": "0x54c98c81",
        "alloc": {"a94f5374fce5edbc8e2a8697c15331677e6ebf0b": {"balance": "0x9184e72a000"}},
    });
    let (config, clock) = common::config();
    let genesis = Some(serde_json::from_value(genesis).unwrap());
    let devnet = infera_devnet::Devnet::start(Config { chain_id: 1, genesis, accounts: 0, ..config }).unwrap();
    Link { client: devnet.client(), devnet, clock, server: None }
}

/// Imports the blocks, whose hashes must be the published ones; `common` is what their headers share.
async fn import(link: &Link, rows: &[Row], common: &Header, seals: &[(B256, B64)], uncle: (Header, B256)) {
    assert_eq!(uncle.0.hash_slow(), uncle.1);
    let mut parent_hash = link.devnet.head().hash;
    let mut bytes = Vec::new();
    for (index, (number, timestamp, difficulty, hash, state_root, transactions_root, receipts_root)) in
        rows.iter().copied().enumerate()
    {
        let ommers = if number == 3 { vec![uncle.0.clone()] } else { Vec::new() };
        let (mix_hash, nonce) = seals[index];
        let header = Header {
            parent_hash,
            ommers_hash: alloy::consensus::proofs::calculate_ommers_root(&ommers),
            number,
            timestamp,
            difficulty: U256::from(difficulty),
            state_root,
            transactions_root,
            receipts_root,
            gas_used: 21_000,
            mix_hash,
            nonce,
            ..common.clone()
        };
        assert_eq!(header.hash_slow(), hash, "block {number}");
        parent_hash = hash;
        let body = BlockBody { transactions: vec![transfer(index)], ommers, withdrawals: None };
        bytes.extend(alloy::rlp::encode(Block { header, body }));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.rlp");
    fs::write(&path, bytes).unwrap();
    assert_eq!(link.devnet.import(&path).unwrap(), rows.len() as u64);
    assert_eq!(link.devnet.head().hash, parent_hash);
    assert_eq!(link.balance(RECEIVER).await, U256::from(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn homestead_with_the_state_in_receipts() {
    let link = start(&["homestead"], EMPTY_ROOT_HASH, b64!("0102030405060708"));
    assert_eq!(link.devnet.head().hash, b256!("5a39ed1020c04d4d84539975b893a4e7c53eab6c2965db8bc3468093a31bc5ae"));
    let common = Header { beneficiary: MINER, gas_limit: 0x2fefba, ..Default::default() };
    let first = b256!("9c1ff1d7f21029fafe4f4013325a0d37c1745755dad99b6d061ec07312ed242b");
    let state = b256!("cb52de543653d86ccd13ba3ddf8b052525b04231c6884a4db3188a184681d878");
    let rows = [
        (
            1,
            0x5694_d088,
            0x2_0000,
            first,
            state,
            TRANSACTIONS[0],
            b256!("e9244cf7503b79c03d3a099e07a80d2dbc77bb0b502d8a89d51ac0d68dd31313"),
        ),
        (
            2,
            0x5694_d089,
            0x2_0040,
            b256!("707355d7729e00a898b12fcf14d5e4fbecf0634eeb45214f1b8a871c1120e0ba"),
            b256!("e7e4760f75476ec7f51869d8bdce5c693058fd5a95c77ea9c0bf7ced1e50d70e"),
            TRANSACTIONS[1],
            b256!("5ea1a8b24652fed0ecab4738edd9211891eb8c4353c345973b78a02cc0f32f6b"),
        ),
        (
            3,
            0x5694_d08c,
            0x2_0080,
            b256!("574feae96f689b48b39744e31e18f8139f763cabb0b33c52ac93f0692f621ebf"),
            b256!("e9940294a09308406a3d2e09203aed11db40259fac0a25e639ad2b30b82d07de"),
            TRANSACTIONS[2],
            b256!("4ede0225773c7a517b91994aca65ade45124e7ef4b8be1e6097c9773a11920af"),
        ),
    ];
    let seals = [
        (b256!("1b8fd25f16cf12270a8ee13eebd2b8502469dc6158d38bcbed8871e2bc24b04b"), b64!("93c054fa6068a986")),
        (b256!("3740072d89c47adb702db7d47a30f5d819910fe314aaa25f526b03af02b5ca99"), b64!("28710dd7ff36374f")),
        (b256!("ae653eacb3e76ae85b5e9ba91ce4f41e2287421e173d4ed5e7f5aa124f9e1a0a"), b64!("ef3c58627b99e8ce")),
    ];
    let uncle = Header {
        parent_hash: first,
        beneficiary: address!("bcde5374fce5edbc8e2a8697c15331677e6ebf0b"),
        difficulty: U256::from(0x2_0040),
        number: 2,
        timestamp: 0x5694_d08b,
        state_root: state,
        mix_hash: b256!("55af19826bf0cc18ef56e30f7ddea34c87d7e26d7cb09c8d5f147e7588c9d6ce"),
        nonce: b64!("92c30e8e5b4ca9dd"),
        ..common.clone()
    };
    let uncle = (uncle, b256!("7bfc2418b37c51e098fa784cd2a5c5ea7965441a4cdaeb7e15f37952c22d2547"));
    import(&link, &rows, &common, &seals, uncle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn berlin_with_the_outcome_in_receipts() {
    let forks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"];
    let forks: Vec<&str> = forks.into_iter().chain(["muirGlacier", "berlin"]).collect();
    let link = start(&forks, B256::ZERO, B64::ZERO);
    assert_eq!(link.devnet.head().hash, b256!("2b253498ad5e63a16978753398bad1fde371a3e513438297b52d65dc98e1db29"));
    let common =
        Header { beneficiary: MINER, gas_limit: 0x2fefd8, extra_data: vec![0x42].into(), ..Default::default() };
    assert_eq!(common.ommers_hash, EMPTY_OMMER_ROOT_HASH);
    let receipts = b256!("056b23fbba480696b65fe5a59b8f2148a1299103c4f57df839233af2cf4ca2d2");
    let first = b256!("b2c29779b51f0d912226d7741a5c65046d897236d1254391feac424fa1e1bf31");
    let rows = [
        (
            1,
            0x54c9_9069,
            0x2_0000,
            first,
            b256!("9f975da0cdc4d5f074009af73873d83f3e29d9e7f33fee3f11a38133166034e5"),
            TRANSACTIONS[0],
            receipts,
        ),
        (
            2,
            0x54c9_9451,
            0x2_0000,
            b256!("02350242f009d1bc334c055d5c3f366796f0a602a32b87ee7115db84d547dec2"),
            b256!("df68925b0ee17b44c826ce4537dc0924700f7b7aa1c7c1b1d489a779b1be2525"),
            TRANSACTIONS[1],
            receipts,
        ),
        (
            3,
            0x54c9_9839,
            0x2_0000,
            b256!("7196c8f0a4a138af6aa57ac5ba3702baa9838962c86706e868683fc02543e13c"),
            b256!("dfdfd50db3c9075423f86f5ae262f2c73e6d27ade353b29e5da20439b00e3548"),
            TRANSACTIONS[2],
            receipts,
        ),
    ];
    let uncle = Header {
        parent_hash: first,
        beneficiary: address!("b94f5374fce5ed0000000097c15331677e6ebf0b"),
        difficulty: U256::from(0x2_0000),
        number: 2,
        timestamp: 0x54c9_9451,
        state_root: b256!("fe87abb0d3ab38d4eb64405de03db5245b0d40c4b85d8a1b5028ada8643de2db"),
        ..common.clone()
    };
    let uncle = (uncle, b256!("62f9a23a486f43c792befd29e22bb09da1d1ae14769ef4b3cbf6223ec34246dd"));
    import(&link, &rows, &common, &[(B256::ZERO, B64::ZERO); 3], uncle).await;
}
