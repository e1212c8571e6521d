//! What executors did, epoch by epoch: the ground of emission. (Its counters' ends are not modelled.)

use std::collections::BTreeMap;

use super::{Model, reputation::SeatOutcome, seats::Settlement};

/// Wei in a unit of fees.
const FEE_UNIT: u128 = 1_000_000_000;

/// One executor's seats of one epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) drawn: u64,
    pub(crate) agreed: u64,
    /// Wei, in whole units for each seat.
    pub(crate) burned: u128,
}

/// By executor and epoch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activities(BTreeMap<(u32, u64), Activity>);

impl Activities {
    /// What `activityOf` gives: the last two epochs with any are remembered.
    pub(crate) fn of(&self, executor: u32, epoch: u64) -> Activity {
        let known = self.0.range((executor, 0)..=(executor, u64::MAX)).rev().take(2);
        known.filter(|((_, known), _)| *known == epoch).map(|(_, activity)| *activity).next().unwrap_or_default()
    }

    /// What `burnedBy` gives.
    pub(crate) fn burned_by(&self, executor: u32) -> u128 {
        self.0.range((executor, 0)..=(executor, u64::MAX)).map(|(_, activity)| activity.burned).sum()
    }

    /// All epochs in which an executor did anything.
    pub(crate) fn epochs(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.keys().copied()
    }
}

impl Model {
    pub(super) fn record_activity(&mut self, settlement: Settlement) {
        if settlement.outcome == SeatOutcome::Neutral {
            return;
        }
        let epoch = self.epoch();
        let activity = self.activities.0.entry((settlement.executor, epoch)).or_default();
        activity.drawn += 1;
        activity.agreed += u64::from(settlement.outcome == SeatOutcome::Success);
        activity.burned += settlement.protocol_fee / FEE_UNIT * FEE_UNIT;
    }
}
