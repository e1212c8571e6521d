//! What changed between two versions of the state, to be written down and applied again.

use alloy::primitives::{Address, Bytes, U256, keccak256};

use super::{Account, State, trie::Trie};

/// All accounts that differ between two versions of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StateChanges(pub(crate) Vec<(Address, AccountChange)>);

/// What became of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountChange {
    /// It is gone.
    Removed,
    /// It is new or different.
    Set {
        nonce: u64,
        /// In wei.
        balance: U256,
        /// If it changed.
        code: Option<Bytes>,
        /// Slots that changed, with their new values; zero where a slot was cleared.
        storage: Vec<(U256, U256)>,
    },
}

impl StateChanges {
    /// What leads from `old` to `new`.
    pub(crate) fn between(old: &State, new: &State) -> Self {
        let differences = old.accounts.differences(&new.accounts);
        let changes = differences.into_iter().filter_map(|(old, new)| match (old, new) {
            (Some(old), None) => Some((old.address, AccountChange::Removed)),
            (old, Some(new)) => Some((new.address, AccountChange::between(old, new)?)),
            (None, None) => None,
        });
        Self(changes.collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl AccountChange {
    fn between(old: Option<&Account>, new: &Account) -> Option<Self> {
        let none = Trie::default();
        let storage = old.map_or(&none, |old| &old.storage).differences(&new.storage);
        let storage: Vec<_> = storage
            .into_iter()
            .filter_map(|(old, new)| match (old, new) {
                (Some(old), Some(new)) => (old.value != new.value).then_some((new.key, new.value)),
                (None, Some(new)) => Some((new.key, new.value)),
                (old, None) => old.map(|old| (old.key, U256::ZERO)),
            })
            .collect();
        let fresh = Account::new(new.address);
        let before = old.unwrap_or(&fresh);
        let code = (before.code_hash != new.code_hash).then(|| new.code());
        let same = old.is_some() && (before.nonce, before.balance) == (new.nonce, new.balance);
        (!same || code.is_some() || !storage.is_empty()).then_some(Self::Set {
            nonce: new.nonce,
            balance: new.balance,
            code,
            storage,
        })
    }
}

impl State {
    /// Whether both are one version, as far as can be told at a glance.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.accounts.is_same(&other.accounts)
    }

    /// Follows `changes`, which lead from this version to another.
    pub(crate) fn follow(&mut self, changes: StateChanges) {
        for (address, change) in changes.0 {
            match change {
                AccountChange::Removed => {
                    self.accounts.remove(&keccak256(address));
                }
                AccountChange::Set { nonce, balance, code, storage } => {
                    self.put(address, nonce, balance, code, storage);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One change by hand: (account, what, key, value).
    type Step = (u8, u8, u8, u8);

    fn act(state: &mut State, (account, what, key, value): Step) {
        let address = Address::repeat_byte(account % 24);
        match what % 6 {
            0 => state.set_balance(address, U256::from(value)),
            1 => state.set_nonce(address, value.into()),
            2 => state.set_code(address, Bytes::from(vec![0x5b; usize::from(value % 3)])),
            3 => state.set_storage(address, U256::from(key % 32), U256::from(value % 2)),
            4 => {
                state.accounts.remove(&keccak256(address));
            }
            // Before EIP-161 there are empty accounts.
            _ => state.create(address),
        }
    }

    proptest! {
        #[test]
        fn changes_lead_from_any_state_to_any_later_one(
            first in prop::collection::vec(any::<Step>(), 0..200),
            second in prop::collection::vec(any::<Step>(), 0..60),
        ) {
            let mut old = State::default();
            first.into_iter().for_each(|step| act(&mut old, step));
            let mut new = old.clone();
            second.into_iter().for_each(|step| act(&mut new, step));
            for (from, to) in [(&old, &new), (&new, &old), (&State::default(), &new)] {
                let mut followed = from.clone();
                followed.follow(StateChanges::between(from, to));
                prop_assert_eq!(followed.root(), to.root());
                prop_assert!(StateChanges::between(&followed, to).is_empty());
            }
        }
    }

    #[test]
    fn a_change_names_only_what_changed() {
        let mut old = State::default();
        for byte in 0..100 {
            old.set_balance(Address::repeat_byte(byte), U256::from(7));
            old.set_storage(Address::repeat_byte(byte), U256::from(1), U256::from(2));
        }
        let mut new = old.clone();
        assert!(new.is_same(&old));
        new.set_storage(Address::repeat_byte(9), U256::from(3), U256::from(4));
        let set = AccountChange::Set {
            nonce: 0,
            balance: U256::from(7),
            code: None,
            storage: vec![(U256::from(3), U256::from(4))],
        };
        assert!(!new.is_same(&old));
        assert_eq!(StateChanges::between(&old, &new).0, [(Address::repeat_byte(9), set)]);
    }
}
