//! Sending, waiting and mining.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use alloy::{
    consensus::{SignableTransaction, Transaction as _, TxEip1559, TxEip4844, TxEnvelope, Typed2718},
    eips::{
        eip2718::{Decodable2718, Encodable2718},
        eip2930::{AccessList, AccessListItem},
        eip4844::{DATA_GAS_PER_BLOB, VERSIONED_HASH_VERSION_KZG},
        eip7702::Authorization,
    },
    network::{TransactionBuilder, TransactionBuilder7702, TxSignerSync},
    primitives::{Address, B256, Bytes, TxKind, U64, U256, hex},
    providers::{Provider, ext::AnvilApi},
    rpc::types::TransactionRequest,
    signers::SignerSync,
};
use common::{Link, START, counter_code, eventually};
use infera_devnet::MiningMode;
use serde_json::{Value, json};

on_both_transports!(
    a_send_answers_when_the_block_exists,
    all_transaction_types_are_mined,
    blobs_are_paid_for_and_make_the_next_dearer,
    a_gap_in_the_nonces_waits_and_closes,
    a_replacement_must_pay_a_tenth_more,
    higher_tips_go_first_and_nonces_stay_in_order,
    manual_mining_takes_all_that_waits,
    interval_mining_makes_blocks_by_itself,
    an_impersonated_account_sends_without_a_key,
    refusals_are_worded_as_geth_words_them,
    a_gas_limit_above_the_osaka_cap_is_refused,
    a_full_block_leaves_the_rest_for_the_next,
    a_filler_and_wallet_provider_works_end_to_end,
    a_synchronous_send_answers_with_the_receipt,
    a_filled_transaction_only_lacks_its_signature,
);

/// A signed transfer of development account 0.
fn transfer(link: &Link, nonce: u64, fee: u128, tip: u128) -> Bytes {
    sign(
        link,
        TxEip1559 {
            chain_id: 31337,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to: TxKind::Call(Address::repeat_byte(0xbb)),
            value: U256::from(1),
            ..Default::default()
        },
    )
}

fn sign(link: &Link, mut tx: TxEip1559) -> Bytes {
    let signature = link.devnet.accounts()[0].sign_transaction_sync(&mut tx).unwrap();
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
}

async fn send(link: &Link, raw: &Bytes) -> B256 {
    link.client.request("eth_sendRawTransaction", (raw,)).await.unwrap()
}

async fn status(link: &Link) -> (u64, u64) {
    let status = link.ask("txpool_status", json!([])).await;
    let count = |key: &str| serde_json::from_value::<U64>(status[key].clone()).unwrap().to();
    (count("pending"), count("queued"))
}

const GWEI: u128 = 1_000_000_000;

async fn a_send_answers_when_the_block_exists(link: Link) {
    let hash = send(&link, &transfer(&link, 0, 3 * GWEI, GWEI)).await;
    let receipt = link.receipt(hash).await.unwrap();
    assert!(receipt.status());
    assert_eq!((receipt.block_number, receipt.gas_used), (Some(1), 21_000));
    assert_eq!(link.balance(Address::repeat_byte(0xbb)).await, U256::from(1));
    let block = link.provider().get_block_by_number(1.into()).await.unwrap().unwrap();
    assert_eq!(block.header.timestamp, START + 1, "later than the first block, though the clock stands still");
    assert_eq!(block.transactions.hashes().collect::<Vec<_>>(), [hash]);
    // The fee went to the block's beneficiary and the base fee to nobody.
    let base_fee = u128::from(block.header.base_fee_per_gas.unwrap());
    assert_eq!(receipt.effective_gas_price, base_fee + GWEI);
    assert_eq!(link.balance(block.header.beneficiary).await, U256::from(21_000 * GWEI));
}

async fn all_transaction_types_are_mined(link: Link) {
    let provider = link.wallet(0);
    let to = Address::repeat_byte(0xcc);
    let plain = TransactionRequest::default().with_to(to).with_value(U256::from(1)).with_from(link.account(0));
    let item = AccessListItem { address: to, storage_keys: vec![B256::ZERO] };
    let authorization = Authorization { chain_id: U256::from(31337), address: to, nonce: 0 };
    let signed = authorization
        .clone()
        .into_signed(link.devnet.accounts()[5].sign_hash_sync(&authorization.signature_hash()).unwrap());
    let requests = [
        (0, plain.clone().with_gas_price(2 * GWEI)),
        (1, plain.clone().with_gas_price(2 * GWEI).with_access_list(AccessList(vec![item]))),
        (2, plain.clone()),
        (4, plain.clone().with_authorization_list(vec![signed])),
    ];
    for (kind, request) in requests {
        let receipt = provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
        assert!(receipt.status());
        assert_eq!(receipt.inner.tx_type() as u8, kind);
        let transaction = provider.get_transaction_by_hash(receipt.transaction_hash).await.unwrap().unwrap();
        assert_eq!(transaction.inner.ty(), kind);
    }
    assert_eq!(link.balance(to).await, U256::from(4));
    // The delegation is in place, and its account's nonce is used.
    let code = provider.get_code_at(link.account(5)).await.unwrap();
    assert_eq!(code, [&hex!("ef0100")[..], to.as_slice()].concat());
    assert_eq!(provider.get_transaction_count(link.account(5)).await.unwrap(), 1);
}

async fn blobs_are_paid_for_and_make_the_next_dearer(link: Link) {
    let blob_transaction = |nonce: u64, blobs: u8, fee: u128| -> Bytes {
        let mut tx = TxEip4844 {
            chain_id: 31337,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: 3 * GWEI,
            max_priority_fee_per_gas: GWEI,
            blob_versioned_hashes: (0..blobs)
                .map(|index| {
                    let mut hash = B256::repeat_byte(index);
                    hash.0[0] = VERSIONED_HASH_VERSION_KZG;
                    hash
                })
                .collect(),
            max_fee_per_blob_gas: fee,
            ..Default::default()
        };
        let signature = link.devnet.accounts()[0].sign_transaction_sync(&mut tx).unwrap();
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
    };
    let provider = link.provider();
    for nonce in 0..4 {
        let receipt = link.receipt(send(&link, &blob_transaction(nonce, 6, 5)).await).await.unwrap();
        assert!(receipt.status());
        assert_eq!((receipt.blob_gas_used, receipt.inner.tx_type() as u8), (Some(6 * DATA_GAS_PER_BLOB), 3));
        let block = provider.get_block_by_number(receipt.block_number.unwrap().into()).await.unwrap().unwrap();
        assert_eq!(block.header.blob_gas_used, Some(6 * DATA_GAS_PER_BLOB));
    }
    // Six blobs are the target; a block of nine, in two transactions, is the most.
    link.devnet.set_mining(MiningMode::Manual);
    for nonce in 4..7 {
        send(&link, &blob_transaction(nonce, 4, 5)).await;
    }
    link.devnet.mine(2).unwrap();
    let block = async |number: u64| provider.get_block_by_number(number.into()).await.unwrap().unwrap();
    assert_eq!((block(5).await.transactions.len(), block(6).await.transactions.len()), (2, 1));
    assert!(block(6).await.header.excess_blob_gas > block(5).await.header.excess_blob_gas);

    let refused = async |raw: Bytes| link.fail("eth_sendRawTransaction", json!([raw])).await.1;
    assert_eq!(refused(blob_transaction(7, 0, 5)).await, "blobless blob transaction");
    assert_eq!(refused(blob_transaction(7, 7, 5)).await, "too many blobs in transaction: have 7, permitted 6");
}

async fn a_gap_in_the_nonces_waits_and_closes(link: Link) {
    let third = send(&link, &transfer(&link, 2, 3 * GWEI, GWEI)).await;
    let second = send(&link, &transfer(&link, 1, 3 * GWEI, GWEI)).await;
    assert_eq!(link.devnet.head().number, 0);
    assert_eq!(status(&link).await, (0, 2));
    let waiting = link.provider().get_transaction_by_hash(third).await.unwrap().unwrap();
    assert_eq!(waiting.block_hash, None);
    assert!(link.receipt(third).await.is_none());

    let first = send(&link, &transfer(&link, 0, 3 * GWEI, GWEI)).await;
    assert_eq!(status(&link).await, (0, 0));
    let block = link.provider().get_block_by_number(1.into()).await.unwrap().unwrap();
    assert_eq!(block.transactions.hashes().collect::<Vec<_>>(), [first, second, third]);
    let count = |tag: &'static str| link.ask("eth_getTransactionCount", json!([link.account(0), tag]));
    assert_eq!(count("latest").await, "0x3");
    assert_eq!(count("pending").await, "0x3");
}

async fn a_replacement_must_pay_a_tenth_more(link: Link) {
    link.devnet.set_mining(MiningMode::Manual);
    let old = send(&link, &transfer(&link, 0, 3 * GWEI, GWEI)).await;
    let refusal = "replacement transaction underpriced";
    for (fee, tip) in [(3 * GWEI + 1, GWEI + 1), (4 * GWEI, GWEI), (3 * GWEI, 2 * GWEI)] {
        let raw = transfer(&link, 0, fee, tip);
        assert_eq!(link.fail("eth_sendRawTransaction", json!([raw])).await.1, refusal);
    }
    let same = transfer(&link, 0, 3 * GWEI, GWEI);
    assert_eq!(link.fail("eth_sendRawTransaction", json!([same])).await.1, "already known");
    let new = send(&link, &transfer(&link, 0, 33 * GWEI / 10, 11 * GWEI / 10)).await;
    link.devnet.mine(1).unwrap();
    assert!(link.receipt(new).await.is_some());
    assert!(link.provider().get_transaction_by_hash(old).await.unwrap().is_none());
    let mined = transfer(&link, 0, 33 * GWEI / 10, 11 * GWEI / 10);
    let refusal = "nonce too low: next nonce 1, tx nonce 0";
    assert_eq!(link.fail("eth_sendRawTransaction", json!([mined])).await.1, refusal);
}

async fn higher_tips_go_first_and_nonces_stay_in_order(link: Link) {
    link.devnet.set_mining(MiningMode::Manual);
    let mut hashes = Vec::new();
    for (account, nonce, tip) in [(1, 0, 1), (1, 1, 9), (2, 0, 5), (3, 0, 2)] {
        let request = TransactionRequest::default()
            .with_from(link.account(account))
            .with_to(Address::ZERO)
            .with_nonce(nonce)
            .with_max_fee_per_gas(20 * GWEI)
            .with_max_priority_fee_per_gas(tip * GWEI);
        let hash: B256 = link.client.request("eth_sendTransaction", (request,)).await.unwrap();
        hashes.push(hash);
    }
    link.devnet.mine(1).unwrap();
    let block = link.provider().get_block_by_number(1.into()).await.unwrap().unwrap();
    let expected = [hashes[2], hashes[3], hashes[0], hashes[1]];
    assert_eq!(block.transactions.hashes().collect::<Vec<_>>(), expected);
}

async fn manual_mining_takes_all_that_waits(link: Link) {
    link.ask("evm_setAutomine", json!([false])).await;
    let first = link.transfer(0, 1).await;
    let second = link.transfer(0, 1).await;
    assert!(link.receipt(first).await.is_none());
    assert_eq!(status(&link).await, (2, 0));
    // What waits shows in the pending block and state.
    let pending = link.ask("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!(pending["transactions"].as_array().unwrap().len(), 2);
    assert_eq!(link.ask("eth_getTransactionCount", json!([link.account(0), "pending"])).await, "0x2");
    assert_eq!(link.ask("eth_getTransactionCount", json!([link.account(0), "latest"])).await, "0x0");

    link.ask("evm_mine", json!([])).await;
    let places: Vec<_> = [first, second].map(|hash| link.receipt(hash)).into_iter().collect();
    for (index, receipt) in futures::future::join_all(places).await.into_iter().enumerate() {
        let receipt = receipt.unwrap();
        assert_eq!((receipt.block_number, receipt.transaction_index), (Some(1), Some(index as u64)));
    }
    link.ask("anvil_mine", json!(["0x3", "0xa"])).await;
    assert_eq!(link.devnet.head().number, 4);

    // Back to automine: what waits is mined at once.
    let waiting = link.transfer(0, 1).await;
    link.ask("evm_setAutomine", json!([true])).await;
    assert!(link.receipt(waiting).await.is_some());
}

async fn interval_mining_makes_blocks_by_itself(link: Link) {
    link.devnet.set_mining(MiningMode::Interval(std::time::Duration::from_millis(20)));
    let hash = link.transfer(0, 1).await;
    eventually("the transaction is mined", async || link.receipt(hash).await.is_some()).await;
    eventually("empty blocks follow", async || link.devnet.head().number > 3).await;
    link.ask("evm_setIntervalMining", json!([0])).await;
    let stopped = link.devnet.head();
    let waiting = link.transfer(0, 1).await;
    assert!(link.receipt(waiting).await.is_none());
    assert_eq!(link.devnet.head(), stopped);
}

async fn an_impersonated_account_sends_without_a_key(link: Link) {
    let provider = link.provider();
    let (rich, other) = (Address::repeat_byte(0x77), Address::repeat_byte(0x78));
    let request = |from| TransactionRequest::default().with_from(from).with_to(Address::ZERO).with_value(U256::from(1));
    let (_, message, _) = link.fail("eth_sendTransaction", json!([request(rich)])).await;
    assert!(message.starts_with("unknown account"), "{message}");
    let mut hashes = Vec::new();
    for sender in [rich, other] {
        provider.anvil_set_balance(sender, U256::from(10u64.pow(18))).await.unwrap();
        provider.anvil_impersonate_account(sender).await.unwrap();
        let hash = provider.anvil_send_impersonated_transaction(request(sender)).await.unwrap();
        assert_eq!(link.receipt(hash).await.unwrap().from, sender);
        hashes.push(hash);
    }
    assert_ne!(hashes[0], hashes[1], "equal transactions of two accounts have two hashes");
    // A contract can be impersonated, too.
    let counter = link.deploy_counter().await;
    provider.anvil_set_balance(counter, U256::from(10u64.pow(18))).await.unwrap();
    provider.anvil_impersonate_account(counter).await.unwrap();
    provider.anvil_send_impersonated_transaction(request(counter)).await.unwrap();
    provider.anvil_stop_impersonating_account(rich).await.unwrap();
    link.fail("eth_sendTransaction", json!([request(rich)])).await;
}

async fn refusals_are_worded_as_geth_words_them(link: Link) {
    send(&link, &transfer(&link, 0, 3 * GWEI, GWEI)).await;
    let base = TxEip1559 {
        chain_id: 31337,
        nonce: 1,
        gas_limit: 21_000,
        max_fee_per_gas: 3 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: TxKind::Call(Address::ZERO),
        ..Default::default()
    };
    let huge = U256::from(1) << 100;
    let cases = [
        (TxEip1559 { nonce: 0, value: U256::from(7), ..base.clone() }, "nonce too low: next nonce 1, tx nonce 0"),
        (TxEip1559 { chain_id: 1, ..base.clone() }, "invalid sender: invalid chain id for signer: have 1 want 31337"),
        (TxEip1559 { gas_limit: 20_999, ..base.clone() }, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        (TxEip1559 { gas_limit: 30_000_001, ..base.clone() }, "exceeds block gas limit"),
        (TxEip1559 { value: huge, ..base.clone() }, "insufficient funds for gas * price + value: balance "),
        (
            TxEip1559 { max_priority_fee_per_gas: 4 * GWEI, ..base.clone() },
            "max priority fee per gas higher than max fee per gas",
        ),
        (
            TxEip1559 { max_fee_per_gas: 1, max_priority_fee_per_gas: 1, ..base.clone() },
            "max fee per gas less than block base fee",
        ),
        (
            TxEip1559 { to: TxKind::Create, input: vec![0; 49_153].into(), gas_limit: 10_000_000, ..base.clone() },
            "max initcode size exceeded: code size 49153, limit 49152",
        ),
        (
            TxEip1559 { input: vec![1; 1000].into(), gas_limit: 40_000, ..base.clone() },
            "insufficient gas for floor data gas cost: gas 40000, minimum needed 61000",
        ),
    ];
    for (tx, expected) in cases {
        let (code, message, _) = link.fail("eth_sendRawTransaction", json!([sign(&link, tx)])).await;
        assert_eq!(code, -32000);
        assert!(message.starts_with(expected), "{message:?} is not {expected:?}");
    }
    // A broken signature and bytes that are no transaction.
    let mut raw = transfer(&link, 1, 3 * GWEI, GWEI).to_vec();
    let at = raw.len() - 32; // s of the signature
    raw[at..].fill(0xff);
    assert_eq!(link.fail("eth_sendRawTransaction", json!([Bytes::from(raw)])).await.1, "invalid sender");
    for garbage in ["0x", "0x02", "0xc0", "0x05c0", "0x02f86c"] {
        assert_eq!(link.fail("eth_sendRawTransaction", json!([garbage])).await.0, -32000);
    }
    assert_eq!(link.devnet.head().number, 1);
}

async fn a_gas_limit_above_the_osaka_cap_is_refused(link: Link) {
    let request = TransactionRequest::default().with_from(link.account(0)).with_to(Address::ZERO);
    let over = link.fail("eth_sendTransaction", json!([request.clone().with_gas_limit(16_777_217)])).await;
    assert_eq!(over.1, "transaction gas limit too high (cap: 16777216, tx: 16777217)");
    link.ask("eth_sendTransaction", json!([request.clone().with_gas_limit(16_777_216)])).await;
    let prague = Link::in_process(|config| config.hardfork = infera_devnet::EthereumHardfork::Prague).await;
    prague.ask("eth_sendTransaction", json!([request.with_gas_limit(30_000_000)])).await;
}

async fn a_full_block_leaves_the_rest_for_the_next(link: Link) {
    link.ask("evm_setBlockGasLimit", json!(["0x10000"])).await; // room for three transfers
    link.devnet.set_mining(MiningMode::Manual);
    for _ in 0..4 {
        link.transfer(0, 1).await;
    }
    link.devnet.mine(2).unwrap();
    let count = async |number: u64| -> Value {
        link.ask("eth_getBlockTransactionCountByNumber", json!([U64::from(number)])).await
    };
    assert_eq!((count(1).await, count(2).await), ("0x3".into(), "0x1".into()));
}

async fn a_filler_and_wallet_provider_works_end_to_end(link: Link) {
    let provider = link.wallet(3);
    let deploy = TransactionRequest::default().with_deploy_code(counter_code());
    let receipt = provider.send_transaction(deploy).await.unwrap().get_receipt().await.unwrap();
    let counter = receipt.contract_address.unwrap();
    for expected in 1..4u64 {
        let call = TransactionRequest::default().with_to(counter);
        let receipt = provider.send_transaction(call).await.unwrap().get_receipt().await.unwrap();
        assert_eq!(receipt.logs()[0].data().data, Bytes::from(B256::from(U256::from(expected))));
    }
    let transaction = provider.get_transaction_by_hash(receipt.transaction_hash).await.unwrap().unwrap();
    assert_eq!(transaction.inner.nonce(), 0);
}

async fn a_synchronous_send_answers_with_the_receipt(link: Link) {
    let receipt = link.ask("eth_sendRawTransactionSync", json!([transfer(&link, 0, 3 * GWEI, GWEI)])).await;
    assert_eq!((&receipt["status"], &receipt["blockNumber"]), (&json!("0x1"), &json!("0x1")));
    // Without automine it waits for the block.
    link.devnet.set_mining(MiningMode::Manual);
    let raw = transfer(&link, 1, 3 * GWEI, GWEI);
    let (receipt, ()) = tokio::join!(link.ask("eth_sendRawTransactionSync", json!([raw])), async {
        eventually("it waits", || async { status(&link).await == (1, 0) }).await;
        link.devnet.mine(1).unwrap();
    });
    assert_eq!(receipt["blockNumber"], "0x2");
    // Not for ever: the transaction is named, and waits on.
    let raw = transfer(&link, 2, 3 * GWEI, GWEI);
    let (code, message, data) = link.fail("eth_sendRawTransactionSync", json!([raw, "0x32"])).await;
    assert_eq!((code, message.as_str()), (4, "the transaction was taken but was in no block after 50 ms"));
    assert_eq!(data, Some(json!(alloy::primitives::keccak256(&raw))));
    assert_eq!(status(&link).await, (1, 0));
    let (code, message, _) = link.fail("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!((code, message.as_str()), (-32000, "already known"));
}

/// The filled transaction as a request.
fn filled_request(filled: &Value, link: &Link) -> Value {
    let mut request = filled["tx"].clone();
    for name in ["hash", "r", "s", "v", "yParity"] {
        request.as_object_mut().unwrap().remove(name);
    }
    request["from"] = json!(link.account(0));
    request
}

async fn a_filled_transaction_only_lacks_its_signature(link: Link) {
    link.transfer(0, 1).await;
    let request = json!({"from": link.account(0), "to": link.account(1), "value": "0x5"});
    let filled = link.ask("eth_fillTransaction", json!([request])).await;
    let raw: Bytes = serde_json::from_value(filled["raw"].clone()).unwrap();
    let TxEnvelope::Eip1559(unsigned) = TxEnvelope::decode_2718_exact(&raw).unwrap() else {
        panic!("{filled}");
    };
    assert_eq!(filled["tx"]["hash"], json!(unsigned.hash()));
    let mut tx = unsigned.into_parts().0;
    assert_eq!((tx.chain_id, tx.nonce, tx.gas_limit, tx.value), (31337, 1, 21_000, U256::from(5)));
    let signature = link.devnet.accounts()[0].sign_transaction_sync(&mut tx).unwrap();
    let signed = Bytes::from(TxEnvelope::from(tx.into_signed(signature)).encoded_2718());
    // The chain signs it alike.
    assert_eq!(link.ask("eth_signTransaction", json!([filled_request(&filled, &link)])).await, json!(signed));
    let hash = send(&link, &signed).await;
    assert!(link.receipt(hash).await.unwrap().status());
    // What is given stays.
    let request = json!({"from": link.account(0), "to": link.account(1), "gas": "0x7530", "gasPrice": "0x77359400"});
    let filled = link.ask("eth_fillTransaction", json!([request])).await;
    assert_eq!((&filled["tx"]["gas"], &filled["tx"]["gasPrice"]), (&json!("0x7530"), &json!("0x77359400")));
}
