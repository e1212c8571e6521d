//! What a header must be, given its parent's.

use alloy::{
    consensus::{EMPTY_OMMER_ROOT_HASH, Header, constants::MAXIMUM_EXTRA_DATA_SIZE},
    eips::eip4844::DATA_GAS_PER_BLOB,
    primitives::{B64, U256, hex},
};
use alloy_hardforks::EthereumHardforks;

use super::{Invalid, demand, demand_presence};
use crate::{
    chain::{build::next_base_fee, difficulty::difficulty},
    spec::ChainSpec,
};

/// The least gas limit there is, and the most.
const LEAST_GAS_LIMIT: u64 = 5_000;
const MOST_GAS_LIMIT: u64 = i64::MAX as u64;

/// A gas limit differs from its parent's by less than this part of it.
const GAS_LIMIT_DIVISOR: u64 = 1_024;

/// Everything but the gas limit's way from the parent's, and what follows from the body.
pub(super) fn check(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Invalid> {
    let (number, time) = (header.number, header.timestamp);
    demand("number", number, parent.number.saturating_add(1))?;
    if time <= parent.timestamp {
        let want = format!("later than its parent's {}", parent.timestamp);
        return Err(Invalid::Field { field: "timestamp", have: time.to_string(), want });
    }
    if spec.is_premature(number, time) {
        return Err(Invalid::Other("Shanghai is due but the chain is not merged yet".to_owned()));
    }
    check_extra_data(spec, header)?;
    if !(LEAST_GAS_LIMIT..=MOST_GAS_LIMIT).contains(&header.gas_limit) {
        let want = format!("from {LEAST_GAS_LIMIT} to {MOST_GAS_LIMIT}");
        return Err(Invalid::Field { field: "gas limit", have: header.gas_limit.to_string(), want });
    }
    if header.gas_used > header.gas_limit {
        let want = format!("at most its gas limit {}", header.gas_limit);
        return Err(Invalid::Field { field: "gas used", have: header.gas_used.to_string(), want });
    }
    if spec.is_paris_active_at_block(number) {
        demand("difficulty", header.difficulty, U256::ZERO)?;
        demand("nonce", header.nonce, B64::ZERO)?;
        demand("uncles hash", header.ommers_hash, EMPTY_OMMER_ROOT_HASH)?;
    } else {
        demand("difficulty", header.difficulty, difficulty(spec, parent, time))?;
    }
    let london = spec.is_london_active_at_block(number);
    demand_presence("base fee", &header.base_fee_per_gas, london)?;
    if let Some(base_fee) = header.base_fee_per_gas {
        demand("base fee", base_fee, next_base_fee(parent))?;
    }
    demand_presence("withdrawals root", &header.withdrawals_root, spec.is_shanghai_active_at_timestamp(time))?;
    check_blobs(spec, parent, header)?;
    demand_presence("requests hash", &header.requests_hash, spec.is_prague_active_at_timestamp(time))?;
    demand_presence("block access list hash", &header.block_access_list_hash, false)?;
    demand_presence("slot number", &header.slot_number, false)
}

fn check_extra_data(spec: &ChainSpec, header: &Header) -> Result<(), Invalid> {
    if header.extra_data.len() > MAXIMUM_EXTRA_DATA_SIZE {
        let have = format!("{} bytes", header.extra_data.len());
        let want = format!("at most {MAXIMUM_EXTRA_DATA_SIZE}");
        return Err(Invalid::Field { field: "extra data", have, want });
    }
    match spec.extra_data(header.number) {
        Some(wanted) => demand("extra data", hex::encode_prefixed(&header.extra_data), hex::encode_prefixed(wanted)),
        None => Ok(()),
    }
}

fn check_blobs(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Invalid> {
    let cancun = spec.is_cancun_active_at_timestamp(header.timestamp);
    demand_presence("blob gas used", &header.blob_gas_used, cancun)?;
    demand_presence("excess blob gas", &header.excess_blob_gas, cancun)?;
    demand_presence("parent beacon block root", &header.parent_beacon_block_root, cancun)?;
    let (Some(used), Some(excess)) = (header.blob_gas_used, header.excess_blob_gas) else { return Ok(()) };
    let Some(params) = spec.blob_params(header.timestamp) else { return Ok(()) };
    let most = params.max_blob_gas_per_block();
    if used > most || !used.is_multiple_of(DATA_GAS_PER_BLOB) {
        let want = format!("a multiple of {DATA_GAS_PER_BLOB}, at most {most}");
        return Err(Invalid::Field { field: "blob gas used", have: used.to_string(), want });
    }
    demand("excess blob gas", excess, parent.next_block_excess_blob_gas(params).unwrap_or_default())
}

/// A gas limit moves slowly. London's first block has twice its parent's to start from (EIP-1559).
pub(super) fn check_gas_limit(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Invalid> {
    let starts = parent.base_fee_per_gas.is_none() && spec.is_london_active_at_block(header.number);
    let base = if starts { parent.gas_limit.saturating_mul(2) } else { parent.gas_limit };
    let bound = base / GAS_LIMIT_DIVISOR;
    if header.gas_limit.abs_diff(base) >= bound {
        let want = format!("less than {bound} from {base}");
        return Err(Invalid::Field { field: "gas limit", have: header.gas_limit.to_string(), want });
    }
    Ok(())
}
