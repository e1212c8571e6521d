//! The first block and its state.

use alloy::{
    consensus::{Header, Sealable, constants::EMPTY_WITHDRAWALS},
    eips::{eip2935, eip4788, eip7002, eip7251, eip7685::EMPTY_REQUESTS_HASH},
    genesis::Genesis,
    primitives::{Address, B256, Bytes, address, bytes, keccak256},
};
use alloy_hardforks::EthereumHardforks;

use crate::{
    accounts::DevAccounts,
    chain::{Block, States, bounds},
    config::Config,
    error::Error,
    spec::ChainSpec,
    state::State,
};

/// Nick Johnson's CREATE2 deployer, which Foundry's deterministic deployments call.
const CREATE2_DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
const CREATE2_DEPLOYER_CODE: Bytes = bytes!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// The rules and the first block of a chain.
pub(crate) fn genesis(config: &Config, accounts: &DevAccounts) -> Result<(ChainSpec, Block), Error> {
    let (spec, given) = match &config.genesis {
        Some(genesis) => {
            let spec = ChainSpec::from_genesis(config.chain_id, genesis)?;
            (spec, genesis.clone())
        }
        None => {
            let spec = ChainSpec::with_hardfork(config.chain_id, config.hardfork)?;
            let own = Genesis {
                timestamp: config.timestamp.unwrap_or_else(|| config.clock.now()),
                gas_limit: config.gas_limit,
                base_fee_per_gas: Some(config.base_fee.into()),
                mix_hash: keccak256(config.seed.to_be_bytes()),
                ..Default::default()
            };
            (spec, own)
        }
    };

    let mut state = State::default();
    if config.genesis.is_none() {
        add_predeploys(&mut state, &spec, given.timestamp);
    }
    for (address, account) in &given.alloc {
        let storage = account.storage_slots().map(|(slot, value)| (slot.into(), value));
        let nonce = account.nonce.unwrap_or_default();
        state.put(*address, nonce, account.balance, account.code.clone(), storage);
    }
    for address in accounts.addresses() {
        state.set_balance(address, state.balance(address).saturating_add(config.balance));
    }
    let first = first_block(&spec, &given, state);
    bounds::check(first.header()).map_err(Error::Genesis)?;
    Ok((spec, first))
}

fn first_block(spec: &ChainSpec, genesis: &Genesis, state: State) -> Block {
    let number = genesis.number.unwrap_or_default();
    let time = genesis.timestamp;
    let cancun = spec.is_cancun_active_at_timestamp(time);
    let header = Header {
        parent_hash: genesis.parent_hash.unwrap_or_default(),
        beneficiary: genesis.coinbase,
        state_root: state.root(),
        difficulty: genesis.difficulty,
        number,
        gas_limit: genesis.gas_limit,
        timestamp: time,
        extra_data: genesis.extra_data.clone(),
        mix_hash: genesis.mix_hash,
        nonce: genesis.nonce.into(),
        base_fee_per_gas: spec
            .is_london_active_at_block(number)
            .then(|| genesis.base_fee_per_gas.map_or(1_000_000_000, |fee| u64::try_from(fee).unwrap_or(u64::MAX))),
        withdrawals_root: spec.is_shanghai_active_at_timestamp(time).then_some(EMPTY_WITHDRAWALS),
        blob_gas_used: cancun.then(|| genesis.blob_gas_used.unwrap_or_default()),
        excess_blob_gas: cancun.then(|| genesis.excess_blob_gas.unwrap_or_default()),
        parent_beacon_block_root: cancun.then_some(B256::ZERO),
        requests_hash: spec.is_prague_active_at_timestamp(time).then_some(EMPTY_REQUESTS_HASH),
        ..Default::default()
    };
    let states = States { parent: State::default(), before: State::default(), after: state };
    Block::new(header.seal_slow(), Vec::new(), Vec::new(), Some(states))
}

/// The contracts the forks in force rely on, and the CREATE2 deployer.
fn add_predeploys(state: &mut State, spec: &ChainSpec, time: u64) {
    let mut add = |address: Address, code: &Bytes| {
        state.set_code(address, code.clone());
        state.set_nonce(address, 1);
    };
    add(CREATE2_DEPLOYER, &CREATE2_DEPLOYER_CODE);
    if spec.is_cancun_active_at_timestamp(time) {
        add(eip4788::BEACON_ROOTS_ADDRESS, &eip4788::BEACON_ROOTS_CODE);
    }
    if spec.is_prague_active_at_timestamp(time) {
        add(eip2935::HISTORY_STORAGE_ADDRESS, &eip2935::HISTORY_STORAGE_CODE);
        add(eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE);
        add(eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE);
    }
}
