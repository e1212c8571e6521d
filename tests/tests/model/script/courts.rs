//! Transactions of cases.

use alloy::primitives::{B256, U256};
use infera_contracts::{
    ICalibrationList::{self, ICalibrationListCalls},
    ICourt::{self, Accusation, Answer, CourtTerms, ICourtCalls},
};

use super::{INPUT, Script, opinions::Opinion, parameters, requests::paid};
use crate::{
    model::{Call, Model, Phase, Transaction, escrow_of},
    operation::{Flaw, Keeper, Operation, SeatPrice},
};

impl Script {
    pub(super) fn court_transaction(&mut self, model: &Model, operation: &Operation) -> Option<Transaction> {
        use ICourtCalls as To;
        use Operation as Op;
        let (by, call) = match *operation {
            Op::Challenge { .. } => return self.challenge(model, operation),
            Op::Calibrate { version, calibrated, by } => {
                let (modelId, runtimeClass) = (model.config.model, model.config.class);
                let call = ICalibrationList::setCalibratedCall { modelId, version, runtimeClass, calibrated };
                return Some(Transaction {
                    from: self.sender(by, model.config.guardian),
                    value: 0,
                    call: Call::Calibration(ICalibrationListCalls::setCalibrated(call)),
                });
            }
            Op::OpenCase { job, by } => {
                let accused = self.terms(model, job);
                let call = ICourt::openCall {
                    accusation: Accusation {
                        jobId: model.id_of(&accused),
                        executorId: 1,
                        seat: 0,
                        seatFee: 0,
                        answerHash: B256::ZERO,
                        modelId: accused.modelId,
                        version: accused.version,
                        runtimeClass: accused.runtimeClass,
                        inputHash: accused.inputHash,
                        parametersHash: accused.parametersHash,
                        maxUnits: accused.maxUnits,
                        challenger: self.account(by),
                    },
                    court: self.court_terms(model, accused.maxPricePerUnit, 0),
                    input: INPUT.into(),
                    parameterBytes: parameters().into(),
                    inputUri: String::new(),
                };
                (by, To::open(call))
            }
            Op::Decide { job, accused, courts, by } => {
                let courtJobId = self.id(model, job);
                let case = model.court.case(courtJobId);
                let ended = model.job(courtJobId);
                let centre = if ended.phase == Phase::Resolved { ended.ending } else { 0 };
                let accused = self.answer_or(case.answerHash, accused);
                let courts = self.answer_or(ended.seats[usize::from(centre)], courts);
                (by, To::decide(ICourt::decideCall { courtJobId, accused, courts }))
            }
            Op::Lapse { job, by } => (by, To::lapse(ICourt::lapseCall { courtJobId: self.id(model, job) })),
            Op::RetryVerdict { job, by } => {
                (by, To::retryVerdict(ICourt::retryVerdictCall { courtJobId: self.id(model, job) }))
            }
            Op::WithdrawFrom { keeper: Keeper::Court, account } => {
                (0, To::withdrawFor(ICourt::withdrawForCall { account: self.account(account) }))
            }
            _ => return None,
        };
        Some(Transaction { from: self.account(by), value: 0, call: Call::Court(call) })
    }

    /// Flaws that only other requests have are none.
    fn challenge(&mut self, model: &Model, operation: &Operation) -> Option<Transaction> {
        let Operation::Challenge { job, seat, price, odd, flaw, by } = *operation else { return None };
        let from = self.account(by);
        let terms = self.terms(model, job);
        let id = model.id_of(&terms);
        let lowest = model.lowest_seat_fee(id, seat, model.job(id).seat_fee).div_ceil(U256::from(terms.maxUnits));
        let price = match price {
            SeatPrice::Lowest => lowest.to(),
            SeatPrice::TooLow => lowest.to::<u128>().saturating_sub(1),
            SeatPrice::Wei(price) => price,
        };
        self.challenges += u64::from(flaw != Flaw::UsedNonce);
        let mut court = self.court_terms(model, price, odd);
        let mut input = INPUT.to_vec();
        let mut parameterBytes = parameters();
        let mut inputUri = String::new();
        match flaw {
            Flaw::ByUri => (input, inputUri) = (Vec::new(), "ipfs://input".to_owned()),
            Flaw::OtherInput => input.push(0),
            Flaw::OtherParameters => parameterBytes.push(0),
            Flaw::InputAndUri => inputUri.push('x'),
            Flaw::LowDispatchFee => court.dispatchFee = model.config.jobs.minDispatchFee - 1,
            Flaw::LowReserve => court.advanceReserve = model.config.jobs.minAdvanceReserve - 1,
            Flaw::TooDear => court.maxPricePerUnit = u128::MAX,
            _ => {}
        }
        let bond = U256::from(model.config.court.bond);
        let value = paid(escrow_of(&model.court_terms(from, &terms, &court)) + bond, flaw);
        let call = ICourt::challengeCall {
            terms: terms.into(),
            seat,
            court,
            input: input.into(),
            parameterBytes: parameterBytes.into(),
            inputUri,
        };
        Some(Transaction { from, value, call: Call::Court(ICourtCalls::challenge(call)) })
    }

    pub(super) fn court_terms(&self, model: &Model, price: u128, odd: u8) -> CourtTerms {
        let bounds = &model.config.jobs;
        CourtTerms {
            nonce: U256::from(self.challenges),
            maxPricePerUnit: price,
            dispatchFee: bounds.minDispatchFee + u128::from(odd),
            advanceReserve: bounds.minAdvanceReserve + u128::from(odd),
        }
    }

    /// What was answered, or another answer.
    fn answer_or(&self, given: B256, other: Option<u8>) -> Answer {
        let other = other.and_then(|answer| self.opinions.get(usize::from(answer))).cloned();
        let Opinion { result, vector } = other.or_else(|| self.opinion_at(given)).unwrap_or_default();
        Answer { seat: 0, result, vector }
    }
}
