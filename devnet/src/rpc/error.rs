//! JSON-RPC errors, with geth's codes and words.

use std::borrow::Cow;

use alloy::{
    primitives::{Bytes, hex},
    rpc::json_rpc::ErrorPayload,
    sol_types::{Panic, Revert, SolError},
};
use serde_json::value::to_raw_value;

use crate::chain::{Rejection, SubmitError};

/// An error as it goes to the client.
#[derive(Clone, Debug)]
pub(crate) struct RpcError(pub(crate) ErrorPayload);

/// What a method answers.
pub(crate) type RpcResult<T> = Result<T, RpcError>;

impl RpcError {
    /// With a code of a method's own.
    pub(super) fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self(ErrorPayload { code, message: message.into(), data: None })
    }

    /// The request was understood and failed (−32000).
    pub(crate) fn failed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(-32000, message)
    }

    /// The parameters are not what the method takes (−32602).
    pub(crate) fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(-32602, message)
    }

    /// There is no such method (−32601).
    pub(crate) fn method_not_found(method: &str) -> Self {
        Self::new(-32601, format!("the method {method} does not exist/is not available"))
    }

    /// A subscription over a transport that can't carry it (geth's words and code).
    pub(crate) fn no_notifications() -> Self {
        Self::new(-32601, "notifications not supported")
    }

    /// It isn't a request (−32600).
    pub(crate) fn invalid_request() -> Self {
        Self::new(-32600, "invalid request")
    }

    /// More requests in one batch than are taken (−32600, geth's words).
    pub(crate) fn batch_too_large() -> Self {
        Self::new(-32600, "batch too large")
    }

    /// The answers to a batch are too long to go on (−32003, geth's words and code).
    pub(crate) fn response_too_large() -> Self {
        Self::new(-32003, "response too large")
    }

    /// It isn't JSON (−32700).
    pub(crate) fn parse_error() -> Self {
        Self::new(-32700, "parse error")
    }

    /// Our own failure (−32603).
    pub(crate) fn internal(error: impl ToString) -> Self {
        Self::new(-32603, error.to_string())
    }

    /// The code ran and reverted (3), with what it returned.
    pub(crate) fn reverted(output: &Bytes) -> Self {
        let message = match revert_reason(output) {
            Some(reason) => format!("execution reverted: {reason}"),
            None => "execution reverted".to_owned(),
        };
        let mut error = Self::new(3, message);
        error.0.data = to_raw_value(&hex::encode_prefixed(output)).ok();
        error
    }
}

/// Words for Solidity's two own errors, as geth's.
fn revert_reason(output: &[u8]) -> Option<String> {
    if let Ok(revert) = Revert::abi_decode(output) {
        return Some(revert.reason);
    }
    let code = Panic::abi_decode(output).ok()?.code;
    let known = match code.try_into().unwrap_or(u8::MAX) {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return Some(format!("unknown panic code: {code:#x}")),
    };
    Some(known.to_owned())
}

impl From<Rejection> for RpcError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            // To geth, the chain id is a matter of who signed.
            Rejection::ChainId { .. } => Self::failed(format!("invalid sender: {rejection}")),
            rejection => Self::failed(rejection.to_string()),
        }
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::Chain(error) => error.into(),
        }
    }
}

impl From<crate::Error> for RpcError {
    fn from(error: crate::Error) -> Self {
        Self::failed(error.to_string())
    }
}
