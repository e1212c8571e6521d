//! Two final receipts of one job with different results, which anyone may show.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::{SolCall, SolValue},
};
use infera_contracts::ISlashing::{self, ISlashingCalls, Receipt, punishEquivocationCall};
use infera_protocol::eip712;

use super::{
    Model,
    config::Mutation,
    outcome::{Refusal, Result, ensure},
    signature::signer_of,
    slashing::Offence,
};

impl Model {
    pub(super) fn run_slashing(&mut self, from: Address, call: &ISlashingCalls) -> Result<Bytes> {
        use ISlashingCalls as Calls;
        match call {
            Calls::punishEquivocation(call) => {
                let amount = U256::from(self.punish_equivocation(from, call)?);
                Ok(punishEquivocationCall::abi_encode_returns(&amount).into())
            }
            // Nobody who sends a transaction is one of those who may report: registries and the court.
            Calls::punish(call) => Err(Refusal::of(ISlashing::NotAuthorised { caller: from, offence: call.offence })),
            other => panic!("not modelled: {other:?}"),
        }
    }

    fn punish_equivocation(&mut self, from: Address, call: &punishEquivocationCall) -> Result<u128> {
        let (first, second) = (&call.first, &call.second);
        // The registry of single jobs doesn't tell who was seated, so nothing can be shown of them, and isn't tried.
        let listened_to = call.registry == self.config.at.job_registry;
        ensure(listened_to, || ISlashing::NotJobRegistry { caller: call.registry })?;
        let jobId = first.jobId;
        ensure(second.jobId == jobId, || ISlashing::OtherJob { expected: jobId, given: second.jobId })?;
        ensure(first.isFinal && second.isFinal, || ISlashing::ReceiptNotFinal {})?;
        let (resultHash, vectorHash) = (first.resultHash, first.vectorHash);
        let differ = (resultHash, vectorHash) != (second.resultHash, second.vectorHash);
        ensure(differ, || ISlashing::SameResult { resultHash, vectorHash })?;
        let signers = [(first, &call.firstSignature), (second, &call.secondSignature)]
            .map(|(receipt, signature)| signer_of(self.receipt_digest(receipt), signature).unwrap_or_default());
        let [signer, other] = signers;
        let agree = signer == other && !signer.is_zero();
        ensure(agree, || ISlashing::SignersDiffer { first: signer, second: other })?;

        let job = self.job(jobId);
        let executorId = self.signed_at(signer, job.request_time);
        ensure(executorId != 0, || ISlashing::UnknownSigner { signer, time: job.request_time })?;
        ensure(job.committee.contains(&executorId), || ISlashing::NotSeated { executorId, jobId })?;
        let is_new = self.equivocated.insert((executorId, jobId)) || self.is_mutated(Mutation::RepeatedEquivocation);
        ensure(is_new, || ISlashing::AlreadyPunished { executorId, jobId })?;
        Ok(self.slash(Offence::Equivocation, executorId, jobId, job.seat_fee, from))
    }

    /// What an executor signs with an answer.
    pub(crate) fn receipt_digest(&self, receipt: &Receipt) -> B256 {
        let receipt = eip712::Receipt::abi_decode(&receipt.abi_encode()).unwrap();
        eip712::receipt_digest(self.config.chain_id, self.config.at.job_registry, &receipt)
    }
}
