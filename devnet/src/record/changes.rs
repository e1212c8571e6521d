//! State changes as bytes.

use alloy::primitives::Address;

use super::codec::{Reader, Undecodable, Writer};
use crate::state::{AccountChange, StateChanges};

/// First bytes of account changes.
const REMOVED: u8 = 0;
const SET: u8 = 1;
const SET_WITH_CODE: u8 = 2;

pub(crate) fn write_changes(changes: &StateChanges, out: &mut Writer) {
    out.length(changes.0.len());
    for (address, change) in &changes.0 {
        out.address(*address);
        let AccountChange::Set { nonce, balance, code, storage } = change else {
            out.byte(REMOVED);
            continue;
        };
        out.byte(if code.is_some() { SET_WITH_CODE } else { SET });
        out.number(*nonce);
        out.word(*balance);
        if let Some(code) = code {
            out.bytes(code);
        }
        out.length(storage.len());
        for (key, value) in storage {
            out.word(*key);
            out.word(*value);
        }
    }
}

pub(crate) fn read_changes(reader: &mut Reader<'_>) -> Result<StateChanges, Undecodable> {
    let mut changes: Vec<(Address, AccountChange)> = Vec::new();
    for _ in 0..reader.length()? {
        let address = reader.address()?;
        let with_code = match reader.byte()? {
            REMOVED => {
                changes.push((address, AccountChange::Removed));
                continue;
            }
            SET => false,
            SET_WITH_CODE => true,
            other => return Err(Undecodable(format!("there is no account change of kind {other}"))),
        };
        let (nonce, balance) = (reader.number()?, reader.word()?);
        let code = with_code.then(|| reader.owned_bytes()).transpose()?;
        let mut storage = Vec::new();
        for _ in 0..reader.length()? {
            storage.push((reader.word()?, reader.word()?));
        }
        changes.push((address, AccountChange::Set { nonce, balance, code, storage }));
    }
    Ok(StateChanges(changes))
}
