//! How a provisional answer is fought in a court, and what follows from the verdict.

use alloy::{
    primitives::{Address, B256, Bytes},
    sol,
};
use infera_contracts::{
    ICourt::{Case, CourtTerms},
    IJobRegistry::Terms,
    ISingleJobRegistry::{self, Record, challengeCall},
};

use super::{
    super::{
        Model,
        court::Verdict,
        outcome::{Refusal, Result},
    },
    SinglePhase,
    job::stored,
};

sol! {
    /// What `infera-contracts` has no binding for, because only the court calls it.
    #[derive(Debug)]
    interface ICourtClient {
        function onVerdict(bytes32 jobId, uint8 seat, uint8 verdict) external;
    }
}

impl Model {
    pub(super) fn dispute(&mut self, from: Address, value: u128, call: &challengeCall) -> Result<B256> {
        let (terms, record) = (&call.terms, &call.record);
        let id = self.single_id_of(terms);
        self.require_record(id, record)?;
        self.require_single_phase(id, SinglePhase::Provisional)?;
        self.require_not_after(id, record.windowEnd)?;
        self.single_mut(id).phase = SinglePhase::Challenged;

        let (registry, court) = (self.config.at.single_job_registry, self.config.at.court);
        self.ledger.transfer(registry, court, value);
        let case = Case {
            challenger: from,
            executorId: record.executorId,
            version: terms.version,
            registry,
            jobId: id,
            answerHash: record.answerHash,
            modelId: terms.modelId,
            runtimeClass: terms.runtimeClass,
            seatFee: record.fee,
            ..Case::default()
        };
        let accused = Terms {
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            maxUnits: terms.maxUnits,
            ..Terms::default()
        };
        let offered = CourtTerms {
            nonce: call.courtTerms.nonce,
            maxPricePerUnit: call.courtTerms.maxPricePerUnit,
            dispatchFee: call.courtTerms.dispatchFee,
            advanceReserve: call.courtTerms.advanceReserve,
        };
        let texts = [&call.input, &call.parameterBytes];
        let courtJobId = self.open_case(value, case, &accused, &offered, texts, &call.inputUri)?;
        self.emit_single(ISingleJobRegistry::Challenged { jobId: id, challenger: from, courtJobId });
        Ok(courtJobId)
    }

    /// A stranger's verdict.
    pub(in super::super) fn run_verdict(&self, caller: Address) -> Result<Bytes> {
        // A transaction's sender has no code, so it is no court.
        Err(Refusal::of(ISingleJobRegistry::NotCourt { caller }))
    }

    /// The court's.
    pub(in super::super) fn judge(&mut self, id: B256, verdict: Verdict) {
        let job = self.single_mut(id);
        // Overturned meanwhile, for its VIF.
        if job.phase == SinglePhase::Overturned {
            return;
        }
        assert_eq!(job.phase, SinglePhase::Challenged, "a verdict on what was not challenged");
        job.phase = match verdict {
            Verdict::Convicted => SinglePhase::Convicted,
            Verdict::Acquitted => SinglePhase::Acquitted,
            Verdict::Lapsed => SinglePhase::Lapsed,
            Verdict::Pending => panic!("no verdict"),
        };
    }

    pub(super) fn overturn_convicted(&mut self, from: Address, id: B256, record: &Record) -> Result<()> {
        self.require_record(id, record)?;
        self.require_single_phase(id, SinglePhase::Convicted)?;
        self.overturn(from, id, record);
        Ok(())
    }

    pub(super) fn reopen(&mut self, id: B256, record: &Record) -> Result<()> {
        self.require_record(id, record)?;
        self.require_single_phase(id, SinglePhase::Lapsed)?;
        let windowEnd = self.time + u64::from(record.challengeWindow);
        let renewed = Record { windowEnd, ..record.clone() };
        let job = self.single_mut(id);
        (job.phase, job.record) = (SinglePhase::Provisional, stored(&renewed));
        self.emit_single(ISingleJobRegistry::WindowReopened { jobId: id, windowEnd });
        Ok(())
    }
}
