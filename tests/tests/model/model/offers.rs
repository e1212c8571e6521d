//! What executors offer, and their weights in the draw: an epoch knows of both what was before it.

use alloy::{primitives::Address, sol_types::SolEvent};
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
#[derive(Debug, Clone)]
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

/// All of the executor registry and the sortition that changes.
#[derive(Debug, Clone)]
pub(crate) struct Offers {
    offers: Vec<History<Offer>>,
    weights: Vec<History<u64>>,
    revoked: Vec<bool>,
}

impl Offers {
    pub(crate) fn new(executors: usize) -> Self {
        Self {
            offers: vec![History(Vec::new()); executors],
            weights: vec![History(Vec::new()); executors],
            revoked: vec![false; executors],
        }
    }

    /// Ids and the weights from before the epoch.
    pub(crate) fn weights_before(&self, epoch: u64) -> Vec<(u32, u64)> {
        (1..).zip(self.weights.iter().map(|weights| weights.before(epoch))).collect()
    }

    /// What the sortition's `weightOf` gives: frozen for the epoch, and from the next one on.
    pub(crate) fn weights_of(&self, executor: u32, epoch: u64) -> (u64, u64) {
        let weights = &self.weights[executor as usize - 1];
        (weights.before(epoch), weights.current())
    }

    pub(crate) fn offer_before(&self, executor: u32, epoch: u64) -> Offer {
        self.offers[executor as usize - 1].before(epoch)
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
        if executor != 0 && self.offers.revoked[executor as usize - 1] { 0 } else { executor }
    }

    pub(super) fn revoke_signer(&mut self, from: Address) -> Result<()> {
        let executor = self.registered(from)?;
        let revoked = &mut self.offers.revoked[executor as usize - 1];
        ensure(!*revoked, || IExecutorRegistry::ZeroSigner {})?;
        *revoked = true;
        let signer = self.config.executor(executor).signer;
        self.emit_executor(IExecutorRegistry::SignerRevoked { executorId: executor, signer });
        Ok(())
    }

    pub(super) fn set_offering(&mut self, from: Address, call: &setOfferingCall) -> Result<()> {
        let executor = self.registered(from)?;
        let key = ids::offering_key(call.modelId, call.version, call.runtimeClass, call.pool);
        let served = self.config.model == call.modelId && call.version == 1 && self.config.class == call.runtimeClass;
        if call.capacity == 0 {
            let offered = served && call.pool == 0 && self.offers.offers[executor as usize - 1].current().capacity != 0;
            ensure(offered, || IExecutorRegistry::NotOffered { executorId: executor, offeringKey: key })?;
        } else {
            let pool = call.pool;
            ensure(pool == 0, || IExecutorRegistry::NotAdmitted { pool, executorId: executor })?;
            ensure(served, || IExecutorRegistry::NotServable {
                modelId: call.modelId,
                version: call.version,
                runtimeClass: call.runtimeClass,
            })?;
        }
        let active = call.capacity != 0;
        let price = if active { call.pricePerUnit } else { Default::default() };
        let epoch = self.epoch();
        let offer = Offer { price: price.to(), capacity: call.capacity };
        self.offers.offers[executor as usize - 1].set(epoch, offer);
        self.emit_executor(IExecutorRegistry::OfferingChanged {
            executorId: executor,
            modelId: call.modelId,
            version: call.version,
            runtimeClass: call.runtimeClass,
            pool: call.pool,
            offering: Offering { pricePerUnit: price, capacity: call.capacity, active },
        });
        self.set_weight(executor, if active { self.weight_of(executor) } else { 0 });
        Ok(())
    }

    pub(super) fn refresh_weights(&mut self, executor: u32) -> Result<()> {
        ensure(self.config.knows(executor), || IExecutorRegistry::UnknownExecutor { executorId: executor })?;
        if self.offers.offers[executor as usize - 1].current().capacity != 0 {
            self.set_weight(executor, self.weight_of(executor));
        }
        Ok(())
    }

    fn set_weight(&mut self, executor: u32, weight: u64) {
        let epoch = self.epoch();
        let weights = &mut self.offers.weights[executor as usize - 1];
        if weights.current() == weight {
            return;
        }
        weights.set(epoch, weight);
        let key = ids::offering_key(self.config.model, 1, self.config.class, 0);
        let event = ISortition::WeightChanged { key, executorId: executor, weight };
        self.emit(self.config.at.sortition, event.encode_log_data());
    }

    /// Stake times reputation; 0 for who can't be seated.
    fn weight_of(&self, executor: u32) -> u64 {
        let pool = self.stakes.pool(executor);
        let revoked = self.offers.revoked[executor as usize - 1];
        if revoked || self.stakes.account(executor).ejected || pool.own < self.config.minimum_stake {
            return 0;
        }
        let weight = (pool.own + pool.delegated) / UNIT * self.score_of(executor) / FULL_SCORE;
        u64::try_from(weight).unwrap()
    }
}
