//! Positional parameters, read as strictly as geth reads them.

use std::fmt::Display;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, FixedBytes, hex},
    serde::JsonStorageKey,
};
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
        Self::read(index, self.values.get(index).ok_or_else(|| missing(index))?)
    }

    /// The parameter at `index`, if it is there and not null.
    pub(crate) fn optional<T: DeserializeOwned>(&self, index: usize) -> RpcResult<Option<T>> {
        match self.values.get(index) {
            Some(value) if value.get() != "null" => Self::read(index, value).map(Some),
            _ => Ok(None),
        }
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.values.len()
    }

    /// Bytes in hex at `index`.
    pub(crate) fn bytes(&self, index: usize) -> RpcResult<Bytes> {
        let text = self.required::<String>(index)?;
        let digits = digits(&text).map_err(|reason| invalid(index, reason))?;
        hex::decode(digits).map(Bytes::from).map_err(|_| invalid(index, "invalid hex string"))
    }

    /// An address at `index`: with a prefix, and of the right length.
    pub(crate) fn address(&self, index: usize) -> RpcResult<Address> {
        self.fixed(index).map(Address)
    }

    /// A hash at `index`: with a prefix, and of the right length.
    pub(crate) fn hash(&self, index: usize) -> RpcResult<B256> {
        self.fixed(index)
    }

    fn fixed<const LENGTH: usize>(&self, index: usize) -> RpcResult<FixedBytes<LENGTH>> {
        let text = self.required::<String>(index)?;
        let digits = digits(&text).map_err(|reason| invalid(index, reason))?;
        if digits.len() != LENGTH * 2 {
            let reason = format!("hex string has length {}, want {}", digits.len(), LENGTH * 2);
            return Err(invalid(index, reason));
        }
        let mut bytes = [0; LENGTH];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| invalid(index, "invalid hex string"))?;
        Ok(bytes.into())
    }

    /// A number at `index`: in hex, with a prefix and without leading zeros.
    pub(crate) fn quantity(&self, index: usize) -> RpcResult<u64> {
        quantity(&self.required::<String>(index)?).map_err(|reason| invalid(index, reason))
    }

    /// The block that the parameter at `index` names, by a tag, a number, a hash or as EIP-1898 has it.
    pub(crate) fn block(&self, index: usize) -> RpcResult<BlockId> {
        let value: &RawValue = self.values.get(index).ok_or_else(|| missing(index))?;
        if value.get().starts_with('{') {
            return Self::read(index, value);
        }
        let text: String = Self::read(index, value)?;
        if text.len() == 66 {
            return self.hash(index).map(BlockId::from);
        }
        tag_or_number(&text).map(BlockId::from).map_err(|reason| invalid(index, reason))
    }

    /// Like [`Self::block`]; the latest block where nothing is said.
    pub(crate) fn block_or_latest(&self, index: usize) -> RpcResult<BlockId> {
        match self.values.get(index) {
            Some(value) if value.get() != "null" => self.block(index),
            _ => Ok(BlockId::latest()),
        }
    }

    /// The block that the parameter at `index` names, by a tag or a number.
    pub(crate) fn block_number(&self, index: usize) -> RpcResult<BlockNumberOrTag> {
        tag_or_number(&self.required::<String>(index)?).map_err(|reason| invalid(index, reason))
    }

    fn read<T: DeserializeOwned>(index: usize, value: &RawValue) -> RpcResult<T> {
        serde_json::from_str(value.get()).map_err(|error| {
            let error = error.to_string();
            // Where in the one value is of no use to whoever sent many.
            let reason = error.rsplit_once(" at line ").map_or(error.as_str(), |(reason, _)| reason);
            invalid(index, reason)
        })
    }
}

/// A storage slot as `eth_getStorageAt` and `eth_getProof` take it: up to 32 bytes of hex. It goes back as it came.
pub(crate) fn storage_key(text: &str) -> RpcResult<JsonStorageKey> {
    let wrong = |reason| RpcError::invalid_params(format!("unable to decode storage key: {reason}"));
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.len() > 64 {
        return Err(wrong("hex string too long, want at most 32 bytes"));
    }
    let padded = format!("{digits:0>64}");
    let mut bytes = [0; 32];
    hex::decode_to_slice(&padded, &mut bytes).map_err(|_| wrong("hex string invalid"))?;
    Ok(match digits.len() {
        64 => JsonStorageKey::Hash(bytes.into()),
        _ => JsonStorageKey::Number(B256::from(bytes).into()),
    })
}

fn tag_or_number(text: &str) -> Result<BlockNumberOrTag, &'static str> {
    match text {
        "latest" | "pending" | "earliest" | "safe" | "finalized" => text.parse().map_err(|_| "unknown tag"),
        number => quantity(number).map(BlockNumberOrTag::Number),
    }
}

fn quantity(text: &str) -> Result<u64, &'static str> {
    match text.strip_prefix("0x") {
        None => Err("hex string without 0x prefix"),
        Some("") => Err("hex string \"0x\""),
        Some(digits) if digits.len() > 1 && digits.starts_with('0') => Err("hex number with leading zero digits"),
        Some(digits) if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => Err("invalid hex string"),
        Some(digits) => u64::from_str_radix(digits, 16).map_err(|_| "hex number > 64 bits"),
    }
}

/// An even number of digits behind a prefix.
fn digits(text: &str) -> Result<&str, &'static str> {
    let digits = text.strip_prefix("0x").ok_or("hex string without 0x prefix")?;
    if digits.len() % 2 == 1 { Err("hex string of odd length") } else { Ok(digits) }
}

fn invalid(index: usize, reason: impl Display) -> RpcError {
    RpcError::invalid_params(format!("invalid argument {index}: {reason}"))
}

fn missing(index: usize) -> RpcError {
    RpcError::invalid_params(format!("missing value for required argument {index}"))
}
