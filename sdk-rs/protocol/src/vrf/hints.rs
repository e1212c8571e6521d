//! Numbers that turn the verification of a proof into a few precompile calls and multiplications.

use alloy::primitives::{U256, uint};
use k256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};

use super::{HashedPoint, Proof, PublicKey, VrfError, coordinates};

/// The prime of secp256k1's field.
pub(super) const FIELD_PRIME: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F_U256);

/// `IVifVerifier.Proof`, field by field. A contract checks each hint; a wrong one makes a proof fail, never pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    /// Gamma, affine.
    pub gamma_x: U256,
    /// Gamma, affine.
    pub gamma_y: U256,
    /// 128-bit challenge.
    pub c: U256,
    /// Response.
    pub s: U256,
    /// y of the point H that try-and-increment found (even).
    pub hash_y: U256,
    /// U = sB − cY, affine.
    pub u_x: U256,
    /// U = sB − cY, affine.
    pub u_y: U256,
    /// sH, affine.
    pub s_hash_x: U256,
    /// sH, affine.
    pub s_hash_y: U256,
    /// cΓ, affine.
    pub c_gamma_x: U256,
    /// cΓ, affine.
    pub c_gamma_y: U256,
    /// Inverse of `c_gamma_x` − `s_hash_x` modulo the field prime.
    pub inverse: U256,
    /// One witness per skipped counter: the even z with z² = −(x³ + 7), which shows that x is not on the curve; 0 where the hash
    /// is not below the field prime, which needs no witness.
    pub skipped: Vec<U256>,
}

/// Hints for a proof that has been verified.
pub(super) fn compute(public: &PublicKey, hashed: &HashedPoint, proof: &Proof) -> Result<Hints, VrfError> {
    let (c, s) = (Scalar::from(proof.challenge), proof.response);
    let finite = |point: ProjectivePoint| {
        let point = point.to_affine();
        if point == AffinePoint::IDENTITY { Err(VrfError::NoHint) } else { Ok(coordinates(&point)) }
    };
    let (gamma_x, gamma_y) = coordinates(&proof.gamma);
    let (_, hash_y) = coordinates(&hashed.point);
    let (u_x, u_y) = finite(ProjectivePoint::GENERATOR * s - ProjectivePoint::from(public.0) * c)?;
    let (s_hash_x, s_hash_y) = finite(ProjectivePoint::from(hashed.point) * s)?;
    let (c_gamma_x, c_gamma_y) = finite(ProjectivePoint::from(proof.gamma) * c)?;
    let inverse = inverse_of_difference(c_gamma_x, s_hash_x).ok_or(VrfError::NoHint)?;
    Ok(Hints {
        gamma_x,
        gamma_y,
        c: U256::from(proof.challenge),
        s: U256::from_be_slice(&s.to_bytes()),
        hash_y,
        u_x,
        u_y,
        s_hash_x,
        s_hash_y,
        c_gamma_x,
        c_gamma_y,
        inverse,
        skipped: hashed.skipped.iter().map(non_residue_witness).collect(),
    })
}

/// 1 / (a − b) modulo the field prime, of two reduced numbers.
fn inverse_of_difference(a: U256, b: U256) -> Option<U256> {
    a.add_mod(FIELD_PRIME.wrapping_sub(b), FIELD_PRIME).inv_mod(FIELD_PRIME)
}

/// The even square root of −(x³ + 7) for a hash x that is not on the curve.
///
/// −1 is no square modulo the field prime, so −(x³ + 7) has a root exactly when x³ + 7 has none. As the prime is 3 modulo 4, the
/// power (p + 1) / 4 of a square is a root of it.
fn non_residue_witness(hash: &FieldBytes) -> U256 {
    let x = U256::from_be_slice(hash);
    if x >= FIELD_PRIME {
        return U256::ZERO;
    }
    let negated = FIELD_PRIME.wrapping_sub(curve(x));
    let root = negated.pow_mod((FIELD_PRIME >> 2) + U256::ONE, FIELD_PRIME);
    if root.bit(0) { FIELD_PRIME.wrapping_sub(root) } else { root }
}

/// x³ + 7, the right side of the curve's equation, modulo the field prime.
pub(super) fn curve(x: U256) -> U256 {
    let square = x.mul_mod(x, FIELD_PRIME);
    square.mul_mod(x, FIELD_PRIME).add_mod(U256::from(7), FIELD_PRIME)
}
