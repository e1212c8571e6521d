//! Which rules are in force at which block.

mod fork_order;

use alloy::{
    eips::{eip7840::BlobParams, eip7892::BlobScheduleBlobParams},
    genesis::{ChainConfig, Genesis},
    primitives::{Address, U256},
};
use alloy_evm::eth::spec::EthExecutorSpec;
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use revm::primitives::hardfork::SpecId;

use crate::error::Error;

/// Blocks that carry [`DAO_EXTRA_DATA`], from the DAO fork on.
const DAO_EXTRA_RANGE: u64 = 10;

/// What the blocks at the DAO fork must say.
const DAO_EXTRA_DATA: &[u8] = b"dao-hard-fork";

/// Many times what Ethereum plans for a block.
const MOST_BLOBS: u64 = 1 << 16;

/// The chain's id, fork schedule and blob schedule.
#[derive(Clone, Debug)]
pub(crate) struct ChainSpec {
    pub(crate) chain_id: u64,
    config: ChainConfig,
    blobs: BlobScheduleBlobParams,
    /// The first block of proof of stake, once it is known.
    paris: Option<u64>,
}

impl ChainSpec {
    /// All forks up to `hardfork` from the first block, but for the DAO's.
    pub(crate) fn with_hardfork(chain_id: u64, hardfork: EthereumHardfork) -> Result<Self, Error> {
        use EthereumHardfork as Fork;
        if hardfork > Fork::Osaka {
            return Err(Error::Hardfork(hardfork));
        }
        let from_start = |fork| (hardfork >= fork).then_some(0);
        let config = ChainConfig {
            chain_id,
            homestead_block: from_start(Fork::Homestead),
            eip150_block: from_start(Fork::Tangerine),
            eip155_block: from_start(Fork::SpuriousDragon),
            eip158_block: from_start(Fork::SpuriousDragon),
            byzantium_block: from_start(Fork::Byzantium),
            constantinople_block: from_start(Fork::Constantinople),
            petersburg_block: from_start(Fork::Constantinople),
            istanbul_block: from_start(Fork::Istanbul),
            muir_glacier_block: from_start(Fork::MuirGlacier),
            berlin_block: from_start(Fork::Berlin),
            london_block: from_start(Fork::London),
            arrow_glacier_block: from_start(Fork::ArrowGlacier),
            gray_glacier_block: from_start(Fork::GrayGlacier),
            merge_netsplit_block: from_start(Fork::Paris),
            terminal_total_difficulty: (hardfork >= Fork::Paris).then_some(U256::ZERO),
            terminal_total_difficulty_passed: hardfork >= Fork::Paris,
            shanghai_time: from_start(Fork::Shanghai),
            cancun_time: from_start(Fork::Cancun),
            prague_time: from_start(Fork::Prague),
            osaka_time: from_start(Fork::Osaka),
            ..Default::default()
        };
        let blobs = config.blob_schedule_blob_params();
        Ok(Self { chain_id, paris: config.merge_netsplit_block, config, blobs })
    }

    /// The schedule of a genesis file.
    pub(crate) fn from_genesis(chain_id: u64, genesis: &Genesis) -> Result<Self, Error> {
        let config = genesis.config.clone();
        fork_order::check(&config)?;
        for (fork, blobs) in &config.blob_schedule {
            check_blobs(blobs).map_err(|reason| Error::Genesis(format!("blobSchedule.{fork}: {reason}")))?;
        }
        if config.clique.is_some() {
            return Err(Error::Genesis("its config asks for clique; take that out".to_owned()));
        }
        // A chain whose first block is as difficult as all of them may be together merges there.
        let merged_at_once = config.terminal_total_difficulty.is_some_and(|terminal| terminal <= genesis.difficulty);
        let paris = config.merge_netsplit_block.or_else(|| merged_at_once.then(|| genesis.number.unwrap_or_default()));
        let merges = paris.is_some() || config.terminal_total_difficulty.is_some();
        if !merges && config.shanghai_time.is_some() {
            let reason = "shanghaiTime is set in its config, but not when the chain merges before; set \
                          terminalTotalDifficulty to 0 for a chain of proof of stake from the start";
            return Err(Error::Genesis(reason.to_owned()));
        }
        let blobs = config.blob_schedule_blob_params();
        Ok(Self { chain_id, config, blobs, paris })
    }

    /// The total difficulty at which the chain merges, if that decides.
    pub(crate) fn terminal_total_difficulty(&self) -> Option<U256> {
        self.config.terminal_total_difficulty.filter(|_| self.config.merge_netsplit_block.is_none())
    }

    /// Says where proof of stake begins, where [total difficulty](Self::terminal_total_difficulty) decides.
    pub(crate) const fn set_paris(&mut self, number: Option<u64>) {
        self.paris = number;
    }

    /// Whether signatures may name the chain (EIP-155).
    pub(crate) fn is_eip155_active(&self, number: u64) -> bool {
        self.config.eip155_block.is_some_and(|fork| number >= fork)
    }

    /// What a block must have as extra data, if that is not its own choice.
    pub(crate) fn extra_data(&self, number: u64) -> Option<&'static [u8]> {
        let fork = self.config.dao_fork_block.filter(|_| self.config.dao_fork_support)?;
        (number.checked_sub(fork)? < DAO_EXTRA_RANGE).then_some(DAO_EXTRA_DATA)
    }

    /// Whether a block at `number` and `timestamp` is due before the chain merged, by a fork that needs that.
    pub(crate) fn is_premature(&self, number: u64, timestamp: u64) -> bool {
        self.is_shanghai_active_at_timestamp(timestamp) && !self.is_paris_active_at_block(number)
    }

    /// The latest fork in force at a block.
    pub(crate) fn spec_id(&self, number: u64, timestamp: u64) -> SpecId {
        alloy_evm::spec_by_timestamp_and_block_number(self, timestamp, number)
    }

    /// Name of the fork in force at a block, for `anvil_nodeInfo`.
    pub(crate) fn hardfork_name(&self, number: u64, timestamp: u64) -> String {
        self.spec_id(number, timestamp).to_string()
    }

    /// Blob limits and fees at `timestamp`; none before Cancun.
    pub(crate) fn blob_params(&self, timestamp: u64) -> Option<BlobParams> {
        if let Some(scheduled) = self.blobs.active_scheduled_params_at_timestamp(timestamp) {
            Some(*scheduled)
        } else if self.is_osaka_active_at_timestamp(timestamp) {
            Some(self.blobs.osaka)
        } else if self.is_prague_active_at_timestamp(timestamp) {
            Some(self.blobs.prague)
        } else if self.is_cancun_active_at_timestamp(timestamp) {
            Some(self.blobs.cancun)
        } else {
            None
        }
    }
}

impl EthereumHardforks for ChainSpec {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        use EthereumHardfork as Fork;
        let config = &self.config;
        let at_block = match fork {
            Fork::Frontier => Some(0),
            Fork::Homestead => config.homestead_block,
            Fork::Dao => config.dao_fork_block.filter(|_| config.dao_fork_support),
            Fork::Tangerine => config.eip150_block,
            Fork::SpuriousDragon => config.eip158_block,
            Fork::Byzantium => config.byzantium_block,
            Fork::Constantinople => config.constantinople_block,
            // Constantinople runs without what Petersburg took back (EIP-1283).
            Fork::Petersburg => config.constantinople_block.or(config.petersburg_block),
            Fork::Istanbul => config.istanbul_block,
            Fork::MuirGlacier => config.muir_glacier_block,
            Fork::Berlin => config.berlin_block,
            Fork::London => config.london_block,
            Fork::ArrowGlacier => config.arrow_glacier_block,
            Fork::GrayGlacier => config.gray_glacier_block,
            Fork::Paris => self.paris,
            _ => None,
        };
        let at_time = match fork {
            Fork::Shanghai => config.shanghai_time,
            Fork::Cancun => config.cancun_time,
            Fork::Prague => config.prague_time,
            Fork::Osaka => config.osaka_time,
            Fork::Bpo1 => config.bpo1_time,
            Fork::Bpo2 => config.bpo2_time,
            Fork::Bpo3 => config.bpo3_time,
            Fork::Bpo4 => config.bpo4_time,
            Fork::Bpo5 => config.bpo5_time,
            _ => None,
        };
        at_block.map(ForkCondition::Block).or(at_time.map(ForkCondition::Timestamp)).unwrap_or(ForkCondition::Never)
    }
}

impl EthExecutorSpec for ChainSpec {
    fn deposit_contract_address(&self) -> Option<Address> {
        self.config.deposit_contract_address
    }
}

/// Refuses blob parameters that the rules can't count with.
fn check_blobs(blobs: &BlobParams) -> Result<(), String> {
    let BlobParams { target_blob_count: target, max_blob_count: max, update_fraction, .. } = blobs;
    if max > &MOST_BLOBS || target > max {
        return Err(format!("target {target} and max {max}; the target may be up to max, and max up to {MOST_BLOBS}"));
    }
    if *update_fraction == 0 || *max == 0 {
        return Err("max and baseFeeUpdateFraction must not be 0".to_owned());
    }
    Ok(())
}
