//! Which rules are in force at which block.

use alloy::{
    eips::{eip7840::BlobParams, eip7892::BlobScheduleBlobParams},
    genesis::ChainConfig,
    primitives::{Address, U256},
};
use alloy_evm::eth::spec::EthExecutorSpec;
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use revm::primitives::hardfork::SpecId;

use crate::error::Error;

/// The chain's id, fork schedule and blob schedule.
#[derive(Clone, Debug)]
pub(crate) struct ChainSpec {
    pub(crate) chain_id: u64,
    config: ChainConfig,
    blobs: BlobScheduleBlobParams,
}

impl ChainSpec {
    /// All forks up to `hardfork` from the first block.
    pub(crate) fn with_hardfork(chain_id: u64, hardfork: EthereumHardfork) -> Result<Self, Error> {
        use EthereumHardfork::{Cancun, Osaka, Paris, Prague, Shanghai};
        if !(Paris..=Osaka).contains(&hardfork) {
            return Err(Error::Hardfork(hardfork));
        }
        let from_start = |fork| (hardfork >= fork).then_some(0);
        let config = ChainConfig {
            chain_id,
            homestead_block: Some(0),
            eip150_block: Some(0),
            eip155_block: Some(0),
            eip158_block: Some(0),
            byzantium_block: Some(0),
            constantinople_block: Some(0),
            petersburg_block: Some(0),
            istanbul_block: Some(0),
            muir_glacier_block: Some(0),
            berlin_block: Some(0),
            london_block: Some(0),
            arrow_glacier_block: Some(0),
            gray_glacier_block: Some(0),
            merge_netsplit_block: Some(0),
            terminal_total_difficulty: Some(U256::ZERO),
            terminal_total_difficulty_passed: true,
            shanghai_time: from_start(Shanghai),
            cancun_time: from_start(Cancun),
            prague_time: from_start(Prague),
            osaka_time: from_start(Osaka),
            ..Default::default()
        };
        Self::from_genesis(chain_id, config)
    }

    /// The schedule of a genesis file.
    pub(crate) fn from_genesis(chain_id: u64, config: ChainConfig) -> Result<Self, Error> {
        let merged_from_start =
            config.terminal_total_difficulty == Some(U256::ZERO) || config.merge_netsplit_block == Some(0);
        if !merged_from_start {
            return Err(Error::GenesisBeforeMerge);
        }
        let blobs = config.blob_schedule_blob_params();
        Ok(Self { chain_id, config, blobs })
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
            Fork::Petersburg => config.petersburg_block,
            Fork::Istanbul => config.istanbul_block,
            Fork::MuirGlacier => config.muir_glacier_block,
            Fork::Berlin => config.berlin_block,
            Fork::London => config.london_block,
            Fork::ArrowGlacier => config.arrow_glacier_block,
            Fork::GrayGlacier => config.gray_glacier_block,
            Fork::Paris => Some(config.merge_netsplit_block.unwrap_or(0)),
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
