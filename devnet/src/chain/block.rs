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

use crate::state::State;

/// A signed transaction and who sent it.
pub(crate) type Transaction = Recovered<TxEnvelope>;

/// A sealed block, its receipts, and the state after it.
#[derive(Debug)]
pub(crate) struct Block {
    header: Sealed<Header>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) receipts: Vec<ReceiptEnvelope>,
    /// The states before and after. Absent for blocks loaded from a file, which holds the last state only.
    pub(crate) states: Option<States>,
    /// Whether code in it called the console, which then may have something to show.
    pub(crate) calls_console: bool,
    size: OnceLock<usize>,
}

/// What a block started from and what it left. The first is its parent's, unless that was changed by hand.
#[derive(Clone, Debug)]
pub(crate) struct States {
    pub(crate) before: State,
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
        Self { header, transactions, receipts, states, calls_console: false, size: OnceLock::new() }
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

    /// Withdrawals: none ever, but from Shanghai on an empty list.
    pub(crate) fn withdrawals(&self) -> Option<Withdrawals> {
        self.header.withdrawals_root.map(|_| Withdrawals::default())
    }

    /// The block as other clients encode it.
    pub(crate) fn to_consensus(&self) -> ConsensusBlock<TxEnvelope> {
        let body = BlockBody {
            transactions: self.transactions.iter().map(Recovered::clone_inner).collect(),
            ommers: Vec::new(),
            withdrawals: self.withdrawals(),
        };
        ConsensusBlock { header: self.header.inner().clone(), body }
    }

    /// Length of the RLP encoding in bytes.
    pub(crate) fn size(&self) -> usize {
        *self.size.get_or_init(|| self.to_consensus().length())
    }
}
