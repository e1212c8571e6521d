//! Challenges answers before a court, and closes their cases.

use std::fmt;

use alloy::{
    primitives::{B256, U256},
    providers::{DynProvider, Provider},
};
use infera_contracts::{
    ICalibrationList,
    ICourt::{self, Answer, Case, CourtTerms, Parameters},
    IJobRegistry::{JobRequested, JobResolved, JobState},
    IStaking::Slashed,
};

use crate::{Client, Error, Result, RevealedAnswer, Sender};

/// `Phase` by its numbers in the contracts.
const RESOLVED: u8 = 4;
const REFUNDED: u8 = 5;

/// Where a case stands: `Verdict` of the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is no such case.
    None,
    /// The court's job is open, or nobody has brought its answer yet.
    Pending,
    /// The accused answer disagrees with the court's.
    Convicted,
    /// It agrees.
    Acquitted,
    /// The court had no answer; the seat can be challenged again.
    Lapsed,
}

impl From<u8> for Verdict {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Pending,
            2 => Self::Convicted,
            3 => Self::Acquitted,
            4 => Self::Lapsed,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An answer to challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// The job.
    pub job: B256,
    /// The accused answer's seat.
    pub seat: u8,
    /// Any number that the challenger has not used before.
    pub nonce: U256,
    /// Highest price per unit for the court's seats, in wei; `None` takes the challenged job's.
    pub max_price_per_unit: Option<u128>,
}

/// What a challenge takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeQuote {
    /// Comes back after a conviction; three quarters of it if the court has no answer; lost after an acquittal. In wei.
    pub bond: U256,
    /// Escrow of the court's job: what it leaves is credited in the job registry. In wei.
    pub escrow: U256,
}

impl ChallengeQuote {
    /// Both together, in wei.
    pub fn total(&self) -> U256 {
        self.bond + self.escrow
    }
}

/// A case that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedCase {
    /// The court's job, which names the case.
    pub court_job: B256,
    /// The accused.
    pub executor_id: u32,
    /// What was paid.
    pub paid: ChallengeQuote,
    /// The transaction.
    pub transaction: B256,
    /// Its gas.
    pub gas_used: u64,
}

/// A case that was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedCase {
    /// The court's job.
    pub court_job: B256,
    /// The accused.
    pub executor_id: u32,
    /// How it ended.
    pub verdict: Verdict,
    /// Wei that a conviction took of the accused's stake.
    pub slashed: U256,
    /// Wei of it that go to the challenger; `Staking.withdrawProverReward` pays them out.
    pub reward: U256,
    /// The transaction.
    pub transaction: B256,
    /// Its gas.
    pub gas_used: u64,
}

impl Client {
    fn court(&self) -> ICourt::ICourtInstance<&DynProvider> {
        ICourt::new(self.deployment().court, self.provider())
    }

    fn court_error(&self, action: &str, error: alloy::contract::Error) -> Error {
        Error::from_call("Court", self.deployment().court, action, error)
    }

    /// The court's parameters.
    pub async fn court_parameters(&self) -> Result<Parameters> {
        let parameters = self.court().parameters().call().await;
        parameters.map_err(|error| self.court_error("reading the court's parameters", error))
    }

    /// Whether answers of a model version in a runtime class can cost stake.
    pub async fn is_calibrated(&self, model: B256, version: u32, runtime_class: B256) -> Result<bool> {
        let list = ICalibrationList::new(self.deployment().calibration_list, self.provider());
        let calibrated = list.isCalibrated(model, version, runtime_class).call().await;
        calibrated.map_err(|error| {
            Error::from_call("CalibrationList", self.deployment().calibration_list, "reading the calibration", error)
        })
    }

    /// Names a pair of version and class as good enough to cost stake, or takes it off the list. The list's owner only.
    pub async fn set_calibrated(
        &self,
        sender: &Sender,
        model: B256,
        version: u32,
        runtime_class: B256,
        calibrated: bool,
    ) -> Result<B256> {
        let list = ICalibrationList::new(self.deployment().calibration_list, self.provider());
        let call = list.setCalibrated(model, version, runtime_class, calibrated);
        Ok(sender.call("setting the calibration", call).await?.transaction)
    }

    /// The case of a court's job; `None` if the job is no court's.
    pub async fn case_of(&self, court_job: B256) -> Result<Option<Case>> {
        let case = self.court().caseOf(court_job).call().await;
        let case = case.map_err(|error| self.court_error("reading the case", error))?;
        Ok((Verdict::from(case.verdict) != Verdict::None).then_some(case))
    }

    /// What a challenge would take.
    pub async fn challenge_quote(&self, challenge: &Challenge) -> Result<ChallengeQuote> {
        let asked = self.job_request(challenge.job).await?;
        let court = self.court_terms(challenge, &asked).await?;
        self.quote_of(&asked, &court).await
    }

    /// Challenges a revealed answer of a final job, paying the bond and the court's escrow. What a contract would refuse is
    /// refused before anything is sent, with what can be done.
    pub async fn challenge(&self, sender: &Sender, challenge: &Challenge) -> Result<OpenedCase> {
        let asked = self.job_request(challenge.job).await?;
        self.ensure_challengeable(challenge, &asked).await?;
        let court = self.court_terms(challenge, &asked).await?;
        let paid = self.quote_of(&asked, &court).await?;
        let contract = self.court();
        let call = contract
            .challenge(asked.terms.into(), challenge.seat, court, asked.input, asked.parameters, asked.inputUri)
            .value(paid.total());
        let sent = sender.call("challenging the answer", call).await?;
        let opened = sent.receipt.logs().iter().find_map(|log| log.log_decode::<ICourt::Challenged>().ok());
        let opened = opened.ok_or_else(|| self.no_event("Challenged"))?.inner.data;
        Ok(OpenedCase {
            court_job: opened.courtJobId,
            executor_id: opened.executorId,
            paid,
            transaction: sent.transaction,
            gas_used: sent.receipt.gas_used,
        })
    }

    /// Brings both answers before the court, which compares them. The court's job must be resolved.
    pub async fn decide(&self, sender: &Sender, court_job: B256) -> Result<ClosedCase> {
        let case = self.pending_case(court_job).await?;
        match self.job_state(court_job).await?.phase {
            RESOLVED => {}
            REFUNDED => {
                return Err(Error::Invalid(format!(
                    "the court of case {court_job} had no answer: let the case lapse, then the seat can be challenged again"
                )));
            }
            _ => return Err(self.court_still_works(court_job)),
        }
        let accused = self.answer_in(case.jobId, case.seat).await?;
        let resolved = self.events::<JobResolved>(court_job).await?;
        let centre = resolved.first().map(|(event, _)| event.centre);
        let centre = centre.ok_or_else(|| self.no_event("JobResolved"))?;
        let courts = self.answer_in(court_job, centre).await?;
        let contract = self.court();
        let call = contract.decide(court_job, answer(case.seat, accused), answer(centre, courts));
        let sent = sender.call("deciding the case", call).await?;
        self.closed(court_job, &case, sent)
    }

    /// Closes a case whose court had no answer.
    pub async fn lapse(&self, sender: &Sender, court_job: B256) -> Result<ClosedCase> {
        let case = self.pending_case(court_job).await?;
        match self.job_state(court_job).await?.phase {
            REFUNDED => {}
            RESOLVED => {
                return Err(Error::Invalid(format!(
                    "the court of case {court_job} has an answer: decide the case by it"
                )));
            }
            _ => return Err(self.court_still_works(court_job)),
        }
        let contract = self.court();
        let sent = sender.call("letting the case lapse", contract.lapse(court_job)).await?;
        self.closed(court_job, &case, sent)
    }

    /// Closes a case as its court's job ended: [`Client::decide`] or [`Client::lapse`].
    pub async fn close_case(&self, sender: &Sender, court_job: B256) -> Result<ClosedCase> {
        match self.job_state(court_job).await?.phase {
            REFUNDED => self.lapse(sender, court_job).await,
            _ => self.decide(sender, court_job).await,
        }
    }

    async fn job_request(&self, job: B256) -> Result<JobRequested> {
        let requests = self.events::<JobRequested>(job).await?;
        let request = requests.into_iter().next().map(|(event, _)| event);
        request.ok_or_else(|| Error::Invalid(format!("job {job} was never requested on this network: check its id")))
    }

    async fn ensure_challengeable(&self, challenge: &Challenge, asked: &JobRequested) -> Result<()> {
        let Challenge { job, seat, .. } = *challenge;
        let terms = &asked.terms;
        if !self.is_calibrated(terms.modelId, terms.version, terms.runtimeClass).await? {
            return Err(Error::Invalid(format!(
                "answers of model {} version {} in this runtime class can't be challenged: its profile isn't on the list of \
                 calibrated ones (CalibrationList.setCalibrated, by the list's owner)",
                terms.modelId, terms.version
            )));
        }
        let state = self.job_state(job).await?;
        if state.phase != RESOLVED && state.phase != REFUNDED {
            return Err(Error::Invalid(format!(
                "job {job} is not final yet: `infera explain {job}` tells what it waits for"
            )));
        }
        if u32::from(state.revealed).checked_shr(u32::from(seat)).unwrap_or_default() & 1 == 0 {
            return Err(Error::Invalid(format!(
                "seat {seat} of job {job} revealed no answer; {} did",
                seats(state.revealed)
            )));
        }
        let previous = self.court().caseAbout(job, seat).call().await;
        let previous = previous.map_err(|error| self.court_error("looking for a case", error))?;
        if let Some(case) = self.case_of(previous).await? {
            match Verdict::from(case.verdict) {
                Verdict::Lapsed | Verdict::None => {}
                Verdict::Pending => {
                    return Err(Error::Invalid(format!(
                        "seat {seat} of job {job} is challenged already: case {previous} is pending"
                    )));
                }
                verdict => {
                    return Err(Error::Invalid(format!(
                        "case {previous} about seat {seat} of job {job} ended: {verdict}. A verdict is final"
                    )));
                }
            }
        }
        self.ensure_in_time(challenge, &state).await
    }

    async fn ensure_in_time(&self, challenge: &Challenge, state: &JobState) -> Result<()> {
        let reopened = self.court().openAgainUntil(challenge.job, challenge.seat).call().await;
        let reopened = reopened.map_err(|error| self.court_error("reading the window", error))?;
        let window = self.court_parameters().await?.challengeWindow;
        let deadline = match u64::try_from(reopened).unwrap_or(u64::MAX) {
            0 => state.requestTime.saturating_add(u64::from(window)),
            reopened => reopened,
        };
        let head = self.provider().get_block(alloy::eips::BlockId::latest()).await;
        let head = head.map_err(|error| Error::from_rpc("reading the head", error))?;
        let now = head.map(|block| block.header.timestamp).unwrap_or_default();
        if now > deadline {
            return Err(Error::Invalid(format!(
                "job {} could be challenged until Unix time {deadline}, {} s ago (window: {window} s)",
                challenge.job,
                now - deadline
            )));
        }
        Ok(())
    }

    async fn court_terms(&self, challenge: &Challenge, asked: &JobRequested) -> Result<CourtTerms> {
        let parameters = self.parameters().await?;
        let price = challenge.max_price_per_unit.unwrap_or(asked.terms.maxPricePerUnit);
        let offered = U256::from(price) * U256::from(asked.terms.maxUnits);
        let fee = self.job_state(challenge.job).await?.seatFee;
        if offered < U256::from(fee) {
            return Err(Error::Invalid(format!(
                "a court's seat must be offered what the accused seat was: {fee} wei for {} units, which is {} wei a unit, \
                 not {price}",
                asked.terms.maxUnits,
                fee.div_ceil(u128::from(asked.terms.maxUnits.max(1)))
            )));
        }
        Ok(CourtTerms {
            nonce: challenge.nonce,
            maxPricePerUnit: price,
            dispatchFee: parameters.minDispatchFee,
            advanceReserve: parameters.minAdvanceReserve,
        })
    }

    async fn quote_of(&self, asked: &JobRequested, court: &CourtTerms) -> Result<ChallengeQuote> {
        let total = self.court().quote(asked.terms.maxUnits, court.clone()).call().await;
        let total = total.map_err(|error| self.court_error("quoting the challenge", error))?;
        let bond = U256::from(self.court_parameters().await?.bond);
        Ok(ChallengeQuote { bond, escrow: total.saturating_sub(bond) })
    }

    async fn pending_case(&self, court_job: B256) -> Result<Case> {
        let case = self.case_of(court_job).await?;
        let case = case.ok_or_else(|| {
            Error::Invalid(format!(
                "{court_job} is no case: a case is named by its court's job, as `challenge` tells it"
            ))
        })?;
        match Verdict::from(case.verdict) {
            Verdict::Pending => Ok(case),
            verdict => Err(Error::Invalid(format!("case {court_job} is closed already: {verdict}"))),
        }
    }

    async fn answer_in(&self, job: B256, seat: u8) -> Result<RevealedAnswer> {
        let answer = self.answers(job).await?.remove(&seat);
        answer.ok_or_else(|| Error::UnexpectedAnswer {
            what: "JobRegistry",
            address: self.deployment().job_registry,
            detail: format!("no reveal of seat {seat} of job {job}"),
        })
    }

    fn closed(&self, court_job: B256, case: &Case, sent: crate::Sent) -> Result<ClosedCase> {
        let logs = sent.receipt.logs();
        let decided = logs.iter().find_map(|log| log.log_decode::<ICourt::Decided>().ok());
        let decided = decided.ok_or_else(|| self.no_event("Decided"))?;
        let slashed = logs.iter().find_map(|log| log.log_decode::<Slashed>().ok());
        let (slashed, reward) = slashed.map(|log| (log.inner.amount, log.inner.reward)).unwrap_or_default();
        Ok(ClosedCase {
            court_job,
            executor_id: case.executorId,
            verdict: decided.inner.verdict.into(),
            slashed,
            reward,
            transaction: sent.transaction,
            gas_used: sent.receipt.gas_used,
        })
    }

    fn court_still_works(&self, court_job: B256) -> Error {
        Error::Invalid(format!(
            "the court of case {court_job} is not done: `infera explain {court_job}` tells what its job waits for"
        ))
    }

    fn no_event(&self, name: &str) -> Error {
        Error::UnexpectedAnswer { what: "Court", address: self.deployment().court, detail: format!("no {name} event") }
    }
}

fn answer(seat: u8, RevealedAnswer { result, vector }: RevealedAnswer) -> Answer {
    Answer { seat, result, vector }
}

/// The seats of a bitmap, in words.
fn seats(bitmap: u8) -> String {
    let seats: Vec<String> = (0..8).filter(|seat| bitmap >> seat & 1 == 1).map(|seat| seat.to_string()).collect();
    match seats.as_slice() {
        [] => "none".to_owned(),
        [only] => format!("seat {only}"),
        several => format!("seats {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seats_that_revealed_are_named() {
        assert_eq!(seats(0b101), "seats 0, 2");
        assert_eq!(seats(0b10), "seat 1");
        assert_eq!(seats(0), "none");
    }

    #[test]
    fn a_verdict_has_the_contracts_number() {
        let verdicts = [Verdict::None, Verdict::Pending, Verdict::Convicted, Verdict::Acquitted, Verdict::Lapsed];
        for (number, verdict) in (0..).zip(verdicts) {
            assert_eq!(Verdict::from(number), verdict);
        }
    }
}
