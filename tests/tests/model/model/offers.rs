//! What executors offer, and their weights in the draw: an epoch knows of both what was before it.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256},
    sol_types::SolEvent,
};
use infera_contracts::{
    IExecutorRegistry::{self, Offering, setOfferingCall},
    ISortition,
};
use infera_protocol::ids;

use super::{
    Model,
    outcome::{Result, ensure},
};

/// Wei of stake in a unit of weight.
const UNIT: u128 = 1_000_000_000_000_000;
const FULL_SCORE: u128 = 1_000_000;

/// A value with all that it was, and the epochs in which it changed.
#[derive(Debug, Clone, Default)]
struct History<T>(Vec<(u64, T)>);

impl<T: Copy + Default> History<T> {
    fn set(&mut self, epoch: u64, value: T) {
        self.0.push((epoch, value));
    }

    fn current(&self) -> T {
        self.before(u64::MAX)
    }

    fn before(&self, epoch: u64) -> T {
        self.0.iter().rev().find(|(changed, _)| *changed < epoch).map(|(_, value)| *value).unwrap_or_default()
    }
}

/// What an executor asks for a seat.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Offer {
    /// Wei a unit.
    pub(crate) price: u128,
    /// Seats at a time; 0 when nothing is offered.
    pub(crate) capacity: u16,
}

/// All of the executor registry and the sortition that changes, by executor and pool.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    offers: BTreeMap<(u32, u64), History<Offer>>,
    weights: BTreeMap<(u32, u64), History<u64>>,
    /// Pools of each executor's active offers, in the contracts' order.
    active: BTreeMap<u32, Vec<u64>>,
    /// When signers were revoked, in Unix seconds.
    revoked: BTreeMap<u32, u64>,
}

impl Offers {
    /// Ids and the weights in a pool from before the epoch.
    pub(crate) fn weights_before(&self, pool: u64, epoch: u64) -> Vec<(u32, u64)> {
        let of_pool = self.weights.iter().filter(|((_, of), _)| *of == pool);
        of_pool.map(|((executor, _), weights)| (*executor, weights.before(epoch))).collect()
    }

    /// What the sortition's `weightOf` gives: frozen for the epoch, and from the next one on.
    pub(crate) fn weights_of(&self, executor: u32, pool: u64, epoch: u64) -> (u64, u64) {
        let weights = self.weights.get(&(executor, pool));
        weights.map_or((0, 0), |weights| (weights.before(epoch), weights.current()))
    }

    pub(crate) fn offer_before(&self, executor: u32, pool: u64, epoch: u64) -> Offer {
        self.offers.get(&(executor, pool)).map(|offers| offers.before(epoch)).unwrap_or_default()
    }

    fn is_active(&self, executor: u32, pool: u64) -> bool {
        self.active.get(&executor).is_some_and(|pools| pools.contains(&pool))
    }

    fn is_revoked(&self, executor: u32) -> bool {
        self.revoked.contains_key(&executor)
    }
}

impl Model {
    fn registered(&self, owner: Address) -> Result<u32> {
        let executor = self.config.id_where(|executor| executor.owner == owner);
        ensure(executor != 0, || IExecutorRegistry::NotRegistered { owner })?;
        Ok(executor)
    }

    /// Who a signer acts for, 0 for nobody.
    pub(super) fn signed_by(&self, signer: Address) -> u32 {
        let executor = self.config.id_where(|executor| executor.signer == signer);
        if self.offers.is_revoked(executor) { 0 } else { executor }
    }

    /// Who a signer acted for at a time, 0 for nobody. All executors are older than any job; the time of one that there isn't is 0.
    pub(super) fn signed_at(&self, signer: Address, time: u64) -> u32 {
        let executor = self.config.id_where(|executor| executor.signer == signer);
        let until = self.offers.revoked.get(&executor).copied().unwrap_or(u64::MAX);
        if time != 0 && time < until { executor } else { 0 }
    }

    pub(super) fn revoke_signer(&mut self, from: Address) -> Result<()> {
        let executor = self.registered(from)?;
        ensure(!self.offers.is_revoked(executor), || IExecutorRegistry::ZeroSigner {})?;
        self.offers.revoked.insert(executor, self.time);
        let signer = self.config.executor(executor).signer;
        self.emit_executor(IExecutorRegistry::SignerRevoked { executorId: executor, signer });
        Ok(())
    }

    pub(super) fn set_offering(&mut self, from: Address, call: &setOfferingCall) -> Result<()> {
        let executor = self.registered(from)?;
        let pool = call.pool;
        let served = self.config.model == call.modelId && call.version == 1 && self.config.class == call.runtimeClass;
        if call.capacity == 0 {
            let offeringKey = ids::offering_key(call.modelId, call.version, call.runtimeClass, pool);
            let offered = served && self.offers.is_active(executor, pool);
            ensure(offered, || IExecutorRegistry::NotOffered { executorId: executor, offeringKey })?;
            let pools = self.offers.active.entry(executor).or_default();
            let position = pools.iter().position(|active| *active == pool).unwrap();
            pools.swap_remove(position);
        } else {
            let admitted = self.admits_executor(pool, executor);
            ensure(admitted, || IExecutorRegistry::NotAdmitted { pool, executorId: executor })?;
            ensure(served, || IExecutorRegistry::NotServable {
                modelId: call.modelId,
                version: call.version,
                runtimeClass: call.runtimeClass,
            })?;
            if !self.offers.is_active(executor, pool) {
                self.offers.active.entry(executor).or_default().push(pool);
            }
        }
        let active = call.capacity != 0;
        let price = if active { call.pricePerUnit } else { Default::default() };
        let epoch = self.epoch();
        let offer = Offer { price: price.to(), capacity: call.capacity };
        self.offers.offers.entry((executor, pool)).or_default().set(epoch, offer);
        self.emit_executor(IExecutorRegistry::OfferingChanged {
            executorId: executor,
            modelId: call.modelId,
            version: call.version,
            runtimeClass: call.runtimeClass,
            pool,
            offering: Offering { pricePerUnit: price, capacity: call.capacity, active },
        });
        self.set_weight(executor, pool, if active { self.weight_of(executor) } else { 0 });
        Ok(())
    }

    pub(super) fn refresh_weights(&mut self, executor: u32) -> Result<()> {
        ensure(self.config.knows(executor), || IExecutorRegistry::UnknownExecutor { executorId: executor })?;
        for pool in self.offers.active.get(&executor).cloned().unwrap_or_default() {
            let weight = if self.admits_executor(pool, executor) { self.weight_of(executor) } else { 0 };
            self.set_weight(executor, pool, weight);
        }
        Ok(())
    }

    fn set_weight(&mut self, executor: u32, pool: u64, weight: u64) {
        let epoch = self.epoch();
        let weights = self.offers.weights.entry((executor, pool)).or_default();
        if weights.current() == weight {
            return;
        }
        weights.set(epoch, weight);
        let key = self.key_of(pool);
        let event = ISortition::WeightChanged { key, executorId: executor, weight };
        self.emit(self.config.at.sortition, event.encode_log_data());
    }

    /// Names the draw of a pool.
    pub(crate) fn key_of(&self, pool: u64) -> B256 {
        ids::offering_key(self.config.model, 1, self.config.class, pool)
    }

    /// Stake times reputation; 0 for who can't be seated.
    fn weight_of(&self, executor: u32) -> u64 {
        let pool = self.stakes.pool(executor);
        if self.offers.is_revoked(executor)
            || self.stakes.account(executor).ejected
            || pool.own < self.config.minimum_stake
        {
            return 0;
        }
        let weight = (pool.own + pool.delegated) / UNIT * self.score_of(executor) / FULL_SCORE;
        u64::try_from(weight).unwrap()
    }
}
