//! The one listed verifier of proofs: signatures of a quorum.

use alloy::primitives::{Address, B256, keccak256};
use infera_contracts::ISingleJobRegistry::SingleTerms;
use infera_protocol::proof::{ProofStatement, statement_digest};

use super::super::{Model, signature::signer_of};

const SIGNATURE_BYTES: usize = 65;

/// Who signs proofs. (Changes of the signers are not modelled.)
#[derive(Debug, Clone)]
pub(crate) struct Quorum {
    /// Their contract.
    pub(crate) verifier: Address,
    /// Ascending.
    pub(crate) signers: Vec<Address>,
    /// How many must sign.
    pub(crate) quorum: usize,
}

impl Model {
    /// What is signed; of an answer's result and vector.
    pub(crate) fn statement_digest(
        &self,
        id: B256,
        terms: &SingleTerms,
        executor: u32,
        [result, vector]: [&[u8]; 2],
    ) -> B256 {
        let statement = ProofStatement {
            jobId: id,
            executor: self.config.executor(executor).owner,
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            resultHash: keccak256(result),
            vectorHash: keccak256(vector),
        };
        statement_digest(self.config.chain_id, self.config.quorum.verifier, &statement)
    }

    /// Whether enough signers, and nobody else, have signed the statement, each once and in ascending order.
    pub(super) fn is_proven(
        &self,
        id: B256,
        terms: &SingleTerms,
        executor: u32,
        answer: [&[u8]; 2],
        proof: &[u8],
    ) -> bool {
        let Quorum { signers, quorum, .. } = &self.config.quorum;
        let digest = self.statement_digest(id, terms, executor, answer);
        let signed: Option<Vec<_>> =
            proof.chunks(SIGNATURE_BYTES).map(|signature| signer_of(digest, signature)).collect();
        signed.is_some_and(|signed| {
            signed.len() >= *quorum
                && signed.is_sorted_by(|one, next| one < next)
                && signed.iter().all(|one| signers.contains(one))
        })
    }
}
