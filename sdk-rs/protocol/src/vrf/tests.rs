#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::{
    hints::{FIELD_PRIME, curve},
    *,
};

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

#[test]
fn a_secret_key_is_a_scalar_between_one_and_the_order() {
    let order = U256::from_be_slice(&Secp256k1::ORDER.to_be_byte_array());
    for bad in [U256::ZERO, order, U256::MAX] {
        assert_eq!(SecretKey::from_bytes(&bad.to_be_bytes::<32>()).unwrap_err(), VrfError::SecretKey);
    }
    assert_eq!(SecretKey::from_bytes(&[1; 31]).unwrap_err(), VrfError::SecretKey);
    let largest = (order - U256::ONE).to_be_bytes::<32>();
    assert_eq!(*SecretKey::from_bytes(&largest).unwrap().to_bytes(), largest);
}

#[test]
fn a_secret_key_is_not_printed() {
    let printed = format!("{:?}", secret(0xab));
    assert!(printed.contains(&hex::encode(secret(0xab).public_key().to_bytes())));
    assert!(!printed.contains("abababab") && !printed.contains("171, 171"), "{printed}");
}

#[test]
fn a_public_key_is_one_compressed_point() {
    let public = secret(1).public_key();
    let bytes = public.to_bytes();
    assert_eq!(PublicKey::from_bytes(&bytes), Ok(public));
    let uncompressed = public.0.to_encoded_point(false);
    let mut other_tag = bytes;
    other_tag[0] = 5;
    let not_below_the_prime = [&[2], [0xff; 32].as_slice()].concat();
    // 5 is the smallest x that is not on secp256k1.
    let not_on_the_curve = [&[2], U256::from(5).to_be_bytes::<32>().as_slice()].concat();
    for bad in [uncompressed.as_bytes(), &other_tag, &not_below_the_prime, &not_on_the_curve, &bytes[..32], &[0], &[]] {
        assert_eq!(PublicKey::from_bytes(bad), Err(VrfError::PublicKey), "{}", hex::encode(bad));
    }
}

#[test]
fn a_public_key_survives_its_coordinates_and_others_are_refused() {
    let public = secret(1).public_key();
    let (x, y) = public.affine();
    assert_eq!(PublicKey::from_affine(x, y), Ok(public));
    for (x, y) in [(x, x), (U256::ZERO, U256::ZERO), (U256::MAX, y), (x, U256::MAX)] {
        assert_eq!(PublicKey::from_affine(x, y), Err(VrfError::PublicKey));
    }
}

#[test]
fn a_proof_has_one_encoding() {
    let proof = secret(1).prove(b"alpha").unwrap().to_bytes();
    for length in [0, 32, 48, 80] {
        assert_eq!(Proof::from_bytes(&proof[..length]), Err(VrfError::ProofLength(length)));
    }
    assert_eq!(Proof::from_bytes(&[&proof[..], &[0]].concat()), Err(VrfError::ProofLength(82)));
    let mut bad_tag = proof;
    bad_tag[0] = 4;
    assert_eq!(Proof::from_bytes(&bad_tag), Err(VrfError::Gamma));
    let mut off_the_curve = proof;
    off_the_curve[1..33].copy_from_slice(&U256::from(5).to_be_bytes::<32>());
    assert_eq!(Proof::from_bytes(&off_the_curve), Err(VrfError::Gamma));
    let mut response_plus_order = proof;
    response_plus_order[49..].copy_from_slice(&Secp256k1::ORDER.to_be_byte_array());
    assert_eq!(Proof::from_bytes(&response_plus_order), Err(VrfError::Response));
}

#[test]
fn possession_is_signed_by_the_vrf_key() {
    let secret = secret(3);
    let (registry, owner) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let signature = secret.sign_possession(31337, registry, owner).unwrap();
    let (x, y) = secret.public_key().affine();
    let address = Address::from_raw_public_key(&[x.to_be_bytes::<32>(), y.to_be_bytes::<32>()].concat());
    let digest = vrf_possession_digest(31337, registry, owner);
    assert_eq!(signature.recover_address_from_prehash(&digest).unwrap(), address);
    assert!(signature.normalize_s().is_none(), "s is low, as OpenZeppelin's ECDSA demands");
    assert!(matches!(signature.as_bytes()[64], 27 | 28));
}

fn any_secret() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>().prop_filter_map("not a scalar", |bytes| SecretKey::from_bytes(&bytes).ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_proof_verifies_and_survives_its_bytes(secret in any_secret(), alpha in prop::collection::vec(any::<u8>(), 0..80)) {
        let proof = secret.prove(&alpha).unwrap();
        prop_assert_eq!(Proof::from_bytes(&proof.to_bytes()), Ok(proof));
        prop_assert_eq!(secret.public_key().verify(&alpha, &proof), Ok(proof.beta()));
        prop_assert_eq!(secret.prove(&alpha), Ok(proof), "one proof per alpha");
    }

    #[test]
    fn another_key_or_alpha_is_refused(secret in any_secret(), another in any_secret(), alpha in any::<[u8; 32]>(), bit in 0..256usize) {
        let proof = secret.prove(&alpha).unwrap();
        let mut other = alpha;
        other[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(secret.public_key().verify(&other, &proof), Err(VrfError::Invalid));
        prop_assert_eq!(another.public_key().verify(&alpha, &proof), Err(VrfError::Invalid));
    }

    #[test]
    fn a_proof_with_any_bit_flipped_is_refused(secret in any_secret(), alpha in any::<[u8; 32]>(), bit in 0..8 * Proof::LENGTH) {
        let mut bytes = secret.prove(&alpha).unwrap().to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verified = Proof::from_bytes(&bytes).and_then(|proof| secret.public_key().verify(&alpha, &proof));
        prop_assert!(verified.is_err());
    }

    #[test]
    fn hints_satisfy_every_equation_that_a_contract_checks(secret in any_secret(), alpha in prop::collection::vec(any::<u8>(), 0..80)) {
        let public = secret.public_key();
        let proof = secret.prove(&alpha).unwrap();
        let hints = public.hints(&alpha, &proof).unwrap();
        let point = |x, y| ProjectivePoint::from(PublicKey::from_affine(x, y).unwrap().0);
        let (c, s) = (Scalar::from(proof.challenge), proof.response);

        let prefix = Sha256::new().chain_update([SUITE, ENCODE_TO_CURVE]).chain_update(public.to_bytes()).chain_update(&alpha);
        let hash = |counter: usize| prefix.clone().chain_update([counter as u8, END]).finalize();
        for (counter, witness) in hints.skipped.iter().enumerate() {
            let x = U256::from_be_slice(&hash(counter));
            prop_assert_eq!(witness.mul_mod(*witness, FIELD_PRIME), FIELD_PRIME - curve(x));
        }
        let hash_x = U256::from_be_slice(&hash(hints.skipped.len()));
        prop_assert!(!hints.hash_y.bit(0));
        let hash_point = point(hash_x, hints.hash_y);
        let gamma = point(hints.gamma_x, hints.gamma_y);
        prop_assert_eq!(point(hints.u_x, hints.u_y), ProjectivePoint::GENERATOR * s - ProjectivePoint::from(public.0) * c);
        prop_assert_eq!(point(hints.s_hash_x, hints.s_hash_y), hash_point * s);
        prop_assert_eq!(point(hints.c_gamma_x, hints.c_gamma_y), gamma * c);
        prop_assert_eq!(hints.c, U256::from(proof.challenge));
        prop_assert_eq!(hints.s, U256::from_be_slice(&s.to_bytes()));

        // V = sH − cΓ by the chord through sH and −cΓ, as a contract computes it.
        let minus = |value: U256| FIELD_PRIME - value;
        let slope = minus(hints.c_gamma_y.add_mod(hints.s_hash_y, FIELD_PRIME)).mul_mod(hints.inverse, FIELD_PRIME);
        let ends = hints.s_hash_x.add_mod(hints.c_gamma_x, FIELD_PRIME);
        let x = slope.mul_mod(slope, FIELD_PRIME).add_mod(minus(ends), FIELD_PRIME);
        let v = (hash_point * s - gamma * c).to_affine();
        prop_assert_eq!(x, coordinates(&v).0);
    }

    #[test]
    fn hints_of_a_false_proof_are_refused(alpha in any::<[u8; 32]>()) {
        let proof = secret(1).prove(&alpha).unwrap();
        prop_assert_eq!(secret(2).public_key().hints(&alpha, &proof), Err(VrfError::Invalid));
    }
}
