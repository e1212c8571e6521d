//! Positional parameters.

use alloy::primitives::{Bytes, hex};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::{RpcError, RpcResult};

/// The parameters of one call.
#[derive(Default)]
pub(crate) struct Params {
    values: Vec<Box<RawValue>>,
}

impl Params {
    /// Takes a list, nothing, or one object, which counts as a list of one.
    pub(crate) fn parse(raw: Option<&RawValue>) -> RpcResult<Self> {
        let values = match raw.map(RawValue::get) {
            None | Some("null") => Vec::new(),
            Some(text) if text.starts_with('[') => {
                serde_json::from_str(text).map_err(|error| RpcError::invalid_params(error.to_string()))?
            }
            Some(text) if text.starts_with('{') => raw.map(ToOwned::to_owned).into_iter().collect(),
            Some(_) => return Err(RpcError::invalid_params("non-array args")),
        };
        Ok(Self { values })
    }

    /// The parameter at `index`, which must be there.
    pub(crate) fn required<T: DeserializeOwned>(&self, index: usize) -> RpcResult<T> {
        let value = self
            .values
            .get(index)
            .ok_or_else(|| RpcError::invalid_params(format!("missing value for required argument {index}")))?;
        Self::read(index, value)
    }

    /// The parameter at `index`, if it is there and not null.
    pub(crate) fn optional<T: DeserializeOwned>(&self, index: usize) -> RpcResult<Option<T>> {
        match self.values.get(index) {
            Some(value) if value.get() != "null" => Self::read(index, value).map(Some),
            _ => Ok(None),
        }
    }

    /// Bytes in hex at `index`, as strictly as geth reads them.
    pub(crate) fn bytes(&self, index: usize) -> RpcResult<Bytes> {
        let text = self.required::<String>(index)?;
        let wrong = |reason: &str| RpcError::invalid_params(format!("invalid argument {index}: {reason}"));
        let Some(digits) = text.strip_prefix("0x") else { return Err(wrong("hex string without 0x prefix")) };
        if digits.len() % 2 == 1 {
            return Err(wrong("hex string of odd length"));
        }
        hex::decode(digits).map(Bytes::from).map_err(|_| wrong("invalid hex string"))
    }

    fn read<T: DeserializeOwned>(index: usize, value: &RawValue) -> RpcResult<T> {
        serde_json::from_str(value.get())
            .map_err(|error| RpcError::invalid_params(format!("invalid argument {index}: {error}")))
    }
}
