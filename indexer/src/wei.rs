//! Amounts of money.

use std::{fmt, ops::AddAssign};

use alloy::primitives::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Decimals of INFER.
const DECIMALS: usize = 18;

/// An amount in wei. JSON has it as a decimal string, because a JSON number loses digits; `Display` shows INFER.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wei(pub U256);

impl Wei {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Whether this is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The difference, zero at least.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<U256> for Wei {
    fn from(amount: U256) -> Self {
        Self(amount)
    }
}

impl From<u128> for Wei {
    fn from(amount: u128) -> Self {
        Self(U256::from(amount))
    }
}

impl AddAssign for Wei {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0>width$}", self.0.to_string(), width = DECIMALS + 1);
        let (whole, fraction) = digits.split_at(digits.len() - DECIMALS);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole} INFER"),
            fraction => write!(f, "{whole}.{fraction} INFER"),
        }
    }
}

impl Serialize for Wei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Wei {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        U256::from_str_radix(&text, 10)
            .map(Self)
            .map_err(|error| D::Error::custom(format!("{text:?} is no decimal amount of wei: {error}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn shows_infer_without_trailing_zeros() {
        for (wei, shown) in [
            (0u128, "0 INFER"),
            (1, "0.000000000000000001 INFER"),
            (1_500_000_000_000_000_000, "1.5 INFER"),
            (120_000_000_000_000_000_000, "120 INFER"),
        ] {
            assert_eq!(Wei::from(U256::from(wei)).to_string(), shown);
        }
    }

    #[test]
    fn json_keeps_every_digit() {
        let largest = Wei(U256::MAX);
        let json = serde_json::to_string(&largest).unwrap();
        assert_eq!(json, format!("\"{}\"", U256::MAX));
        assert_eq!(serde_json::from_str::<Wei>(&json).unwrap(), largest);
        assert!(serde_json::from_str::<Wei>("\"0x10\"").is_err());
    }
}
