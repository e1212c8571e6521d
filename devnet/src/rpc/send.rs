//! Sending and signing.

use std::time::Duration;

use alloy::{
    consensus::{
        EthereumTypedTransaction, SignableTransaction, TxEip4844Variant, TxEnvelope, TypedTransaction,
        transaction::{Recovered, SignerRecoverable},
    },
    dyn_abi::TypedData,
    eips::{
        BlockId,
        eip2718::{Decodable2718, Eip2718Error, Encodable2718},
    },
    network::TxSignerSync,
    primitives::{Address, Bytes, Signature, TxHash, TxKind, U64, U256},
    rpc::types::TransactionRequest,
    signers::SignerSync,
};
use alloy_hardforks::EthereumHardforks;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::{
    Call, arity,
    error::{RpcError, RpcResult},
    fees::SUGGESTED_TIP,
    json,
    params::Params,
};
use crate::{chain::Transaction, devnet::Devnet};

/// A transaction without a signature and its encoding, as `eth_fillTransaction` answers.
#[derive(Serialize)]
pub(super) struct Filled {
    raw: Bytes,
    tx: TxEnvelope,
}

/// How long `eth_sendRawTransactionSync` waits if nothing is said, and at most (geth's).
const PATIENCE: Duration = Duration::from_secs(20);
const MOST_PATIENCE: Duration = Duration::from_secs(60);

/// The code of EIP-7966 for a transaction that waits longer than its sender.
const NOT_MINED_IN_TIME: i64 = 4;

/// Whether a method sends and answers once the transaction is in a block.
pub(super) fn waits_for_a_block(method: &str) -> bool {
    matches!(method, "eth_sendRawTransactionSync" | "eth_sendTransactionSync")
}

/// `eth_sendRawTransactionSync` (EIP-7966) and `eth_sendTransactionSync`: sends, and answers with the receipt.
pub(super) async fn send_and_wait(
    devnet: &Devnet,
    raw: bool,
    params: Option<Box<RawValue>>,
) -> RpcResult<Box<RawValue>> {
    let sender = devnet.clone();
    let sent = tokio::task::spawn_blocking(move || -> RpcResult<_> {
        let params = Params::parse(params.as_deref())?;
        arity::check(if raw { "eth_sendRawTransactionSync" } else { "eth_sendTransactionSync" }, params.count())?;
        let call = Call { devnet: &sender, params };
        let patience = call.params.optional::<U64>(1)?.map_or(PATIENCE, |given| Duration::from_millis(given.to()));
        let hash = if raw { call.send_raw()? } else { call.send()? };
        Ok((hash, patience.min(MOST_PATIENCE)))
    });
    let (hash, patience) = sent.await.map_err(RpcError::internal)??;
    let deadline = Instant::now() + patience;
    loop {
        let changed = devnet.hub().changed();
        tokio::pin!(changed);
        // From here on nothing is missed.
        changed.as_mut().enable();
        if let Some(receipt) = (Call { devnet, params: Params::default() }).receipt_of(hash)? {
            return json(receipt);
        }
        if timeout_at(deadline, changed).await.is_err() {
            let message = format!("the transaction was taken but was in no block after {} ms", patience.as_millis());
            let mut error = RpcError::new(NOT_MINED_IN_TIME, message);
            error.0.data = Some(json(hash)?);
            return Err(error);
        }
    }
}

impl Call<'_> {
    pub(super) fn send_raw(&self) -> RpcResult<TxHash> {
        self.submit(decode(&self.params.bytes(0)?)?)
    }

    pub(super) fn send(&self) -> RpcResult<TxHash> {
        self.submit(self.signed(self.params.required(0)?, BlockId::pending(), 0)?)
    }

    pub(super) fn submit(&self, transaction: Transaction) -> RpcResult<TxHash> {
        let hash = self.devnet.change(|chain| chain.submit(transaction))?;
        if self.devnet.errors_for_reverted_sends() { self.succeeded(hash) } else { Ok(hash) }
    }

    pub(super) fn sign_transaction(&self) -> RpcResult<Bytes> {
        let signed = self.signed(self.params.required(0)?, BlockId::pending(), 0)?;
        Ok(signed.encoded_2718().into())
    }

    pub(super) fn fill_transaction(&self) -> RpcResult<Filled> {
        let request: TransactionRequest = self.params.required(0)?;
        let from = self.sender(&request)?;
        let tx = self.filled(request, from, BlockId::pending(), 0)?;
        let tx = with_signature(tx, Signature::new(U256::ZERO, U256::ZERO, false));
        Ok(Filled { raw: tx.encoded_2718().into(), tx })
    }

    /// A request with everything filled in and signed, by a development key or for an impersonated account, to be mined
    /// in or after the block `at`, with `earlier` others of the sender's before it.
    pub(super) fn signed(&self, request: TransactionRequest, at: BlockId, earlier: u64) -> RpcResult<Transaction> {
        let from = self.sender(&request)?;
        let Some(signer) = self.devnet.dev_accounts().signer(from) else {
            if !self.devnet.chain().is_impersonated(from) {
                return Err(unknown_account(from));
            }
            return self.unsigned(request, from, at, earlier);
        };
        let mut transaction = self.filled(request, from, at, earlier)?;
        let signature = signer.sign_transaction_sync(&mut transaction).map_err(RpcError::internal)?;
        Ok(Recovered::new_unchecked(with_signature(transaction, signature), from))
    }

    /// A request with everything filled in, from an account whose key nobody needs.
    fn unsigned(
        &self,
        request: TransactionRequest,
        from: Address,
        at: BlockId,
        earlier: u64,
    ) -> RpcResult<Transaction> {
        let transaction = self.filled(request, from, at, earlier)?;
        // Stands for the sender, so that equal transactions of two have two hashes.
        let signature = Signature::new(U256::from_be_slice(from.as_slice()), U256::from(1), false);
        Ok(Recovered::new_unchecked(with_signature(transaction, signature), from))
    }

    /// `eth_sendUnsignedTransaction`: sends for any account, as if it were impersonated.
    pub(super) fn send_unsigned(&self) -> RpcResult<TxHash> {
        let request: TransactionRequest = self.params.required(0)?;
        let from = self.sender(&request)?;
        self.submit(self.unsigned(request, from, BlockId::pending(), 0)?)
    }

    /// Who is to send: the first development account unless the request says.
    fn sender(&self, request: &TransactionRequest) -> RpcResult<Address> {
        let first = || self.accounts().first().copied();
        request.from.or_else(first).ok_or_else(|| RpcError::invalid_params("no sender given"))
    }

    /// A request with nonce, fees, gas and chain id filled in.
    fn filled(
        &self,
        mut request: TransactionRequest,
        from: Address,
        at: BlockId,
        earlier: u64,
    ) -> RpcResult<TypedTransaction> {
        request.from = Some(from);
        let is_creation = request.to.is_none_or(|to| to.is_create());
        if is_creation && request.input.input().is_none_or(|code| code.is_empty()) {
            return Err(RpcError::failed("contract creation without any data provided"));
        }
        {
            let chain = self.devnet.chain();
            let (have, want) = (request.chain_id, chain.spec.chain_id);
            if let Some(have) = have.filter(|have| *have != want) {
                let message = format!("chainId does not match node's (have={have}, want={want})");
                return Err(RpcError::failed(message));
            }
            let number = chain.head().number() + 1;
            if chain.spec.is_eip155_active(number) {
                request.chain_id.get_or_insert(chain.spec.chain_id);
            }
            let past = chain.block(at).and_then(|block| chain.state_after(&block));
            let next = || match past {
                Some(state) => state.nonce(from),
                None => chain.pool.next_nonce(from, chain.state.nonce(from)),
            };
            request.nonce.get_or_insert_with(|| next() + earlier);
            if !chain.spec.is_london_active_at_block(number) && request.max_fee_per_gas.is_none() {
                request.gas_price.get_or_insert(SUGGESTED_TIP);
            }
            if request.gas_price.is_none() && request.max_fee_per_gas.is_none() {
                let tip = *request.max_priority_fee_per_gas.get_or_insert(SUGGESTED_TIP);
                request.max_fee_per_gas = Some(u128::from(chain.next_base_fee()) * 2 + tip);
            }
            if let Some(fee) = request.max_fee_per_gas {
                request.max_priority_fee_per_gas.get_or_insert(SUGGESTED_TIP.min(fee));
            }
        }
        if request.to.is_none() {
            request.to = Some(TxKind::Create);
        }
        if request.gas.is_none() {
            request.gas = Some(self.estimate(request.clone(), at, None, None)?);
        }
        request.build_consensus_tx().map_err(|error| RpcError::invalid_params(error.error.to_string()))
    }

    /// Signs a message as EIP-191 says; the two parameters come in either order.
    pub(super) fn sign(&self, message: usize, address: usize) -> RpcResult<Bytes> {
        let message = self.params.required::<Bytes>(message)?;
        let address = self.params.address(address)?;
        let signer = self.devnet.dev_accounts().signer(address).ok_or_else(|| unknown_account(address))?;
        let signature = signer.sign_message_sync(&message).map_err(RpcError::internal)?;
        Ok(signature.as_bytes().into())
    }

    /// Signs EIP-712 data.
    pub(super) fn sign_typed_data(&self) -> RpcResult<Bytes> {
        let address = self.params.address(0)?;
        let data = self.params.required::<TypedData>(1)?;
        let signer = self.devnet.dev_accounts().signer(address).ok_or_else(|| unknown_account(address))?;
        let hash = data.eip712_signing_hash().map_err(|error| RpcError::invalid_params(error.to_string()))?;
        let signature = signer.sign_hash_sync(&hash).map_err(RpcError::internal)?;
        Ok(signature.as_bytes().into())
    }
}

/// The signed transaction. Blobs are left behind.
pub(super) fn with_signature(transaction: TypedTransaction, signature: Signature) -> TxEnvelope {
    match transaction {
        EthereumTypedTransaction::Legacy(tx) => tx.into_signed(signature).into(),
        EthereumTypedTransaction::Eip2930(tx) => tx.into_signed(signature).into(),
        EthereumTypedTransaction::Eip1559(tx) => tx.into_signed(signature).into(),
        EthereumTypedTransaction::Eip4844(tx) => {
            let without_blobs: TxEip4844Variant = TxEip4844Variant::TxEip4844(tx.into());
            without_blobs.into_signed(signature).into()
        }
        EthereumTypedTransaction::Eip7702(tx) => tx.into_signed(signature).into(),
    }
}

/// Decodes a signed transaction and recovers its sender.
pub(crate) fn decode(raw: &Bytes) -> RpcResult<Transaction> {
    let envelope = TxEnvelope::decode_2718_exact(raw).map_err(|error| undecodable(raw, &error))?;
    // Blobs travel beside the chain, which keeps only what commits to them.
    let envelope = envelope.map_eip4844(|tx| TxEip4844Variant::TxEip4844(tx.into()));
    envelope.try_into_recovered().map_err(|_| RpcError::failed("invalid sender"))
}

/// Why bytes are no transaction, as geth words it.
fn undecodable(raw: &[u8], error: &Eip2718Error) -> RpcError {
    let message = match (raw, error) {
        ([] | [..=0x7f], _) => "typed transaction too short".to_owned(),
        ([0x00 | 0x05..=0x7f, ..], _) => "transaction type not supported".to_owned(),
        ([0x80..=0xbf, ..], _) => "rlp: expected input list for types.LegacyTx".to_owned(),
        (_, Eip2718Error::RlpError(error)) => format!("rlp: {error}"),
        _ => "rlp: too few elements for types.LegacyTx".to_owned(),
    };
    RpcError::failed(message)
}

fn unknown_account(address: Address) -> RpcError {
    RpcError::failed(format!("unknown account {address}: not a development account, and not impersonated"))
}
