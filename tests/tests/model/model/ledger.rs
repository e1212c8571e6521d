//! What accounts own.

use std::collections::BTreeMap;

use alloy::primitives::Address;

/// Wei by account; those that are not named own nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(BTreeMap<Address, u128>);

impl Ledger {
    /// What an account owns from the start.
    pub(crate) fn open(&mut self, account: Address, wei: u128) {
        self.0.insert(account, wei);
    }

    /// Panics, by underflow, if the payer doesn't own as much.
    pub(crate) fn transfer(&mut self, from: Address, to: Address, wei: u128) {
        if wei == 0 {
            return;
        }
        let payer = self.0.get_mut(&from).expect("who pays is known");
        *payer -= wei;
        *self.0.entry(to).or_default() += wei;
    }

    pub(crate) fn of(&self, account: Address) -> u128 {
        self.0.get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = Address> + '_ {
        self.0.keys().copied()
    }
}
