//! ECVRF-SECP256K1-SHA256-TAI: the construction of RFC 9381 on secp256k1.
//!
//! Suite byte 0xFE (RFC 9381 assigns none to secp256k1), try-and-increment with the public key as salt, the public key in the
//! challenge, trailing zero bytes, 16-byte challenges, nonces by RFC 6979 with SHA-256. The variants of earlier drafts are not
//! compatible.
//!
//! Proving takes the same time for every secret key. Verification and [`Hints`] work on public data only.

use std::fmt;

use alloy::{
    hex,
    primitives::{Address, B256, Signature, U256},
};
use k256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar, Secp256k1,
    ecdsa::SigningKey,
    elliptic_curve::{
        Curve, PrimeField,
        bigint::ArrayEncoding,
        ops::Reduce,
        point::DecompressPoint,
        sec1::{FromEncodedPoint, ToEncodedPoint},
        subtle::Choice,
    },
};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::eip712::vrf_possession_digest;

mod hints;
#[cfg(test)]
mod tests;

pub use hints::Hints;

/// Suite string.
pub const SUITE: u8 = 0xFE;
/// Domain separators of the three hashes, and the byte that ends them.
const ENCODE_TO_CURVE: u8 = 0x01;
const CHALLENGE: u8 = 0x02;
const PROOF_TO_HASH: u8 = 0x03;
const END: u8 = 0x00;

/// Why there is no proof, key or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VrfError {
    /// The secret key is not 32 bytes, zero, or not below the group order.
    #[error("not a VRF secret key: it must be 32 bytes, at least 1 and below the order of secp256k1")]
    SecretKey,
    /// The public key is no compressed point of the curve.
    #[error("not a VRF public key: it must be 33 bytes, a compressed point of secp256k1")]
    PublicKey,
    /// The proof is not 81 bytes.
    #[error("a VRF proof of {0} bytes: it must have 81")]
    ProofLength(usize),
    /// The proof's first 33 bytes are no compressed point of the curve.
    #[error("malformed VRF proof: gamma is no compressed point of secp256k1")]
    Gamma,
    /// The proof's last 32 bytes are not below the group order.
    #[error("malformed VRF proof: s is not below the order of secp256k1")]
    Response,
    /// The proof is well-formed, but not one of this key for this alpha.
    #[error("the VRF proof does not hold for this public key and alpha")]
    Invalid,
    /// None of the 256 counters gives a point; happens once in 2^256 alphas.
    #[error("no counter maps this alpha to a point: take another alpha")]
    NoPoint,
    /// An intermediate point of a valid proof has no affine hint; happens once in about 2^128 proofs.
    #[error("a point of this VRF proof has no affine hint: verify it off chain")]
    NoHint,
}

/// A VRF secret key, erased from memory when dropped.
pub struct SecretKey {
    key: k256::SecretKey,
    public: PublicKey,
}

impl SecretKey {
    /// Reads a big-endian scalar.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VrfError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| VrfError::SecretKey)?;
        let key = k256::SecretKey::from_slice(bytes).map_err(|_| VrfError::SecretKey)?;
        let public = PublicKey(*key.public_key().as_affine());
        Ok(Self { key, public })
    }

    /// The big-endian scalar, for a key store.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes().into())
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Proves the one output of this key for `alpha`.
    pub fn prove(&self, alpha: &[u8]) -> Result<Proof, VrfError> {
        let HashedPoint { point: hash_point, .. } = hash_to_curve(&self.public, alpha)?;
        let mut secret: Scalar = *self.key.to_nonzero_scalar();
        let gamma = (ProjectivePoint::from(hash_point) * secret).to_affine();
        let mut nonce = self.nonce(&hash_point);
        let commitments =
            [(ProjectivePoint::GENERATOR * nonce).to_affine(), (ProjectivePoint::from(hash_point) * nonce).to_affine()];
        let challenge = challenge(&self.public, &hash_point, &gamma, commitments);
        let response = nonce + Scalar::from(challenge) * secret;
        secret.zeroize();
        nonce.zeroize();
        Ok(Proof { gamma, challenge, response })
    }

    /// Signs [`vrf_possession_digest`]: the proof of possession that registration asks for.
    pub fn sign_possession(
        &self,
        chain_id: u64,
        executor_registry: Address,
        owner: Address,
    ) -> Result<Signature, VrfError> {
        let digest = vrf_possession_digest(chain_id, executor_registry, owner);
        let signature = SigningKey::from(&self.key).sign_prehash_recoverable(digest.as_slice());
        Ok(signature.map_err(|_| VrfError::SecretKey)?.into())
    }

    /// RFC 9381, 5.4.2.1: RFC 6979 with SHA-256 over the point that alpha maps to.
    fn nonce(&self, hash_point: &AffinePoint) -> Scalar {
        let digest = Sha256::digest(encode(hash_point));
        let digest = <Scalar as Reduce<k256::U256>>::reduce_bytes(&digest).to_bytes();
        let mut secret = self.key.to_bytes();
        let order = Secp256k1::ORDER.to_be_byte_array();
        let mut nonce = rfc6979::generate_k::<Sha256, _>(&secret, &order, &digest, &[]);
        let scalar = <Scalar as Reduce<k256::U256>>::reduce_bytes(&nonce);
        secret.zeroize();
        nonce.zeroize();
        scalar
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A VRF public key: a point of the curve, never infinity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(AffinePoint);

impl PublicKey {
    /// Reads a compressed point.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VrfError> {
        decode(bytes).map(Self).ok_or(VrfError::PublicKey)
    }

    /// The key with these affine coordinates, as `IExecutorRegistry.Keys` holds them.
    pub fn from_affine(x: U256, y: U256) -> Result<Self, VrfError> {
        let (x, y) = (x.to_be_bytes::<32>().into(), y.to_be_bytes::<32>().into());
        let encoded = k256::EncodedPoint::from_affine_coordinates(&x, &y, false);
        Option::from(AffinePoint::from_encoded_point(&encoded)).map(Self).ok_or(VrfError::PublicKey)
    }

    /// The compressed point.
    pub fn to_bytes(&self) -> [u8; 33] {
        encode(&self.0)
    }

    /// The affine coordinates.
    pub fn affine(&self) -> (U256, U256) {
        coordinates(&self.0)
    }

    /// The output of a proof, when it is this key's for `alpha`.
    pub fn verify(&self, alpha: &[u8], proof: &Proof) -> Result<B256, VrfError> {
        let HashedPoint { point: hash_point, .. } = hash_to_curve(self, alpha)?;
        let c = Scalar::from(proof.challenge);
        let s = proof.response;
        let u = ProjectivePoint::GENERATOR * s - ProjectivePoint::from(self.0) * c;
        let v = ProjectivePoint::from(hash_point) * s - ProjectivePoint::from(proof.gamma) * c;
        if challenge(self, &hash_point, &proof.gamma, [u.to_affine(), v.to_affine()]) == proof.challenge {
            Ok(proof.beta())
        } else {
            Err(VrfError::Invalid)
        }
    }

    /// The numbers that let `IVifVerifier` check a proof cheaply. Verifies the proof first.
    pub fn hints(&self, alpha: &[u8], proof: &Proof) -> Result<Hints, VrfError> {
        self.verify(alpha, proof)?;
        hints::compute(self, &hash_to_curve(self, alpha)?, proof)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.to_bytes()))
    }
}

/// A well-formed proof, called pi in RFC 9381: gamma (33 bytes), challenge c (16), response s (32).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    gamma: AffinePoint,
    challenge: u128,
    response: Scalar,
}

impl Proof {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 81;

    /// Reads the encoding; every proof has one only.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VrfError> {
        let wrong_length = VrfError::ProofLength(bytes.len());
        let (gamma, rest) = bytes.split_first_chunk::<33>().ok_or(wrong_length)?;
        let (challenge, response) = rest.split_first_chunk::<16>().ok_or(wrong_length)?;
        let response: [u8; 32] = response.try_into().map_err(|_| wrong_length)?;
        Ok(Self {
            gamma: decode(gamma).ok_or(VrfError::Gamma)?,
            challenge: u128::from_be_bytes(*challenge),
            response: Option::from(Scalar::from_repr(response.into())).ok_or(VrfError::Response)?,
        })
    }

    /// gamma ‖ c ‖ s
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let (gamma, challenge, response) =
            (encode(&self.gamma), self.challenge.to_be_bytes(), self.response.to_bytes());
        for (byte, part) in bytes.iter_mut().zip(gamma.into_iter().chain(challenge).chain(response)) {
            *byte = part;
        }
        bytes
    }

    /// The VRF's output. It means something only when the proof has been verified.
    pub fn beta(&self) -> B256 {
        let hash = Sha256::new()
            .chain_update([SUITE, PROOF_TO_HASH])
            .chain_update(encode(&self.gamma))
            .chain_update([END])
            .finalize();
        B256::new(hash.into())
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({})", hex::encode(self.to_bytes()))
    }
}

/// The point that an alpha maps to, and the hashes before it that were no x-coordinates of the curve.
struct HashedPoint {
    point: AffinePoint,
    skipped: Vec<FieldBytes>,
}

/// Try-and-increment: the first counter whose hash is the x-coordinate of a point; of its two points the even one.
fn hash_to_curve(public: &PublicKey, alpha: &[u8]) -> Result<HashedPoint, VrfError> {
    let prefix =
        Sha256::new().chain_update([SUITE, ENCODE_TO_CURVE]).chain_update(public.to_bytes()).chain_update(alpha);
    let mut skipped = Vec::new();
    for counter in 0..=u8::MAX {
        let hash = prefix.clone().chain_update([counter, END]).finalize();
        match Option::from(AffinePoint::decompress(&hash, Choice::from(0))) {
            Some(point) => return Ok(HashedPoint { point, skipped }),
            None => skipped.push(hash),
        }
    }
    Err(VrfError::NoPoint)
}

/// The first 128 bits of a hash over the statement and the prover's two commitments.
fn challenge(public: &PublicKey, hash_point: &AffinePoint, gamma: &AffinePoint, commitments: [AffinePoint; 2]) -> u128 {
    let [u, v] = commitments;
    let mut hash = Sha256::new().chain_update([SUITE, CHALLENGE]);
    for point in [&public.0, hash_point, gamma, &u, &v] {
        hash.update(encode(point));
    }
    let digest: [u8; 32] = hash.chain_update([END]).finalize().into();
    let high: U256 = U256::from_be_bytes(digest) >> 128;
    high.wrapping_to()
}

fn encode(point: &AffinePoint) -> [u8; 33] {
    let mut bytes = [0; 33];
    let encoded = point.to_encoded_point(true);
    // Infinity has one zero byte. Nobody can make a valid proof reach it, and as 33 zeros it hashes unlike every point.
    for (byte, encoded) in bytes.iter_mut().zip(encoded.as_bytes()) {
        *byte = *encoded;
    }
    bytes
}

/// A compressed point and nothing else: tag 2 or 3, an x below the field prime that is on the curve.
fn decode(bytes: &[u8]) -> Option<AffinePoint> {
    let (tag, x) = bytes.split_first()?;
    let x: [u8; 32] = x.try_into().ok()?;
    let odd = match tag {
        2 => Choice::from(0),
        3 => Choice::from(1),
        _ => return None,
    };
    AffinePoint::decompress(&x.into(), odd).into()
}

fn coordinates(point: &AffinePoint) -> (U256, U256) {
    let encoded = point.to_encoded_point(false);
    let read = |bytes: Option<&FieldBytes>| bytes.map(|bytes| U256::from_be_slice(bytes)).unwrap_or_default();
    (read(encoded.x()), read(encoded.y()))
}
