//! Transactions about offences.

use alloy::primitives::{Address, B256, keccak256};
use infera_contracts::ISlashing::{self, ISlashingCalls, Receipt};

use super::{
    Script,
    desk::{mirrored, signature, too_short},
};
use crate::{
    model::Model,
    operation::{Operation, Receipts},
};

impl Script {
    pub(super) fn slashing_call(&self, model: &Model, operation: &Operation) -> Option<(Address, ISlashingCalls)> {
        use ISlashingCalls as To;
        match *operation {
            Operation::Equivocate { job, seat, receipts, by } => {
                let call = self.equivocation(model, job, seat, receipts);
                Some((self.account(by), To::punishEquivocation(call)))
            }
            Operation::Report { executor, offence, by } => {
                let call = ISlashing::punishCall {
                    offence,
                    executorId: executor,
                    jobId: B256::repeat_byte(1),
                    seatFee: 1,
                    prover: self.account(by),
                };
                Some((self.account(by), To::punish(call)))
            }
            _ => None,
        }
    }

    /// Two final receipts with different results of whoever has the seat, unless they are odd.
    fn equivocation(&self, model: &Model, job: u8, seat: u8, receipts: Receipts) -> ISlashing::punishEquivocationCall {
        let terms = self.terms(model, job);
        let id = model.id_of(&terms);
        let answers = [0, 3].map(|position: usize| &self.opinions[position]);
        let [mut first, mut second] = answers.map(|answer| Receipt {
            jobId: id,
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            resultHash: keccak256(&answer.result),
            vectorHash: keccak256(&answer.vector),
            traceRoot: B256::ZERO,
            beta: B256::ZERO,
            unitsIn: 7,
            unitsOut: 0,
            isFinal: true,
        });
        let mut registry = model.config.at.job_registry;
        match receipts {
            Receipts::OneResult => (second.resultHash, second.vectorHash) = (first.resultHash, B256::ZERO),
            Receipts::Equal => second = Receipt { unitsIn: 8, ..first.clone() },
            Receipts::NotFinal => first.isFinal = false,
            Receipts::OfTwoJobs => second.jobId = B256::repeat_byte(1),
            Receipts::OtherRegistry => registry = model.config.at.job_desk,
            _ => {}
        }
        let executor = self.executor_of(model, id, seat);
        let signer = match receipts {
            Receipts::ByStranger => self.account(0),
            Receipts::ByNeighbour => self.signer(model, executor % model.config.executors.len() as u32 + 1),
            _ => self.signer(model, executor),
        };
        let other = if receipts == Receipts::ByTwo { self.account(1) } else { signer };
        let [first_signature, second_signature] = [(&first, signer), (&second, other)].map(|(receipt, signer)| {
            let key = self.key_of(signer).expect("signers are accounts");
            signature(key, model.receipt_digest(receipt))
        });
        ISlashing::punishEquivocationCall {
            registry,
            first,
            firstSignature: first_signature.as_bytes().into(),
            second,
            secondSignature: match receipts {
                Receipts::OneTooShort => too_short(second_signature),
                Receipts::OneMirrored => mirrored(second_signature),
                _ => second_signature.as_bytes().into(),
            },
        }
    }
}
