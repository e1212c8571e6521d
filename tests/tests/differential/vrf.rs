//! VRF and VIF proofs: the verifier contract with hints against the verifier in Rust.

use alloy::primitives::{Address, B256, Bytes, U256};
use infera_contracts::{IVifVerifier, IVifVerifier::IVifVerifierInstance, creation};
use infera_protocol::{
    vif::{self, VifInput},
    vrf::{Hints, Proof, PublicKey, SecretKey},
};
use proptest::{collection::vec, prelude::*};

use crate::{
    chain::{Chain, Verdict, check},
    golden::entries,
};

const CASES: u32 = 96;
/// Numbers in `IVifVerifier.Proof` before the list of witnesses.
const NUMBERS: usize = 12;

/// `IVifVerifier.VifInput`: the chain's id is the chain's business.
pub(crate) fn on_chain_input(input: &VifInput) -> IVifVerifier::VifInput {
    IVifVerifier::VifInput {
        registry: input.registry,
        jobId: input.job_id,
        modelId: input.model_id,
        version: input.version,
        inputHash: input.input_hash,
        parametersHash: input.parameters_hash,
        executor: input.executor,
        beacon: input.beacon,
    }
}

fn on_chain_proof(hints: Hints) -> IVifVerifier::Proof {
    IVifVerifier::Proof {
        gammaX: hints.gamma_x,
        gammaY: hints.gamma_y,
        c: hints.c,
        s: hints.s,
        hashY: hints.hash_y,
        uX: hints.u_x,
        uY: hints.u_y,
        sHashX: hints.s_hash_x,
        sHashY: hints.s_hash_y,
        cGammaX: hints.c_gamma_x,
        cGammaY: hints.c_gamma_y,
        inverse: hints.inverse,
        skipped: hints.skipped,
    }
}

/// The same proof with one of its numbers (or, beyond them, of its witnesses) changed by XOR.
fn changed(proof: &IVifVerifier::Proof, number: usize, by: U256) -> IVifVerifier::Proof {
    let mut proof = proof.clone();
    let fields: [&mut U256; NUMBERS] = [
        &mut proof.gammaX,
        &mut proof.gammaY,
        &mut proof.c,
        &mut proof.s,
        &mut proof.hashY,
        &mut proof.uX,
        &mut proof.uY,
        &mut proof.sHashX,
        &mut proof.sHashY,
        &mut proof.cGammaX,
        &mut proof.cGammaY,
        &mut proof.inverse,
    ];
    let mut numbers: Vec<&mut U256> = fields.into_iter().chain(&mut proof.skipped).collect();
    let count = numbers.len();
    *numbers[number % count] ^= by;
    proof
}

struct Verifier {
    chain: Chain,
    contract: IVifVerifierInstance<alloy::providers::DynProvider>,
}

impl Verifier {
    fn deploy() -> Self {
        let chain = Chain::start();
        let at = chain.deploy(&creation::VIF_VERIFIER, &[]);
        let contract = IVifVerifier::new(at, chain.provider.clone());
        Self { chain, contract }
    }

    /// The contract's verdict: the output of a proof that holds.
    fn verify(&self, public: &PublicKey, alpha: &[u8], proof: &IVifVerifier::Proof) -> Option<B256> {
        let (x, y) = public.affine();
        let alpha = Bytes::copy_from_slice(alpha);
        let verdict = self.chain.wait(self.contract.verify(x, y, alpha, proof.clone()).call()).unwrap();
        assert!(verdict.valid || verdict.beta.is_zero(), "an output without a proof");
        verdict.valid.then_some(verdict.beta)
    }

    /// What both sides say about a proof, its hints being those of `hinted`.
    fn agree_to_refuse(
        &self,
        public: &PublicKey,
        alpha: &[u8],
        proof: &Proof,
        hinted: &IVifVerifier::Proof,
    ) -> Verdict {
        prop_assert!(public.verify(alpha, proof).is_err());
        prop_assert_eq!(self.verify(public, alpha, hinted), None);
        Ok(())
    }
}

fn secret() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>()
        .prop_filter_map("a secret key is not zero and below the order", |bytes| SecretKey::from_bytes(&bytes).ok())
}

#[test]
fn the_contract_accepts_every_golden_proof_with_the_golden_output() {
    let verifier = Verifier::deploy();
    for entry in entries("vrf", "vrf") {
        let secret = SecretKey::from_bytes(&entry.get::<Bytes>("secret_key")).unwrap();
        let alpha: Bytes = entry.get("alpha");
        let public = secret.public_key();
        let hints = public.hints(&alpha, &secret.prove(&alpha).unwrap()).unwrap();
        let beta: B256 = serde_json::from_value(entry.output["beta"].clone()).unwrap();
        assert_eq!(verifier.verify(&public, &alpha, &on_chain_proof(hints)), Some(beta), "alpha {alpha}");
    }
}

#[test]
fn the_contract_accepts_golden_hints_whatever_number_of_counters_they_skip() {
    let verifier = Verifier::deploy();
    for entry in entries("vrf", "vrf_hints") {
        let public = PublicKey::from_bytes(&entry.get::<Bytes>("public_key")).unwrap();
        let proof = Proof::from_bytes(&entry.get::<Bytes>("pi")).unwrap();
        let number =
            |name: &str| U256::from_be_bytes(serde_json::from_value::<B256>(entry.output[name].clone()).unwrap().0);
        let skipped: Vec<B256> = serde_json::from_value(entry.output["skipped"].clone()).unwrap();
        let hints = IVifVerifier::Proof {
            gammaX: number("gammaX"),
            gammaY: number("gammaY"),
            c: number("c"),
            s: number("s"),
            hashY: number("hashY"),
            uX: number("uX"),
            uY: number("uY"),
            sHashX: number("sHashX"),
            sHashY: number("sHashY"),
            cGammaX: number("cGammaX"),
            cGammaY: number("cGammaY"),
            inverse: number("inverse"),
            skipped: skipped.iter().map(|word| U256::from_be_bytes(word.0)).collect(),
        };
        assert_eq!(verifier.verify(&public, &entry.get::<Bytes>("alpha"), &hints), Some(proof.beta()));
    }
}

#[test]
fn every_proof_holds_on_both_sides_and_none_with_a_changed_number_does() {
    let verifier = Verifier::deploy();
    let change = (any::<[u8; 32]>().prop_map(U256::from_be_bytes), any::<prop::sample::Index>());
    let change = change.prop_filter("a change changes something", |(by, _)| !by.is_zero());
    check(file!(), CASES, (secret(), vec(any::<u8>(), 0..100), change), |(secret, alpha, (by, which))| {
        let public = secret.public_key();
        let proof = secret.prove(&alpha).unwrap();
        let hinted = on_chain_proof(public.hints(&alpha, &proof).unwrap());
        prop_assert_eq!(verifier.verify(&public, &alpha, &hinted), Some(public.verify(&alpha, &proof).unwrap()));
        let which = which.index(NUMBERS + hinted.skipped.len());
        prop_assert_eq!(verifier.verify(&public, &alpha, &changed(&hinted, which, by)), None, "number {}", which);
        Ok(())
    });
}

#[test]
fn both_sides_refuse_another_key_another_alpha_and_another_proof() {
    let verifier = Verifier::deploy();
    let inputs = (secret(), secret(), vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..40));
    let inputs = inputs.prop_filter("the two differ", |(secret, other, alpha, another)| {
        secret.to_bytes() != other.to_bytes() && alpha != another
    });
    check(file!(), CASES / 2, inputs, |(secret, other, alpha, another)| {
        let public = secret.public_key();
        let proof = secret.prove(&alpha).unwrap();
        let hinted = on_chain_proof(public.hints(&alpha, &proof).unwrap());
        verifier.agree_to_refuse(&other.public_key(), &alpha, &proof, &hinted)?;
        verifier.agree_to_refuse(&public, &another, &proof, &hinted)?;

        // A proof for another alpha with its own, consistent hints.
        let foreign = secret.prove(&another).unwrap();
        let foreign_hints = on_chain_proof(public.hints(&another, &foreign).unwrap());
        verifier.agree_to_refuse(&public, &alpha, &foreign, &foreign_hints)
    });
}

#[test]
fn a_mutated_encoding_is_no_proof_on_either_side() {
    let verifier = Verifier::deploy();
    let change = (any::<prop::sample::Index>(), 1..=255_u8);
    check(file!(), CASES, (secret(), any::<[u8; 32]>(), change), |(secret, alpha, (position, by))| {
        let public = secret.public_key();
        let proof = secret.prove(&alpha).unwrap();
        let hinted = on_chain_proof(public.hints(&alpha, &proof).unwrap());
        let mut bytes = proof.to_bytes();
        bytes[position.index(Proof::LENGTH)] ^= by;
        // Most mutations of gamma are no points; what is well-formed still goes to both verifiers.
        if let Ok(mutated) = Proof::from_bytes(&bytes) {
            let (x, y) = gamma_of(&bytes);
            let (c, s) = (U256::from_be_slice(&bytes[33..49]), U256::from_be_slice(&bytes[49..]));
            let with_mutation = IVifVerifier::Proof { gammaX: x, gammaY: y, c, s, ..hinted };
            verifier.agree_to_refuse(&public, &alpha, &mutated, &with_mutation)?;
        }
        Ok(())
    });
}

/// The affine point at the front of a well-formed proof.
fn gamma_of(bytes: &[u8]) -> (U256, U256) {
    PublicKey::from_bytes(&bytes[..33]).unwrap().affine()
}

#[test]
fn a_vif_holds_for_its_job_and_executor_only() {
    let verifier = Verifier::deploy();
    let words = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    let inputs = (secret(), words, any::<[u8; 20]>(), any::<[u8; 20]>(), any::<u32>());
    check(file!(), CASES / 2, inputs, |(secret, words, registry, executor, version)| {
        let input = VifInput {
            chain_id: verifier.chain.devnet.chain_id(),
            registry: registry.into(),
            job_id: words.0.into(),
            model_id: words.1.into(),
            version,
            input_hash: words.2.into(),
            parameters_hash: words.3.into(),
            executor: executor.into(),
            beacon: words.4.into(),
        };
        let public = secret.public_key();
        let proof = vif::prove(&secret, &input).unwrap();
        let hinted = on_chain_proof(public.hints(input.alpha().as_slice(), &proof).unwrap());
        let ask = |input: &VifInput| {
            let (x, y) = public.affine();
            let call = verifier.contract.verifyVif(x, y, on_chain_input(input), hinted.clone());
            let verdict = verifier.chain.wait(call.call()).unwrap();
            verdict.valid.then_some(verdict.beta)
        };
        prop_assert_eq!(ask(&input), vif::verify(&public, &input, &proof).ok());
        prop_assert_eq!(ask(&input), Some(proof.beta()));

        let other = VifInput { executor: Address::from(executor.map(|byte| !byte)), ..input };
        prop_assert_eq!(ask(&other), None);
        prop_assert!(vif::verify(&public, &other, &proof).is_err());
        Ok(())
    });
}

#[test]
fn a_point_that_is_no_key_is_refused_without_a_revert() {
    let verifier = Verifier::deploy();
    let secret = SecretKey::from_bytes(&[7; 32]).unwrap();
    let public = secret.public_key();
    let hinted = on_chain_proof(public.hints(b"alpha", &secret.prove(b"alpha").unwrap()).unwrap());
    let (x, y) = public.affine();
    for (x, y) in [(x, y ^ U256::ONE), (U256::ZERO, U256::ZERO), (U256::MAX, y), (x, U256::MAX)] {
        assert!(PublicKey::from_affine(x, y).is_err());
        let call = verifier.contract.verify(x, y, Bytes::from_static(b"alpha"), hinted.clone());
        assert!(!verifier.chain.wait(call.call()).unwrap().valid, "({x}, {y})");
    }
}
