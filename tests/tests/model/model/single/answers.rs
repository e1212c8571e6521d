//! Answers: with a VIF, or with a proof.

use alloy::primitives::{Address, B256, U256, keccak256};
use infera_contracts::ISingleJobRegistry::{self, Record, SingleTerms, submitCall, submitProvenCall};
use infera_protocol::commitment::reveal_hash;

use super::{
    super::{
        Model,
        job::CallbackStatus,
        outcome::{Result, ensure},
        registry::MAX_VECTOR_BYTES,
    },
    OPTIMISTIC, PROVEN, SinglePhase,
    job::{escrow_left, stored, vif_hash},
};

const VIF_BYTES: usize = 81;

impl Model {
    pub(super) fn submit(&mut self, from: Address, call: &submitCall) -> Result<()> {
        let terms = &call.terms;
        let id = self.single_id_of(terms);
        ensure(terms.tier == OPTIMISTIC, || ISingleJobRegistry::WrongTier { jobId: id })?;
        let length = call.vif.len();
        ensure(length == VIF_BYTES, || ISingleJobRegistry::InvalidVifLength { length: U256::from(length) })?;
        let executor = self.single_caller(from)?;
        let vrfKeyHash = self.singles.keys.get(&executor).copied().unwrap_or_default();
        ensure(!vrfKeyHash.is_zero(), || ISingleJobRegistry::NoVrfKey { executorId: executor })?;

        let mut record = self.record_of(id, terms, executor, &call.result, &call.vector)?;
        let Some(beacon) = self.single_randomness(id) else { return Err(self.without_beacon(id)) };
        record.vifHash = vif_hash(vrfKeyHash, beacon, &call.vif);
        let calls_back = record.provisionalCallback;
        if calls_back {
            record.balance -= U256::from(record.callbackFee);
            self.credit_single_and_tell(from, id, record.callbackFee);
        }
        self.answer(id, SinglePhase::Provisional, calls_back, &record);
        self.emit_single(ISingleJobRegistry::Submitted {
            jobId: id,
            executorId: executor,
            fee: record.fee,
            balance: record.balance,
            windowEnd: record.windowEnd,
            vrfKeyHash,
            beacon,
            result: call.result.clone(),
            vector: call.vector.clone(),
            vif: call.vif.clone(),
        });
        if calls_back {
            self.call_back_single(id, record.callbackTarget, record.callbackGas);
        }
        Ok(())
    }

    pub(super) fn submit_proven(&mut self, from: Address, call: &submitProvenCall) -> Result<()> {
        let terms = &call.terms;
        let id = self.single_id_of(terms);
        ensure(terms.tier == PROVEN, || ISingleJobRegistry::WrongTier { jobId: id })?;
        let executor = self.single_caller(from)?;
        let record = self.record_of(id, terms, executor, &call.result, &call.vector)?;
        self.check_verifier(terms)?;
        let proven = self.is_proven(id, terms, executor, [&call.result, &call.vector], &call.proof);
        ensure(proven, || ISingleJobRegistry::ProofRefused { jobId: id, verifier: terms.verifier })?;
        self.answer(id, SinglePhase::Final, false, &record);
        self.emit_single(ISingleJobRegistry::Proven {
            jobId: id,
            executorId: executor,
            fee: record.fee,
            balance: record.balance,
            result: call.result.clone(),
            vector: call.vector.clone(),
            proof: call.proof.clone(),
        });
        self.finalise(from, id, &record);
        Ok(())
    }

    /// Takes the seat for an answer that isn't too large, and writes its record, without a VIF.
    fn record_of(
        &mut self,
        id: B256,
        terms: &SingleTerms,
        executor: u32,
        result: &[u8],
        vector: &[u8],
    ) -> Result<Record> {
        for (bytes, cap) in [(result, self.config.single.maxResultBytes as usize), (vector, MAX_VECTOR_BYTES)] {
            let (size, cap) = (U256::from(bytes.len()), U256::from(cap));
            ensure(size <= cap, || ISingleJobRegistry::ResultTooLarge { size, cap })?;
        }
        let fee = self.take_seat(id, terms, executor)?;
        Ok(Record {
            modelId: terms.modelId,
            executorId: executor,
            fee,
            balance: U256::from(escrow_left(terms, self.single(id).advances)),
            dispatchFee: terms.dispatchFee,
            callbackFee: terms.callbackFee,
            windowEnd: self.time + u64::from(terms.challengeWindow),
            challengeWindow: terms.challengeWindow,
            refundTo: terms.refundTo,
            callbackTarget: terms.callbackTarget,
            callbackGas: terms.callbackGas,
            provisionalCallback: terms.provisionalCallback,
            errorCallback: terms.errorCallback,
            answerHash: reveal_hash(keccak256(result), keccak256(vector)),
            vifHash: B256::ZERO,
        })
    }

    fn answer(&mut self, id: B256, phase: SinglePhase, calls_back: bool, record: &Record) {
        let job = self.single_mut(id);
        (job.phase, job.record) = (phase, stored(record));
        job.callback = CallbackStatus::of(calls_back);
    }
}
