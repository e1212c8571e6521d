//! Which jobs are taken.

use alloy::primitives::U256;
use infera_contracts::IJobRegistry::{self, Terms};

use super::{
    Model,
    outcome::{Result, ensure},
    registry::max_seat_fee,
};

const MAX_SEATS: u8 = 7;
/// Wei.
const MAX_SEAT_FEE: u128 = (1 << 80) - 1;

impl Model {
    /// `largest` is the size of the largest of the input, the parameters and the address of the input.
    pub(super) fn admit(&self, terms: &Terms, largest: usize) -> Result<()> {
        let bounds = &self.config.jobs;
        // Nothing keeps answers that were given before from their court. (Its version never ends here.)
        let judges = terms.requester == self.config.at.court;
        ensure(!terms.refundTo.is_zero(), || IJobRegistry::ZeroRefundAddress {})?;
        let (seats, quorum) = (terms.committeeSize, terms.quorum);
        let majority = u16::from(quorum) * 2 > u16::from(seats) && quorum <= seats;
        ensure(seats != 0 && seats <= MAX_SEATS && majority && !(seats >= 3 && quorum == seats), || {
            IJobRegistry::InvalidCommittee { committeeSize: seats, quorum }
        })?;
        ensure(judges || !self.is_paused(), || IJobRegistry::NewJobsPaused {})?;
        let (model, version, class) = (terms.modelId, terms.version, terms.runtimeClass);
        ensure(model == self.config.model && version == 1 && class == self.config.class, || {
            IJobRegistry::UnknownModelVersion { modelId: model, version, runtimeClass: class }
        })?;
        let (pool, requester) = (terms.pool, terms.requester);
        let admitted = self.admits_requester(pool, requester);
        ensure(admitted, || IJobRegistry::NotAdmittedToPool { pool, requester })?;
        for (window, minimum, maximum) in [
            (terms.commitWindow, bounds.minCommitWindow, bounds.maxCommitWindow),
            (terms.revealWindow, bounds.minRevealWindow, bounds.maxRevealWindow),
        ] {
            ensure((minimum..=maximum).contains(&window), || IJobRegistry::WindowOutOfRange {
                window,
                minimum,
                maximum,
            })?;
        }
        let at_least = |fee: U256, minimum: u128| {
            let minimum = U256::from(minimum);
            ensure(fee >= minimum, || IJobRegistry::FeeTooLow { fee, minimum })
        };
        let fee = max_seat_fee(terms);
        at_least(fee, bounds.minSeatFee)?;
        let maximum = U256::from(MAX_SEAT_FEE);
        ensure(fee <= maximum, || IJobRegistry::FeeTooHigh { fee, maximum })?;
        at_least(U256::from(terms.dispatchFee), bounds.minDispatchFee)?;
        at_least(U256::from(terms.advanceReserve), bounds.minAdvanceReserve)?;
        let callback_fee = u128::from(terms.callbackGas) * u128::from(bounds.callbackGasPrice);
        at_least(U256::from(terms.callbackFee), callback_fee)?;
        let (gas, maximum) = (terms.callbackGas, bounds.maxCallbackGas);
        ensure(gas <= maximum, || IJobRegistry::CallbackGasTooHigh { gas, maximum })?;
        let asks_for_callback = gas != 0 || terms.callbackFee != 0 || terms.errorCallback;
        ensure(!terms.callbackTarget.is_zero() || !asks_for_callback, || IJobRegistry::CallbackWithoutTarget {})?;
        let cap = bounds.maxInputBytes as usize;
        ensure(largest <= cap, || IJobRegistry::InputTooLarge { size: U256::from(largest), cap: U256::from(cap) })
    }
}
