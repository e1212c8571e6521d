//! Headers beside the chain, and who is rewarded for them.

use super::*;

/// A chain before the merge with `blocks` blocks, and a block to follow with uncles.
struct Uncles {
    place: Place,
    link: Link,
    ancestors: Vec<RawBlock>,
    next: RawBlock,
}

impl Uncles {
    async fn new(fork: EthereumHardfork, blocks: usize) -> Self {
        let (place, maker, link) = (Place::new(), chain(fork).await, chain(fork).await);
        maker.devnet.mine(blocks as u64 + 1).unwrap();
        let mut ancestors = export(&maker).await;
        let next = ancestors.pop().unwrap();
        place.import(&link, &ancestors).unwrap();
        Self { place, link, ancestors, next }
    }

    /// A header beside block `number`, of another miner.
    fn beside(&self, number: usize, miner: u8) -> Header {
        Header {
            beneficiary: Address::repeat_byte(miner),
            extra_data: b"beside the chain".into(),
            ..self.ancestors[number - 1].header.clone()
        }
    }

    fn next_with(&self, uncles: Vec<Header>) -> RawBlock {
        let mut block = self.next.clone();
        block.header.ommers_hash = calculate_ommers_root(&uncles);
        block.body.ommers = uncles;
        block
    }

    fn refusal(&self, uncles: Vec<Header>) -> String {
        self.place.refusal(&self.link, &self.next_with(uncles))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uncles_and_who_includes_them_are_rewarded() {
    for (fork, ether) in
        [(EthereumHardfork::Frontier, 5), (EthereumHardfork::Byzantium, 3), (EthereumHardfork::London, 2)]
    {
        let test = Uncles::new(fork, 9).await;
        let block = test.next_with(vec![test.beside(9, 0xa1), test.beside(4, 0xa2)]);
        let before = test.link.balance(MINER).await;
        let block = with_right_root(&test.place, &test.link, block);
        test.place.import(&test.link, std::slice::from_ref(&block)).unwrap();
        let reward = U256::from(ether) * Unit::ETHER.wei();
        let of = async |miner: u8| test.link.balance(Address::repeat_byte(miner)).await;
        assert_eq!(of(0xa1).await, reward * U256::from(7) / U256::from(8), "{fork}");
        assert_eq!(of(0xa2).await, reward * U256::from(2) / U256::from(8), "{fork}");
        assert_eq!(test.link.balance(MINER).await - before, reward + reward / U256::from(16), "{fork}");
        let shown = test.link.ask("eth_getBlockByNumber", json!(["0xa", false])).await;
        let hashes: Vec<_> = block.body.ommers.iter().map(Header::hash_slow).collect();
        assert_eq!(shown["uncles"], json!(hashes));
        for (index, hash) in hashes.iter().enumerate() {
            let uncle = test.link.ask("eth_getUncleByBlockNumberAndIndex", json!(["0xa", U64::from(index)])).await;
            assert_eq!(uncle["hash"], json!(hash));
        }
        assert!(test.link.ask("eth_getUncleByBlockNumberAndIndex", json!(["0xa", "0x2"])).await.is_null());
        assert_eq!(test.link.ask("eth_getUncleCountByBlockNumber", json!(["0xa"])).await, "0x2");
        assert_eq!(export(&test.link).await[9], block);
        // They can't be rewarded twice, and make the next block harder since Byzantium.
        test.link.devnet.mine(1).unwrap();
        let mut next = export(&test.link).await.pop().unwrap();
        test.link.devnet.roll_back(1).unwrap();
        let plain = test.next.header.difficulty;
        assert_eq!(next.header.difficulty > plain + plain / U256::from(2048), fork >= EthereumHardfork::Byzantium);
        next.body.ommers = vec![test.beside(9, 0xa1)];
        next.header.ommers_hash = calculate_ommers_root(&next.body.ommers);
        assert_eq!(test.place.refusal(&test.link, &next), "uncle 0: it was rewarded already");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncle_that_may_not_be_one_is_told_why() {
    let test = Uncles::new(EthereumHardfork::London, 12).await;
    let good = test.beside(12, 0xa1);
    assert_eq!(test.next.header.ommers_hash, EMPTY_OMMER_ROOT_HASH);
    assert_eq!(test.refusal(vec![good.clone(), good.clone()]), "uncle 1: it was rewarded already");
    let three = vec![good.clone(), test.beside(11, 0xa2), test.beside(10, 0xa3)];
    assert_eq!(test.refusal(three), "its number of uncles is 3, must be at most 2");
    assert_eq!(test.refusal(vec![test.ancestors[10].header.clone()]), "uncle 0: it is an ancestor");
    let generation = "is not an ancestor of the right generation";
    // Block 13: the parent of an uncle is 6 to 11.
    assert!(test.refusal(vec![test.beside(6, 0xa1)]).ends_with(generation));
    let sibling = Header { extra_data: b"sibling".into(), ..test.next.header.clone() };
    assert!(test.refusal(vec![sibling]).ends_with(generation));
    let stranger = Header { parent_hash: B256::repeat_byte(1), ..good.clone() };
    assert!(test.refusal(vec![stranger]).ends_with(generation));
    let easy = Header { difficulty: good.difficulty - U256::from(1), ..good.clone() };
    assert!(test.refusal(vec![easy]).starts_with("uncle 0: its difficulty is "));
    let numbered = Header { number: 3, ..good.clone() };
    assert_eq!(test.refusal(vec![numbered]), "uncle 0: its number is 3, must be 12");
    let roomy = Header { gas_limit: good.gas_limit * 2, ..good.clone() };
    assert!(test.refusal(vec![roomy]).starts_with("uncle 0: its gas limit is "));
    let earliest = test.next_with(vec![test.beside(7, 0xa1)]);
    let earliest = with_right_root(&test.place, &test.link, earliest);
    test.place.import(&test.link, &[earliest]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_keeps_what_was_imported() {
    let place = Place::new();
    let test = Uncles::new(EthereumHardfork::London, 9).await;
    let block = with_right_root(&test.place, &test.link, test.next_with(vec![test.beside(9, 0xa1)]));
    let path = place.folder.path().join("chain.log");
    let open = || {
        let (mut config, _) = common::config();
        config.hardfork = EthereumHardfork::London;
        infera_devnet::Devnet::open(config, &path).unwrap()
    };
    let devnet = open();
    let all: Vec<u8> = test.ancestors.iter().chain([&block]).flat_map(alloy::rlp::encode).collect();
    assert_eq!(devnet.import(&place.with(&all)).unwrap(), 10);
    let head = devnet.head();
    drop(devnet);
    let devnet = open();
    assert_eq!(devnet.head(), head);
    assert_eq!(devnet.provider().get_balance(MINER).await.unwrap(), {
        let blocks = U256::from(20) * Unit::ETHER.wei();
        blocks + U256::from(2) * Unit::ETHER.wei() / U256::from(32)
    });
}
