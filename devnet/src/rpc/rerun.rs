//! Transactions of the chain, run again where they ran.

use std::{ops::Deref, sync::Arc};

use alloy::primitives::TxHash;
use alloy_evm::{EthEvm, EthEvmFactory, Evm, EvmEnv, EvmFactory, FromRecoveredTx};
use revm::{
    DatabaseCommit, Inspector,
    context::TxEnv,
    context_interface::result::{HaltReason, ResultAndState},
};
use revm_inspectors::tracing::TransactionContext;

use super::{
    Call,
    accounts::no_state,
    error::{RpcError, RpcResult},
    overrides::place,
    refused::refused,
};
use crate::{
    chain::{Block, Chain, Transaction, replay},
    console::ConsoleReader,
    state::StateDatabase,
};

/// What an inspector of a run on our state sees.
pub(super) type Context<'a> = <EthEvmFactory as EvmFactory>::Context<&'a mut StateDatabase>;

/// A block that is run again, from one of its transactions on.
pub(super) struct Rerun {
    pub(super) block: Arc<Block>,
    /// The transaction that is next.
    pub(super) index: usize,
    pub(super) env: EvmEnv,
    pub(super) database: StateDatabase,
}

/// What a transaction did, not yet committed.
pub(super) type Outcome = ResultAndState<HaltReason>;

impl Rerun {
    /// Stands before the transaction at `index` of `block`.
    pub(super) fn new(chain: impl Deref<Target = Chain>, block: Arc<Block>, index: usize) -> RpcResult<Self> {
        let before = chain.state_before(&block).ok_or_else(no_state)?;
        let (spec, mut env, hashes) = (chain.spec.clone(), chain.environment(&block), chain.hashes_before(&block));
        // Others need not wait while this runs.
        drop(chain);
        // Some transaction may have come from an impersonated contract.
        env.cfg_env.disable_eip3607 = true;
        let database = replay(&spec, &block, before, env.clone(), hashes, index)?;
        Ok(Self { block, index, env, database })
    }

    /// The transaction that is next.
    pub(super) fn transaction(&self) -> Option<&Transaction> {
        self.block.transactions.get(self.index)
    }

    /// The transaction that is next, as the EVM takes it, and where it is.
    pub(super) fn prepared(&self) -> Option<(TxEnv, TransactionContext)> {
        let transaction = self.transaction()?;
        let tx = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        let place = TransactionContext {
            block_hash: Some(self.block.hash()),
            tx_index: Some(self.index),
            tx_hash: Some(*transaction.tx_hash()),
        };
        Some((tx, place))
    }

    /// Runs `tx` under the eyes of `inspector`. Nothing changes before [`Self::advance`].
    pub(super) fn run<I>(&mut self, tx: &TxEnv, inspector: I) -> RpcResult<Outcome>
    where
        I: for<'a> Inspector<Context<'a>>,
    {
        run(&mut self.database, &self.env, tx, inspector)
    }

    /// Goes on to the next transaction.
    pub(super) fn advance(&mut self, outcome: Outcome) {
        self.database.commit(outcome.state);
        self.index += 1;
    }
}

/// Runs `tx` on `database` under the eyes of `inspector`, without changing it.
pub(super) fn run<I>(database: &mut StateDatabase, env: &EvmEnv, tx: &TxEnv, inspector: I) -> RpcResult<Outcome>
where
    I: for<'a> Inspector<Context<'a>>,
{
    let mut evm: EthEvm<_, _, _> = EthEvmFactory::default().create_evm_with_inspector(database, env.clone(), inspector);
    let (database, _, precompiles) = evm.components_mut();
    place(database, precompiles);
    evm.transact(tx.clone()).map_err(|error| refused(error, env, tx))
}

/// What the code in a block wrote to the console.
pub(crate) fn written_in_block(chain: impl Deref<Target = Chain>, block: Arc<Block>) -> RpcResult<Vec<String>> {
    let mut rerun = Rerun::new(chain, block, 0)?;
    let mut reader = ConsoleReader::default();
    while let Some((tx, _)) = rerun.prepared() {
        let outcome = rerun.run(&tx, &mut reader)?;
        rerun.advance(outcome);
    }
    Ok(reader.lines)
}

impl Call<'_> {
    /// The block of the transaction `hash`, standing before it.
    pub(super) fn rerun(&self, hash: TxHash) -> RpcResult<Rerun> {
        let found = self.devnet.chain().transaction(&hash);
        let (block, index) = found.ok_or_else(|| RpcError::failed("transaction not found"))?;
        Rerun::new(self.devnet.chain(), block, index)
    }
}
