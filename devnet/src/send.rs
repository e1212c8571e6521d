//! Signed transactions in bulk, without JSON around them.

use alloy::primitives::{Bytes, TxHash};

use crate::{
    chain::{SubmitError, Transaction},
    cores,
    devnet::Devnet,
    error::Error,
    rpc::{self, error::RpcError},
};

impl Devnet {
    /// Takes signed transactions, EIP-2718 encoded, as `eth_sendRawTransaction` does; their hashes, each in its place.
    /// Signatures are recovered on all cores, before the chain is locked.
    ///
    /// # Errors
    /// Each by itself: [`Error::Transaction`], as `eth_sendRawTransaction` would tell it.
    pub fn send_raw(&self, encoded: &[Bytes]) -> Vec<Result<TxHash, Error>> {
        let lost = || Err(Error::Transaction("the thread that read it ended".to_owned()));
        let decoded = cores::map(encoded, decode, lost);
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

fn decode(raw: &Bytes) -> Result<Transaction, Error> {
    rpc::decode(raw).map_err(|RpcError(error)| Error::Transaction(error.message.into_owned()))
}
