//! A chain as one piece of JSON, to be moved elsewhere: its blocks, and the state after the last.
//!
//! States of earlier blocks are not kept: calls and proofs at them fail after a load.

use std::{collections::BTreeMap, fs, io, io::Write, path::Path};

use alloy::{
    consensus::{Header, ReceiptEnvelope, Sealable, TxEnvelope, transaction::Recovered},
    eips::{
        eip2718::{Decodable2718, Encodable2718},
        eip4895::Withdrawals,
    },
    primitives::{Address, Bytes},
    rlp::Decodable,
};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{Block, Chain, bounds},
    error::Error,
    state::{AccountDump, State},
};

/// The version of the format.
const VERSION: u32 = 1;

/// What is written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Dump {
    version: u32,
    chain_id: u64,
    blocks: Vec<BlockDump>,
    accounts: BTreeMap<Address, AccountDump>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BlockDump {
    /// RLP.
    header: Bytes,
    transactions: Vec<TransactionDump>,
    /// RLP of headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ommers: Vec<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawals: Option<Withdrawals>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TransactionDump {
    /// EIP-2718 encodings.
    transaction: Bytes,
    receipt: Bytes,
    /// Also told where it can be recovered: an impersonated account has no signature.
    sender: Address,
}

impl Dump {
    pub(crate) fn new(chain: &Chain) -> Self {
        let blocks = chain.blocks().iter().map(|block| {
            let transactions = block.transactions.iter().zip(&block.receipts);
            BlockDump {
                header: alloy::rlp::encode(block.header().inner()).into(),
                transactions: transactions
                    .map(|(transaction, receipt)| TransactionDump {
                        transaction: transaction.encoded_2718().into(),
                        receipt: receipt.encoded_2718().into(),
                        sender: transaction.signer(),
                    })
                    .collect(),
                ommers: block.ommers.iter().map(|ommer| alloy::rlp::encode(ommer).into()).collect(),
                withdrawals: block.withdrawals.clone(),
            }
        });
        Self { version: VERSION, chain_id: chain.spec.chain_id, blocks: blocks.collect(), accounts: chain.state.dump() }
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::State(error.to_string()))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let dump: Self = serde_json::from_slice(bytes).map_err(|error| Error::State(error.to_string()))?;
        if dump.version != VERSION {
            return Err(Error::State(format!("version {} is not {VERSION}", dump.version)));
        }
        Ok(dump)
    }

    /// Writes the file beside its place and then moves it there, so that a crash leaves the old one.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |source: io::Error| Error::StateFile { action: "write", path: path.to_owned(), source };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = fs::File::create(&beside).map_err(failed)?;
        file.write_all(&self.to_bytes()?).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::StateFile { action: "read", path: path.to_owned(), source };
        Self::from_bytes(&fs::read(path).map_err(failed)?)
    }

    /// Replaces the blocks and the state of `chain`, which is left as it was on an error.
    pub(crate) fn restore(self, chain: &mut Chain) -> Result<(), Error> {
        if self.chain_id != chain.spec.chain_id {
            let message = format!("it is of chain {}, and this is {}", self.chain_id, chain.spec.chain_id);
            return Err(Error::State(message));
        }
        let blocks = self.blocks.into_iter().map(BlockDump::restore).collect::<Result<_, _>>()?;
        let mut state = State::default();
        state.load(self.accounts);
        chain.restore(blocks, state)
    }
}

impl BlockDump {
    fn restore(self) -> Result<Block, Error> {
        let damaged = |error: &dyn ToString| Error::State(error.to_string());
        let header = Header::decode(&mut self.header.as_ref()).map_err(|error| damaged(&error))?;
        bounds::check(&header).map_err(Error::State)?;
        let (mut transactions, mut receipts) = (Vec::new(), Vec::new());
        for dump in self.transactions {
            let transaction = TxEnvelope::decode_2718_exact(&dump.transaction).map_err(|error| damaged(&error))?;
            transactions.push(Recovered::new_unchecked(transaction, dump.sender));
            receipts.push(ReceiptEnvelope::decode_2718_exact(&dump.receipt).map_err(|error| damaged(&error))?);
        }
        let ommers = self.ommers.iter().map(|ommer| Header::decode(&mut ommer.as_ref()));
        let ommers = ommers.collect::<Result<_, _>>().map_err(|error| damaged(&error))?;
        let withdrawals = self.withdrawals.or_else(|| header.withdrawals_root.map(|_| Withdrawals::default()));
        Ok(Block::new(header.seal_slow(), transactions, receipts, None).with_body(ommers, withdrawals))
    }
}
