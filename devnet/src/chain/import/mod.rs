//! Blocks from elsewhere, on top of the head: every rule of Ethereum is checked but the proof-of-work seal, and that a
//! block is not from the future.

pub(super) mod body;
mod execute;
mod header;
mod uncles;

use std::{fmt::Display, sync::Arc};

use alloy::{
    consensus::{Block as ConsensusBlock, Sealable, TxEnvelope},
    primitives::B256,
};

use super::Chain;
use crate::error::Error;

/// Why a block can't follow the head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Invalid {
    /// A header field is not what follows from the rest.
    #[error("its {field} is {have}, must be {want}")]
    Field { field: &'static str, have: String, want: String },
    /// A field came with a later fork.
    #[error("it has no {0}, which its fork demands")]
    Missing(&'static str),
    #[error("it has a {0}, which its fork does not know")]
    Unexpected(&'static str),
    #[error("uncle {index}: {reason}")]
    Uncle { index: usize, reason: String },
    #[error("transaction {index}: {reason}")]
    Transaction { index: usize, reason: String },
    /// It can't be told, or could not be executed as a whole.
    #[error("{0}")]
    Other(String),
}

/// Whether a block was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Imported {
    Added,
    /// It is part of the chain already.
    Known,
}

/// Demands that a header field be what follows from the rest.
fn demand<T: PartialEq + Display>(field: &'static str, have: T, want: T) -> Result<(), Invalid> {
    if have == want {
        return Ok(());
    }
    Err(Invalid::Field { field, have: have.to_string(), want: want.to_string() })
}

/// Demands that a field be there or not.
fn demand_presence<T>(field: &'static str, have: &Option<T>, wanted: bool) -> Result<(), Invalid> {
    match (have.is_some(), wanted) {
        (true, false) => Err(Invalid::Unexpected(field)),
        (false, true) => Err(Invalid::Missing(field)),
        _ => Ok(()),
    }
}

impl Chain {
    /// Makes `block` the new head. What was changed by hand since the last one is lost. On an error the chain is
    /// unchanged.
    pub(crate) fn import(&mut self, block: ConsensusBlock<TxEnvelope>) -> Result<Imported, Invalid> {
        let size = alloy::rlp::Encodable::length(&block);
        let ConsensusBlock { header, body } = block;
        let header = header.seal_slow();
        if self.number_by_hash.contains_key(&header.hash()) {
            return Ok(Imported::Known);
        }
        let head = self.head().clone();
        if header.number == self.first_number() {
            demand("hash", header.hash(), self.first_hash())?;
        }
        demand("parent", header.parent_hash, head.hash())?;
        header::check(&self.spec, head.header(), &header)?;
        header::check_gas_limit(&self.spec, head.header(), &header)?;
        body::check(&self.spec, &header, &body, size)?;
        self.check_uncles(&header, &body.ommers)?;
        let transactions = body::recover(&self.spec, header.number, body.transactions)?;
        let block = execute::execute(self, &head, header, transactions, body.ommers, body.withdrawals)?;
        self.gas_limit = block.header().gas_limit;
        self.push(Arc::new(block));
        self.prune();
        Ok(Imported::Added)
    }

    fn first_hash(&self) -> B256 {
        self.blocks.hash(self.first_number()).unwrap_or_default()
    }
}

/// Reads blocks one behind the other and hands them to `import`; how many of them were new.
pub(crate) fn read_blocks(
    bytes: &[u8],
    mut import: impl FnMut(ConsensusBlock<TxEnvelope>) -> Result<Imported, Invalid>,
) -> Result<u64, Error> {
    let (mut rest, mut imported) = (bytes, 0);
    for place in 1u64.. {
        if rest.is_empty() {
            break;
        }
        let offset = bytes.len() - rest.len();
        let decoded = decode_one(&mut rest);
        let named = |number: Option<u64>| match number {
            Some(number) => format!("block {number} (entry {place} of the file, at byte {offset})"),
            None => format!("entry {place} of the file, at byte {offset},"),
        };
        let failed = |number, reason| Error::Import { path: None, block: named(number), reason, imported };
        let block = decoded.map_err(|reason| failed(None, reason))?;
        let number = block.header.number;
        match import(block).map_err(|invalid| failed(Some(number), invalid.to_string()))? {
            Imported::Added => imported += 1,
            Imported::Known => {}
        }
    }
    Ok(imported)
}

fn decode_one(rest: &mut &[u8]) -> Result<ConsensusBlock<TxEnvelope>, String> {
    let whole = *rest;
    let mut after = whole;
    let head = alloy::rlp::Header::decode(&mut after).map_err(|error| match error {
        alloy::rlp::Error::InputTooShort => "the file ends within it".to_owned(),
        error => format!("it is not RLP: {error}"),
    })?;
    if !head.list {
        return Err("it is not RLP of a block: not a list".to_owned());
    }
    let length = (whole.len() - after.len()).saturating_add(head.payload_length);
    let Some((mut one, behind)) = whole.split_at_checked(length) else {
        return Err("the file ends within it".to_owned());
    };
    let block = <ConsensusBlock<TxEnvelope> as alloy::rlp::Decodable>::decode(&mut one)
        .map_err(|error| format!("it is not RLP of a block: {error}"))?;
    if !one.is_empty() {
        return Err("it is not RLP of a block: there is more in it".to_owned());
    }
    *rest = behind;
    Ok(block)
}
