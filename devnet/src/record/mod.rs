//! Blocks and state changes as compact bytes: what is kept of old blocks in memory, and what the block log holds.

mod block;
mod changes;
mod codec;

pub(crate) use self::{
    block::BlockRecord,
    changes::{read_changes, write_changes},
    codec::{Reader, Undecodable, Writer},
};
