//! How answers of one model version and runtime class are verified.

use serde::{Deserialize, Serialize};

/// How two results of a task are compared, beside their vectors. Numbered as in `IModelRegistry.sol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ResultRule {
    /// No rule: the version or class is unknown. No answers agree.
    #[default]
    None = 0,
    /// Byte for byte.
    ExactBytes = 1,
    /// [`crate::output::ZeroShotResult`]: scores within a tolerance, and the same winner unless it is ambiguous.
    Scores = 2,
    /// The vector is the result; the result bytes are empty.
    Vector = 3,
}

/// A rule number that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown result rule {0}: this version knows 0 to 3")]
pub struct UnknownRule(pub u8);

impl TryFrom<u8> for ResultRule {
    type Error = UnknownRule;

    fn try_from(number: u8) -> Result<Self, UnknownRule> {
        match number {
            0 => Ok(Self::None),
            1 => Ok(Self::ExactBytes),
            2 => Ok(Self::Scores),
            3 => Ok(Self::Vector),
            other => Err(UnknownRule(other)),
        }
    }
}

impl From<ResultRule> for u8 {
    fn from(rule: ResultRule) -> Self {
        rule as Self
    }
}

/// A verification profile, field by field the one of `IModelRegistry.sol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerificationProfile {
    /// How results are compared.
    pub rule: ResultRule,
    /// Elements of the output vector, at most 1024.
    pub dimension: u16,
    /// Fixed-point scale of the vector: element = round(scale × x).
    pub scale: u16,
    /// Largest accepted 1 − cos, in parts per billion, at most 1e9.
    pub max_cosine_distance_ppb: u32,
    /// Largest accepted difference of two squared norms, in parts per million of the larger.
    pub norm_tolerance_ppm: u32,
    /// Largest accepted difference of two scores, in their own unit.
    pub element_tolerance: u32,
    /// Honest executors of this class produce identical bytes.
    pub bit_exact: bool,
}

/// How far honest answers of a runtime class may lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerances {
    /// Largest 1 − cos in parts per billion.
    pub max_cosine_distance_ppb: u32,
    /// Largest difference of the squared norms in parts per million of the larger.
    pub norm_tolerance_ppm: u32,
    /// Largest difference of two scores in parts per million of cosine.
    pub element_tolerance: u32,
}

/// Calibrated for float32 encoders on libtorch: honest executors differ by less than one part per billion, those whose weights
/// are rounded to eight bits by more than a hundred thousand.
pub const FLOAT32: Tolerances =
    Tolerances { max_cosine_distance_ppb: 1_000, norm_tolerance_ppm: 1_000, element_tolerance: 50 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_survives_its_number_and_others_are_named() {
        for number in 0..=3 {
            assert_eq!(ResultRule::try_from(number).map(u8::from), Ok(number));
        }
        assert_eq!(ResultRule::try_from(4), Err(UnknownRule(4)));
    }
}
