//! Blocks, transactions and receipts.

use std::sync::Arc;

use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, eip2718::Encodable2718},
    primitives::{Address, Bytes, TxHash, U64},
    rpc::types::{Block as RpcBlock, Header as RpcHeader, Transaction as RpcTransaction, TransactionReceipt},
};

use super::{
    Call, convert,
    error::{RpcError, RpcResult},
};
use crate::chain::{Block, Transaction};

impl Call<'_> {
    /// The block that `id` names, which may be one that would be made now.
    pub(super) fn find_block(&self, id: BlockId) -> RpcResult<Option<Arc<Block>>> {
        let chain = self.devnet.chain();
        if id.is_pending() {
            return Ok(Some(Arc::new(chain.pending()?)));
        }
        Ok(chain.block(id))
    }

    /// Like [`Self::find_block`], for a block that must exist.
    pub(super) fn must_find_block(&self, id: BlockId) -> RpcResult<Arc<Block>> {
        self.find_block(id)?.ok_or_else(|| RpcError::failed("header not found"))
    }

    fn block_at(&self, index: usize) -> RpcResult<Option<Arc<Block>>> {
        self.find_block(self.params.block(index)?)
    }

    /// The place of something in a block.
    fn index_parameter(&self, index: usize) -> RpcResult<usize> {
        Ok(usize::try_from(self.params.quantity(index)?).unwrap_or(usize::MAX))
    }

    pub(super) fn block_by_number(&self) -> RpcResult<Option<RpcBlock>> {
        let block = self.find_block(self.params.block_number(0)?.into())?;
        let whole = self.params.required(1)?;
        Ok(block.map(|block| convert::block(&block, whole)))
    }

    pub(super) fn block_by_hash(&self) -> RpcResult<Option<RpcBlock>> {
        let block = self.find_block(self.params.hash(0)?.into())?;
        let whole = self.params.required(1)?;
        Ok(block.map(|block| convert::block(&block, whole)))
    }

    pub(super) fn header_by_number(&self) -> RpcResult<Option<RpcHeader>> {
        let block = self.find_block(self.params.block_number(0)?.into())?;
        Ok(block.map(|block| convert::header(&block)))
    }

    pub(super) fn header_by_hash(&self) -> RpcResult<Option<RpcHeader>> {
        let block = self.find_block(self.params.hash(0)?.into())?;
        Ok(block.map(|block| convert::header(&block)))
    }

    pub(super) fn transaction_count_of_block(&self) -> RpcResult<Option<U64>> {
        Ok(self.block_at(0)?.map(|block| U64::from(block.transactions.len())))
    }

    pub(super) fn uncle_count(&self) -> RpcResult<Option<U64>> {
        Ok(self.block_at(0)?.map(|block| U64::from(block.ommers.len())))
    }

    /// A header beside the chain, as a block without transactions.
    pub(super) fn uncle(&self) -> RpcResult<Option<RpcBlock>> {
        let index = self.index_parameter(1)?;
        let block = self.block_at(0)?;
        Ok(block.and_then(|block| block.ommers.get(index).cloned()).map(RpcBlock::uncle_from_header))
    }

    pub(super) fn block_receipts(&self) -> RpcResult<Option<Vec<TransactionReceipt>>> {
        Ok(self.block_at(0)?.map(|block| self.receipts(&block)))
    }

    pub(super) fn receipts(&self, block: &Block) -> Vec<TransactionReceipt> {
        let blob_gas_price = self.blob_gas_price(block);
        let all = 0..block.transactions.len();
        all.filter_map(|index| convert::receipt(block, index, blob_gas_price)).collect()
    }

    pub(super) fn transaction_by_hash(&self) -> RpcResult<Option<RpcTransaction>> {
        let hash = self.params.hash(0)?;
        let chain = self.devnet.chain();
        if let Some((block, index)) = chain.transaction(&hash) {
            return Ok(convert::transaction(&block, index));
        }
        let base_fee = chain.next_base_fee();
        Ok(chain.pool.get(&hash).map(|waiting| convert::pending_transaction(waiting, base_fee)))
    }

    pub(super) fn transaction_by_index(&self) -> RpcResult<Option<RpcTransaction>> {
        let index = self.index_parameter(1)?;
        let block = self.block_at(0)?;
        Ok(block.and_then(|block| convert::transaction(&block, index)))
    }

    pub(super) fn raw_transaction_by_index(&self) -> RpcResult<Option<Bytes>> {
        let index = self.index_parameter(1)?;
        let block = self.block_at(0)?;
        Ok(block.and_then(|block| Some(block.transactions.get(index)?.encoded_2718().into())))
    }

    /// The transaction of an account with a nonce, mined or waiting.
    pub(super) fn transaction_by_nonce(&self) -> RpcResult<Option<RpcTransaction>> {
        self.find_by_nonce(self.params.address(0)?, self.params.quantity(1)?)
    }

    pub(super) fn find_by_nonce(&self, sender: Address, nonce: u64) -> RpcResult<Option<RpcTransaction>> {
        let chain = self.devnet.chain();
        let wanted = |transaction: &Transaction| transaction.signer() == sender && transaction.nonce() == nonce;
        if chain.state.nonce(sender) > nonce {
            let numbers = chain.first_number()..=chain.head().number();
            let blocks = chain.blocks().clone();
            drop(chain);
            let found = numbers.rev().find_map(|number| {
                let block = blocks.get(number)?;
                let index = block.transactions.iter().position(wanted)?;
                convert::transaction(&block, index)
            });
            return Ok(found);
        }
        let base_fee = chain.next_base_fee();
        let (ready, queued) = chain.pool.content(&chain.state);
        let waiting = ready.into_iter().chain(queued).find(|transaction| wanted(transaction));
        Ok(waiting.map(|waiting| convert::pending_transaction(waiting, base_fee)))
    }

    pub(super) fn raw_transaction(&self) -> RpcResult<Option<Bytes>> {
        let hash = self.params.hash(0)?;
        let chain = self.devnet.chain();
        let mined = chain.transaction(&hash).and_then(|(block, index)| block.transactions.get(index).cloned());
        Ok(mined.or_else(|| chain.pool.get(&hash).cloned()).map(|found| found.encoded_2718().into()))
    }

    pub(super) fn transaction_receipt(&self) -> RpcResult<Option<TransactionReceipt>> {
        self.receipt_of(self.params.hash(0)?)
    }

    pub(super) fn receipt_of(&self, hash: TxHash) -> RpcResult<Option<TransactionReceipt>> {
        let found = self.devnet.chain().transaction(&hash);
        Ok(found.and_then(|(block, index)| convert::receipt(&block, index, self.blob_gas_price(&block))))
    }

    /// A block that must exist, for what geth tells of blocks as they are encoded.
    fn encoded_block(&self) -> RpcResult<Arc<Block>> {
        self.block_at(0)?.ok_or_else(|| RpcError::failed("block not found"))
    }

    pub(super) fn raw_block(&self) -> RpcResult<Bytes> {
        Ok(alloy::rlp::encode(self.encoded_block()?.to_consensus()).into())
    }

    pub(super) fn raw_header(&self) -> RpcResult<Bytes> {
        Ok(alloy::rlp::encode(self.encoded_block()?.header().inner()).into())
    }

    pub(super) fn raw_receipts(&self) -> RpcResult<Vec<Bytes>> {
        Ok(self.encoded_block()?.receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect())
    }

    fn blob_gas_price(&self, block: &Block) -> Option<u128> {
        let params = self.devnet.chain().spec.blob_params(block.timestamp())?;
        Some(params.calc_blob_fee(block.header().excess_blob_gas?))
    }
}
