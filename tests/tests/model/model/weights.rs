//! Executors' weights in the draw: those from before an epoch are frozen for it.

use infera_contracts::{IExecutorRegistry, ISortition};
use infera_protocol::ids;
use alloy::sol_types::SolEvent;

use super::{
    Model,
    outcome::{Result, ensure},
};

/// Wei of stake in a unit of weight.
const UNIT: u128 = 1_000_000_000_000_000;
const FULL_SCORE: u128 = 1_000_000;

/// By executor, every change with its epoch.
#[derive(Debug, Clone)]
pub(crate) struct Weights(Vec<Vec<(u64, u64)>>);

impl Weights {
    pub(crate) fn new(executors: usize) -> Self {
        Self(vec![Vec::new(); executors])
    }

    fn current(&self, executor: u32) -> u64 {
        self.0[executor as usize - 1].last().map_or(0, |(_, weight)| *weight)
    }

    /// Ids and the weights from before the epoch.
    pub(crate) fn frozen(&self, epoch: u64) -> Vec<(u32, u64)> {
        let before = |changes: &Vec<(u64, u64)>| {
            changes.iter().rev().find(|(changed, _)| *changed < epoch).map_or(0, |(_, weight)| *weight)
        };
        (1..).zip(self.0.iter().map(before)).collect()
    }
}

impl Model {
    pub(super) fn refresh_weights(&mut self, executor: u32) -> Result<()> {
        ensure(self.config.knows(executor), || IExecutorRegistry::UnknownExecutor { executorId: executor })?;
        let weight = self.weight_of(executor);
        if self.weights.current(executor) == weight {
            return Ok(());
        }
        let epoch = self.epoch();
        self.weights.0[executor as usize - 1].push((epoch, weight));
        let key = ids::offering_key(self.config.model, 1, self.config.class, 0);
        let event = ISortition::WeightChanged { key, executorId: executor, weight };
        self.emit(self.config.at.sortition, event.encode_log_data());
        Ok(())
    }

    /// Stake times reputation; 0 for who can't be seated.
    fn weight_of(&self, executor: u32) -> u64 {
        let pool = self.stakes.pool(executor);
        if self.stakes.account(executor).ejected || pool.own < self.config.minimum_stake {
            return 0;
        }
        let weight = (pool.own + pool.delegated) / UNIT * self.score_of(executor) / FULL_SCORE;
        u64::try_from(weight).unwrap()
    }
}
