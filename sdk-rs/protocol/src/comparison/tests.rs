#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::vector::OutputVector;

const VECTOR_RULE: VerificationProfile = VerificationProfile {
    rule: ResultRule::Vector,
    dimension: 2,
    scale: 100,
    max_cosine_distance_ppb: 1_000,
    norm_tolerance_ppm: 1_000,
    element_tolerance: 0,
    bit_exact: false,
};

fn vector(elements: &[i16]) -> Vec<u8> {
    elements.iter().flat_map(|element| element.to_be_bytes()).collect()
}

fn scores(scores: &[i32]) -> Vec<u8> {
    ZeroShotResult::from_scores(scores.to_vec()).unwrap().encode()
}

/// Answers with equal vectors and these results.
fn with_results(results: &[Vec<u8>]) -> Vec<Answer<'_>> {
    results.iter().map(|result| Answer { result, vector: &[0, 1, 0, 0] }).collect()
}

fn with_vectors(vectors: &[Vec<u8>]) -> Vec<Answer<'_>> {
    vectors.iter().map(|vector| Answer { result: &[], vector }).collect()
}

#[test]
fn the_cosine_boundary_is_exact() {
    // cos² of (3, 4) and (1, 0) is 9/25: cos = 0.6 exactly.
    let (a, b) = (vector(&[3, 4]), vector(&[1, 0]));
    assert!(cosine_within(&a, &b, 400_000_000));
    assert!(!cosine_within(&a, &b, 399_999_999));
}

#[test]
fn opposite_and_orthogonal_vectors_are_never_within() {
    for (a, b) in [([1, 1], [-1, -1]), ([1, 0], [0, 1]), ([0, 0], [0, 0]), ([0, 0], [1, 0])] {
        assert!(!cosine_within(&vector(&a), &vector(&b), 1_000_000_000), "{a:?} {b:?}");
    }
}

#[test]
fn a_whole_distance_accepts_every_acute_angle() {
    assert!(cosine_within(&vector(&[i16::MAX, 0]), &vector(&[1, i16::MIN]), 1_000_000_000));
}

#[test]
fn the_largest_vectors_do_not_overflow() {
    let longest = vector(&vec![i16::MIN; OutputVector::MAX_DIMENSION]);
    let square = 1u128 << 40;
    assert_eq!(dot_products(&longest, &longest), Some(DotProducts { ab: 1 << 40, aa: square, bb: square }));
    assert!(cosine_within(&longest, &longest, 0));
}

#[test]
fn products_need_whole_vectors_of_one_length() {
    assert_eq!(dot_products(&[0, 1], &[0, 1, 0, 1]), None);
    assert_eq!(dot_products(&[0, 1, 2], &[0, 1, 2]), None);
    assert_eq!(dot_products(&[], &[]), Some(DotProducts { ab: 0, aa: 0, bb: 0 }));
}

#[test]
fn the_norm_boundary_is_exact() {
    // 100² and 90² differ by 19 % of the larger.
    let products = dot_products(&vector(&[100, 0]), &vector(&[90, 0])).unwrap();
    assert!(products.norms_within(190_000));
    assert!(!products.norms_within(189_999));
}

#[test]
fn a_scaled_copy_disagrees_though_its_cosine_is_one() {
    let (a, b) = (vector(&[1000, 2000]), vector(&[1010, 2020]));
    assert!(cosine_within(&a, &b, 0));
    let answers = [a, b];
    let answers = with_vectors(&answers);
    assert!(!agree(&VECTOR_RULE, answers[0], answers[1]));
}

#[test]
fn a_malformed_answer_agrees_with_nobody_not_even_with_itself() {
    let good = Answer { result: &[], vector: &[0, 1, 0, 1] };
    for bad in [
        Answer { result: &[], vector: &[0, 0, 0, 0] },
        Answer { result: &[], vector: &[0, 1] },
        Answer { result: &[], vector: &[0, 1, 0, 1, 0, 0] },
        Answer { result: &[], vector: &[0, 1, 0, 1, 0] },
        Answer { result: &[0], vector: &[0, 1, 0, 1] },
    ] {
        assert!(!agree(&VECTOR_RULE, bad, bad), "{bad:?}");
        assert!(!agree(&VECTOR_RULE, good, bad) && !agree(&VECTOR_RULE, bad, good), "{bad:?}");
        assert_eq!(cluster(&VECTOR_RULE, &[bad, good]), Some(Cluster { centre: 1, members: vec![1] }));
        assert_eq!(cluster(&VECTOR_RULE, &[bad, bad]), None);
    }
}

#[test]
fn without_a_rule_nothing_agrees() {
    let profile = VerificationProfile { rule: ResultRule::None, ..VECTOR_RULE };
    assert_eq!(cluster(&profile, &[Answer { result: &[], vector: &[0, 1, 0, 1] }]), None);
    assert_eq!(cluster(&VECTOR_RULE, &[]), None);
}

#[test]
fn exact_bytes_means_exact_bytes() {
    let profile = VerificationProfile { rule: ResultRule::ExactBytes, ..VECTOR_RULE };
    let results = [b"yes".to_vec(), b"yes ".to_vec(), b"yes".to_vec(), vec![]];
    let answers = with_results(&results);
    assert_eq!(cluster(&profile, &answers), Some(Cluster { centre: 0, members: vec![0, 2] }));
    assert!(agree(&profile, answers[3], answers[3]), "an empty result is a result");
}

#[test]
fn scores_agree_within_the_tolerance_and_with_one_winner() {
    let profile = VerificationProfile { rule: ResultRule::Scores, element_tolerance: 10, ..VECTOR_RULE };
    let results = [scores(&[900, 100]), scores(&[910, 90]), scores(&[911, 90]), scores(&[900]), b"900".to_vec()];
    let answers = with_results(&results);
    assert!(agree(&profile, answers[0], answers[1]));
    assert!(!agree(&profile, answers[0], answers[2]), "one score is off by 11");
    assert!(!agree(&profile, answers[0], answers[3]), "another number of labels");
    assert!(!agree(&profile, answers[4], answers[4]), "malformed");
}

#[test]
fn another_winner_is_excused_when_both_answers_are_ambiguous_and_not_otherwise() {
    let profile = VerificationProfile { rule: ResultRule::Scores, element_tolerance: 10, ..VECTOR_RULE };
    let results = [scores(&[900, 890, 0]), scores(&[895, 896, 0]), scores(&[900, 889, 0])];
    let answers = with_results(&results);
    assert!(agree(&profile, answers[0], answers[1]), "their best two are 10 and 1 apart");
    assert!(agree(&profile, answers[1], answers[0]));
    assert!(!agree(&profile, answers[2], answers[1]), "the first one's best two are 11 apart");
    assert!(!agree(&profile, answers[1], answers[2]), "whichever is the centre");
}

#[test]
fn a_cheat_halfway_between_two_winners_is_not_the_centre_of_two_clear_answers() {
    let profile = VerificationProfile { rule: ResultRule::Scores, element_tolerance: 20, ..VECTOR_RULE };
    let results = [scores(&[885, 890]), scores(&[900, 870]), scores(&[900, 870])];
    let answers = with_results(&results);
    assert_eq!(cluster(&profile, &answers), Some(Cluster { centre: 1, members: vec![1, 2] }));
}

#[test]
fn extreme_scores_do_not_overflow() {
    let profile = VerificationProfile { rule: ResultRule::Scores, element_tolerance: u32::MAX, ..VECTOR_RULE };
    let results = [scores(&[i32::MAX, i32::MIN]), scores(&[i32::MIN, i32::MAX])];
    let answers = with_results(&results);
    assert!(agree(&profile, answers[0], answers[1]));
    let strict = VerificationProfile { element_tolerance: u32::MAX - 1, ..profile };
    assert!(!agree(&strict, answers[0], answers[1]));
}

#[test]
fn the_centre_has_most_neighbours_and_ties_go_to_the_lowest_position() {
    // On a line of angles each neighbour is within reach of the next, but not of the one after it.
    let profile = VerificationProfile { max_cosine_distance_ppb: 50_000, norm_tolerance_ppm: 10_000, ..VECTOR_RULE };
    let chain = [vector(&[10_000, 0]), vector(&[10_000, 90]), vector(&[10_000, 180])];
    let answers = with_vectors(&chain);
    assert!(agree(&profile, answers[0], answers[1]) && agree(&profile, answers[1], answers[2]));
    assert!(!agree(&profile, answers[0], answers[2]));
    assert_eq!(cluster(&profile, &answers), Some(Cluster { centre: 1, members: vec![0, 1, 2] }));
    assert_eq!(cluster(&profile, &[answers[0], answers[2]]), Some(Cluster { centre: 0, members: vec![0] }));
}

prop_compose! {
    fn pair()(length in 1..64usize)(
        a in prop::collection::vec(any::<i16>(), length),
        b in prop::collection::vec(any::<i16>(), length),
    ) -> (Vec<i16>, Vec<i16>) { (a, b) }
}

proptest! {
    #[test]
    fn products_are_those_of_plain_arithmetic((a, b) in pair()) {
        let dot = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum::<i128>();
        let products = dot_products(&vector(&a), &vector(&b)).unwrap();
        prop_assert_eq!(products.ab, dot(&a, &b));
        prop_assert_eq!(products.aa as i128, dot(&a, &a));
        prop_assert_eq!(products.bb as i128, dot(&b, &b));
    }

    #[test]
    fn cosine_is_that_of_floating_point_away_from_the_boundary((a, b) in pair(), ppb in 0..=1_000_000_000u32) {
        let products = dot_products(&vector(&a), &vector(&b)).unwrap();
        let cosine = products.ab as f64 / ((products.aa as f64).sqrt() * (products.bb as f64).sqrt());
        let least = 1.0 - f64::from(ppb) / 1e9;
        prop_assume!((cosine - least).abs() > 1e-9);
        prop_assert_eq!(products.cosine_within(ppb), cosine > least);
    }

    #[test]
    fn a_wider_tolerance_never_accepts_less((a, b) in pair(), ppb in 0..1_000_000_000u32, more in 0..1_000_000u32) {
        let (a, b) = (vector(&a), vector(&b));
        prop_assert!(!cosine_within(&a, &b, ppb) || cosine_within(&a, &b, ppb.saturating_add(more)));
    }

    #[test]
    fn comparing_vectors_is_symmetric((a, b) in pair(), ppb in 0..1_000_000_000u32, ppm in 0..1_000_000u32) {
        let profile = VerificationProfile {
            dimension: a.len() as u16,
            max_cosine_distance_ppb: ppb,
            norm_tolerance_ppm: ppm,
            ..VECTOR_RULE
        };
        let vectors = [vector(&a), vector(&b)];
        let answers = with_vectors(&vectors);
        prop_assert_eq!(agree(&profile, answers[0], answers[1]), agree(&profile, answers[1], answers[0]));
    }

    #[test]
    fn an_honest_majority_outvotes_any_other_vector(honest in prop::collection::vec(1_000..i16::MAX, 8), cheat in prop::collection::vec(any::<i16>(), 8), seat in 0..3usize) {
        let profile = VerificationProfile { dimension: 8, ..VECTOR_RULE };
        let mut vectors = vec![vector(&honest); 3];
        vectors[seat] = vector(&cheat);
        let answers = with_vectors(&vectors);
        let found = cluster(&profile, &answers).unwrap();
        prop_assert!(found.size() >= 2);
        let lowest_honest = usize::from(seat == 0);
        prop_assert!(found.centre == lowest_honest || found.size() == 3);
    }
}
