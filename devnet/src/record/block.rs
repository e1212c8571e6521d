//! A block as bytes: what it holds, and what it changed in its parent's state.

use std::sync::Arc;

use alloy::{
    consensus::{
        Eip658Value, Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, Sealed, TxEnvelope, TxReceipt, TxType,
        transaction::Recovered,
    },
    eips::{
        eip2718::{Decodable2718, Encodable2718},
        eip4895::{Withdrawal, Withdrawals},
    },
    primitives::{B256, Bloom, Log, TxHash, keccak256},
    rlp::Decodable,
};

use super::{
    changes::{read_changes, write_changes},
    codec::{Reader, Undecodable, Writer},
};
use crate::{
    chain::{Block, States},
    state::StateChanges,
};

/// First bytes of a receipt's outcome.
const FAILED: u8 = 0;
const SUCCEEDED: u8 = 1;
const POST_STATE: u8 = 2;

/// The type byte of a blob transaction, whose encoding may carry what its hash leaves out.
const BLOB_TRANSACTION: u8 = 3;

/// A block in about a tenth of the memory it takes to work with. Clones share it.
///
/// It starts with the changes, so that they can be followed without a look at the rest.
#[derive(Clone, Debug)]
pub(crate) struct BlockRecord(Arc<[u8]>);

/// What a block changed, in two steps.
pub(crate) struct BlockChanges {
    /// From the parent's state to the one the block started from: what was changed by hand in between.
    pub(crate) before: StateChanges,
    pub(crate) within: StateChanges,
}

impl BlockRecord {
    pub(crate) fn new(block: &Block) -> Self {
        let mut out = Writer::default();
        let mut changes = Writer::default();
        if let Some(states) = &block.states {
            write_changes(&StateChanges::between(&states.parent, &states.before), &mut changes);
            write_changes(&StateChanges::between(&states.before, &states.after), &mut changes);
        }
        out.bytes(&changes.0);
        out.bytes(&alloy::rlp::encode(block.header().inner()));
        out.bytes(&rlp_list(&block.ommers));
        out.bytes(&block.withdrawals.as_ref().map(|all| rlp_list(all)).unwrap_or_default());
        out.length(block.transactions.len());
        for (transaction, receipt) in block.transactions.iter().zip(&block.receipts) {
            // The sender also where it can be recovered: that takes long, and an impersonated account has no signature.
            out.address(transaction.signer());
            out.bytes(&transaction.encoded_2718());
            write_receipt(receipt, &mut out);
        }
        Self(out.0.into())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes tell what the block changed.
    pub(crate) fn changes_length(&self) -> usize {
        Reader::new(&self.0).length().unwrap_or_default()
    }

    /// What the block changed; none if its states were not kept.
    pub(crate) fn changes(&self) -> Result<Option<BlockChanges>, Undecodable> {
        let bytes = Reader::new(&self.0).bytes()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut reader = Reader::new(bytes);
        Ok(Some(BlockChanges { before: read_changes(&mut reader)?, within: read_changes(&mut reader)? }))
    }

    pub(crate) fn header(&self) -> Result<Header, Undecodable> {
        Ok(Header::decode(&mut self.header_bytes()?)?)
    }

    /// The block's hash.
    pub(crate) fn hash(&self) -> Result<B256, Undecodable> {
        self.header_bytes().map(keccak256)
    }

    fn header_bytes(&self) -> Result<&[u8], Undecodable> {
        let mut reader = Reader::new(&self.0);
        reader.bytes()?;
        reader.bytes()
    }

    /// The hashes of the block's transactions, in their order.
    pub(crate) fn transaction_hashes(&self) -> Result<Vec<TxHash>, Undecodable> {
        let mut reader = Reader::new(&self.0);
        for _ in 0..4 {
            reader.bytes()?;
        }
        let mut hashes = Vec::new();
        for _ in 0..reader.length()? {
            reader.address()?;
            let bytes = reader.bytes()?;
            hashes.push(match bytes.first() {
                Some(&BLOB_TRANSACTION) => *TxEnvelope::decode_2718_exact(bytes)?.tx_hash(),
                _ => keccak256(bytes),
            });
            skip_receipt(&mut reader)?;
        }
        Ok(hashes)
    }

    /// The block `hash`, as this record tells it, with `states`.
    pub(crate) fn decode(&self, hash: B256, states: Option<States>) -> Result<Block, Undecodable> {
        let mut reader = Reader::new(&self.0);
        reader.bytes()?;
        let header = Header::decode(&mut reader.bytes()?)?;
        let ommers = Vec::<Header>::decode(&mut reader.bytes()?)?;
        let withdrawals = match reader.bytes()? {
            [] => None,
            mut bytes => Some(Withdrawals::new(Vec::<Withdrawal>::decode(&mut bytes)?)),
        };
        let (mut transactions, mut receipts) = (Vec::new(), Vec::new());
        for _ in 0..reader.length()? {
            let sender = reader.address()?;
            let transaction = TxEnvelope::decode_2718_exact(reader.bytes()?)?;
            receipts.push((transaction.tx_type(), read_receipt(&mut reader)?));
            transactions.push(Recovered::new_unchecked(transaction, sender));
        }
        let receipts = with_blooms(receipts, header.logs_bloom);
        let block = Block::new(Sealed::new_unchecked(header, hash), transactions, receipts, states);
        Ok(block.with_body(ommers, withdrawals).with_record(self.clone()))
    }
}

fn rlp_list<T: alloy::rlp::Encodable>(items: &[T]) -> Vec<u8> {
    let mut out = Vec::new();
    alloy::rlp::encode_list::<T, T>(items, &mut out);
    out
}

/// Without its bloom, which follows from the logs.
fn write_receipt(receipt: &ReceiptEnvelope, out: &mut Writer) {
    match receipt.status_or_post_state() {
        Eip658Value::Eip658(false) => out.byte(FAILED),
        Eip658Value::Eip658(true) => out.byte(SUCCEEDED),
        Eip658Value::PostState(root) => {
            out.byte(POST_STATE);
            out.0.extend_from_slice(root.as_slice());
        }
    }
    out.number(receipt.cumulative_gas_used());
    out.bytes(&rlp_list(receipt.logs()));
}

fn read_receipt(reader: &mut Reader<'_>) -> Result<Receipt, Undecodable> {
    let status = match reader.byte()? {
        FAILED => Eip658Value::Eip658(false),
        SUCCEEDED => Eip658Value::Eip658(true),
        POST_STATE => Eip658Value::PostState(B256::from_slice(reader.take(32)?)),
        other => return Err(Undecodable(format!("there is no outcome of kind {other}"))),
    };
    let cumulative_gas_used = reader.number()?;
    let logs = Vec::<Log>::decode(&mut reader.bytes()?)?;
    Ok(Receipt { status, cumulative_gas_used, logs })
}

/// Receipts of a block with its bloom. Where only one of them has logs, its bloom is the block's: each log's takes several hashes.
fn with_blooms(receipts: Vec<(TxType, Receipt)>, of_block: Bloom) -> Vec<ReceiptEnvelope> {
    let alone = receipts.iter().filter(|(_, receipt)| !receipt.logs.is_empty()).count() == 1;
    let bloom = |receipt: &Receipt| match receipt.logs.is_empty() {
        true => Bloom::ZERO,
        false if alone => of_block,
        false => receipt.bloom_slow(),
    };
    let with_bloom = |(kind, receipt): (TxType, Receipt)| {
        let logs_bloom = bloom(&receipt);
        let receipt = ReceiptWithBloom { receipt, logs_bloom };
        match kind {
            TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
            TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
            TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
            TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
            TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
        }
    };
    receipts.into_iter().map(with_bloom).collect()
}

fn skip_receipt(reader: &mut Reader<'_>) -> Result<(), Undecodable> {
    if reader.byte()? == POST_STATE {
        reader.take(32)?;
    }
    reader.number()?;
    reader.bytes().map(drop)
}
