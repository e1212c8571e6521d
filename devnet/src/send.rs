//! Signed transactions in bulk, without JSON around them.

use std::{num::NonZero, thread};

use alloy::primitives::{Bytes, TxHash};

use crate::{
    chain::{SubmitError, Transaction},
    devnet::Devnet,
    error::Error,
    rpc::{self, error::RpcError},
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
            let lost = || Err(Error::Transaction("the thread that read it ended".to_owned()));
            thread.join().unwrap_or_else(|_| part.iter().map(|_| lost()).collect())
        });
        joined.collect()
    })
}

fn decode(raw: &Bytes) -> Result<Transaction, Error> {
    rpc::decode(raw).map_err(|RpcError(error)| Error::Transaction(error.message.into_owned()))
}
