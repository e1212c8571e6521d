//! `eth_config` (EIP-7910): the fork in force, the next one and the last that is planned.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    eips::{
        eip2124::ForkHash,
        eip2935::HISTORY_STORAGE_ADDRESS,
        eip4788::BEACON_ROOTS_ADDRESS,
        eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
        eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
        eip7910::{EthConfig, EthForkConfig, SystemContract},
    },
    primitives::{Address, B256},
};
use alloy_evm::eth::spec::EthExecutorSpec;
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};

use super::{
    Call,
    error::{RpcError, RpcResult},
};
use crate::spec::ChainSpec;

/// Names and addresses of the precompiled contracts, with the forks they came with.
const PRECOMPILES: [(EthereumHardfork, &[(&str, u16)]); 3] = [
    (
        EthereumHardfork::Cancun,
        &[
            ("ECREC", 0x01),
            ("SHA256", 0x02),
            ("RIPEMD160", 0x03),
            ("ID", 0x04),
            ("MODEXP", 0x05),
            ("BN254_ADD", 0x06),
            ("BN254_MUL", 0x07),
            ("BN254_PAIRING", 0x08),
            ("BLAKE2F", 0x09),
            ("KZG_POINT_EVALUATION", 0x0a),
        ],
    ),
    (
        EthereumHardfork::Prague,
        &[
            ("BLS12_G1ADD", 0x0b),
            ("BLS12_G1MSM", 0x0c),
            ("BLS12_G2ADD", 0x0d),
            ("BLS12_G2MSM", 0x0e),
            ("BLS12_PAIRING_CHECK", 0x0f),
            ("BLS12_MAP_FP_TO_G1", 0x10),
            ("BLS12_MAP_FP2_TO_G2", 0x11),
        ],
    ),
    (EthereumHardfork::Osaka, &[("P256VERIFY", 0x100)]),
];

impl Call<'_> {
    pub(super) fn fork_config(&self) -> RpcResult<EthConfig> {
        let chain = self.devnet.chain();
        let genesis = chain.block_by_number(chain.first_number()).map_or(B256::ZERO, |first| first.hash());
        let now = chain.head().timestamp();
        let schedule = Schedule::new(&chain.spec, genesis);
        let times = || schedule.times.iter().copied();
        let current = times().take_while(|time| *time <= now).last().unwrap_or(0);
        let current = schedule
            .fork(current)
            .ok_or_else(|| RpcError::failed("eth_config tells forks from Cancun on; an earlier one is in force"))?;
        let later = || times().filter(|time| *time > now);
        Ok(EthConfig {
            current,
            next: later().next().and_then(|time| schedule.fork(time)),
            last: later().last().and_then(|time| schedule.fork(time)),
        })
    }
}

/// When the rules change.
struct Schedule<'a> {
    spec: &'a ChainSpec,
    genesis: B256,
    blocks: BTreeSet<u64>,
    times: BTreeSet<u64>,
}

impl<'a> Schedule<'a> {
    fn new(spec: &'a ChainSpec, genesis: B256) -> Self {
        let (mut blocks, mut times) = (BTreeSet::new(), BTreeSet::new());
        for fork in EthereumHardfork::VARIANTS {
            match spec.ethereum_fork_activation(*fork) {
                // The merge changes nothing that the fork id tells.
                ForkCondition::Block(number) if *fork != EthereumHardfork::Paris => drop(blocks.insert(number)),
                ForkCondition::Timestamp(time) => drop(times.insert(time)),
                _ => {}
            }
        }
        Self { spec, genesis, blocks, times }
    }

    /// The rules from `time` on; none if they have no blobs.
    fn fork(&self, time: u64) -> Option<EthForkConfig> {
        let blob_schedule = self.spec.blob_params(time)?;
        let active = |fork| self.spec.is_ethereum_fork_active_at_timestamp(fork, time);
        let mut precompiles = BTreeMap::new();
        for (fork, added) in PRECOMPILES {
            if active(fork) {
                precompiles.extend(added.iter().map(|(name, address)| ((*name).to_owned(), low_address(*address))));
            }
        }
        let mut system_contracts = BTreeMap::from([(SystemContract::BeaconRoots, BEACON_ROOTS_ADDRESS)]);
        if active(EthereumHardfork::Prague) {
            let deposits = self.spec.deposit_contract_address().map(|at| (SystemContract::DepositContract, at));
            system_contracts.extend(deposits);
            system_contracts.extend([
                (SystemContract::ConsolidationRequestPredeploy, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
                (SystemContract::HistoryStorage, HISTORY_STORAGE_ADDRESS),
                (SystemContract::WithdrawalRequestPredeploy, WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
            ]);
        }
        Some(EthForkConfig {
            activation_time: time,
            blob_schedule,
            chain_id: self.spec.chain_id,
            fork_id: self.fork_id(time).0.into(),
            precompiles,
            system_contracts,
        })
    }

    /// EIP-6122's hash of all changes up to `time`; what was in force from the start does not count.
    fn fork_id(&self, time: u64) -> ForkHash {
        let mut hash = ForkHash::from(self.genesis);
        for number in self.blocks.iter().filter(|number| **number > 0) {
            hash += *number;
        }
        for passed in self.times.iter().filter(|passed| (1..=time).contains(*passed)) {
            hash += *passed;
        }
        hash
    }
}

fn low_address(number: u16) -> Address {
    Address::left_padding_from(&number.to_be_bytes())
}
