//! Signed transactions in bulk, without JSON around them.

use std::{num::NonZero, thread};

use alloy::{
    consensus::{TxEip4844Variant, TxEnvelope, transaction::SignerRecoverable},
    eips::eip2718::Decodable2718,
    primitives::{Bytes, TxHash},
};

use crate::{
    chain::{SubmitError, Transaction},
    devnet::Devnet,
    error::Error,
};

/// From so many transactions on, their senders are recovered on all cores.
const WORTH_THREADS: usize = 32;

impl Devnet {
    /// Takes signed transactions, EIP-2718 encoded, as `eth_sendRawTransaction` does; their hashes, each in its place.
    /// Signatures are recovered on all cores, before the chain is locked.
    ///
    /// # Errors
    /// Each by itself: [`Error::Transaction`], as `eth_sendRawTransaction` would tell it.
    pub fn send_raw(&self, encoded: &[Bytes]) -> Vec<Result<TxHash, Error>> {
        let decoded = decode_all(encoded);
        self.change(|chain| chain.submit_all(decoded))
    }
}

impl From<SubmitError> for Error {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => Self::Transaction(rejection.to_string()),
            SubmitError::Chain(error) => error,
        }
    }
}

fn decode_all(encoded: &[Bytes]) -> Vec<Result<Transaction, Error>> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    if encoded.len() < WORTH_THREADS || cores == 1 {
        return encoded.iter().map(decode).collect();
    }
    let parts = encoded.chunks(encoded.len().div_ceil(cores));
    thread::scope(|scope| {
        let parts: Vec<_> =
            parts.map(|part| (part, scope.spawn(|| part.iter().map(decode).collect::<Vec<_>>()))).collect();
        let joined = parts.into_iter().flat_map(|(part, thread)| {
            thread.join().unwrap_or_else(|_| part.iter().map(|_| Err(unreadable("its thread ended"))).collect())
        });
        joined.collect()
    })
}

/// Decodes a signed transaction and recovers its sender.
fn decode(raw: &Bytes) -> Result<Transaction, Error> {
    let envelope = TxEnvelope::decode_2718_exact(raw).map_err(unreadable)?;
    // Blobs travel beside the chain, which keeps only what commits to them.
    let envelope = envelope.map_eip4844(|tx| TxEip4844Variant::TxEip4844(tx.into()));
    envelope.try_into_recovered().map_err(|_| unreadable("invalid sender"))
}

fn unreadable(reason: impl ToString) -> Error {
    Error::Transaction(reason.to_string())
}
