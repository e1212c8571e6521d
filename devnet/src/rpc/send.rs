//! Sending and signing.

use std::time::Duration;

use alloy::{
    consensus::{
        EthereumTypedTransaction, SignableTransaction, TxEip4844Variant, TxEnvelope, TypedTransaction,
        transaction::Recovered,
    },
    dyn_abi::TypedData,
    eips::{BlockId, eip2718::Encodable2718},
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
    Call,
    error::{RpcError, RpcResult},
    fees::SUGGESTED_TIP,
    json,
    params::Params,
};
use crate::{chain::Transaction, devnet::Devnet};

/// A transaction and its encoding, as `eth_signTransaction` and `eth_fillTransaction` answer.
#[derive(Serialize)]
pub(super) struct Encoded<T> {
    raw: Bytes,
    tx: T,
}

/// How long `eth_sendRawTransactionSync` waits if nothing is said, and at most (geth's).
const PATIENCE: Duration = Duration::from_secs(20);
const MOST_PATIENCE: Duration = Duration::from_secs(60);

/// The code of EIP-7966 for a transaction that waits longer than its sender.
const NOT_MINED_IN_TIME: i64 = 4;

/// `eth_sendRawTransactionSync` (EIP-7966): sends, and answers with the receipt.
pub(super) async fn send_and_wait(devnet: &Devnet, params: Option<Box<RawValue>>) -> RpcResult<Box<RawValue>> {
    let sender = devnet.clone();
    let sent = tokio::task::spawn_blocking(move || -> RpcResult<_> {
        let call = Call { devnet: &sender, params: Params::parse(params.as_deref())? };
        let patience = call.params.optional::<U64>(1)?.map_or(PATIENCE, |given| Duration::from_millis(given.to()));
        Ok((call.send_raw()?, patience.min(MOST_PATIENCE)))
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
        let raw = self.params.required::<Bytes>(0)?;
        self.submit(decode(&raw)?)
    }

    pub(super) fn send(&self) -> RpcResult<TxHash> {
        self.submit(self.signed(self.params.required(0)?, BlockId::pending(), 0)?)
    }

    fn submit(&self, transaction: Transaction) -> RpcResult<TxHash> {
        let hash = self.devnet.change(|chain| chain.submit(transaction))?;
        if self.devnet.errors_for_reverted_sends() { self.succeeded(hash) } else { Ok(hash) }
    }

    pub(super) fn sign_transaction(&self) -> RpcResult<Encoded<TxEnvelope>> {
        let tx = self.signed(self.params.required(0)?, BlockId::pending(), 0)?.into_inner();
        Ok(Encoded { raw: tx.encoded_2718().into(), tx })
    }

    pub(super) fn fill_transaction(&self) -> RpcResult<Encoded<TypedTransaction>> {
        let request: TransactionRequest = self.params.required(0)?;
        let from = self.sender(&request)?;
        let tx = self.filled(request, from, BlockId::pending(), 0)?;
        Ok(Encoded { raw: tx.encoded_for_signing().into(), tx })
    }

    /// A request with everything filled in and signed, by a development key or for an impersonated account, to be mined
    /// in or after the block `at`, with `earlier` others of the sender's before it.
    pub(super) fn signed(&self, request: TransactionRequest, at: BlockId, earlier: u64) -> RpcResult<Transaction> {
        let from = self.sender(&request)?;
        let signer = self.devnet.dev_accounts().signer(from);
        if signer.is_none() && !self.devnet.chain().is_impersonated(from) {
            return Err(unknown_account(from));
        }
        let mut transaction = self.filled(request, from, at, earlier)?;
        let signature = match signer {
            Some(signer) => signer.sign_transaction_sync(&mut transaction).map_err(RpcError::internal)?,
            // Stands for the impersonated sender, so that equal transactions of two have two hashes.
            None => Signature::new(U256::from_be_slice(from.as_slice()), U256::from(1), false),
        };
        let envelope = with_signature(transaction, signature);
        Ok(Recovered::new_unchecked(envelope, from))
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
        {
            let chain = self.devnet.chain();
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
        let address = self.params.required::<Address>(address)?;
        let signer = self.devnet.dev_accounts().signer(address).ok_or_else(|| unknown_account(address))?;
        let signature = signer.sign_message_sync(&message).map_err(RpcError::internal)?;
        Ok(signature.as_bytes().into())
    }

    /// Signs EIP-712 data.
    pub(super) fn sign_typed_data(&self) -> RpcResult<Bytes> {
        let address = self.params.required::<Address>(0)?;
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
pub(super) fn decode(raw: &Bytes) -> RpcResult<Transaction> {
    crate::send::decode(raw).map_err(|error| RpcError::failed(error.to_string()))
}

fn unknown_account(address: Address) -> RpcError {
    RpcError::failed(format!("unknown account {address}: not a development account, and not impersonated"))
}
