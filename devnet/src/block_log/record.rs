//! What the log says, one thing after the other.

use alloy::{
    consensus::{
        Eip658Value, Header, Receipt, ReceiptEnvelope, Sealable, TxEnvelope, TxReceipt, TxType, transaction::Recovered,
    },
    eips::eip2718::{Decodable2718, Encodable2718},
    primitives::{Address, B256, Log},
    rlp::Decodable,
};

use super::codec::{Reader, Undecodable, Writer};
use crate::{
    chain::{Block, States},
    state::{AccountChange, State, StateChanges},
};

/// First bytes of records.
const BLOCK: u8 = 1;
const BLOCK_WITHOUT_STATES: u8 = 2;
const REMOVED: u8 = 3;
const STATE: u8 = 4;

/// First bytes of account changes.
const ACCOUNT_REMOVED: u8 = 0;
const ACCOUNT_SET: u8 = 1;
const ACCOUNT_SET_WITH_CODE: u8 = 2;

/// First bytes of a receipt's outcome.
const FAILED: u8 = 0;
const SUCCEEDED: u8 = 1;
const POST_STATE: u8 = 2;

/// A chain as it grows while its log is read.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) blocks: Vec<Block>,
    /// After all that was read.
    pub(super) state: State,
    /// Blocks that were read and taken back later.
    pub(super) removed: usize,
}

/// A new head, on top of the state that was written last; that becomes the block's.
pub(super) fn write_block(block: &Block, state: &mut State, out: &mut Writer) {
    out.byte(if block.states.is_some() { BLOCK } else { BLOCK_WITHOUT_STATES });
    out.bytes(&alloy::rlp::encode(block.header().inner()));
    out.length(block.transactions.len());
    for (transaction, receipt) in block.transactions.iter().zip(&block.receipts) {
        // The sender also where it can be recovered: that takes long, and an impersonated account has no signature.
        out.address(transaction.signer());
        out.bytes(&transaction.encoded_2718());
        write_receipt(receipt, out);
    }
    if let Some(states) = &block.states {
        write_changes(&StateChanges::between(state, &states.before), out);
        write_changes(&StateChanges::between(&states.before, &states.after), out);
        *state = states.after.clone();
    }
}

/// The head was taken back. The state is said apart.
pub(super) fn write_removed(out: &mut Writer) {
    out.byte(REMOVED);
}

/// The state was changed by hand.
pub(super) fn write_state(changes: &StateChanges, out: &mut Writer) {
    out.byte(STATE);
    write_changes(changes, out);
}

impl Replayed {
    /// Reads all records of a payload.
    pub(super) fn read(&mut self, payload: &[u8]) -> Result<(), Undecodable> {
        let mut reader = Reader::new(payload);
        while !reader.is_at_end() {
            match reader.byte()? {
                BLOCK => {
                    let block = self.read_block(&mut reader, true)?;
                    self.blocks.push(block);
                }
                BLOCK_WITHOUT_STATES => {
                    let block = self.read_block(&mut reader, false)?;
                    self.blocks.push(block);
                }
                REMOVED => {
                    self.blocks
                        .pop()
                        .ok_or_else(|| Undecodable("a block is taken back before the first".to_owned()))?;
                    self.removed += 1;
                }
                STATE => self.state.follow(read_changes(&mut reader)?),
                other => return Err(Undecodable(format!("there is no record of kind {other}"))),
            }
        }
        Ok(())
    }

    fn read_block(&mut self, reader: &mut Reader<'_>, with_states: bool) -> Result<Block, Undecodable> {
        let header = Header::decode(&mut reader.bytes()?).map_err(undecodable)?.seal_slow();
        if let Some(head) = self.blocks.last()
            && (head.hash(), head.number() + 1) != (header.parent_hash, header.number)
        {
            return Err(Undecodable(format!("block {} does not follow the one before", header.number)));
        }
        let (mut transactions, mut receipts) = (Vec::new(), Vec::new());
        for _ in 0..reader.length()? {
            let sender = reader.address()?;
            let transaction = TxEnvelope::decode_2718_exact(reader.bytes()?).map_err(undecodable)?;
            receipts.push(read_receipt(transaction.tx_type(), reader)?);
            transactions.push(Recovered::new_unchecked(transaction, sender));
        }
        let mut states = None;
        if with_states {
            self.state.follow(read_changes(reader)?);
            let before = self.state.clone();
            self.state.follow(read_changes(reader)?);
            states = Some(States { before, after: self.state.clone() });
        }
        Ok(Block::new(header, transactions, receipts, states))
    }
}

/// Without its bloom, which follows from the logs.
fn write_receipt(receipt: &ReceiptEnvelope, out: &mut Writer) {
    match receipt.status_or_post_state() {
        Eip658Value::Eip658(false) => out.byte(FAILED),
        Eip658Value::Eip658(true) => out.byte(SUCCEEDED),
        Eip658Value::PostState(root) => {
            out.byte(POST_STATE);
            out.bytes(root.as_slice());
        }
    }
    out.number(receipt.cumulative_gas_used());
    let mut logs = Vec::new();
    alloy::rlp::encode_list::<Log, Log>(receipt.logs(), &mut logs);
    out.bytes(&logs);
}

fn read_receipt(kind: TxType, reader: &mut Reader<'_>) -> Result<ReceiptEnvelope, Undecodable> {
    let status = match reader.byte()? {
        FAILED => Eip658Value::Eip658(false),
        SUCCEEDED => Eip658Value::Eip658(true),
        POST_STATE => Eip658Value::PostState(B256::try_from(reader.bytes()?).map_err(undecodable)?),
        other => return Err(Undecodable(format!("there is no outcome of kind {other}"))),
    };
    let cumulative_gas_used = reader.number()?;
    let logs = Vec::<Log>::decode(&mut reader.bytes()?).map_err(undecodable)?;
    Ok(ReceiptEnvelope::from_typed(kind, Receipt { status, cumulative_gas_used, logs }))
}

fn write_changes(changes: &StateChanges, out: &mut Writer) {
    out.length(changes.0.len());
    for (address, change) in &changes.0 {
        out.address(*address);
        let AccountChange::Set { nonce, balance, code, storage } = change else {
            out.byte(ACCOUNT_REMOVED);
            continue;
        };
        out.byte(if code.is_some() { ACCOUNT_SET_WITH_CODE } else { ACCOUNT_SET });
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

fn read_changes(reader: &mut Reader<'_>) -> Result<StateChanges, Undecodable> {
    let mut changes: Vec<(Address, AccountChange)> = Vec::new();
    for _ in 0..reader.length()? {
        let address = reader.address()?;
        let with_code = match reader.byte()? {
            ACCOUNT_REMOVED => {
                changes.push((address, AccountChange::Removed));
                continue;
            }
            ACCOUNT_SET => false,
            ACCOUNT_SET_WITH_CODE => true,
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

fn undecodable(error: impl ToString) -> Undecodable {
    Undecodable(error.to_string())
}
