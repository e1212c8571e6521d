//! Products that don't fit 128 bits, and shares of a sum.

use alloy::primitives::{U256, U512};

pub(crate) const BASIS_POINTS: u128 = 10_000;

/// a b / c, rounded down. `c` isn't 0, and the result fits.
pub(crate) fn mul_div(a: u128, b: impl Into<U256>, c: impl Into<U256>) -> u128 {
    let (b, c): (U256, U256) = (b.into(), c.into());
    (U512::from(a) * U512::from(b) / U512::from(c)).to()
}

/// a b / c, rounded up. `c` isn't 0, and the result fits.
pub(crate) fn mul_div_up(a: u128, b: u128, c: u128) -> u128 {
    (U512::from(a) * U512::from(b)).div_ceil(U512::from(c)).to()
}

/// A part of an amount, rounded down.
pub(crate) fn basis_points(amount: u128, bps: u128) -> u128 {
    amount * bps / BASIS_POINTS
}

/// A part of an amount, rounded up.
pub(crate) fn basis_points_up(amount: u128, bps: u128) -> u128 {
    (amount * bps).div_ceil(BASIS_POINTS)
}

/// Shares for wei that enter a sum: one virtual share and one virtual wei keep the price defined.
pub(crate) fn shares_minted(amount: u128, tokens: u128, shares: u128) -> u128 {
    mul_div(amount, U256::from(shares + 1), U256::from(tokens + 1))
}

/// Wei that shares stand for.
pub(crate) fn shares_worth(part: u128, tokens: u128, shares: u128) -> u128 {
    if shares == 0 { 0 } else { mul_div(part, U256::from(tokens), U256::from(shares)) }
}

/// Shares to give back for wei that leave.
pub(crate) fn shares_burned(amount: u128, tokens: u128, shares: u128) -> u128 {
    mul_div_up(amount, shares, tokens)
}
