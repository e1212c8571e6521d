//! What the log says, one thing after the other.

use std::{collections::BTreeMap, sync::Arc};

use alloy::primitives::{B256, TxHash};

use crate::{
    chain::{Block, Blocks, Checkpoint, bounds},
    record::{BlockRecord, Reader, Undecodable, Writer, read_changes, write_changes},
    state::{State, StateChanges},
};

/// First bytes of records.
const BLOCK: u8 = 1;
const REMOVED: u8 = 2;
const STATE: u8 = 3;
const CHECKPOINT: u8 = 4;

/// A chain as it grows while its log is read. No state is made before the end is known.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    blocks: Vec<(B256, BlockRecord)>,
    /// Of the transactions of every block.
    hashes: Vec<Vec<TxHash>>,
    head: Option<(u64, B256)>,
    checkpoints: BTreeMap<u64, Checkpoint>,
    /// What was changed by hand since the head.
    by_hand: Vec<StateChanges>,
    /// Blocks that were read and taken back later.
    pub(super) removed: usize,
}

/// What a log told.
pub(super) struct Told {
    pub(super) blocks: Blocks,
    pub(super) hashes: Vec<Vec<TxHash>>,
    /// After the last block and all that was changed by hand since.
    pub(super) state: State,
}

/// A new head.
pub(super) fn write_block(block: &Block, out: &mut Writer) {
    out.byte(BLOCK);
    out.bytes(block.record().as_bytes());
}

/// The head was taken back.
pub(super) fn write_removed(out: &mut Writer) {
    out.byte(REMOVED);
}

/// The state was changed by hand, after the head or after what was written since.
pub(super) fn write_state(changes: &StateChanges, out: &mut Writer) {
    out.byte(STATE);
    write_changes(changes, out);
}

/// The whole state after block `number`.
pub(super) fn write_checkpoint(number: u64, checkpoint: &Checkpoint, out: &mut Writer) {
    out.byte(CHECKPOINT);
    out.number(number);
    out.0.extend_from_slice(checkpoint.hash.as_slice());
    out.bytes(&checkpoint.changes);
}

impl Replayed {
    pub(super) const fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Reads all records of a payload.
    pub(super) fn read(&mut self, payload: &[u8]) -> Result<(), Undecodable> {
        let mut reader = Reader::new(payload);
        while !reader.is_at_end() {
            match reader.byte()? {
                BLOCK => self.add(BlockRecord::from_bytes(reader.bytes()?))?,
                REMOVED => self.remove()?,
                STATE => self.by_hand.push(read_changes(&mut reader)?),
                CHECKPOINT => {
                    let number = reader.number()?;
                    let hash = B256::from_slice(reader.take(32)?);
                    self.checkpoints.insert(number, Checkpoint { hash, changes: Arc::from(reader.bytes()?) });
                }
                other => return Err(Undecodable(format!("there is no record of kind {other}"))),
            }
        }
        Ok(())
    }

    fn add(&mut self, record: BlockRecord) -> Result<(), Undecodable> {
        let (header, hash) = (record.header()?, record.hash()?);
        bounds::check(&header).map_err(Undecodable)?;
        if let Some((number, head)) = self.head
            && (header.number, header.parent_hash) != (number + 1, head)
        {
            return Err(Undecodable(format!("block {} does not follow the one before", header.number)));
        }
        self.hashes.push(record.transaction_hashes()?);
        self.blocks.push((hash, record));
        self.head = Some((header.number, hash));
        self.by_hand.clear();
        Ok(())
    }

    fn remove(&mut self) -> Result<(), Undecodable> {
        let (Some(_), Some((number, _))) = (self.blocks.pop(), self.head) else {
            return Err(Undecodable("a block is taken back before the first".to_owned()));
        };
        self.hashes.pop();
        self.head = self.blocks.last().map(|(hash, _)| (number.wrapping_sub(1), *hash));
        self.by_hand.clear();
        self.removed += 1;
        Ok(())
    }

    /// The chain at the end of the log.
    pub(super) fn finish(self) -> Result<Told, Undecodable> {
        let (Some((last, _)), Some(behind)) = (self.head, self.blocks.len().checked_sub(1)) else {
            return Err(Undecodable("it ends before its first block".to_owned()));
        };
        let first = last.wrapping_sub(behind as u64);
        let place = |number: u64| usize::try_from(number.wrapping_sub(first)).unwrap_or(usize::MAX);
        let of_this_chain = |place: usize, checkpoint: &Checkpoint| {
            self.blocks.get(place).is_some_and(|(hash, _)| *hash == checkpoint.hash)
        };
        let checkpoints: Vec<_> = self
            .checkpoints
            .into_iter()
            .map(|(number, checkpoint)| (place(number), checkpoint))
            .filter(|(place, checkpoint)| of_this_chain(*place, checkpoint))
            .collect();
        let blocks = Blocks::from_records(self.blocks, checkpoints)
            .ok_or_else(|| Undecodable("a block or a state can't be read".to_owned()))?;
        let head = blocks.head();
        // The checksums vouch for the file; this one for the reading of it.
        if head.state().is_some_and(|state| state.root() != head.header().state_root) {
            return Err(Undecodable(format!("the state after block {last} is not the one it had")));
        }
        let mut state = head.state().cloned().unwrap_or_default();
        for changes in self.by_hand {
            state.follow(changes);
        }
        Ok(Told { blocks, hashes: self.hashes, state })
    }
}
