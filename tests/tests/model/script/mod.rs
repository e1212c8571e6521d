//! Turns operations into transactions, by what the model says of the jobs that there are.

mod courts;
mod desk;
mod opinions;
mod receipts;
mod requests;
mod single;
mod stakes;

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::{SolEvent, SolValue},
};
use infera_contracts::{
    IJobDesk::{self, requestSignedCall},
    IJobRegistry::{self, Answer, IJobRegistryCalls, JobRequested, Terms},
    ISingleJobRegistry::SingleTerms,
};
use infera_protocol::commitment::Commitment;

pub(crate) use self::single::vrf_key;
use self::{
    opinions::{Opinion, opinions},
    single::Answered,
};
use crate::{
    model::{Call, Model, Outcome, Phase, Transaction, nonce_of, seats_of},
    operation::{By, Calls, Given, Moment, Operation},
};

/// Tokens that every job here pays for: a prime, so that parts of fees are rounded.
pub(crate) const UNITS: u32 = 101;
const INPUT: &[u8] = b"a text";

/// What the transactions of a sequence have in common.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    accounts: Vec<Address>,
    /// Of the accounts.
    keys: Vec<PrivateKeySigner>,
    targets: Vec<Address>,
    opinions: Vec<Opinion>,
    /// Jobs in the order of their requests.
    jobs: Vec<Terms>,
    singles: Vec<SingleTerms>,
    answered: BTreeMap<B256, Answered>,
    requests: u64,
    challenges: u64,
    order: Option<requestSignedCall>,
    /// Subscriptions in the order of their making, with what they ask.
    subscriptions: Vec<IJobDesk::Subscribed>,
    /// Position of the answer behind each commitment.
    commitments: BTreeMap<B256, u8>,
}

impl Script {
    pub(crate) fn new(keys: &[PrivateKeySigner], targets: Vec<Address>) -> Self {
        Self {
            accounts: keys.iter().map(PrivateKeySigner::address).collect(),
            keys: keys.to_vec(),
            targets,
            opinions: opinions(),
            jobs: Vec::new(),
            singles: Vec::new(),
            answered: BTreeMap::new(),
            requests: 0,
            challenges: 0,
            order: None,
            subscriptions: Vec::new(),
            commitments: BTreeMap::new(),
        }
    }

    pub(crate) fn jobs(&self) -> &[Terms] {
        &self.jobs
    }

    pub(crate) fn subscriptions(&self) -> &[IJobDesk::Subscribed] {
        &self.subscriptions
    }

    pub(crate) fn target(&self, target: u8) -> Address {
        self.targets[usize::from(target) % self.targets.len()]
    }

    pub(crate) fn account(&self, account: u8) -> Address {
        self.accounts[usize::from(account) % self.accounts.len()]
    }

    /// Remembers the jobs and subscriptions that a transaction made.
    pub(crate) fn learn(&mut self, outcome: &Outcome) {
        for event in &outcome.events {
            if let Ok(requested) = JobRequested::decode_log_data(&event.data) {
                self.jobs.push(requested.terms);
            } else if let Ok(subscribed) = IJobDesk::Subscribed::decode_log_data(&event.data) {
                self.subscriptions.push(subscribed);
            }
        }
    }

    /// The time that a moment names, if it is told by a job that has it.
    pub(crate) fn time(&self, model: &Model, moment: Moment) -> u64 {
        let (time, plus) = match moment {
            Moment::Seconds(seconds) => (model.time() + u64::from(seconds), 0),
            Moment::Epoch { next, plus } => ((model.epoch() + u64::from(next)) * model.config.epoch_length, plus),
            Moment::Deadline { job, plus } => (model.job(self.id(model, job)).deadline, plus),
            Moment::CommitDeadline { job, plus } => {
                let job = model.job(self.id(model, job));
                if job.phase == Phase::Committing { (job.deadline, plus) } else { (model.time(), 0) }
            }
            Moment::Grace { job, plus } => {
                let grace = u64::from(model.config.jobs.revealGrace);
                (model.job(self.id(model, job)).deadline + grace, plus)
            }
            Moment::LastDecline { job, plus } => {
                let half = u64::from(self.terms(model, job).commitWindow / 2);
                (model.job(self.id(model, job)).deadline.saturating_sub(half), plus)
            }
            Moment::DrawBounty { job, plus } => {
                let delay = u64::from(model.config.jobs.drawBountyDelay);
                (model.job(self.id(model, job)).request_time + delay, plus)
            }
            Moment::Thawed { account, plus } => (model.desk.account(self.account(account)).thawedAt, plus),
            Moment::Interval { subscription, interval, plus } => {
                let subscription = self.subscription(model, subscription).subscription;
                (subscription.start + u64::from(interval) * u64::from(subscription.period), plus)
            }
            Moment::OfSingle { job, moment, plus } => (self.single_time(model, job, moment), plus),
            Moment::LastChallenge { job, seat, plus } => (model.last_challenge(self.id(model, job), seat), plus),
        };
        time.saturating_add_signed(plus.into())
    }

    /// The transaction of an operation that is one.
    pub(crate) fn transaction(&mut self, model: &Model, operation: &Operation) -> Transaction {
        if let Operation::Single(operation) = operation {
            return self.single_transaction(model, operation);
        }
        if let Some((from, value, call)) = self.job_call(model, operation) {
            return Transaction { from, value, call: Call::Jobs(call) };
        }
        if let Some((from, value, call)) = self.stake_call(model, operation) {
            return Transaction { from, value, call: Call::Stake(call) };
        }
        if let Some((from, value, call)) = self.desk_call(model, operation) {
            return Transaction { from, value, call: Call::Desk(call) };
        }
        if let Some(transaction) = self.court_transaction(model, operation) {
            return transaction;
        }
        if let Some((from, call)) = self.slashing_call(model, operation) {
            return Transaction { from, value: 0, call: Call::Slashing(call) };
        }
        if let Some((from, call)) = self.policy_call(model, operation) {
            return Transaction { from, value: 0, call: Call::Policy(call) };
        }
        let (from, call) = self.executor_call(model, operation);
        Transaction { from, value: 0, call: Call::Executors(call) }
    }

    /// A stranger owns what there isn't.
    fn owner(&self, model: &Model, executor: u32) -> Address {
        if model.config.knows(executor) { model.config.executor(executor).owner } else { self.account(0) }
    }

    // ---------------------------------------------------------------- jobs

    fn terms(&self, model: &Model, job: u8) -> Terms {
        let position = self.jobs.len().checked_sub(usize::from(job) + 1);
        position.map_or_else(|| self.template(model), |position| self.jobs[position].clone())
    }

    fn id(&self, model: &Model, job: u8) -> B256 {
        model.id_of(&self.terms(model, job))
    }

    /// Terms that are fine but for their nonce.
    fn template(&self, model: &Model) -> Terms {
        let bounds = &model.config.jobs;
        Terms {
            requester: self.account(1),
            nonce: U256::MAX,
            modelId: model.config.model,
            version: 1,
            runtimeClass: model.config.class,
            pool: 0,
            tier: 0,
            committeeSize: 3,
            quorum: 2,
            inputHash: keccak256(INPUT),
            parametersHash: keccak256(parameters()),
            maxPricePerUnit: bounds.minSeatFee,
            maxUnits: UNITS,
            commitWindow: bounds.minCommitWindow,
            revealWindow: bounds.minRevealWindow,
            dispatchFee: bounds.minDispatchFee,
            advanceReserve: bounds.minAdvanceReserve,
            callbackTarget: Address::ZERO,
            callbackGas: 0,
            callbackFee: 0,
            errorCallback: false,
            refundTo: self.account(1),
        }
    }

    fn sender(&self, by: By, rightful: Address) -> Address {
        match by {
            By::Rightful => rightful,
            By::Account(account) => self.account(account),
        }
    }

    fn job_call(&mut self, model: &Model, operation: &Operation) -> Option<(Address, u128, IJobRegistryCalls)> {
        use IJobRegistryCalls as To;
        use Operation as Op;
        let anyone = self.account(0);
        let (from, call) = match operation {
            Op::Request { .. } => return self.request(model, operation),
            Op::Cancel { job, by } => {
                let terms = self.terms(model, *job);
                // The court, which has no key, cancels nothing.
                let rightful = if self.key_of(terms.requester).is_some() { terms.requester } else { anyone };
                (self.sender(*by, rightful), To::cancel(IJobRegistry::cancelCall { terms }))
            }
            Op::Commit { job, seat, answer, draw, by } => {
                let terms = self.terms(model, *job);
                let (signer, commitment) = self.commitment(model, &terms, *seat, *answer);
                let call = if *draw {
                    To::drawAndCommit(IJobRegistry::drawAndCommitCall { terms, commitment })
                } else {
                    To::commit(IJobRegistry::commitCall { jobId: model.id_of(&terms), commitment })
                };
                (self.sender(*by, signer), call)
            }
            Op::Decline { job, seat, by } => {
                let terms = self.terms(model, *job);
                let signer = self.signer(model, self.executor_at(model, &terms, *seat));
                (self.sender(*by, signer), To::decline(IJobRegistry::declineCall { terms }))
            }
            Op::Reveal { job, seat, answer } => {
                let (id, seat) = (self.id(model, *job), *seat);
                let Opinion { result, vector } = self.opinion_or(model, id, seat, *answer);
                let salt = salt(id, self.executor_of(model, id, seat));
                (anyone, To::reveal(IJobRegistry::revealCall { jobId: id, seat, result, vector, salt }))
            }
            Op::RevealSame { job, seat, same_as } => {
                let (id, seat) = (self.id(model, *job), *seat);
                let opinion = self.opinion_or(model, id, seat, None);
                let call = IJobRegistry::revealSameCall {
                    jobId: id,
                    seat,
                    sameAs: *same_as,
                    resultHash: keccak256(&opinion.result),
                    vectorHash: keccak256(&opinion.vector),
                    salt: salt(id, self.executor_of(model, id, seat)),
                };
                (anyone, To::revealSame(call))
            }
            Op::Resolve { job, answers, by } => {
                let terms = self.terms(model, *job);
                let answers = self.answers(model, &terms, *answers, None);
                (self.account(*by), To::resolve(IJobRegistry::resolveCall { terms, answers }))
            }
            Op::RevealAndResolve { job, seat, answers, by } => {
                let terms = self.terms(model, *job);
                let (id, seat) = (model.id_of(&terms), *seat);
                let answers = self.answers(model, &terms, *answers, Some(seat));
                let own = self.opinion_or(model, id, seat, None);
                let is_own = |answer: &Answer| answer.result == own.result && answer.vector == own.vector;
                let position = U256::from(answers.iter().position(is_own).unwrap_or(answers.len()));
                let salt = salt(id, self.executor_of(model, id, seat));
                let call = IJobRegistry::revealAndResolveCall { terms, seat, salt, position, answers };
                (self.account(*by), To::revealAndResolve(call))
            }
            Op::PunishSilent { job, seat, by } => {
                let call = IJobRegistry::punishSilentCall { jobId: self.id(model, *job), seat: *seat };
                (self.account(*by), To::punishSilent(call))
            }
            Op::Advance { job, by } => {
                let terms = self.terms(model, *job);
                (self.account(*by), To::advanceJob(IJobRegistry::advanceJobCall { terms }))
            }
            Op::RetryCallback { job, truly } => {
                let terms = self.terms(model, *job);
                let ended = model.job(model.id_of(&terms));
                let centre = if ended.phase == Phase::Resolved { ended.ending } else { 0 };
                let opinion = self.opinion_at(ended.seats[usize::from(centre)]).unwrap_or_default();
                let result = if *truly { opinion.result } else { Bytes::from_static(b"nothing") };
                let vectorHash = keccak256(&opinion.vector);
                (anyone, To::retryCallback(IJobRegistry::retryCallbackCall { terms, result, vectorHash }))
            }
            Op::Withdraw { account } => {
                (anyone, To::withdrawFor(IJobRegistry::withdrawForCall { account: self.account(*account) }))
            }
            Op::WithdrawOfTarget { target } => {
                (anyone, To::withdrawFor(IJobRegistry::withdrawForCall { account: self.target(*target) }))
            }
            Op::RevokeNonce { ahead, by } => {
                let nonce = U256::from(self.requests + u64::from(*ahead));
                (self.account(*by), To::revokeNonce(IJobRegistry::revokeNonceCall { nonce }))
            }
            Op::RevokeInterval { subscription, interval, by } => {
                let subscription = self.subscription(model, *subscription).subscription;
                let nonce = nonce_of(model.subscription_id(&subscription), U256::from(*interval));
                let from = self.sender(*by, subscription.terms.requester);
                (from, To::revokeNonce(IJobRegistry::revokeNonceCall { nonce }))
            }
            Op::Batch { calls: Calls(inner), by } => {
                let calls = inner.iter().filter_map(|operation| self.job_call(model, operation));
                let calls: Vec<Bytes> = calls.map(|(_, _, call)| Call::Jobs(call).encoded()).collect();
                (self.account(*by), To::batch(IJobRegistry::batchCall { calls }))
            }
            _ => return None,
        };
        Some((from, 0, call))
    }

    fn key_of(&self, account: Address) -> Option<&PrivateKeySigner> {
        self.keys.iter().find(|key| key.address() == account)
    }

    /// Who sits in a seat, or would if the committee were drawn now; 0 for nobody.
    fn executor_at(&self, model: &Model, terms: &Terms, seat: u8) -> u32 {
        let (committee, _) = model.committee_of(model.id_of(terms), terms);
        committee.get(usize::from(seat)).copied().unwrap_or_default()
    }

    fn executor_of(&self, model: &Model, id: B256, seat: u8) -> u32 {
        model.job(id).committee.get(usize::from(seat)).copied().unwrap_or_default()
    }

    /// A stranger signs for nobody.
    fn signer(&self, model: &Model, executor: u32) -> Address {
        if executor == 0 { self.account(0) } else { model.config.executor(executor).signer }
    }

    fn commitment(&mut self, model: &Model, terms: &Terms, seat: u8, answer: u8) -> (Address, B256) {
        let executor = self.executor_at(model, terms, seat);
        let signer = self.signer(model, executor);
        let Some(opinion) = self.opinions.get(usize::from(answer)) else { return (signer, B256::ZERO) };
        let id = model.id_of(terms);
        let commitment = Commitment {
            chain_id: model.config.chain_id,
            registry: model.config.at.job_registry,
            job_id: id,
            executor: if executor == 0 { signer } else { model.config.executor(executor).owner },
            result_hash: keccak256(&opinion.result),
            vector_hash: keccak256(&opinion.vector),
            salt: salt(id, executor),
        };
        let commitment = commitment.hash();
        self.commitments.insert(commitment, answer);
        (signer, commitment)
    }

    /// The answer behind what a seat stores.
    fn opinion_at(&self, stored: B256) -> Option<Opinion> {
        let committed = self.commitments.get(&stored).map(|answer| &self.opinions[usize::from(*answer)]);
        committed.or_else(|| self.opinions.iter().find(|opinion| opinion.revealed() == stored)).cloned()
    }

    fn opinion_or(&self, model: &Model, id: B256, seat: u8, other: Option<u8>) -> Opinion {
        let other = other.and_then(|answer| self.opinions.get(usize::from(answer))).cloned();
        let stored = model.job(id).seats.get(usize::from(seat)).copied().unwrap_or_default();
        other.or_else(|| self.opinion_at(stored)).unwrap_or_else(|| self.opinions[0].clone())
    }

    /// The answers of all revealed seats, and of one that reveals with them.
    fn answers(&self, model: &Model, terms: &Terms, given: Given, last: Option<u8>) -> Vec<Answer> {
        let job = model.job(model.id_of(terms));
        let revealed = job.revealed | last.filter(|seat| *seat < 7).map_or(0, |seat| 1 << seat);
        let mut answers: Vec<Answer> = Vec::new();
        for seat in seats_of(revealed) {
            let Some(Opinion { result, vector }) = self.opinion_at(job.seats[usize::from(seat)]) else { continue };
            let same = answers.iter_mut().find(|answer| answer.result == result && answer.vector == vector);
            match same {
                Some(same) if given == Given::Relabelled => same.seat = seat,
                Some(_) => {}
                None => answers.push(Answer { seat, result, vector }),
            }
        }
        match given {
            Given::Complete | Given::Relabelled => {}
            Given::WithoutLast => drop(answers.pop()),
            Given::Reversed => answers.reverse(),
            Given::FirstTwice => answers.extend(answers.first().cloned()),
            Given::Forged => {
                answers.iter_mut().take(1).for_each(|answer| answer.result = Bytes::from_static(b"forged"))
            }
            Given::OfSeat(seat) => answers.iter_mut().take(1).for_each(|answer| answer.seat = seat),
        }
        answers
    }
}

fn parameters() -> Vec<u8> {
    vec!["one".to_owned(), "two".to_owned()].abi_encode()
}

fn salt(job: B256, executor: u32) -> B256 {
    keccak256((job, U256::from(executor)).abi_encode())
}
