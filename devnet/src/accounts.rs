//! The development accounts: keys the chain knows and signs with.

use alloy::{
    primitives::Address,
    signers::local::{MnemonicBuilder, PrivateKeySigner},
};

use crate::error::Error;

/// Keys of one mnemonic that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct DevAccounts {
    signers: Vec<PrivateKeySigner>,
}

impl DevAccounts {
    /// Derives the first `count` keys of `mnemonic` at `path`, to which the index is appended.
    pub(crate) fn derive(mnemonic: &str, path: &str, count: u32) -> Result<Self, Error> {
        let parent = path.trim_end_matches('/');
        let signers = MnemonicBuilder::from_phrase(mnemonic)
            .derivation_path(format!("{parent}/0"))
            .map_err(|error| Error::DerivationPath { path: path.to_owned(), reason: error.to_string() })?
            .build_parent_key()
            .map_err(|error| Error::Mnemonic(error.to_string()))?
            .children()
            .take(count as usize)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::Mnemonic(error.to_string()))?;
        Ok(Self { signers })
    }

    pub(crate) fn signers(&self) -> &[PrivateKeySigner] {
        &self.signers
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.signers.iter().map(PrivateKeySigner::address)
    }

    /// The key of `address`, if it is one of ours.
    pub(crate) fn signer(&self, address: Address) -> Option<&PrivateKeySigner> {
        self.signers.iter().find(|signer| signer.address() == address)
    }
}
