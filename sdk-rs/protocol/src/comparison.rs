//! Which answers agree: the integer arithmetic of `AgreementVerifier.sol`, answer for answer.
//!
//! Two answers agree when
//! 1. both vectors have the profile's dimension and are not zero,
//! 2. `|aa − bb| · 1e6 ≤ normTolerancePpm · max(aa, bb)` for their squared norms aa and bb,
//! 3. `ab > 0` and `ab² · 1e18 ≥ (1e9 − ppb)² · aa · bb`: their cosine is at least 1 − ppb/1e9,
//! 4. their results agree by the profile's rule.
//!
//! A malformed answer agrees with nobody, not even with itself.

use alloy::primitives::U256;

use crate::{
    output::ZeroShotResult,
    profile::{ResultRule, VerificationProfile},
};

/// Parts of one in a cosine distance.
const BILLION: u64 = 1_000_000_000;
/// Parts of one in a norm tolerance.
const MILLION: u128 = 1_000_000;

/// An answer as it was revealed, well-formed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The task's result bytes.
    pub result: &'a [u8],
    /// Output vector: big-endian 16-bit elements.
    pub vector: &'a [u8],
}

/// The answers around the one that most others agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Position of the answer whose result is *the* result.
    pub centre: usize,
    /// Positions in the cluster in ascending order, the centre among them; never empty.
    pub members: Vec<usize>,
}

impl Cluster {
    /// Number of answers in the cluster.
    pub fn size(&self) -> usize {
        self.members.len()
    }
}

/// Scalar products of two vectors a and b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DotProducts {
    /// a·b
    pub ab: i128,
    /// a·a, the squared norm of a.
    pub aa: u128,
    /// b·b, the squared norm of b.
    pub bb: u128,
}

/// a·b, a·a and b·b of two vectors of big-endian 16-bit elements; `None` unless they are whole and equally long.
pub fn dot_products(a: &[u8], b: &[u8]) -> Option<DotProducts> {
    let (a, a_rest) = a.as_chunks::<2>();
    let (b, b_rest) = b.as_chunks::<2>();
    if a.len() != b.len() || !a_rest.is_empty() || !b_rest.is_empty() {
        return None;
    }
    let mut products = DotProducts { ab: 0, aa: 0, bb: 0 };
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (i64::from(i16::from_be_bytes(*a)), i64::from(i16::from_be_bytes(*b)));
        products.ab += i128::from(a * b);
        products.aa += u128::from((a * a).unsigned_abs());
        products.bb += u128::from((b * b).unsigned_abs());
    }
    Some(products)
}

impl DotProducts {
    /// Whether cos(a, b) ≥ 1 − ppb/1e9, ppb at most 1e9. A zero vector has no cosine: false.
    pub fn cosine_within(&self, max_distance_ppb: u32) -> bool {
        if self.ab <= 0 {
            return false;
        }
        let least = U256::from(BILLION.saturating_sub(u64::from(max_distance_ppb)));
        let ab = U256::from(self.ab.unsigned_abs()) * U256::from(BILLION);
        ab * ab >= least * least * U256::from(self.aa) * U256::from(self.bb)
    }

    /// Whether the squared norms differ by at most `tolerance_ppm` parts per million of the larger.
    pub fn norms_within(&self, tolerance_ppm: u32) -> bool {
        self.aa.abs_diff(self.bb) * MILLION <= u128::from(tolerance_ppm) * self.aa.max(self.bb)
    }
}

/// Whether cos(a, b) ≥ 1 − ppb/1e9; false for vectors that have no [`dot_products`].
pub fn cosine_within(a: &[u8], b: &[u8], max_distance_ppb: u32) -> bool {
    dot_products(a, b).is_some_and(|products| products.cosine_within(max_distance_ppb))
}

/// Whether two answers agree. Symmetric: each must accept the other.
pub fn agree(profile: &VerificationProfile, a: Answer<'_>, b: Answer<'_>) -> bool {
    match (WellFormed::check(profile, a), WellFormed::check(profile, b)) {
        (Some(a), Some(b)) => a.agrees_with(profile, &b),
        _ => false,
    }
}

/// The cluster around the centre: the answer with most agreeing neighbours, ties to the lowest position.
/// `None` when every answer is malformed.
pub fn cluster(profile: &VerificationProfile, answers: &[Answer<'_>]) -> Option<Cluster> {
    let checked: Vec<_> = answers.iter().map(|answer| WellFormed::check(profile, *answer)).collect();
    let well_formed = || checked.iter().enumerate().filter_map(|(position, answer)| Some((position, answer.as_ref()?)));
    let mut best: Option<Cluster> = None;
    for (centre, a) in well_formed() {
        let members: Vec<_> =
            well_formed().filter(|(_, b)| a.agrees_with(profile, b)).map(|(position, _)| position).collect();
        if best.as_ref().is_none_or(|best| members.len() > best.size()) {
            best = Some(Cluster { centre, members });
        }
    }
    best
}

/// An answer whose vector and result the profile accepts.
struct WellFormed<'a> {
    answer: Answer<'a>,
    /// Decoded when the rule reads scores.
    scores: Option<ZeroShotResult>,
}

impl<'a> WellFormed<'a> {
    fn check(profile: &VerificationProfile, answer: Answer<'a>) -> Option<Self> {
        let right_dimension = answer.vector.len() == 2 * usize::from(profile.dimension);
        if !right_dimension || answer.vector.iter().all(|byte| *byte == 0) {
            return None;
        }
        let scores = match profile.rule {
            ResultRule::None => return None,
            ResultRule::ExactBytes => None,
            ResultRule::Scores => Some(ZeroShotResult::decode(answer.result).ok()?),
            ResultRule::Vector if answer.result.is_empty() => None,
            ResultRule::Vector => return None,
        };
        Some(Self { answer, scores })
    }

    fn agrees_with(&self, profile: &VerificationProfile, other: &Self) -> bool {
        let results_agree = match (&self.scores, &other.scores) {
            (Some(a), Some(b)) => scores_agree(a, b, profile.element_tolerance),
            _ => self.answer.result == other.answer.result,
        };
        results_agree
            && dot_products(self.answer.vector, other.answer.vector).is_some_and(|products| {
                products.norms_within(profile.norm_tolerance_ppm)
                    && products.cosine_within(profile.max_cosine_distance_ppb)
            })
    }
}

/// Scores element by element within `tolerance`, and the same winner, or two winners that neither answer can tell apart.
///
/// One side's doubt is not enough: a cheat halfway between two clear answers with the same winner would then be the centre of
/// both, and its own winner the result.
fn scores_agree(a: &ZeroShotResult, b: &ZeroShotResult, tolerance: u32) -> bool {
    a.scores().len() == b.scores().len()
        && a.scores().iter().zip(b.scores()).all(|(a, b)| a.abs_diff(*b) <= tolerance)
        && accepts_winner(a, b.winner(), tolerance)
        && accepts_winner(b, a.winner(), tolerance)
}

/// Whether the result can't tell `winner` from its own; its own winner always passes.
fn accepts_winner(result: &ZeroShotResult, winner: u16, tolerance: u32) -> bool {
    result.scores().get(usize::from(winner)).is_some_and(|score| result.best().abs_diff(*score) <= tolerance)
}

#[cfg(test)]
mod tests;
