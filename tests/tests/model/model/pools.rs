//! The one private pool, which lists requesters: who is admitted.

use std::collections::BTreeSet;

use alloy::primitives::Address;
use infera_contracts::IExecutorRegistry::{self, listExecutorCall, listRequesterCall};

use super::{
    Model,
    outcome::{Result, ensure},
};

/// Its id.
pub(crate) const PRIVATE_POOL: u64 = 1;

/// Who the private pool admits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Admitted {
    executors: BTreeSet<u32>,
    requesters: BTreeSet<Address>,
}

impl Model {
    pub(super) fn admits_executor(&self, pool: u64, executor: u32) -> bool {
        pool == 0 || (pool == PRIVATE_POOL && self.admitted.executors.contains(&executor))
    }

    pub(super) fn admits_requester(&self, pool: u64, requester: Address) -> bool {
        pool == 0 || (pool == PRIVATE_POOL && self.admitted.requesters.contains(&requester))
    }

    fn require_admin(&self, caller: Address, pool: u64) -> Result<()> {
        ensure(pool == PRIVATE_POOL, || IExecutorRegistry::UnknownPool { pool })?;
        ensure(caller == self.config.pool_admin, || IExecutorRegistry::NotPoolAdmin { caller, pool })
    }

    pub(super) fn list_executor(&mut self, from: Address, call: &listExecutorCall) -> Result<()> {
        let listExecutorCall { pool, executorId, admitted } = *call;
        self.require_admin(from, pool)?;
        if admitted {
            self.admitted.executors.insert(executorId);
        } else {
            self.admitted.executors.remove(&executorId);
        }
        self.emit_executor(IExecutorRegistry::PoolExecutorListed { pool, executorId, admitted });
        Ok(())
    }

    pub(super) fn list_requester(&mut self, from: Address, call: &listRequesterCall) -> Result<()> {
        let listRequesterCall { pool, requester, admitted } = *call;
        self.require_admin(from, pool)?;
        if admitted {
            self.admitted.requesters.insert(requester);
        } else {
            self.admitted.requesters.remove(&requester);
        }
        self.emit_executor(IExecutorRegistry::PoolRequesterListed { pool, requester, admitted });
        Ok(())
    }
}
