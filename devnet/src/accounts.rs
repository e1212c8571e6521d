//! The development accounts: keys the chain knows and signs with.

use alloy::{
    primitives::Address,
    signers::local::{MnemonicBuilder, PrivateKeySigner},
};

use crate::error::Error;

/// Keys at `m/44'/60'/0'/0/{index}` of one mnemonic.
#[derive(Clone, Debug)]
pub(crate) struct DevAccounts {
    signers: Vec<PrivateKeySigner>,
}

impl DevAccounts {
    /// Derives the first `count` keys of `mnemonic`.
    pub(crate) fn derive(mnemonic: &str, count: u32) -> Result<Self, Error> {
        let signers = MnemonicBuilder::from_phrase(mnemonic)
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
