//! Who is who on a development network: every key comes from the chain's mnemonic, so nothing is secret and all is repeatable.

use alloy::{
    primitives::{Address, keccak256},
    signers::local::PrivateKeySigner,
};

use crate::{Error, Result};

/// A part that owns an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Deploys the contracts and publishes the model.
    Deployer,
    /// Asks for inference in the demo and in tests.
    Requester,
    /// Another one who asks, or who funds.
    Bystander,
    /// Owner (cold key) of the executor with this index.
    Owner(usize),
    /// Signer (hot key) of the executor with this index.
    Signer(usize),
}

/// Accounts that are no executor's.
const RESERVED: usize = 3;

impl Role {
    /// Index of the role's development account.
    pub fn account(self) -> usize {
        match self {
            Self::Deployer => 0,
            Self::Requester => 1,
            Self::Bystander => 2,
            Self::Owner(index) => RESERVED + 2 * index,
            Self::Signer(index) => RESERVED + 2 * index + 1,
        }
    }

    /// How many development accounts a network with so many executors needs.
    pub fn accounts(executors: usize) -> usize {
        RESERVED + 2 * executors
    }
}

/// The VRF key of the executor whose owner this is: from a development seed, as everything here.
pub(crate) fn vrf_key(owner: Address) -> Result<PrivateKeySigner> {
    let secret = keccak256([b"infera-network vrf".as_slice(), owner.as_slice()].concat());
    PrivateKeySigner::from_bytes(&secret).map_err(|error| Error::Unknown(error.to_string()))
}
