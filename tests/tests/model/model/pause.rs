//! The guardian's pause of new jobs. (Changes of policies are not modelled.)

use alloy::primitives::{Address, U256};
use infera_contracts::IPolicyRegistry;

use super::{
    Model,
    outcome::{Result, ensure},
};

/// The end of the last pause, and of the cool-down after it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pause {
    pub(crate) until: u64,
    pub(crate) next_from: u64,
}

impl Model {
    pub(super) fn is_paused(&self) -> bool {
        self.time < self.pause.until
    }

    fn require_guardian(&self, caller: Address) -> Result<()> {
        ensure(caller == self.config.guardian, || IPolicyRegistry::NotGuardian { caller })
    }

    pub(super) fn pause_new_jobs(&mut self, from: Address, duration: u32) -> Result<()> {
        self.require_guardian(from)?;
        let longest = self.config.maximum_pause;
        ensure((1..=longest).contains(&duration), || IPolicyRegistry::PauseTooLong {
            duration: U256::from(duration),
            maximum: U256::from(longest),
        })?;
        let nextPauseFrom = U256::from(self.pause.next_from);
        ensure(self.time >= self.pause.next_from, || IPolicyRegistry::PauseCoolingDown { nextPauseFrom })?;
        let until = self.time + u64::from(duration);
        self.pause = Pause { until, next_from: until + u64::from(self.config.pause_cool_down) };
        self.emit_policy(IPolicyRegistry::NewJobsPaused {
            guardian: from,
            until: U256::from(until),
            nextPauseFrom: U256::from(self.pause.next_from),
        });
        Ok(())
    }

    pub(super) fn resume_new_jobs(&mut self, from: Address) -> Result<()> {
        self.require_guardian(from)?;
        ensure(self.is_paused(), || IPolicyRegistry::NotPaused {})?;
        self.pause.until = self.time;
        self.emit_policy(IPolicyRegistry::NewJobsResumed { by: from });
        Ok(())
    }
}
