//! `infera vrf` against vectors that two other implementations agree on.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::program::{Run, run};

#[derive(Deserialize)]
struct Vectors {
    secret_key: String,
    public_key: String,
    proofs: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    alpha: String,
    pi: String,
    beta: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vrf.json")).unwrap()
}

fn verify(public_key: &str, alpha: &str, pi: &str) -> Run {
    run(&format!("vrf verify --public-key={public_key} --alpha={alpha} --pi={pi}"))
}

#[track_caller]
fn assert_invalid(answer: &Run, reason: &str) {
    answer.fails_with(&[reason]);
    let printed: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(printed, json!({ "valid": false, "beta": null }));
}

#[test]
fn the_golden_vectors_are_proven_and_verified() {
    let Vectors { secret_key, public_key, proofs } = vectors();
    assert!(!proofs.is_empty());
    for Vector { alpha, pi, beta } in proofs {
        let proven = run(&format!("vrf prove --secret-key {secret_key} --alpha {alpha}")).json();
        assert_eq!(proven, json!({ "public_key": public_key, "pi": pi, "beta": beta }));
        assert_eq!(verify(&public_key, &alpha, &pi).json(), json!({ "valid": true, "beta": beta }));
    }
}

#[test]
fn hex_may_have_its_prefix_and_alpha_may_be_empty() {
    let Vectors { secret_key, public_key, .. } = vectors();
    let proven = run(&format!("vrf prove --secret-key 0x{secret_key} --alpha=")).json();
    let pi = proven["pi"].as_str().unwrap();
    assert_eq!(verify(&format!("0x{public_key}"), "0x", &format!("0x{pi}")).json()["valid"], true);
}

#[test]
fn a_proof_that_does_not_hold_exits_with_1() {
    let Vectors { public_key, proofs, .. } = vectors();
    let Vector { alpha, pi, .. } = &proofs[0];
    assert_invalid(&verify(&public_key, &proofs[1].alpha, pi), "does not hold");
    let last = if pi.ends_with('0') { '1' } else { '0' };
    assert_invalid(&verify(&public_key, alpha, &format!("{}{last}", &pi[..pi.len() - 1])), "does not hold");
    let other_key = format!("{}{}", if public_key.starts_with("02") { "03" } else { "02" }, &public_key[2..]);
    assert_invalid(&verify(&other_key, alpha, pi), "does not hold");
}

#[test]
fn what_is_no_proof_or_key_exits_with_1_and_is_named() {
    let Vectors { public_key, proofs, .. } = vectors();
    let Vector { alpha, pi, .. } = &proofs[0];
    assert_invalid(&verify(&public_key, alpha, &pi[2..]), "--pi cannot be used: a VRF proof of 80 bytes");
    assert_invalid(&verify(&public_key, alpha, &format!("05{}", &pi[2..])), "--pi cannot be used");
    assert_invalid(&verify(&public_key, alpha, "xyz"), "--pi is not hex");
    assert_invalid(&verify("02", alpha, pi), "--public-key cannot be used");
    assert_invalid(&verify(&public_key, "abc", pi), "--alpha is not hex");
}

#[test]
fn a_bad_secret_key_is_refused_without_being_repeated() {
    for secret in ["00".repeat(32), "ff".repeat(32), "1234".to_owned(), "sesame".to_owned()] {
        let answer = run(&format!("vrf prove --secret-key {secret} --alpha 00"));
        answer.fails_with(&["--secret-key"]);
        assert!(!answer.stderr.contains(&secret) && answer.stdout.is_empty(), "{answer:?}");
    }
}
