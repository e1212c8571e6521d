//! A block with what came of it.

use std::sync::OnceLock;

use alloy::{
    consensus::{
        Block as ConsensusBlock, BlockBody, Header, ReceiptEnvelope, Sealed, TxEnvelope, transaction::Recovered,
    },
    eips::{BlockNumHash, eip4895::Withdrawals},
    primitives::{B256, TxHash},
    rlp::Encodable,
};

use crate::{record::BlockRecord, state::State};

/// A signed transaction and who sent it.
pub(crate) type Transaction = Recovered<TxEnvelope>;

/// A sealed block, its receipts, and the state after it.
#[derive(Debug)]
pub(crate) struct Block {
    header: Sealed<Header>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) receipts: Vec<ReceiptEnvelope>,
    /// Headers beside the chain that the block rewards; none since the merge.
    pub(crate) ommers: Vec<Header>,
    /// None before Shanghai.
    pub(crate) withdrawals: Option<Withdrawals>,
    /// The states before and after. Absent for blocks from the archive, whose states are rebuilt when needed, and for
    /// blocks of a dump, which holds the last state only.
    pub(crate) states: Option<States>,
    /// Whether code in it called the console, which then may have something to show.
    pub(crate) calls_console: bool,
    size: OnceLock<usize>,
    record: OnceLock<BlockRecord>,
}

/// The states around a block.
#[derive(Clone, Debug)]
pub(crate) struct States {
    /// What its parent left; empty if that is not known.
    pub(crate) parent: State,
    /// What it started from: the parent's, and what was changed by hand.
    pub(crate) before: State,
    /// What it left.
    pub(crate) after: State,
}

impl Block {
    pub(crate) fn new(
        header: Sealed<Header>,
        mut transactions: Vec<Transaction>,
        mut receipts: Vec<ReceiptEnvelope>,
        states: Option<States>,
    ) -> Self {
        // They stay as long as the chain, and grow no more.
        transactions.shrink_to_fit();
        receipts.shrink_to_fit();
        let withdrawals = header.withdrawals_root.map(|_| Withdrawals::default());
        let (ommers, size, record) = (Vec::new(), OnceLock::new(), OnceLock::new());
        Self { header, transactions, receipts, ommers, withdrawals, states, calls_console: false, size, record }
    }

    /// With what blocks of our own never hold.
    pub(crate) fn with_body(mut self, ommers: Vec<Header>, withdrawals: Option<Withdrawals>) -> Self {
        (self.ommers, self.withdrawals) = (ommers, withdrawals);
        self
    }

    /// With the record it was read from.
    pub(crate) fn with_record(mut self, record: BlockRecord) -> Self {
        self.record = record.into();
        self
    }

    /// The block as bytes, with its states if it has them.
    pub(crate) fn record(&self) -> BlockRecord {
        self.record.get_or_init(|| BlockRecord::new(self)).clone()
    }

    pub(crate) const fn header(&self) -> &Sealed<Header> {
        &self.header
    }

    /// The state after the block, if it was kept.
    pub(crate) fn state(&self) -> Option<&State> {
        self.states.as_ref().map(|states| &states.after)
    }

    pub(crate) fn hash(&self) -> B256 {
        self.header.hash()
    }

    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    pub(crate) fn timestamp(&self) -> u64 {
        self.header.timestamp
    }

    /// Zero before London.
    pub(crate) fn base_fee(&self) -> u64 {
        self.header.base_fee_per_gas.unwrap_or_default()
    }

    pub(crate) fn num_hash(&self) -> BlockNumHash {
        BlockNumHash::new(self.number(), self.hash())
    }

    /// Gas used by the transaction at `index` alone.
    pub(crate) fn gas_used(&self, index: usize) -> u64 {
        let cumulative = |index: usize| self.receipts.get(index).map_or(0, ReceiptEnvelope::cumulative_gas_used);
        let before = index.checked_sub(1).map_or(0, cumulative);
        cumulative(index).saturating_sub(before)
    }

    pub(crate) fn transaction_hashes(&self) -> impl Iterator<Item = TxHash> + '_ {
        self.transactions.iter().map(|transaction| *transaction.tx_hash())
    }

    /// The block as other clients encode it.
    pub(crate) fn to_consensus(&self) -> ConsensusBlock<TxEnvelope> {
        let body = BlockBody {
            transactions: self.transactions.iter().map(Recovered::clone_inner).collect(),
            ommers: self.ommers.clone(),
            withdrawals: self.withdrawals.clone(),
        };
        ConsensusBlock { header: self.header.inner().clone(), body }
    }

    /// Length of the RLP encoding in bytes.
    pub(crate) fn size(&self) -> usize {
        *self.size.get_or_init(|| self.to_consensus().length())
    }
}
