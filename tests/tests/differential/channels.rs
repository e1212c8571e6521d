//! Payment channels: ids, vouchers and receipts' trees, and that the contract pays what the protocol crate signs.

use std::fs;

use alloy::{
    primitives::{Address, B256, Bytes, U256, hex, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::SolValue,
};
use infera_protocol::{
    channel::{Voucher, channel_id, receipts_root, sign_voucher, voucher_digest, voucher_signer},
    merkle,
};
use infera_tests::places::root;
use proptest::prelude::*;
use serde_json::Value;

use self::bindings::IPaymentChannels::{self, IPaymentChannelsInstance};
use crate::chain::{Chain, Verdict, check};

const CASES: u32 = 128;

#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, reason = "made by a macro")]
mod bindings {
    alloy::sol!(
        #[sol(rpc)]
        IPaymentChannels,
        "../contracts/artifacts/IPaymentChannels.json"
    );
}

type Channels = IPaymentChannelsInstance<alloy::providers::DynProvider>;

/// A chain with the contract: three days of thawing.
fn start() -> (Chain, Channels) {
    let chain = Chain::start();
    let artifact = fs::read_to_string(root().join("contracts/artifacts/PaymentChannels.json")).unwrap();
    let artifact: Value = serde_json::from_str(&artifact).unwrap();
    let mut code = hex::decode(artifact.pointer("/bytecode/object").unwrap().as_str().unwrap()).unwrap();
    code.extend((259_200_u32, 86_400_u32, 86_400_u32, 32_u32, 50_000_u32).abi_encode_params());
    let sent = chain.wait(chain.sender(0).create("PaymentChannels", code.into())).unwrap();
    let channels = IPaymentChannels::new(sent.receipt.contract_address.unwrap(), chain.provider.clone());
    (chain, channels)
}

fn word() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from)
}

#[test]
fn a_channel_has_one_id_and_a_voucher_one_digest() {
    let (chain, channels) = start();
    let id = chain.devnet.chain_id();
    let inputs = (address(), address(), any::<u64>(), any::<u128>(), word());
    check(file!(), CASES, inputs, |(payer, payee, nonce, cumulative, receipts)| -> Verdict {
        let channel = chain.wait(channels.channelIdOf(payer, payee, nonce).call()).unwrap();
        prop_assert_eq!(channel_id(id, *channels.address(), payer, payee, nonce), channel);
        let voucher = Voucher { channelId: channel, cumulative, receiptsRoot: receipts };
        let digest = chain.wait(channels.voucherDigest(channel, cumulative, receipts).call()).unwrap();
        prop_assert_eq!(voucher_digest(id, *channels.address(), &voucher), digest);
        Ok(())
    });
}

#[test]
fn a_receipt_is_under_the_root_where_the_proof_says_so() {
    let (chain, channels) = start();
    let inputs = (prop::collection::vec(word(), 1..40), any::<prop::sample::Index>(), any::<bool>());
    check(file!(), CASES, inputs, |(leaves, index, spoil)| -> Verdict {
        let index = index.index(leaves.len());
        let mut leaf = leaves[index];
        if spoil {
            leaf = keccak256(leaf);
        }
        let (root, proof) = (receipts_root(&leaves), merkle::proof(&leaves, index).unwrap());
        let on_chain = chain.wait(channels.verifyReceipt(root, leaf, proof.clone()).call()).unwrap();
        prop_assert_eq!(on_chain, merkle::verify(root, leaf, &proof));
        prop_assert_eq!(on_chain, !spoil);
        Ok(())
    });
}

/// The contract credits a voucher exactly when the protocol crate finds the payer's or the session key's signature on it.
#[test]
fn the_contract_takes_the_signatures_that_the_crate_takes() {
    let (chain, channels) = start();
    let (id, at) = (chain.devnet.chain_id(), *channels.address());
    let payer = chain.devnet.accounts()[1].clone();
    let (session, stranger) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let payee = Address::repeat_byte(0x77);
    let channel = channel_id(id, at, payer.address(), payee, 3);
    let deposit = channels.deposit(payer.address(), payee, 3).value(U256::from(u64::MAX)).into_transaction_request();
    chain.wait(chain.sender(1).send("deposit", deposit)).unwrap();
    let session_key = channels.setSessionKey(payee, 3, session.address()).into_transaction_request();
    chain.wait(chain.sender(1).send("setSessionKey", session_key)).unwrap();

    let inputs = (0..3_usize, 1..u64::MAX, word(), any::<bool>());
    check(file!(), 48, inputs, |(who, cumulative, receipts, other_form)| -> Verdict {
        let signer = [&payer, &session, &stranger][who];
        let voucher = Voucher { channelId: channel, cumulative: cumulative.into(), receiptsRoot: receipts };
        let mut signature = sign_voucher(signer, id, at, &voucher).unwrap();
        if other_form {
            let order = U256::from_be_slice(&hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
            signature = alloy::primitives::Signature::new(signature.r(), order - signature.s(), !signature.v());
        }
        let by = voucher_signer(id, at, &voucher, &signature);
        let ours = by == Some(payer.address()) || by == Some(session.address());
        let claim = IPaymentChannels::Claim {
            payer: payer.address(),
            openNonce: 3,
            cumulative: cumulative.into(),
            receiptsRoot: receipts,
            signature: Bytes::from(signature.as_bytes()),
        };
        let credited = chain.wait(channels.claim(payee, vec![claim]).from(payee).call()).unwrap();
        prop_assert_eq!(credited, if ours { U256::from(cumulative) } else { U256::ZERO });
        prop_assert_eq!(ours, who < 2 && !other_form);
        Ok(())
    });
}
