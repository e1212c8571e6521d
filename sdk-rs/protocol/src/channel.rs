//! Payment channels: their ids, the vouchers that payers sign, and the receipts that vouchers anchor.
//!
//! The contract is `PaymentChannels`; every voucher replaces the one before it.

use alloy::{
    primitives::{Address, B256, Signature, U256, keccak256},
    signers::{Error, SignerSync},
    sol,
    sol_types::{SolStruct, SolValue},
};

use crate::{eip712::domain, merkle};

sol! {
    /// What a payer promises a payee. The domain's contract is `PaymentChannels`.
    #[derive(Debug, PartialEq, Eq)]
    struct Voucher {
        /// See [`channel_id`].
        bytes32 channelId;
        /// Wei promised since the channel was opened, all vouchers together.
        uint128 cumulative;
        /// See [`receipts_root`]; zero without receipts.
        bytes32 receiptsRoot;
    }
}

/// EIP-712 type of [`Voucher`].
pub const VOUCHER_TYPE: &str = "Voucher(bytes32 channelId,uint128 cumulative,bytes32 receiptsRoot)";

/// A channel: `keccak256(abi.encode(uint256 chainid, address channels, address payer, address payee, uint64 openNonce))`.
pub fn channel_id(chain_id: u64, channels: Address, payer: Address, payee: Address, open_nonce: u64) -> B256 {
    keccak256((U256::from(chain_id), channels, payer, payee, open_nonce).abi_encode_params())
}

/// A request's job id off chain: `keccak256(abi.encode(bytes32 channelId, uint64 sequence))`. Its beacon is the channel's id.
pub fn job_id(channel_id: B256, sequence: u64) -> B256 {
    keccak256((channel_id, sequence).abi_encode_params())
}

/// What a payer or its session key signs: `IPaymentChannels.voucherDigest`.
pub fn voucher_digest(chain_id: u64, channels: Address, voucher: &Voucher) -> B256 {
    voucher.eip712_signing_hash(&domain(chain_id, channels))
}

/// Signs a voucher. Fails when the signer can't sign a digest; a key in memory always can.
pub fn sign_voucher(
    signer: &impl SignerSync,
    chain_id: u64,
    channels: Address,
    voucher: &Voucher,
) -> Result<Signature, Error> {
    signer.sign_hash_sync(&voucher_digest(chain_id, channels, voucher))
}

/// The key that signed a voucher; `None` when the signature is none, or not the one form that the contract takes (s in the
/// lower half). A payee compares it with the payer and the session key.
pub fn voucher_signer(chain_id: u64, channels: Address, voucher: &Voucher, signature: &Signature) -> Option<Address> {
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_prehash(&voucher_digest(chain_id, channels, voucher)).ok()
}

/// Root over the EIP-712 digests of all receipts of a channel so far, in order; see [`merkle::root`].
pub fn receipts_root(receipt_digests: &[B256]) -> B256 {
    merkle::root(receipt_digests)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy::signers::local::PrivateKeySigner;

    use super::*;

    const CHANNELS: Address = Address::repeat_byte(0xa3);

    fn voucher() -> Voucher {
        Voucher { channelId: B256::repeat_byte(1), cumulative: 5, receiptsRoot: B256::ZERO }
    }

    #[test]
    fn the_type_is_as_published() {
        assert_eq!(Voucher::eip712_encode_type(), VOUCHER_TYPE);
    }

    #[test]
    fn a_signature_is_of_one_voucher_chain_and_contract() {
        let signer = PrivateKeySigner::random();
        let signature = sign_voucher(&signer, 1, CHANNELS, &voucher()).unwrap();
        assert_eq!(voucher_signer(1, CHANNELS, &voucher(), &signature), Some(signer.address()));
        let more = Voucher { cumulative: 6, ..voucher() };
        for other in [
            voucher_signer(1, CHANNELS, &more, &signature),
            voucher_signer(2, CHANNELS, &voucher(), &signature),
            voucher_signer(1, Address::ZERO, &voucher(), &signature),
        ] {
            assert_ne!(other, Some(signer.address()));
        }
    }

    #[test]
    fn the_other_form_of_a_signature_is_refused() {
        let signature = sign_voucher(&PrivateKeySigner::random(), 1, CHANNELS, &voucher()).unwrap();
        let order =
            U256::from_be_slice(&alloy::hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
        let other = Signature::new(signature.r(), order - signature.s(), !signature.v());
        assert_eq!(voucher_signer(1, CHANNELS, &voucher(), &other), None);
    }
}
