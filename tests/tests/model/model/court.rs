//! Courts: a fresh committee runs a job again and judges an answer.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol,
    sol_types::{SolCall, SolEvent, SolValue},
};
use infera_contracts::{
    ICalibrationList::{self, ICalibrationListCalls, setCalibratedCall},
    ICourt::{self, Case, CourtTerms, ICourtCalls, challengeCall, decideCall},
    IJobRegistry::{self, Terms},
};
use infera_protocol::{commitment::reveal_hash, comparison};

use super::{
    Model,
    config::Mutation,
    job::{Job, Phase, has, seats_of},
    outcome::{Refusal, Result, ensure},
    owed::Owed,
    registry::escrow_of,
    slashing::{BURN_ADDRESS, Offence},
};

/// An offer doubles with each lapse, but no more often.
const MAX_DOUBLINGS: u8 = 10;
/// Of a bond: what a lapse burns, what an acquitted answer's owner gets, and what its judges get.
const BOND_PARTS: u128 = 4;

sol! {
    /// OpenZeppelin's.
    error OwnableUnauthorizedAccount(address account);
}

/// Where a case stands, by its number in the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pending = 1,
    Convicted,
    Acquitted,
    Lapsed,
}

impl Verdict {
    /// The verdict of a case that isn't pending.
    pub(crate) fn numbered(number: u8) -> Self {
        [Self::Convicted, Self::Acquitted, Self::Lapsed][usize::from(number) - Self::Convicted as usize]
    }
}

/// All of the court and of the list of calibrated profiles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Court {
    /// By the court's job.
    cases: BTreeMap<B256, Case>,
    /// The newest case about a job's seat.
    pub(crate) about: BTreeMap<(B256, u8), B256>,
    /// Until when a seat whose case lapsed can be challenged again, in Unix seconds.
    open_again: BTreeMap<(B256, u8), u64>,
    pub(crate) owed: Owed,
    /// Whether the model's one version costs stake.
    pub(crate) calibrated: bool,
}

impl Court {
    /// All zero for a job that judges nothing.
    pub(crate) fn case(&self, court_job: B256) -> Case {
        self.cases.get(&court_job).cloned().unwrap_or_default()
    }

    /// What `openAgainUntil` gives.
    pub(crate) fn open_again_until(&self, job: B256, seat: u8) -> u64 {
        self.open_again.get(&(job, seat)).copied().unwrap_or_default()
    }
}

impl Model {
    pub(super) fn run_court(&mut self, from: Address, value: u128, call: &ICourtCalls) -> Result<Bytes> {
        use ICourtCalls as Calls;
        match call {
            Calls::challenge(call) => {
                let court_job = self.challenge(from, value, call)?;
                return Ok(challengeCall::abi_encode_returns(&court_job).into());
            }
            // A transaction's sender has no code, so it is no client.
            Calls::open(_) => return Err(Refusal::of(ICourt::NotClient { caller: from })),
            Calls::decide(call) => {
                let verdict = self.decide(call)?;
                return Ok(decideCall::abi_encode_returns(&(verdict as u8)).into());
            }
            Calls::lapse(call) => self.lapse(call.courtJobId)?,
            Calls::retryVerdict(call) => {
                return Err(Refusal::of(ICourt::NothingToDeliver { courtJobId: call.courtJobId }));
            }
            Calls::withdrawFor(call) => {
                self.withdraw_owed(self.config.at.court, |model| &mut model.court.owed, call.account)?;
            }
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    pub(super) fn run_calibration(&mut self, from: Address, call: &ICalibrationListCalls) -> Result<Bytes> {
        let ICalibrationListCalls::setCalibrated(call) = call else { panic!("not modelled: {call:?}") };
        ensure(from == self.config.guardian, || OwnableUnauthorizedAccount { account: from })?;
        let setCalibratedCall { modelId, version, runtimeClass, calibrated } = *call;
        let is_ours = (modelId, version, runtimeClass) == (self.config.model, 1, self.config.class);
        self.court.calibrated = if is_ours { calibrated } else { self.court.calibrated };
        let event = ICalibrationList::CalibrationSet { modelId, version, runtimeClass, calibrated };
        self.emit(self.config.at.calibration_list, event.encode_log_data());
        Ok(Bytes::new())
    }

    fn emit_court(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.court, event.encode_log_data());
    }

    // ---------------------------------------------------------------- opening a case

    fn challenge(&mut self, from: Address, value: u128, call: &challengeCall) -> Result<B256> {
        let (accused, seat) = (Terms::abi_decode(&call.terms.abi_encode()).unwrap(), call.seat);
        let id = self.id_of(&accused);
        ensure(accused.pool == 0, || ICourt::NotPublic { jobId: id, pool: accused.pool })?;
        let job = self.job(id);
        let is_final = matches!(job.phase, Phase::Resolved | Phase::Refunded);
        ensure(is_final, || ICourt::JobNotFinal { jobId: id })?;
        ensure(has(job.revealed, seat), || ICourt::SeatNotRevealed { jobId: id, seat })?;
        let deadline = self.last_challenge(id, seat);
        ensure(self.time <= deadline, || ICourt::TooLate { jobId: id, deadline: U256::from(deadline) })?;
        let case = Case {
            challenger: from,
            executorId: job.committee[usize::from(seat)],
            seat,
            version: accused.version,
            registry: self.config.at.job_registry,
            jobId: id,
            answerHash: answer_of(&job, seat),
            modelId: accused.modelId,
            runtimeClass: accused.runtimeClass,
            seatFee: job.seat_fee,
            ..Case::default()
        };
        self.open_case(value, case, &accused, &call.court, [&call.input, &call.parameterBytes], &call.inputUri)
    }

    /// Opens a case for a registry. Of the accused's terms, what a court's job takes over matters.
    pub(super) fn open_case(
        &mut self,
        value: u128,
        case: Case,
        accused: &Terms,
        court: &CourtTerms,
        [input, parameters]: [&Bytes; 2],
        input_uri: &str,
    ) -> Result<B256> {
        let (challenger, id, seat) = (case.challenger, case.jobId, case.seat);
        self.check_accusation(&case, accused, court)?;
        let terms = self.court_terms(challenger, accused, court);
        let (escrow, bond) = (escrow_of(&terms), self.config.court.bond);
        let (required, given) = (escrow + U256::from(bond), U256::from(value));
        ensure(given >= required, || ICourt::InsufficientPayment { required, given })?;
        let court_job = self.id_of(&terms);
        let case = Case { verdict: Verdict::Pending as u8, lapses: self.lapses_about(id, seat), ..case };
        self.emit_court(ICourt::Challenged {
            courtJobId: court_job,
            jobId: id,
            executorId: case.executorId,
            seat,
            registry: case.registry,
            challenger,
            bond: U256::from(bond),
        });
        self.court.cases.insert(court_job, case);
        self.court.about.insert((id, seat), court_job);
        let escrow: u128 = escrow.to();
        self.court.owed.liabilities += value - escrow;
        self.credit_of_court(challenger, court_job, value - escrow - bond);

        let court = self.config.at.court;
        self.ledger.transfer(court, self.config.at.job_registry, escrow);
        let request = IJobRegistry::requestCall {
            terms,
            input: input.clone(),
            parameters: parameters.clone(),
            inputUri: input_uri.to_owned(),
        };
        self.request(court, escrow, &request)
    }

    /// The last second in which a seat can be challenged.
    pub(crate) fn last_challenge(&self, job: B256, seat: u8) -> u64 {
        match self.court.open_again_until(job, seat) {
            0 => self.job(job).request_time + u64::from(self.config.court.challengeWindow),
            again => again,
        }
    }

    fn check_accusation(&self, case: &Case, accused: &Terms, court: &CourtTerms) -> Result<()> {
        let (job, seat) = (case.jobId, case.seat);
        ensure(self.court.calibrated, || ICourt::NotCalibrated {
            modelId: accused.modelId,
            version: accused.version,
            runtimeClass: accused.runtimeClass,
        })?;
        if let Some(previous) = self.court.about.get(&(job, seat)) {
            let lapsed = self.court.case(*previous).verdict == Verdict::Lapsed as u8;
            ensure(lapsed, || ICourt::AlreadyChallenged { jobId: job, seat, courtJobId: *previous })?;
        }
        let offered = U256::from(court.maxPricePerUnit) * U256::from(accused.maxUnits);
        let lowest = self.lowest_seat_fee(job, seat, case.seatFee);
        ensure(offered >= lowest, || ICourt::PriceTooLow { offered, lowest })
    }

    /// How many cases about a seat lapsed.
    fn lapses_about(&self, job: B256, seat: u8) -> u8 {
        let previous = self.court.about.get(&(job, seat)).map(|previous| self.court.case(*previous));
        let lapsed = previous.filter(|previous| previous.verdict == Verdict::Lapsed as u8);
        lapsed.map_or(0, |previous| (previous.lapses + 1).min(MAX_DOUBLINGS))
    }

    /// What `lowestSeatFee` gives for the fee that a seat had.
    pub(crate) fn lowest_seat_fee(&self, job: B256, seat: u8, seat_fee: u128) -> U256 {
        let doublings = if self.is_mutated(Mutation::PatientLapse) { 0 } else { self.lapses_about(job, seat) };
        U256::from(seat_fee) << doublings
    }

    /// The same question to a committee of the public pool.
    pub(crate) fn court_terms(&self, challenger: Address, accused: &Terms, court: &CourtTerms) -> Terms {
        let rules = &self.config.court;
        Terms {
            requester: self.config.at.court,
            nonce: U256::from_be_bytes(keccak256((challenger, court.nonce).abi_encode()).0),
            committeeSize: rules.committeeSize,
            quorum: rules.quorum,
            maxPricePerUnit: court.maxPricePerUnit,
            commitWindow: rules.commitWindow,
            revealWindow: rules.revealWindow,
            dispatchFee: court.dispatchFee,
            advanceReserve: court.advanceReserve,
            callbackTarget: Address::ZERO,
            callbackGas: 0,
            callbackFee: 0,
            errorCallback: false,
            refundTo: challenger,
            ..accused.clone()
        }
    }

    /// Who can't sit on a court's job: the judged job's committee, or single executor.
    pub(crate) fn excluded_from(&self, court_job: B256) -> Vec<u32> {
        let case = self.court.case(court_job);
        let is_redundant = case.registry == self.config.at.job_registry;
        let mut seated = if is_redundant { self.job(case.jobId).committee } else { vec![case.executorId] };
        let may_stay = self.is_mutated(Mutation::SeatedAccused);
        seated.retain(|member| *member != 0 && !(may_stay && *member == case.executorId));
        seated
    }

    // ---------------------------------------------------------------- closing it

    fn pending_case(&self, courtJobId: B256) -> Result<Case> {
        let case = self.court.case(courtJobId);
        ensure(case.verdict == Verdict::Pending as u8, || ICourt::NotPending { courtJobId })?;
        Ok(case)
    }

    fn close_case(&mut self, court_job: B256, case: &Case, verdict: Verdict) {
        self.court.cases.entry(court_job).and_modify(|case| case.verdict = verdict as u8);
        self.emit_court(ICourt::Decided {
            courtJobId: court_job,
            jobId: case.jobId,
            executorId: case.executorId,
            seat: case.seat,
            verdict: verdict as u8,
        });
    }

    fn decide(&mut self, call: &decideCall) -> Result<Verdict> {
        let decideCall { courtJobId: court_job, accused, courts } = call;
        let case = self.pending_case(*court_job)?;
        let (jobId, seat) = (case.jobId, case.seat);
        let is_accused = reveal_hash(keccak256(&accused.result), keccak256(&accused.vector)) == case.answerHash;
        ensure(is_accused, || ICourt::NotTheAccusedAnswer { jobId, seat })?;
        let job = self.job(*court_job);
        let answer = reveal_hash(keccak256(&courts.result), keccak256(&courts.vector));
        let is_courts = job.phase == Phase::Resolved && job.seats[usize::from(job.ending)] == answer;
        ensure(is_courts, || ICourt::NotTheCourtsAnswer { courtJobId: *court_job })?;

        let [accused, courts] =
            [accused, courts].map(|answer| comparison::Answer { result: &answer.result, vector: &answer.vector });
        let bond = self.config.court.bond;
        if comparison::agree(&self.config.profile, accused, courts) {
            self.close_case(*court_job, &case, Verdict::Acquitted);
            self.forfeit_bond(*court_job, &case, &job);
            self.tell(*court_job, &case, Verdict::Acquitted);
            return Ok(Verdict::Acquitted);
        }
        self.close_case(*court_job, &case, Verdict::Convicted);
        self.credit_of_court(case.challenger, *court_job, bond);
        self.slash(Offence::Conviction, case.executorId, jobId, case.seatFee, case.challenger);
        self.tell(*court_job, &case, Verdict::Convicted);
        Ok(Verdict::Convicted)
    }

    /// A quarter to the accused and a quarter to the judges who agreed; the rest is burned.
    fn forfeit_bond(&mut self, court_job: B256, case: &Case, job: &Job) {
        let bond = self.config.court.bond;
        let quarter = bond / BOND_PARTS;
        self.credit_of_court(self.config.executor(case.executorId).owner, court_job, quarter);
        let judges = seats_of(job.agreeing).count() as u128;
        let share = quarter / judges;
        for seat in seats_of(job.agreeing) {
            self.credit_of_court(self.config.executor(job.committee[usize::from(seat)]).owner, court_job, share);
        }
        self.burn_of_court(bond - quarter - share * judges);
    }

    fn lapse(&mut self, courtJobId: B256) -> Result<()> {
        let case = self.pending_case(courtJobId)?;
        let refunded = self.job(courtJobId).phase == Phase::Refunded;
        ensure(refunded, || ICourt::NotDecided { courtJobId })?;
        self.close_case(courtJobId, &case, Verdict::Lapsed);
        let until = self.time + u64::from(self.config.court.challengeWindow);
        self.court.open_again.insert((case.jobId, case.seat), until);
        let bond = self.config.court.bond;
        let burned = if self.is_mutated(Mutation::FreeLapse) { 0 } else { bond / BOND_PARTS };
        self.credit_of_court(case.challenger, courtJobId, bond - burned);
        self.burn_of_court(burned);
        self.tell(courtJobId, &case, Verdict::Lapsed);
        Ok(())
    }

    /// Tells the registry that brought the case, which takes every verdict.
    fn tell(&mut self, court_job: B256, case: &Case, verdict: Verdict) {
        if case.registry != self.config.at.job_registry {
            self.judge(case.jobId, verdict);
            self.emit_court(ICourt::VerdictDelivered { courtJobId: court_job, registry: case.registry });
        }
    }

    // ---------------------------------------------------------------- money

    fn credit_of_court(&mut self, account: Address, court_job: B256, wei: u128) {
        self.court.owed.credit(account, wei);
        if wei != 0 {
            self.emit_court(ICourt::Credited { account, courtJobId: court_job, amount: U256::from(wei) });
        }
    }

    fn burn_of_court(&mut self, wei: u128) {
        self.court.owed.liabilities -= wei;
        self.ledger.transfer(self.config.at.court, BURN_ADDRESS, wei);
    }
}

/// What a revealed seat answered: where all gave one answer, the lowest seat alone may keep its record.
fn answer_of(job: &Job, seat: u8) -> B256 {
    let recorded = job.seats[usize::from(seat)];
    if recorded.is_zero() { job.seats[job.revealed.trailing_zeros() as usize] } else { recorded }
}
