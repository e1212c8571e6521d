//! What can go wrong between a client and the chain.

use std::{path::PathBuf, time::Duration};

use alloy::{
    primitives::{Address, B256, U256, utils::format_ether},
    transports::{RpcError, TransportErrorKind},
};
use infera_contracts::{DecodedRevert, creation::ArtifactError, decode_revert};

/// Result of an SDK call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an SDK call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// When the RPC endpoint does not answer, or answers what is not JSON-RPC.
    #[error("the RPC endpoint does not answer ({0}); check that the node runs and that the URL is right")]
    Transport(String),
    /// When the node answers with an error that is no revert.
    #[error("the node refused the call: {message} (code {code})")]
    Node {
        /// JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// When a contract refused: the custom error with its values.
    #[error("{action} was refused by the contract: {reason}")]
    Reverted {
        /// What was being done.
        action: String,
        /// The contract's reason.
        reason: DecodedRevert,
    },
    /// When an account cannot pay for a transaction; nothing was sent.
    #[error(
        "{action} may cost up to {} INFER, but {account} owns {} INFER: send it more",
        format_ether(U256::from(*needed)), format_ether(U256::from(*owned))
    )]
    InsufficientFunds {
        /// What was to be done.
        action: String,
        /// Who was to pay.
        account: Address,
        /// Highest cost with gas, in wei.
        needed: u128,
        /// Balance, in wei.
        owned: u128,
    },
    /// When a transaction was included but failed, and a repeat of the call does not say why.
    #[error("{action} failed in transaction {transaction}; `cast run {transaction}` shows where")]
    TransactionFailed {
        /// What was being done.
        action: String,
        /// The failed transaction.
        transaction: B256,
    },
    /// When a transaction was sent but no receipt came in time. It may still be included.
    #[error("no receipt for {action} ({transaction}) within {waited:?}; it may still be included")]
    NoReceipt {
        /// What was being done.
        action: String,
        /// The transaction that was sent.
        transaction: B256,
        /// How long the receipt was awaited.
        waited: Duration,
    },
    /// When a job did not reach a final phase in time.
    #[error("job {job} is not final after {waited:?}; `infera explain {job}` tells what it waits for")]
    JobNotFinal {
        /// The job.
        job: B256,
        /// How long it was followed.
        waited: Duration,
    },
    /// When an answer of the chain has not the expected shape: the address holds another contract, or none.
    #[error("{what} at {address} did not answer as expected ({detail}); is the deployment file of this chain?")]
    UnexpectedAnswer {
        /// The contract that was asked.
        what: &'static str,
        /// Where it was expected.
        address: Address,
        /// What came instead.
        detail: String,
    },
    /// When what the caller asks for makes no sense; says what and how to mend it.
    #[error("{0}")]
    Invalid(String),
    /// When a committed artifact is damaged.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// When a key or password file cannot be used.
    #[error("the key file {path} cannot be used: {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without repeating its content.
        reason: String,
    },
    /// When a deployment or parameter file is not what it should be.
    #[error("{name} is not valid: {reason}")]
    File {
        /// The file or preset.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Transport(_) | Self::NoReceipt { .. })
    }

    /// Turns an RPC failure into an error; `action` says what was being done, in the words of a user.
    pub fn from_rpc(action: impl Into<String>, error: RpcError<TransportErrorKind>) -> Self {
        match error {
            RpcError::ErrorResp(payload) => {
                let reverted = payload.code == 3 || payload.message.contains("revert");
                match payload.as_revert_data() {
                    Some(data) => Self::Reverted { action: action.into(), reason: decode_revert(&data) },
                    None if reverted => Self::Reverted { action: action.into(), reason: decode_revert(&[]) },
                    None => Self::Node { code: payload.code, message: payload.message.into_owned() },
                }
            }
            other => Self::Transport(other.to_string()),
        }
    }

    /// Turns a failed contract call into an error.
    pub fn from_call(
        what: &'static str,
        address: Address,
        action: impl Into<String>,
        error: alloy::contract::Error,
    ) -> Self {
        match error {
            alloy::contract::Error::TransportError(error) => Self::from_rpc(action, error),
            other => Self::UnexpectedAnswer { what, address, detail: other.to_string() },
        }
    }
}
