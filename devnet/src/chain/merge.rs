//! What changes on the way from proof of work: the merge itself, and the gas limit at London.

use alloy::consensus::Header;
use alloy_hardforks::EthereumHardforks;

use super::Chain;

impl Chain {
    /// `header` is the new head's: the next block is one of proof of stake if all together were difficult enough.
    pub(super) fn advance_merge(&mut self, header: &Header) {
        let Some(terminal) = self.spec.terminal_total_difficulty() else { return };
        let before = self.total_difficulty;
        self.total_difficulty = before.saturating_add(header.difficulty);
        if before < terminal && self.total_difficulty >= terminal {
            self.spec.set_paris(Some(header.number + 1));
        }
    }

    /// Counts anew, after blocks were replaced.
    pub(super) fn recount_merge(&mut self) {
        let Some(terminal) = self.spec.terminal_total_difficulty() else { return };
        self.total_difficulty = alloy::primitives::U256::ZERO;
        let mut paris = None;
        for header in self.blocks.headers() {
            self.total_difficulty = self.total_difficulty.saturating_add(header.difficulty);
            if paris.is_none() && self.total_difficulty >= terminal {
                // A first block that is difficult enough counts as merged itself.
                let first = header.number == self.first_number();
                paris = Some(header.number + u64::from(!first));
            }
        }
        self.spec.set_paris(paris);
    }

    /// The next block's gas limit. EIP-1559 doubles it where it comes into force: what was the limit becomes the target.
    pub(super) fn next_gas_limit(&self) -> u64 {
        let head = self.head().header();
        let starts = head.base_fee_per_gas.is_none() && self.spec.is_london_active_at_block(head.number + 1);
        if starts { self.gas_limit.saturating_mul(2) } else { self.gas_limit }
    }
}
