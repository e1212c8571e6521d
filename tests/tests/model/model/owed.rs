//! Credits of the contracts that count all that they owe: the desk and the court.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, U256},
    sol_types::SolEvent,
};
use infera_contracts::IJobDesk;

use super::{
    Model,
    outcome::{Result, ensure},
};

/// What one of them owes, in wei.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owed {
    credits: BTreeMap<Address, u128>,
    /// All credits, and what isn't anybody's credit yet.
    pub(crate) liabilities: u128,
}

impl Owed {
    /// Makes a credit of what is owed already.
    pub(super) fn credit(&mut self, account: Address, wei: u128) {
        if wei != 0 {
            *self.credits.entry(account).or_default() += wei;
        }
    }

    pub(crate) fn of(&self, account: Address) -> u128 {
        self.credits.get(&account).copied().unwrap_or_default()
    }
}

impl Model {
    /// Pays a credit out. `owed` are the books of the contract.
    pub(super) fn withdraw_owed(
        &mut self,
        contract: Address,
        owed: impl Fn(&mut Self) -> &mut Owed,
        account: Address,
    ) -> Result<()> {
        let owed = owed(self);
        let wei = owed.credits.remove(&account).unwrap_or_default();
        ensure(wei != 0, || IJobDesk::NothingToWithdraw { account })?;
        owed.liabilities -= wei;
        self.emit(contract, IJobDesk::Withdrawn { account, amount: U256::from(wei) }.encode_log_data());
        self.pay_from(contract, account, wei)
    }

    /// Sends wei that the contract doesn't owe any more.
    pub(super) fn pay_from(&mut self, contract: Address, account: Address, wei: u128) -> Result<()> {
        let amount = U256::from(wei);
        ensure(self.takes_money(account), || IJobDesk::TransferFailed { account, amount })?;
        self.ledger.transfer(contract, account, wei);
        Ok(())
    }
}
