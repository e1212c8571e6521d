//! How large the figures of a header from outside may be, so that the rules can count on from it.

use alloy::consensus::Header;

/// What Ethereum allows a gas limit; a number or a time beyond it would leave no room for the next.
pub(crate) const LARGEST: u64 = i64::MAX as u64;

/// No base fee comes here: a transfer would cost more than all coins. Beyond it the fee no longer moves.
pub(crate) const LARGEST_BASE_FEE: u64 = 1 << 60;

/// Far beyond what any chain's blobs use.
const LARGEST_BLOB_GAS: u64 = 1 << 48;

/// Refuses a header whose figures are beyond all sense.
pub(crate) fn check(header: &Header) -> Result<(), String> {
    let blob_gas = header.blob_gas_used.unwrap_or_default();
    for (what, figure, most) in [
        ("number", header.number, LARGEST),
        ("timestamp", header.timestamp, LARGEST),
        ("gas limit", header.gas_limit, LARGEST),
        ("gas used", header.gas_used, header.gas_limit),
        ("base fee", header.base_fee_per_gas.unwrap_or_default(), LARGEST_BASE_FEE),
        ("blob gas used", blob_gas, LARGEST_BLOB_GAS),
        ("excess blob gas", header.excess_blob_gas.unwrap_or_default(), LARGEST_BLOB_GAS),
    ] {
        if figure > most {
            return Err(format!("block {}: its {what} is {figure}, and can be {most} at most", header.number));
        }
    }
    Ok(())
}
