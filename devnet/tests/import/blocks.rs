//! Blocks, good and bad.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chain_of_any_fork_made_another_accepts() {
    let place = Place::new();
    for fork in [
        EthereumHardfork::Frontier,
        EthereumHardfork::Homestead,
        EthereumHardfork::Byzantium,
        EthereumHardfork::Berlin,
        EthereumHardfork::London,
        EthereumHardfork::Paris,
        EthereumHardfork::Shanghai,
        EthereumHardfork::Cancun,
        EthereumHardfork::Osaka,
    ] {
        let (maker, other) = (busy_chain(fork).await, chain(fork).await);
        let blocks = export(&maker).await;
        assert_eq!(place.import(&other, &blocks).unwrap(), blocks.len() as u64, "{fork}");
        assert_eq!(other.devnet.head(), maker.devnet.head(), "{fork}");
        for number in 0..=other.devnet.head().number {
            let params = json!([U64::from(number)]);
            for method in ["eth_getBlockReceipts", "debug_getRawBlock"] {
                assert_eq!(other.ask(method, params.clone()).await, maker.ask(method, params.clone()).await, "{fork}");
            }
        }
        // What is known already is passed over, and the chain goes on.
        assert_eq!(place.import(&other, &blocks).unwrap(), 0);
        other.transfer(0, 1).await;
        assert_eq!(other.devnet.head().number, maker.devnet.head().number + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_through_all_forks_is_imported() {
    let place = Place::new();
    let maker = Link::in_process(|config| config.genesis = Some(all_forks())).await;
    maker.provider().anvil_set_block_timestamp_interval(10).await.unwrap();
    for number in 1..=70u64 {
        let to = Address::from_word(B256::from(U256::from(number)));
        let request = json!({"from": maker.account(0), "to": to, "value": "0x5", "gas": "0x5208"});
        maker.ask("eth_sendTransaction", json!([request])).await;
    }
    let blocks = export(&maker).await;
    let other = Link::in_process(|config| config.genesis = Some(all_forks())).await;
    assert_eq!(place.import(&other, &blocks).unwrap(), 70);
    assert_eq!(other.devnet.head(), maker.devnet.head());
    // From the middle on, a chain without the blocks before can't.
    let other = Link::in_process(|config| config.genesis = Some(all_forks())).await;
    assert!(place.refusal(&other, &blocks[30]).starts_with("its parent is 0x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_torn_anywhere_leaves_the_whole_blocks_before() {
    let maker = busy_chain(EthereumHardfork::Osaka).await;
    let blocks = export(&maker).await;
    let encoded: Vec<Vec<u8>> = blocks.iter().map(alloy::rlp::encode).collect();
    let ends: Vec<usize> = encoded
        .iter()
        .scan(0, |end, block| {
            *end += block.len();
            Some(*end)
        })
        .collect();
    let bytes = encoded.concat();
    let mut link = chain(EthereumHardfork::Osaka).await;
    for cut in 0..=bytes.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count();
        if usize::try_from(link.devnet.head().number).unwrap() > whole {
            link = chain(EthereumHardfork::Osaka).await;
        }
        let outcome = link.devnet.import_rlp(&bytes[..cut]);
        assert_eq!(link.devnet.head().number, whole as u64, "cut at {cut}");
        if cut == 0 || ends.contains(&cut) {
            outcome.unwrap();
            continue;
        }
        let message = outcome.unwrap_err().to_string();
        let start = if whole == 0 { 0 } else { ends[whole - 1] };
        let named = format!("entry {} of the file, at byte {start}, is not valid: the file ends", whole + 1);
        assert!(message.contains(&named), "cut at {cut}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_block_is_told() {
    let place = Place::new();
    let link = chain(EthereumHardfork::Osaka).await;
    let cases: [(&[u8], &str); 6] = [
        (b"not blocks", "is not valid: it is not RLP of a block: not a list"),
        (&[0xc0], "it is not RLP of a block: "),
        (&[0xc1, 0xc0], "it is not RLP of a block: "),
        (&[0xff; 9], "at byte 0, is not valid: "),
        (&[0xfb, 0x7f, 0xff, 0xff, 0xff], "the file ends within it"),
        (&[0xf8, 0x01, 0x00], "it is not RLP"),
    ];
    for (bytes, expected) in cases {
        let message = link.devnet.import(&place.with(bytes)).unwrap_err().to_string();
        assert!(message.contains(expected), "{bytes:02x?}: {message}");
    }
    let missing = place.folder.path().join("nowhere.rlp");
    let message = link.devnet.import(&missing).unwrap_err().to_string();
    assert!(message.starts_with(&format!("cannot read the blocks in {}: ", missing.display())), "{message}");
    // Bytes of a block turned over one by one: an error each time, but for what is its miner's choice within bounds:
    // randomness and gas limit.
    let maker = busy_chain(EthereumHardfork::Osaka).await;
    let block = export(&maker).await.remove(0);
    let bytes = alloy::rlp::encode(&block);
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x81;
        if link.devnet.import_rlp(&wrong).is_ok() {
            let mut found = export(&link).await.remove(0);
            assert_ne!(found, block, "byte {at}");
            found.header.mix_hash = block.header.mix_hash;
            found.header.gas_limit = block.header.gas_limit;
            found.header.extra_data = block.header.extra_data.clone();
            assert_eq!(found, block, "byte {at}");
            link.devnet.roll_back(1).unwrap();
        }
        assert_eq!(link.devnet.head().number, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_header_field_is_named() {
    let place = Place::new();
    let maker = busy_chain(EthereumHardfork::Osaka).await;
    let link = chain(EthereumHardfork::Osaka).await;
    let blocks = export(&maker).await;
    place.import(&link, &blocks[..2]).unwrap();
    let good = &blocks[2];
    type Change = fn(&mut Header);
    let other = B256::repeat_byte(9);
    let changes: [(Change, &str); 33] = [
        (|header| header.parent_hash = B256::repeat_byte(9), "its parent is 0x0909"),
        (|header| header.ommers_hash = B256::repeat_byte(9), "its uncles hash is 0x0909"),
        (|header| header.state_root = B256::repeat_byte(9), "its state root is 0x0909"),
        (|header| header.transactions_root = B256::repeat_byte(9), "its transactions root is 0x0909"),
        (|header| header.receipts_root = B256::repeat_byte(9), "its receipts root is 0x0909"),
        (|header| header.logs_bloom = Bloom::repeat_byte(9), "its logs bloom is 0x0909"),
        (|header| header.difficulty = U256::from(1), "its difficulty is 1, must be 0"),
        (|header| header.number = 2, "its number is 2, must be 3"),
        (|header| header.number = u64::MAX, "its number is 18446744073709551615, must be 3"),
        (
            |header| header.gas_limit += header.gas_limit / 1024 + 1,
            "its gas limit is 30029297, must be less than 29296",
        ),
        (|header| header.gas_limit -= header.gas_limit / 1024, "its gas limit is 29970704, must be less than 29296"),
        (|header| header.gas_limit = 4_999, "its gas limit is 4999, must be from 5000"),
        (|header| header.gas_limit = 1 << 63, "its gas limit is 9223372036854775808, must be from 5000 to"),
        (|header| header.gas_used += 1, "its gas used is "),
        (|header| header.gas_used = header.gas_limit + 1, "must be at most its gas limit 30000000"),
        (|header| header.timestamp -= 1, "must be later than its parent's"),
        (|header| header.extra_data = vec![1; 33].into(), "its extra data is 33 bytes, must be at most 32"),
        (|header| header.nonce = B64::repeat_byte(1), "its nonce is 0x0101010101010101, must be 0x0000"),
        (|header| header.base_fee_per_gas = Some(7), "its base fee is 7, must be "),
        (|header| header.base_fee_per_gas = None, "RLP"),
        (|header| header.withdrawals_root = Some(B256::repeat_byte(9)), "its withdrawals root is 0x0909"),
        (|header| header.blob_gas_used = Some(131_072), "its blob gas used is 131072, must be 0"),
        (|header| header.blob_gas_used = Some(1), "its blob gas used is 1, must be a multiple of 131072"),
        (|header| header.blob_gas_used = Some(131_072 * 100), "at most 1179648"),
        (|header| header.excess_blob_gas = Some(131_072), "its excess blob gas is 131072, must be 0"),
        (|header| header.excess_blob_gas = Some(u64::MAX), "its excess blob gas is 18446744073709551615, must be 0"),
        (|header| header.parent_beacon_block_root = Some(B256::repeat_byte(9)), "its state root is "),
        (|header| header.requests_hash = Some(B256::repeat_byte(9)), "its requests hash is 0x0909"),
        (|header| header.requests_hash = None, "it has no requests hash, which its fork demands"),
        (|header| header.block_access_list_hash = Some(B256::ZERO), "it has a block access list hash, which its fork"),
        (|header| header.beneficiary = Address::repeat_byte(9), "its state root is "),
        (|header| header.mix_hash = B256::repeat_byte(9), ""),
        (|header| header.extra_data = b"anything".into(), ""),
    ];
    for (index, (change, expected)) in changes.into_iter().enumerate() {
        let mut block = good.clone();
        change(&mut block.header);
        if expected.is_empty() {
            // Free to choose, and no code looked at it.
            assert_eq!(place.import(&link, &[block]).unwrap(), 1, "change {index}");
            link.devnet.roll_back(1).unwrap();
        } else if expected == "RLP" {
            // Later fields stand where the one left out was.
            place.import(&link, &[block]).unwrap_err();
        } else {
            let reason = place.refusal(&link, &block);
            assert!(reason.contains(expected), "change {index}: {reason}");
        }
    }
    assert_eq!(place.import(&link, std::slice::from_ref(good)).unwrap(), 1);
    assert_ne!(good.header.parent_hash, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_body_is_named() {
    let place = Place::new();
    let maker = busy_chain(EthereumHardfork::Osaka).await;
    let link = chain(EthereumHardfork::Osaka).await;
    let good = export(&maker).await.remove(0);

    let mut left_out = good.clone();
    left_out.body.transactions.clear();
    assert!(place.refusal(&link, &left_out).starts_with("its transactions root is "));
    left_out.header.transactions_root = calculate_transaction_root::<TxEnvelope>(&[]);
    assert!(place.refusal(&link, &left_out).starts_with("its gas used is 21000, must be 0"));

    let mut twice = good.clone();
    twice.body.transactions.push(twice.body.transactions[0].clone());
    twice.header.transactions_root = calculate_transaction_root(&twice.body.transactions);
    assert_eq!(place.refusal(&link, &twice), "transaction 1: nonce too low: next nonce 1, tx nonce 0");

    let mut withdrawn = good.clone();
    withdrawn.body.withdrawals = Some(Withdrawals::new(vec![Withdrawal::default()]));
    assert!(place.refusal(&link, &withdrawn).starts_with("its withdrawals root is "));
    withdrawn.body.withdrawals = None;
    assert_eq!(place.refusal(&link, &withdrawn), "it has no list of withdrawals, which its fork demands");

    let mut with_uncle = good.clone();
    with_uncle.body.ommers.push(Header::default());
    assert!(place.refusal(&link, &with_uncle).starts_with("its uncles hash is "));
    with_uncle.header.ommers_hash = calculate_ommers_root(&with_uncle.body.ommers);
    assert!(place.refusal(&link, &with_uncle).starts_with("its uncles hash is "));

    let elsewhere = Link::in_process(|config| config.chain_id = 5).await;
    elsewhere.transfer(0, 1).await;
    let mut foreign = good.clone();
    foreign.body.transactions = export(&elsewhere).await.remove(0).body.transactions;
    foreign.header.transactions_root = calculate_transaction_root(&foreign.body.transactions);
    assert_eq!(place.refusal(&link, &foreign), "transaction 0: it is for chain 5, and this is 31337");

    let first: Bytes = serde_json::from_value(link.ask("debug_getRawBlock", json!(["0x0"])).await).unwrap();
    assert_eq!(link.devnet.import(&place.with(&first)).unwrap(), 0, "the first block may be in the file");
    let mut another = RawBlock::decode(&mut first.as_ref()).unwrap();
    another.header.extra_data = b"another".into();
    assert!(place.refusal(&link, &another).starts_with("its hash is 0x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_are_paid_in_gwei() {
    let place = Place::new();
    let maker = busy_chain(EthereumHardfork::Osaka).await;
    let link = chain(EthereumHardfork::Osaka).await;
    let mut block = export(&maker).await.remove(0);
    let address = Address::repeat_byte(0x66);
    let paid = |index: u64, amount: u64| Withdrawal { index, validator_index: 7, address, amount };
    let withdrawals = vec![paid(0, 3), paid(1, 4), Withdrawal::default()];
    block.header.withdrawals_root = Some(calculate_withdrawals_root(&withdrawals));
    assert_ne!(block.header.withdrawals_root, Some(EMPTY_WITHDRAWALS));
    block.body.withdrawals = Some(Withdrawals::new(withdrawals));
    let block = with_right_root(&place, &link, block);
    place.import(&link, std::slice::from_ref(&block)).unwrap();
    assert_eq!(link.balance(address).await, U256::from(7_000_000_000u64));
    let shown = link.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!(shown["withdrawals"].as_array().unwrap().len(), 3);
    assert_eq!(export(&link).await[0], block);
    // Also once it is old.
    link.devnet.mine(200).unwrap();
    assert_eq!(export(&link).await[0], block);
    assert_eq!(link.ask("eth_getBlockByNumber", json!(["0x1", false])).await, shown);
}
