//! How near the revealed answers are, in the contracts' own integer arithmetic.

use std::collections::BTreeMap;

use infera_contracts::IJobRegistry::Revealed;
use infera_protocol::comparison::{Answer, DotProducts, agree, dot_products};
use serde::{Deserialize, Serialize};

use crate::{
    event::{IndexedEvent, InferaEvent, JobRegistryEvent},
    fold::VerificationProfile,
};

/// Parts of one.
const BILLION: u32 = 1_000_000_000;

/// Two revealed answers side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The two seats, the lower first.
    pub seats: (u8, u8),
    /// Their executors.
    pub executors: (u32, u32),
    /// Smallest bound in parts per billion at which the contract's comparison of the vectors passes: 1 − cos, rounded up.
    /// None when the vectors can't be compared, or point away from each other.
    pub cosine_distance_ppb: Option<u32>,
    /// Whether the contract takes the two for the same answer, the lower seat being the centre; None without a profile.
    pub agree: Option<bool>,
}

/// Every pair of revealed answers.
pub(super) fn compare(events: &[IndexedEvent], profile: Option<&VerificationProfile>) -> Vec<Comparison> {
    let mut revealed: BTreeMap<u8, Revealed> = BTreeMap::new();
    for event in events {
        match &event.event {
            InferaEvent::JobRegistry(JobRegistryEvent::Revealed(reveal)) => {
                revealed.insert(reveal.seat, reveal.clone());
            }
            InferaEvent::JobRegistry(JobRegistryEvent::RevealedSame(same)) => {
                if let Some(first) = revealed.get(&same.sameAs).cloned() {
                    revealed.insert(same.seat, Revealed { seat: same.seat, executorId: same.executorId, ..first });
                }
            }
            _ => {}
        }
    }
    let revealed: Vec<Revealed> = revealed.into_values().collect();
    let profile = profile.map(Into::into);
    let mut comparisons = Vec::new();
    for (index, a) in revealed.iter().enumerate() {
        for b in revealed.iter().skip(index + 1) {
            comparisons.push(Comparison {
                seats: (a.seat, b.seat),
                executors: (a.executorId, b.executorId),
                cosine_distance_ppb: dot_products(&a.vector, &b.vector).and_then(|products| distance_ppb(&products)),
                agree: profile.as_ref().map(|profile| agree(profile, answer(a), answer(b))),
            });
        }
    }
    comparisons
}

fn answer(revealed: &Revealed) -> Answer<'_> {
    Answer { result: &revealed.result, vector: &revealed.vector }
}

/// The least `ppb` for which `cosine_within(ppb)` holds, by bisection: it holds for every larger one too.
fn distance_ppb(products: &DotProducts) -> Option<u32> {
    if !products.cosine_within(BILLION) {
        return None;
    }
    let (mut fails_below, mut holds) = (0, BILLION);
    while fails_below < holds {
        let middle = fails_below + (holds - fails_below) / 2;
        if products.cosine_within(middle) {
            holds = middle;
        } else {
            fails_below = middle + 1;
        }
    }
    Some(holds)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn distance(a: &[i16], b: &[i16]) -> Option<u32> {
        let bytes = |vector: &[i16]| vector.iter().flat_map(|element| element.to_be_bytes()).collect::<Vec<u8>>();
        distance_ppb(&dot_products(&bytes(a), &bytes(b)).unwrap())
    }

    #[test]
    fn the_distance_is_one_minus_the_cosine_rounded_up() {
        assert_eq!(distance(&[3, 4], &[3, 4]), Some(0));
        assert_eq!(distance(&[3, 4], &[6, 8]), Some(0));
        // cos = 0.96 exactly
        assert_eq!(distance(&[3, 4], &[4, 3]), Some(40_000_000));
        // cos 45° = 0.70710678118…
        assert_eq!(distance(&[1, 0], &[1, 1]), Some(292_893_219));
    }

    #[test]
    fn vectors_at_right_angles_opposite_or_zero_have_no_distance() {
        assert_eq!(distance(&[1, 0], &[0, 1]), None);
        assert_eq!(distance(&[1, 0], &[-1, 0]), None);
        assert_eq!(distance(&[0, 0], &[1, 0]), None);
    }
}
