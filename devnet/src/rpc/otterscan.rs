//! What the block explorer Otterscan asks: `ots_*`.

use std::sync::Arc;

use alloy::{
    consensus::Transaction as _,
    eips::BlockId,
    primitives::{Address, Bytes, TxHash, U256},
    rpc::types::{
        Block as RpcBlock, BlockTransactions, Transaction as RpcTransaction, TransactionReceipt,
        trace::{
            otterscan::{
                BlockDetails, ContractCreator, InternalIssuance, InternalOperation, OperationType,
                OtsBlockTransactions, OtsReceipt, OtsTransactionReceipt, TraceEntry, TransactionsWithReceipts,
            },
            parity::{Action, CreationMethod, LocalizedTransactionTrace, RewardType},
        },
    },
};
use revm::context_interface::result::ExecutionResult;
use revm_inspectors::transfer::{TransferInspector, TransferKind};

use super::{
    Call, convert,
    error::{RpcError, RpcResult},
};
use crate::chain::Block;

/// The version of the interface: Otterscan's present one.
pub(super) const API_LEVEL: u64 = 8;

/// The most transactions on a page, and the fewest blocks that are left to look at afterwards.
const LONGEST_PAGE: usize = 1_000;

/// Which way a search goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To older blocks.
    Before,
    /// To newer blocks.
    After,
}

impl Call<'_> {
    /// Whether an account has code.
    pub(super) fn has_code(&self) -> RpcResult<bool> {
        Ok(!self.state_at(1)?.code(self.params.address(0)?).is_empty())
    }

    /// Coins that code moved within a transaction.
    pub(super) fn internal_operations(&self) -> RpcResult<Vec<InternalOperation>> {
        let mut rerun = self.rerun(self.params.hash(0)?)?;
        let Some((tx, _)) = rerun.prepared() else { return Ok(Vec::new()) };
        let mut inspector = TransferInspector::internal_only();
        rerun.run(&tx, &mut inspector)?;
        let operation = |transfer: &revm_inspectors::transfer::TransferOperation| InternalOperation {
            r#type: match transfer.kind {
                TransferKind::Call => OperationType::OpTransfer,
                TransferKind::Create => OperationType::OpCreate,
                TransferKind::Create2 => OperationType::OpCreate2,
                TransferKind::SelfDestruct => OperationType::OpSelfDestruct,
            },
            from: transfer.from,
            to: transfer.to,
            value: transfer.value,
        };
        Ok(inspector.iter().map(operation).collect())
    }

    /// Every call and creation of a transaction, by depth.
    pub(super) fn call_tree(&self) -> RpcResult<Vec<TraceEntry>> {
        let traces = self.parity_transaction()?.unwrap_or_default();
        Ok(traces.into_iter().filter_map(entry).collect())
    }

    /// What a failed transaction returned; nothing of one that did not fail.
    pub(super) fn transaction_error(&self) -> RpcResult<Bytes> {
        let mut rerun = self.rerun(self.params.hash(0)?)?;
        let Some((tx, _)) = rerun.prepared() else { return Ok(Bytes::new()) };
        Ok(match rerun.run(&tx, revm::inspector::NoOpInspector)?.result {
            ExecutionResult::Revert { output, .. } => output,
            ExecutionResult::Success { .. } | ExecutionResult::Halt { .. } => Bytes::new(),
        })
    }

    /// A block without its transactions, and what it paid.
    pub(super) fn block_details(&self, id: BlockId) -> RpcResult<Option<BlockDetails>> {
        let Some(block) = self.find_block(id)? else { return Ok(None) };
        let receipts = self.receipts(&block);
        let fee = |receipt: &TransactionReceipt| {
            U256::from(receipt.effective_gas_price).saturating_mul(U256::from(receipt.gas_used))
        };
        let fees = receipts.iter().map(fee).fold(U256::ZERO, U256::saturating_add);
        Ok(Some(BlockDetails::new(slim(&block), self.issuance(&block), fees)))
    }

    /// What was made for the beneficiary and for those of the uncles.
    fn issuance(&self, block: &Block) -> InternalIssuance {
        let mut issuance = InternalIssuance::default();
        for reward in self.rewards(block) {
            match reward.reward_type {
                RewardType::Block => issuance.block_reward = reward.value,
                RewardType::Uncle => issuance.uncle_reward = issuance.uncle_reward.saturating_add(reward.value),
            }
            issuance.issuance = issuance.issuance.saturating_add(reward.value);
        }
        issuance
    }

    /// A page of a block's transactions: parameter 1 is its number from the back, 2 its length.
    pub(super) fn block_page(&self) -> RpcResult<Option<OtsBlockTransactions>> {
        let id = match self.params.required::<serde_json::Value>(0)? {
            serde_json::Value::Number(number) => number.as_u64().map(BlockId::from),
            _ => Some(self.params.block(0)?),
        };
        let id = id.ok_or_else(|| RpcError::invalid_params("invalid argument 0: not a block's number"))?;
        let (page, length) = (self.params.required::<usize>(1)?, self.page_length(2)?);
        let Some(block) = self.find_block(id)? else { return Ok(None) };
        let count = block.transactions.len();
        let end = count.saturating_sub(page.saturating_mul(length));
        let range = end.saturating_sub(length)..end;
        let transactions = range.clone().filter_map(|index| convert::transaction(&block, index)).collect();
        let mut fullblock = slim(&block);
        fullblock.transactions = BlockTransactions::Full(transactions);
        let receipts: Vec<_> = self.receipts(&block).drain(..).skip(range.start).take(range.len()).collect();
        let receipts = receipts.into_iter().map(|receipt| brief(receipt, &block)).collect();
        let mut fullblock: alloy::rpc::types::trace::otterscan::OtsBlock = fullblock.into();
        fullblock.transaction_count = count;
        Ok(Some(OtsBlockTransactions { fullblock, receipts }))
    }

    /// The transactions that an account sent, got, or took part in by a call: a page from block (1) on, which is not part
    /// of it; zero stands for either end. Newest first. Whole blocks, so that a page may be longer than asked for (2).
    pub(super) fn search(&self, direction: Direction) -> RpcResult<TransactionsWithReceipts> {
        let (address, from, length) = (self.params.address(0)?, self.params.required::<u64>(1)?, self.page_length(2)?);
        let (first, head) = {
            let chain = self.devnet.chain();
            (chain.first_number(), chain.head().number())
        };
        let mut numbers: Box<dyn Iterator<Item = u64>> = match (direction, from) {
            (Direction::Before, 0) => Box::new((first..=head).rev()),
            (Direction::Before, from) => Box::new((first..from.min(head.saturating_add(1))).rev()),
            (Direction::After, 0) => Box::new(first..=head),
            (Direction::After, from) => Box::new(from.saturating_add(1).max(first)..=head),
        };
        let mut found: Vec<(RpcTransaction, OtsTransactionReceipt)> = Vec::new();
        let mut ended = true;
        while let Some(number) = numbers.next() {
            let Some(block) = self.find_block(number.into())? else { break };
            let mut of_block = self.taking_part(&block, address)?;
            // The newest comes first, in a block too, and the other way when the search is.
            if direction == Direction::Before {
                of_block.reverse();
            }
            found.extend(of_block);
            if found.len() >= length {
                ended = numbers.next().is_none();
                break;
            }
        }
        if direction == Direction::After {
            found.reverse();
        }
        let (txs, receipts) = found.into_iter().unzip();
        let (first_page, last_page) = match direction {
            Direction::Before => (from == 0 || from > head, ended),
            Direction::After => (ended, from == 0),
        };
        Ok(TransactionsWithReceipts { txs, receipts, first_page, last_page })
    }

    /// The transactions of a block in which an account takes part, in their order.
    fn taking_part(
        &self,
        block: &Arc<Block>,
        address: Address,
    ) -> RpcResult<Vec<(RpcTransaction, OtsTransactionReceipt)>> {
        let mut found = Vec::new();
        if block.transactions.is_empty() {
            return Ok(found);
        }
        let traces = self.traces(block, None)?;
        let receipts = self.receipts(block);
        for (index, (transaction, receipt)) in block.transactions.iter().zip(receipts).enumerate() {
            let at_the_top = transaction.signer() == address
                || transaction.to() == Some(address)
                || receipt.contract_address == Some(address);
            let mut own = traces.iter().filter(|trace| trace.transaction_position == Some(index as u64));
            if (at_the_top || own.any(|trace| names(trace, address)))
                && let Some(transaction) = convert::transaction(block, index)
            {
                found.push((transaction, brief(receipt, block)));
            }
        }
        Ok(found)
    }

    /// The hash of the transaction of an account (0) with a nonce (1).
    pub(super) fn hash_by_nonce(&self) -> RpcResult<Option<TxHash>> {
        let nonce = self.params.required::<alloy::primitives::U64>(1)?.to();
        let found = self.find_by_nonce(self.params.address(0)?, nonce)?;
        Ok(found.map(|transaction| *transaction.inner.tx_hash()))
    }

    /// Who made a contract, and in which transaction.
    pub(super) fn contract_creator(&self) -> RpcResult<Option<ContractCreator>> {
        let address = self.params.address(0)?;
        let (first, head, has_code) = {
            let chain = self.devnet.chain();
            (chain.first_number(), chain.head().number(), !chain.state.code(address).is_empty())
        };
        if !has_code {
            return Ok(None);
        }
        for number in (first..=head).rev() {
            let Some(block) = self.find_block(number.into())? else { break };
            for trace in self.traces(&block, None)? {
                let created = trace.trace.result.as_ref().and_then(|result| result.as_create());
                if let (Some(created), Action::Create(create), Some(hash)) =
                    (created, &trace.trace.action, trace.transaction_hash)
                    && created.address == address
                {
                    return Ok(Some(ContractCreator { hash, creator: create.from }));
                }
            }
        }
        Ok(None)
    }

    fn page_length(&self, index: usize) -> RpcResult<usize> {
        Ok(self.params.required::<usize>(index)?.clamp(1, LONGEST_PAGE))
    }
}

/// The block without its transactions' bodies, and without its bloom, which Otterscan does not read.
fn slim(block: &Block) -> RpcBlock {
    let mut shown = convert::block(block, false);
    shown.header.inner.logs_bloom = Default::default();
    shown
}

/// A receipt without its logs.
fn brief(receipt: TransactionReceipt, block: &Block) -> OtsTransactionReceipt {
    let receipt = receipt.map_inner(|inner| OtsReceipt {
        status: inner.status(),
        cumulative_gas_used: inner.cumulative_gas_used(),
        logs: None,
        logs_bloom: None,
        r#type: inner.tx_type().into(),
    });
    OtsTransactionReceipt { receipt, timestamp: Some(block.timestamp()) }
}

fn entry(trace: LocalizedTransactionTrace) -> Option<TraceEntry> {
    let trace = trace.trace;
    let depth = u32::try_from(trace.trace_address.len()).unwrap_or(u32::MAX);
    let output = trace.result.as_ref().map(|result| result.output().clone()).unwrap_or_default();
    match trace.action {
        Action::Call(call) => Some(TraceEntry {
            r#type: call.call_type.to_string().to_uppercase(),
            depth,
            from: call.from,
            to: call.to,
            value: Some(call.value),
            input: call.input,
            output,
        }),
        Action::Create(create) => Some(TraceEntry {
            r#type: if create.creation_method == CreationMethod::Create2 { "CREATE2" } else { "CREATE" }.to_owned(),
            depth,
            from: create.from,
            to: trace
                .result
                .as_ref()
                .and_then(|result| result.as_create())
                .map(|made| made.address)
                .unwrap_or_default(),
            value: Some(create.value),
            input: create.init,
            output,
        }),
        Action::Selfdestruct(end) => Some(TraceEntry {
            r#type: "SELFDESTRUCT".to_owned(),
            depth,
            from: end.address,
            to: end.refund_address,
            value: Some(end.balance),
            input: Bytes::new(),
            output: Bytes::new(),
        }),
        Action::Reward(_) => None,
    }
}

/// Whether an account calls, is called, made or paid out.
fn names(trace: &LocalizedTransactionTrace, address: Address) -> bool {
    match &trace.trace.action {
        Action::Call(call) => call.from == address || call.to == address,
        Action::Create(create) => {
            let made = trace.trace.result.as_ref().and_then(|result| result.as_create());
            create.from == address || made.is_some_and(|made| made.address == address)
        }
        Action::Selfdestruct(end) => end.address == address || end.refund_address == address,
        Action::Reward(_) => false,
    }
}
