//! What the contracts do, once more in plain Rust: no chain, no storage layout, no packing, no I/O. Sums are checked for overflow by
//! the test profile; products that don't fit 128 bits are taken in 512.
//!
//! Time, block number and block hashes are inputs ([`Model::begin`], [`Model::learn_hash`]); a call either gives its events and
//! output or the refusal with its arguments, and then changes nothing ([`Model::run`]).
//!
//! A test may ask for one [`Mutation`], a rule that the contracts don't have, to see that the comparison finds it.

mod activity;
mod admission;
mod arithmetic;
mod callback;
mod config;
mod court;
mod delegation;
mod desk;
mod draw;
mod earnings;
mod equivocation;
mod job;
mod ledger;
mod offers;
mod outcome;
mod owed;
mod pause;
mod pools;
mod registry;
mod reputation;
mod resolution;
mod seats;
mod settlement;
mod signature;
mod single;
mod slashing;
mod stake;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use alloy::{
    primitives::{Address, B256, Bytes, LogData, U256},
    sol_types::{SolCall, SolEvent, SolInterface},
};
use infera_contracts::{
    ICalibrationList::ICalibrationListCalls,
    ICourt::ICourtCalls,
    IExecutorRegistry::IExecutorRegistryCalls,
    IJobDesk::IJobDeskCalls,
    IJobRegistry::{self, IJobRegistryCalls},
    IPolicyRegistry::IPolicyRegistryCalls,
    ISingleJobRegistry::ISingleJobRegistryCalls,
    ISlashing::ISlashingCalls,
    IStaking::IStakingCalls,
};

use self::{activity::Activities, ledger::Ledger, offers::Offers, outcome::Result, pause::Pause, pools::Admitted};
pub(crate) use self::{
    config::{Code, Config, Executor, Mutation},
    court::{Court, Verdict},
    desk::{Desk, nonce_of},
    job::{Job, Phase, seats_of},
    outcome::{Event, Outcome, Refusal},
    pools::PRIVATE_POOL,
    registry::escrow_of,
    single::{
        IVifVerifier, IVifs, OPTIMISTIC, PROVEN, Quorum, REVERSE_AUCTION, ROUND_ROBIN, SORTITION, SinglePhase, Singles,
        VerdictCall, single_escrow_of, vif_hash,
    },
    slashing::BURN_ADDRESS,
    stake::Stakes,
};

/// A call of one of the contracts.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Jobs(IJobRegistryCalls),
    Stake(IStakingCalls),
    Executors(IExecutorRegistryCalls),
    Policy(IPolicyRegistryCalls),
    Desk(IJobDeskCalls),
    Court(ICourtCalls),
    Calibration(ICalibrationListCalls),
    Slashing(ISlashingCalls),
    Single(ISingleJobRegistryCalls),
    Verdict(VerdictCall),
    Vifs(Box<IVifs::IVifsCalls>),
}

impl Call {
    /// The contract that is called.
    pub(crate) fn to(&self, config: &Config) -> Address {
        match self {
            Self::Jobs(_) => config.at.job_registry,
            Self::Stake(_) => config.at.staking,
            Self::Executors(_) => config.at.executor_registry,
            Self::Policy(_) => config.at.policy_registry,
            Self::Desk(_) => config.at.job_desk,
            Self::Court(_) => config.at.court,
            Self::Calibration(_) => config.at.calibration_list,
            Self::Slashing(_) => config.at.slashing,
            Self::Single(_) | Self::Verdict(_) => config.at.single_job_registry,
            Self::Vifs(_) => config.at.vifs,
        }
    }

    /// Whether its function has return values.
    pub(crate) fn returns_something(&self) -> bool {
        use {ICourtCalls as Court, IJobDeskCalls as Desk, ISingleJobRegistryCalls as Single};
        matches!(
            self,
            Self::Jobs(IJobRegistryCalls::request(_) | IJobRegistryCalls::batch(_))
                | Self::Desk(Desk::requestMany(_) | Desk::requestSigned(_) | Desk::subscribe(_) | Desk::serve(_))
                | Self::Court(Court::challenge(_) | Court::decide(_))
                | Self::Slashing(_)
                | Self::Single(Single::request(_) | Single::challenge(_))
        )
    }

    pub(crate) fn encoded(&self) -> Bytes {
        match self {
            Self::Jobs(call) => call.abi_encode().into(),
            Self::Stake(call) => call.abi_encode().into(),
            Self::Executors(call) => call.abi_encode().into(),
            Self::Policy(call) => call.abi_encode().into(),
            Self::Desk(call) => call.abi_encode().into(),
            Self::Court(call) => call.abi_encode().into(),
            Self::Calibration(call) => call.abi_encode().into(),
            Self::Slashing(call) => call.abi_encode().into(),
            Self::Single(call) => call.abi_encode().into(),
            Self::Verdict(call) => call.abi_encode().into(),
            Self::Vifs(call) => call.abi_encode().into(),
        }
    }
}

/// One transaction of an account without code.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) from: Address,
    /// Wei.
    pub(crate) value: u128,
    pub(crate) call: Call,
}

/// The state of the whole protocol, as far as it is modelled.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) config: Rc<Config>,
    /// What the next transaction sees as its block.
    number: u64,
    time: u64,
    hashes: Rc<BTreeMap<u64, B256>>,
    /// Code that accounts beside the contracts have.
    pub(crate) codes: BTreeMap<Address, Code>,
    pub(crate) jobs: BTreeMap<B256, Job>,
    pub(crate) nonces: BTreeSet<(Address, U256)>,
    pub(crate) credits: BTreeMap<Address, u128>,
    pub(crate) stakes: Stakes,
    pub(crate) activities: Activities,
    pub(crate) offers: Offers,
    admitted: Admitted,
    pub(crate) pause: Pause,
    pub(crate) desk: Desk,
    pub(crate) court: Court,
    pub(crate) singles: Singles,
    /// Executors and the jobs of which they were punished for two receipts.
    equivocated: BTreeSet<(u32, B256)>,
    /// What every account owns.
    pub(crate) ledger: Ledger,
    events: Vec<Event>,
}

impl Model {
    /// The contracts right after their deployment, with the configuration's model published and its executors registered, none
    /// of which has staked.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            stakes: Stakes::new(config.executors.len()),
            activities: Activities::default(),
            offers: Offers::default(),
            admitted: Admitted::default(),
            pause: Pause::default(),
            desk: Desk::default(),
            court: Court::default(),
            singles: Singles::default(),
            equivocated: BTreeSet::new(),
            config: Rc::new(config),
            number: 0,
            time: 0,
            hashes: Rc::default(),
            codes: BTreeMap::new(),
            jobs: BTreeMap::new(),
            nonces: BTreeSet::new(),
            credits: BTreeMap::new(),
            ledger: Ledger::default(),
            events: Vec::new(),
        }
    }

    /// The block that the next transaction, or the next view, sees.
    pub(crate) fn begin(&mut self, number: u64, time: u64) {
        (self.number, self.time) = (number, time);
    }

    /// Tells the hash of a block, as soon as it is made.
    pub(crate) fn learn_hash(&mut self, number: u64, hash: B256) {
        Rc::make_mut(&mut self.hashes).insert(number, hash);
    }

    /// Changes one rule.
    pub(crate) fn mutate(&mut self, mutation: Option<Mutation>) {
        Rc::make_mut(&mut self.config).mutation = mutation;
    }

    pub(crate) fn time(&self) -> u64 {
        self.time
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.time / self.config.epoch_length
    }

    fn is_mutated(&self, mutation: Mutation) -> bool {
        self.config.mutation == Some(mutation)
    }

    /// Carries a transaction out, whole or not at all.
    pub(crate) fn run(&mut self, transaction: &Transaction) -> Result<Outcome> {
        self.whole_or_nothing(|model| {
            let to = transaction.call.to(&model.config);
            model.ledger.transfer(transaction.from, to, transaction.value);
            let from = transaction.from;
            let output = match &transaction.call {
                Call::Jobs(call) => model.run_jobs(from, transaction.value, call)?,
                Call::Stake(call) => model.run_stake(from, transaction.value, call)?,
                Call::Executors(call) => model.run_executors(from, call)?,
                Call::Policy(call) => model.run_policy(from, call)?,
                Call::Desk(call) => model.run_desk(from, transaction.value, call)?,
                Call::Court(call) => model.run_court(from, transaction.value, call)?,
                Call::Calibration(call) => model.run_calibration(from, call)?,
                Call::Slashing(call) => model.run_slashing(from, call)?,
                Call::Single(call) => model.run_single(from, transaction.value, call)?,
                Call::Verdict(_) => model.run_verdict(from)?,
                Call::Vifs(call) => model.run_vifs(from, call)?,
            };
            Ok(Outcome { events: std::mem::take(&mut model.events), output })
        })
    }

    fn whole_or_nothing<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.clone();
        let result = change(self);
        if result.is_err() {
            *self = before;
        }
        result
    }

    fn run_jobs(&mut self, from: Address, value: u128, call: &IJobRegistryCalls) -> Result<Bytes> {
        use IJobRegistryCalls as Calls;
        match call {
            Calls::request(call) => {
                let job = self.request(from, value, call)?;
                return Ok(IJobRegistry::requestCall::abi_encode_returns(&job).into());
            }
            Calls::batch(call) => {
                let succeeded: Vec<bool> = call.calls.iter().map(|call| self.run_one_of_a_batch(from, call)).collect();
                return Ok(IJobRegistry::batchCall::abi_encode_returns(&succeeded).into());
            }
            Calls::cancel(call) => self.cancel(from, &call.terms)?,
            Calls::commit(call) => self.commit(from, call.jobId, call.commitment)?,
            Calls::drawAndCommit(call) => self.draw_and_commit(from, &call.terms, call.commitment)?,
            Calls::decline(call) => self.decline(from, &call.terms)?,
            Calls::reveal(call) => self.reveal(call)?,
            Calls::revealSame(call) => self.reveal_same(call)?,
            Calls::revealAndResolve(call) => self.reveal_and_resolve(from, call)?,
            Calls::resolve(call) => self.resolve(from, &call.terms, &call.answers)?,
            Calls::punishSilent(call) => self.punish_silent(from, call.jobId, call.seat)?,
            Calls::advanceJob(call) => self.advance_job(from, &call.terms)?,
            Calls::retryCallback(call) => self.retry_callback(call)?,
            Calls::withdrawFor(call) => self.withdraw_for(call.account)?,
            Calls::revokeNonce(call) => self.revoke_nonce(from, call.nonce)?,
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    /// Each on its own: one that reverts changes nothing, and the others are made all the same.
    fn run_one_of_a_batch(&mut self, from: Address, call: &Bytes) -> bool {
        let Ok(call) = IJobRegistryCalls::abi_decode(call) else { return false };
        self.whole_or_nothing(|model| model.run_jobs(from, 0, &call)).is_ok()
    }

    fn run_stake(&mut self, from: Address, value: u128, call: &IStakingCalls) -> Result<Bytes> {
        use IStakingCalls as Calls;
        match call {
            Calls::stake(call) => self.stake(from, value, call.executorId)?,
            Calls::requestExit(call) => self.request_exit(from, call.amount)?,
            Calls::completeExit(call) => self.complete_exit(call.executorId, call.maturesAtEpoch)?,
            Calls::withdrawEarnings(call) => self.withdraw_earnings(call.executorId)?,
            Calls::announceCommission(call) => self.announce_commission(from, call.bps)?,
            Calls::reinstate(call) => self.reinstate(call.executorId)?,
            Calls::forgiveStrikes(call) => self.forgive_strikes(call.executorId)?,
            Calls::delegate(call) => self.delegate(from, value, call.executorId)?,
            Calls::undelegate(call) => self.undelegate(from, call.executorId, call.amount)?,
            Calls::completeUndelegation(call) => {
                self.complete_undelegation(call.executorId, call.delegator, call.maturesAtEpoch)?;
            }
            Calls::withdrawDelegation(call) => self.withdraw_delegation(call.executorId, call.delegator)?,
            Calls::startGeneration(call) => self.start_generation(call.executorId)?,
            Calls::withdrawProverReward(call) => self.withdraw_prover_reward(call.prover)?,
            Calls::burnSlashed(call) => self.burn_slashed(call.prover)?,
            // A transaction's sender has no code, so it is neither a job registry nor the slashing.
            Calls::tryLockSeat(_) | Calls::lockSeats(_) | Calls::unlockSeat(_) | Calls::settle(_) => {
                return Err(Refusal::of(infera_contracts::IStaking::NotJobRegistry { caller: from }));
            }
            Calls::slash(_) => return Err(Refusal::of(infera_contracts::IStaking::NotSlashing { caller: from })),
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    fn run_executors(&mut self, from: Address, call: &IExecutorRegistryCalls) -> Result<Bytes> {
        match call {
            IExecutorRegistryCalls::refreshWeights(call) => self.refresh_weights(call.executorId)?,
            IExecutorRegistryCalls::setOffering(call) => self.set_offering(from, call)?,
            IExecutorRegistryCalls::listExecutor(call) => self.list_executor(from, call)?,
            IExecutorRegistryCalls::listRequester(call) => self.list_requester(from, call)?,
            IExecutorRegistryCalls::revokeSigner(_) => self.revoke_signer(from)?,
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    fn run_policy(&mut self, from: Address, call: &IPolicyRegistryCalls) -> Result<Bytes> {
        match call {
            IPolicyRegistryCalls::pauseNewJobs(call) => self.pause_new_jobs(from, call.duration)?,
            IPolicyRegistryCalls::resumeNewJobs(_) => self.resume_new_jobs(from)?,
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    fn emit_job(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.job_registry, event.encode_log_data());
    }

    fn emit_stake(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.staking, event.encode_log_data());
    }

    fn emit_executor(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.executor_registry, event.encode_log_data());
    }

    fn emit_policy(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.policy_registry, event.encode_log_data());
    }

    fn emit(&mut self, from: Address, data: LogData) {
        self.events.push(Event { from, data });
    }
}
