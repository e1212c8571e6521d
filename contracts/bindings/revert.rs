//! Names the custom error behind a revert, whichever contract raised it.

use alloy::{
    primitives::{Bytes, hex},
    sol_types::{GenericContractError, SolInterface},
};

use crate::{
    IAgreementVerifier, ICourt, IExecutorRegistry, IJobRegistry, IModelRegistry, ISlashing, ISortition, IStaking,
};

/// A revert in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodedRevert {
    /// One of Infera's custom errors: its name with its values, as Rust's `Debug` prints them.
    Custom(String),
    /// Solidity's `Error(string)`.
    Message(String),
    /// Solidity's `Panic(uint256)`, in words.
    Panic(String),
    /// Nothing known: the raw data (empty when the call ran out of gas or reverted bare).
    Unknown(Bytes),
}

impl std::fmt::Display for DecodedRevert {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Custom(text) | Self::Message(text) | Self::Panic(text) => formatter.write_str(text),
            Self::Unknown(data) if data.is_empty() => formatter.write_str("reverted without data"),
            Self::Unknown(data) => write!(formatter, "unknown revert 0x{}", hex::encode(data)),
        }
    }
}

/// Decodes revert data by trying every interface's errors, then Solidity's own.
pub fn decode_revert(data: &[u8]) -> DecodedRevert {
    macro_rules! try_errors {
        ($($errors:path),* $(,)?) => {
            $(if let Ok(error) = <$errors>::abi_decode(data) {
                return DecodedRevert::Custom(error_text(&error));
            })*
        };
    }
    try_errors!(
        IJobRegistry::IJobRegistryErrors,
        IStaking::IStakingErrors,
        IExecutorRegistry::IExecutorRegistryErrors,
        IModelRegistry::IModelRegistryErrors,
        ISortition::ISortitionErrors,
        ISlashing::ISlashingErrors,
        IAgreementVerifier::IAgreementVerifierErrors,
        ICourt::ICourtErrors,
    );
    match GenericContractError::abi_decode(data) {
        Ok(GenericContractError::Revert(revert)) => DecodedRevert::Message(revert.reason),
        Ok(GenericContractError::Panic(panic)) => DecodedRevert::Panic(panic.to_string()),
        Err(_) => DecodedRevert::Unknown(Bytes::copy_from_slice(data)),
    }
}

/// `Variant(Variant { field: value })` as derived `Debug` prints an interface's error enum, less the doubled name.
fn error_text(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    match text.split_once('(') {
        Some((_, inner)) => inner.strip_suffix(')').unwrap_or(inner).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;
    use alloy::{primitives::U256, sol_types::SolError};

    #[test]
    fn a_custom_error_is_named_with_its_values() {
        let data = IJobRegistry::InsufficientPayment { required: U256::from(7), given: U256::from(3) }.abi_encode();
        let DecodedRevert::Custom(text) = decode_revert(&data) else { panic!("not recognised") };
        assert_eq!(text, "InsufficientPayment { required: 7, given: 3 }");
    }

    #[test]
    fn what_nobody_defines_stays_raw() {
        assert_eq!(decode_revert(&[1, 2, 3]), DecodedRevert::Unknown(Bytes::from_static(&[1, 2, 3])));
    }
}
