//! Which answers agree: `AgreementVerifier` against `infera_protocol::comparison`, verdict for verdict.

use alloy::{
    primitives::{Bytes, I256, U256},
    providers::DynProvider,
};
use infera_contracts::{
    IAgreementVerifier::{
        self, Answer as OnChainAnswer, IAgreementVerifierInstance, VerificationProfile as OnChainProfile,
    },
    creation,
};
use infera_protocol::{
    comparison::{self, Answer, Cluster},
    output::ZeroShotResult,
    profile::{ResultRule, VerificationProfile},
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    chain::{Chain, Verdict, check},
    golden::entries,
};

const CASES: u32 = 384;

/// An answer that owns its bytes.
#[derive(Debug, Clone, Default, serde::Deserialize)]
struct Given {
    result: Bytes,
    vector: Bytes,
}

impl Given {
    fn answer(&self) -> Answer<'_> {
        Answer { result: &self.result, vector: &self.vector }
    }

    fn on_chain(&self) -> OnChainAnswer {
        OnChainAnswer { seat: 0, result: self.result.clone(), vector: self.vector.clone() }
    }
}

struct Verifier {
    chain: Chain,
    contract: IAgreementVerifierInstance<DynProvider>,
}

impl Verifier {
    fn deploy() -> Self {
        let chain = Chain::start();
        let at = chain.deploy(&creation::AGREEMENT_VERIFIER, &[]);
        let contract = IAgreementVerifier::new(at, chain.provider.clone());
        Self { chain, contract }
    }

    fn cluster(&self, profile: &VerificationProfile, answers: &[Given]) -> Option<Cluster> {
        let answers = answers.iter().map(Given::on_chain).collect();
        let found = self.chain.wait(self.contract.cluster(on_chain(profile), answers).call()).unwrap();
        let members: Vec<_> = (0..8_usize).filter(|position| found.members >> position & 1 == 1).collect();
        assert_eq!(members.len(), usize::from(found.size));
        (found.size > 0).then(|| Cluster { centre: found.centre.into(), members })
    }

    fn agree(&self, profile: &VerificationProfile, a: &Given, b: &Given) -> bool {
        self.chain.wait(self.contract.agree(on_chain(profile), a.on_chain(), b.on_chain()).call()).unwrap()
    }

    fn cosine_within(&self, a: &[u8], b: &[u8], max_distance_ppb: u32) -> bool {
        let (a, b) = (Bytes::copy_from_slice(a), Bytes::copy_from_slice(b));
        self.chain.wait(self.contract.cosineWithin(a, b, max_distance_ppb).call()).unwrap()
    }

    fn same_cluster(&self, profile: &VerificationProfile, answers: &[Given]) -> Verdict {
        let given: Vec<_> = answers.iter().map(Given::answer).collect();
        prop_assert_eq!(comparison::cluster(profile, &given), self.cluster(profile, answers));
        Ok(())
    }

    fn same_agreement(&self, profile: &VerificationProfile, a: &Given, b: &Given) -> Verdict {
        let ours = comparison::agree(profile, a.answer(), b.answer());
        prop_assert_eq!(ours, self.agree(profile, a, b));
        Ok(())
    }
}

fn on_chain(profile: &VerificationProfile) -> OnChainProfile {
    OnChainProfile {
        rule: profile.rule.into(),
        dimension: profile.dimension,
        scale: profile.scale,
        maxCosineDistancePpb: profile.max_cosine_distance_ppb,
        normTolerancePpm: profile.norm_tolerance_ppm,
        elementTolerance: profile.element_tolerance,
        bitExact: profile.bit_exact,
    }
}

fn bytes_of(elements: &[i16]) -> Bytes {
    elements.iter().flat_map(|element| element.to_be_bytes()).collect()
}

#[test]
fn every_golden_cluster_is_the_contracts_too() {
    let verifier = Verifier::deploy();
    for entry in entries("comparison", "cluster") {
        let (profile, answers): (_, Vec<Given>) = (entry.get("profile"), entry.get("answers"));
        let golden = match &entry.output {
            serde_json::Value::Null => None,
            output => Some(Cluster {
                centre: serde_json::from_value(output["centre"].clone()).unwrap(),
                members: serde_json::from_value(output["members"].clone()).unwrap(),
            }),
        };
        let case: String = entry.get("case");
        assert_eq!(verifier.cluster(&profile, &answers), golden, "{case}");
        for (a, b) in answers.iter().flat_map(|a| answers.iter().map(move |b| (a, b))) {
            verifier.same_agreement(&profile, a, b).unwrap_or_else(|difference| panic!("{case}: {difference}"));
        }
    }
}

#[test]
fn dot_products_are_equal_and_only_whole_vectors_of_one_length_have_them() {
    let verifier = Verifier::deploy();
    let small = || vec(any::<u8>(), 0..12);
    let pair = vec(any::<(i16, i16)>(), 0..=1024).prop_map(|pairs| {
        let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        (bytes_of(&a).to_vec(), bytes_of(&b).to_vec())
    });
    let extreme = (1..=1024_usize, any::<(bool, bool)>()).prop_map(|(length, (high_a, high_b))| {
        let full = |high| bytes_of(&vec![if high { i16::MAX } else { i16::MIN }; length]).to_vec();
        (full(high_a), full(high_b))
    });
    check(file!(), CASES, prop_oneof![3 => pair, 1 => extreme, 2 => (small(), small())], |(a, b)| {
        let call = verifier.contract.dotProducts(Bytes::copy_from_slice(&a), Bytes::copy_from_slice(&b));
        let answer = verifier.chain.wait(call.call());
        match comparison::dot_products(&a, &b) {
            Some(ours) => {
                let theirs = answer.unwrap();
                prop_assert_eq!(I256::try_from(ours.ab).unwrap(), theirs.ab);
                prop_assert_eq!((U256::from(ours.aa), U256::from(ours.bb)), (theirs.aa, theirs.bb));
            }
            None => {
                let refusal = answer.unwrap_err();
                prop_assert!(
                    refusal.as_decoded_interface_error::<IAgreementVerifier::IAgreementVerifierErrors>().is_some(),
                    "{}",
                    refusal
                );
            }
        }
        Ok(())
    });
}

/// A vector and one at a small angle to it, as unequal executors produce them.
fn neighbours() -> impl Strategy<Value = (Vec<i16>, Vec<i16>)> {
    (1..=400_usize, 0..=2_000_i16).prop_flat_map(|(dimension, noise)| {
        vec((-30_000..=30_000_i16, -noise..=noise), dimension)
            .prop_map(|pairs| pairs.into_iter().map(|(element, noise)| (element, element + noise)).unzip())
    })
}

#[test]
fn the_cosine_flips_at_the_same_part_per_billion() {
    let verifier = Verifier::deploy();
    check(file!(), CASES, neighbours(), |(a, b)| {
        let (a, b) = (bytes_of(&a), bytes_of(&b));
        // The smallest distance that Rust accepts, by bisection; the contract must flip at it too.
        let least = (0..=1_000_000_000_u32).collect_bisected(|ppb| comparison::cosine_within(&a, &b, ppb));
        match least {
            Some(ppb) => {
                prop_assert!(verifier.cosine_within(&a, &b, ppb), "{} ppb", ppb);
                prop_assert!(ppb == 0 || !verifier.cosine_within(&a, &b, ppb - 1), "{} ppb", ppb - 1);
            }
            None => prop_assert!(!verifier.cosine_within(&a, &b, 1_000_000_000)),
        }
        Ok(())
    });
}

/// Finds where a predicate that stays true once it is true becomes true.
trait Bisected {
    fn collect_bisected(self, holds: impl Fn(u32) -> bool) -> Option<u32>;
}

impl Bisected for std::ops::RangeInclusive<u32> {
    fn collect_bisected(self, holds: impl Fn(u32) -> bool) -> Option<u32> {
        let (mut low, mut high) = self.into_inner();
        if !holds(high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        Some(low)
    }
}

#[test]
fn distances_beyond_a_whole_one_and_vectors_without_angle_are_judged_alike() {
    let verifier = Verifier::deploy();
    let vectors: Vec<Bytes> =
        [&[][..], &[0, 0], &[1, 0], &[0, 1], &[-1, 0], &[i16::MIN, i16::MIN], &[i16::MAX, i16::MAX], &[1]]
            .iter()
            .map(|elements| bytes_of(elements))
            .collect();
    for (a, b) in vectors.iter().flat_map(|a| vectors.iter().map(move |b| (a, b))) {
        for ppb in [0, 1, 999_999_999, 1_000_000_000, 1_000_000_001, u32::MAX] {
            let ours = comparison::cosine_within(a, b, ppb);
            assert_eq!(verifier.cosine_within(a, b, ppb), ours, "{a} {b} {ppb}");
        }
    }
}

/// A profile of few dimensions and tolerances around which the answers below scatter.
fn profile() -> impl Strategy<Value = VerificationProfile> {
    let rule = prop_oneof![
        1 => Just(ResultRule::None),
        3 => Just(ResultRule::ExactBytes),
        6 => Just(ResultRule::Scores),
        3 => Just(ResultRule::Vector),
    ];
    let distance = prop_oneof![Just(0), 0..=100_000_000_u32, Just(1_000_000_000)];
    (rule, 1..=4_u16, distance, 0..=300_000_u32, prop_oneof![Just(0), 0..=8_u32, Just(u32::MAX)]).prop_map(
        |(rule, dimension, max_cosine_distance_ppb, norm_tolerance_ppm, element_tolerance)| VerificationProfile {
            rule,
            dimension,
            scale: 100,
            max_cosine_distance_ppb,
            norm_tolerance_ppm,
            element_tolerance,
            bit_exact: false,
        },
    )
}

/// How one answer departs from the base.
#[derive(Debug, Clone)]
struct Departure {
    noise: Vec<i16>,
    score_noise: Vec<i32>,
    /// Some answers are malformed, each in one way.
    damage: Option<(u8, Index, u8)>,
}

fn departure() -> impl Strategy<Value = Departure> {
    let damage = prop::option::weighted(0.2, (0..6_u8, any::<Index>(), 1..=255_u8));
    (vec(-12..=12_i16, 4), vec(-6..=6_i32, 4), damage).prop_map(|(noise, score_noise, damage)| Departure {
        noise,
        score_noise,
        damage,
    })
}

/// A base vector, base scores (close to each other, so that winners change) and up to eight departures from them.
fn answers() -> impl Strategy<Value = (VerificationProfile, Vec<Given>)> {
    let base = (vec(-60..=60_i16, 4), vec(prop_oneof![6 => 0..=10_i32, 1 => any::<i32>()], 1..=4));
    (profile(), base, vec(departure(), 0..=8)).prop_map(|(profile, (base, scores), departures)| {
        let answers = departures.iter().map(|departure| scattered(&profile, &base, &scores, departure)).collect();
        (profile, answers)
    })
}

fn scattered(profile: &VerificationProfile, base: &[i16], scores: &[i32], departure: &Departure) -> Given {
    let elements = base.iter().zip(&departure.noise).map(|(element, noise)| element + noise);
    let mut vector: Vec<u8> =
        elements.take(profile.dimension.into()).flat_map(|element| element.to_be_bytes()).collect();
    let mut result = match profile.rule {
        ResultRule::Vector => Vec::new(),
        // Few different results, so that exact bytes are sometimes equal.
        ResultRule::ExactBytes | ResultRule::None => vec![departure.score_noise[0].unsigned_abs() as u8 / 4],
        ResultRule::Scores => {
            let scores = scores.iter().zip(&departure.score_noise).map(|(score, noise)| score.saturating_add(*noise));
            ZeroShotResult::from_scores(scores.collect()).unwrap().encode()
        }
    };
    match &departure.damage {
        Some((0, ..)) => vector.push(0),
        Some((1, ..)) => vector.extend([0, 1]),
        Some((2, ..)) => vector.fill(0),
        Some((3, position, by)) if !result.is_empty() => {
            let position = position.index(result.len());
            result[position] ^= by;
        }
        Some((4, position, _)) => result.truncate(position.index(result.len() + 1)),
        Some((_, _, by)) => result.extend([0; 32].map(|zero: u8| zero ^ (by & 1))),
        None => {}
    }
    Given { result: result.into(), vector: vector.into() }
}

#[test]
fn clusters_of_scattered_and_malformed_answers_are_equal() {
    let verifier = Verifier::deploy();
    check(file!(), 4 * CASES, answers(), |(profile, answers)| verifier.same_cluster(&profile, &answers));
}

#[test]
fn two_answers_agree_on_both_sides_or_on_neither() {
    let verifier = Verifier::deploy();
    let pairs = answers().prop_filter_map("two answers", |(profile, answers)| match answers.as_slice() {
        [a, b, ..] => Some((profile, a.clone(), b.clone())),
        _ => None,
    });
    check(file!(), 2 * CASES, pairs, |(profile, a, b)| {
        verifier.same_agreement(&profile, &a, &b)?;
        verifier.same_agreement(&profile, &b, &a)?;
        verifier.same_agreement(&profile, &a, &a)
    });
}

#[test]
fn a_result_is_canonical_on_both_sides_or_on_neither() {
    let verifier = Verifier::deploy();
    let profile = VerificationProfile {
        rule: ResultRule::Scores,
        dimension: 1,
        max_cosine_distance_ppb: 0,
        element_tolerance: 0,
        ..Default::default()
    };
    let scores = vec(prop_oneof![-3..=3_i32, any::<i32>(), Just(i32::MIN), Just(i32::MAX)], 1..=5);
    let damage = prop::option::of((any::<Index>(), any::<u8>(), 0..3_u8));
    check(file!(), 2 * CASES, (scores, damage), |(scores, damage)| {
        let mut result = ZeroShotResult::from_scores(scores).unwrap().encode();
        if let Some((position, by, way)) = damage {
            match way {
                0 => result.truncate(position.index(result.len())),
                1 => result.extend(vec![by; position.index(64)]),
                _ => {
                    let position = position.index(result.len());
                    result[position] = by;
                }
            }
        }
        let given = Given { result: result.into(), vector: bytes_of(&[1]) };
        // A well-formed answer agrees with itself, and only such a one.
        let canonical = ZeroShotResult::decode(&given.result).is_ok();
        prop_assert_eq!(verifier.agree(&profile, &given, &given), canonical, "{}", given.result);
        Ok(())
    });
}

#[test]
fn scores_around_the_tolerance_and_ambiguous_winners_are_judged_alike() {
    let verifier = Verifier::deploy();
    // All pairs of three scores within a few units: every kind of tie and near tie.
    let pairs = (vec(0..=4_i32, 3), vec(0..=4_i32, 3), 0..=4_u32);
    check(file!(), 2 * CASES, pairs, |(a, b, element_tolerance)| {
        let profile =
            VerificationProfile { rule: ResultRule::Scores, dimension: 1, element_tolerance, ..Default::default() };
        let given = |scores| Given {
            result: ZeroShotResult::from_scores(scores).unwrap().encode().into(),
            vector: bytes_of(&[1]),
        };
        let (a, b) = (given(a), given(b));
        verifier.same_agreement(&profile, &a, &b)?;
        verifier.same_agreement(&profile, &b, &a)?;
        verifier.same_cluster(&profile, &[a, b])
    });
}
