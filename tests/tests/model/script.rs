//! Turns operations into transactions, by what the model says of the jobs that there are.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, Bytes, U256, aliases::U96, keccak256},
    sol_types::SolValue,
};
use infera_contracts::{
    IExecutorRegistry::{self, IExecutorRegistryCalls},
    IJobRegistry::{self, Answer, IJobRegistryCalls, Terms},
    IStaking::{self, IStakingCalls},
};
use infera_protocol::{
    commitment::{Commitment, reveal_hash},
    output::ZeroShotResult,
};

use crate::{
    model::{Call, Model, Phase, Transaction, seats_of},
    operation::{By, Calls, Flaw, Forbidden, Given, Moment, Operation},
};

/// Tokens that every job here pays for: a prime, so that parts of fees are rounded.
pub(crate) const UNITS: u32 = 101;
const INPUT: &[u8] = b"a text";
/// More than anybody here pays for a job; dearer ones are refused before they are paid.
const MOST_PAID: u128 = 100_000_000_000_000_000_000;

/// Result and vector of an answer that a seat may give.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opinion {
    pub(crate) result: Bytes,
    pub(crate) vector: Bytes,
}

impl Opinion {
    fn new(scores: [i32; 2], vector: [i16; 3]) -> Self {
        let result = ZeroShotResult::from_scores(scores.to_vec()).unwrap().encode();
        let vector = vector.iter().flat_map(|element| element.to_be_bytes()).collect();
        Self { result: result.into(), vector }
    }

    fn revealed(&self) -> B256 {
        reveal_hash(keccak256(&self.result), keccak256(&self.vector))
    }
}

/// What seats may answer: three in a chain of which only neighbours agree, one of another winner, one of another vector,
/// malformed ones, and two that are too large to be revealed.
pub(crate) fn opinions() -> Vec<Opinion> {
    let malformed = |result: &[u8], vector: &[u8]| Opinion {
        result: Bytes::copy_from_slice(result),
        vector: Bytes::copy_from_slice(vector),
    };
    vec![
        Opinion::new([700, 200], [600, 0, 800]),
        Opinion::new([704, 196], [601, -1, 799]),
        Opinion::new([708, 192], [600, 0, 800]),
        Opinion::new([200, 700], [600, 0, 800]),
        Opinion::new([700, 200], [0, 900, 10]),
        malformed(&[1], &[1, 2, 3]),
        malformed(&[], &[]),
        malformed(&[7; 4097], &[0; 6]),
        malformed(&[7], &[0; 2050]),
    ]
}

/// What the transactions of a sequence have in common.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    accounts: Vec<Address>,
    targets: Vec<Address>,
    opinions: Vec<Opinion>,
    /// Jobs in the order of their requests.
    jobs: Vec<Terms>,
    requests: u64,
    /// Position of the answer behind each commitment.
    commitments: BTreeMap<B256, u8>,
}

impl Script {
    pub(crate) fn new(accounts: Vec<Address>, targets: Vec<Address>) -> Self {
        let opinions = opinions();
        Self { accounts, targets, opinions, jobs: Vec::new(), requests: 0, commitments: BTreeMap::new() }
    }

    pub(crate) fn jobs(&self) -> &[Terms] {
        &self.jobs
    }

    pub(crate) fn target(&self, target: u8) -> Address {
        self.targets[usize::from(target) % self.targets.len()]
    }

    pub(crate) fn account(&self, account: u8) -> Address {
        self.accounts[usize::from(account) % self.accounts.len()]
    }

    /// A request was taken.
    pub(crate) fn requested(&mut self, terms: Terms) {
        self.jobs.push(terms);
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
        };
        time.saturating_add_signed(plus.into())
    }

    /// The transaction of an operation that is one.
    pub(crate) fn transaction(&mut self, model: &Model, operation: &Operation) -> Transaction {
        if let Some((from, value, call)) = self.job_call(model, operation) {
            return Transaction { from, value, call: Call::Jobs(call) };
        }
        if let Some((from, value, call)) = self.stake_call(model, operation) {
            return Transaction { from, value, call: Call::Stake(call) };
        }
        let (from, call) = self.executor_call(model, operation);
        Transaction { from, value: 0, call: Call::Executors(call) }
    }

    fn executor_call(&self, model: &Model, operation: &Operation) -> (Address, IExecutorRegistryCalls) {
        use IExecutorRegistryCalls as To;
        match *operation {
            Operation::RefreshWeights { executor } => {
                let call = IExecutorRegistry::refreshWeightsCall { executorId: executor };
                (self.account(0), To::refreshWeights(call))
            }
            Operation::Offer { executor, price, capacity, version, pool, by } => {
                let call = IExecutorRegistry::setOfferingCall {
                    modelId: model.config.model,
                    version,
                    runtimeClass: model.config.class,
                    pool,
                    pricePerUnit: U96::from(price),
                    capacity,
                };
                (self.sender(by, self.owner(model, executor)), To::setOffering(call))
            }
            Operation::RevokeSigner { executor, by } => {
                let call = IExecutorRegistry::revokeSignerCall {};
                (self.sender(by, self.owner(model, executor)), To::revokeSigner(call))
            }
            Operation::ListExecutor { pool, executor, admitted, by } => {
                let call = IExecutorRegistry::listExecutorCall { pool, executorId: executor, admitted };
                (self.sender(by, model.config.pool_admin), To::listExecutor(call))
            }
            Operation::ListRequester { pool, requester, admitted, by } => {
                let call = IExecutorRegistry::listRequesterCall { pool, requester: self.account(requester), admitted };
                (self.sender(by, model.config.pool_admin), To::listRequester(call))
            }
            _ => panic!("{operation:?} is no transaction"),
        }
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
                (self.sender(*by, terms.requester), To::cancel(IJobRegistry::cancelCall { terms }))
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
            Op::Batch { calls: Calls(inner), by } => {
                let calls = inner.iter().filter_map(|operation| self.job_call(model, operation));
                let calls: Vec<Bytes> = calls.map(|(_, _, call)| Call::Jobs(call).encoded()).collect();
                (self.account(*by), To::batch(IJobRegistry::batchCall { calls }))
            }
            _ => return None,
        };
        Some((from, 0, call))
    }

    fn request(&mut self, model: &Model, operation: &Operation) -> Option<(Address, u128, IJobRegistryCalls)> {
        let Operation::Request {
            requester,
            by,
            pool,
            size,
            quorum,
            price,
            odd,
            commit_window,
            reveal_window,
            callback,
            on_failure,
            refund_to,
            flaw,
        } = *operation
        else {
            return None;
        };
        let bounds = &model.config.jobs;
        self.requests += 1;
        let mut terms = Terms {
            requester: self.account(requester),
            nonce: U256::from(self.requests),
            pool,
            committeeSize: size,
            quorum,
            maxPricePerUnit: price,
            dispatchFee: bounds.minDispatchFee + u128::from(odd),
            advanceReserve: bounds.minAdvanceReserve + u128::from(odd),
            commitWindow: commit_window,
            revealWindow: reveal_window,
            refundTo: refund_to.map_or_else(|| self.account(requester), |target| self.target(target)),
            ..self.template(model)
        };
        if let Some((target, gas)) = callback {
            terms.callbackTarget = self.target(target);
            terms.callbackGas = gas;
            terms.callbackFee = u128::from(gas) * u128::from(bounds.callbackGasPrice);
            terms.errorCallback = on_failure;
        }
        let mut input = INPUT.to_vec();
        let mut uri = String::new();
        match flaw {
            Flaw::Sound | Flaw::Overpaid | Flaw::Underpaid => {}
            Flaw::ByUri => (input, uri) = (Vec::new(), "ipfs://input".to_owned()),
            Flaw::ZeroRefund => terms.refundTo = Address::ZERO,
            Flaw::UnknownVersion => terms.version = 2,
            Flaw::UnknownClass => terms.runtimeClass = B256::repeat_byte(9),
            Flaw::LowDispatchFee => terms.dispatchFee = bounds.minDispatchFee - 1,
            Flaw::LowReserve => terms.advanceReserve = bounds.minAdvanceReserve - 1,
            Flaw::LowCallbackFee => terms.callbackFee = terms.callbackFee.saturating_sub(1),
            Flaw::CallbackWithoutTarget => terms.callbackTarget = Address::ZERO,
            Flaw::DearCallback => {
                terms.callbackGas = bounds.maxCallbackGas + 1;
                terms.callbackFee = u128::from(terms.callbackGas) * u128::from(bounds.callbackGasPrice);
            }
            Flaw::LargeInput => {
                input = vec![0; bounds.maxInputBytes as usize + 1];
                terms.inputHash = keccak256(&input);
            }
            Flaw::OtherInput => input.push(0),
            Flaw::OtherParameters => terms.parametersHash = B256::ZERO,
            Flaw::InputAndUri => uri.push('x'),
            Flaw::UsedNonce => {
                let used = self.jobs.iter().rev().find(|job| job.requester == terms.requester);
                terms.nonce = used.map_or(terms.nonce, |job| job.nonce);
            }
            Flaw::TooDear => terms.maxPricePerUnit = u128::MAX,
        }
        let escrow = crate::model::escrow_of(&terms);
        let escrow: u128 = if escrow > U256::from(MOST_PAID) { 0 } else { escrow.to() };
        let value = match flaw {
            Flaw::Overpaid => escrow + 7,
            Flaw::Underpaid => escrow.saturating_sub(1),
            _ => escrow,
        };
        let from = self.sender(by, terms.requester);
        let call =
            IJobRegistry::requestCall { terms, input: input.into(), parameters: parameters().into(), inputUri: uri };
        Some((from, value, IJobRegistryCalls::request(call)))
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

    // ---------------------------------------------------------------- stake

    fn stake_call(&self, model: &Model, operation: &Operation) -> Option<(Address, u128, IStakingCalls)> {
        use IStakingCalls as To;
        use Operation as Op;
        let anyone = self.account(0);
        let all = |amount: u128| if amount == u128::MAX { U256::MAX } else { U256::from(amount) };
        let owner = |id: u32| self.owner(model, id);
        let maturity = |id: u32, before: u64| {
            let newest = if model.config.knows(id) { model.stakes.pool(id).last_maturity } else { 0 };
            newest.saturating_sub(before.saturating_mul(model.config.unbonding_epochs))
        };
        let call = match *operation {
            Op::Stake { executor, amount, by } => {
                return Some((self.account(by), amount, To::stake(IStaking::stakeCall { executorId: executor })));
            }
            Op::Delegate { executor, amount, by } => {
                return Some((self.account(by), amount, To::delegate(IStaking::delegateCall { executorId: executor })));
            }
            Op::RequestExit { executor, amount, by } => {
                let call = To::requestExit(IStaking::requestExitCall { amount: all(amount) });
                return Some((self.sender(by, owner(executor)), 0, call));
            }
            Op::AnnounceCommission { executor, bps, by } => {
                let call = To::announceCommission(IStaking::announceCommissionCall { bps });
                return Some((self.sender(by, owner(executor)), 0, call));
            }
            Op::Undelegate { executor, amount, by } => {
                let call = IStaking::undelegateCall { executorId: executor, amount: all(amount) };
                return Some((self.account(by), 0, To::undelegate(call)));
            }
            Op::Trespass { executor, call, by } => {
                return Some((self.account(by), 0, forbidden(executor, call, self.account(by))));
            }
            Op::CompleteExit { executor, before } => {
                let maturesAtEpoch = maturity(executor, before);
                To::completeExit(IStaking::completeExitCall { executorId: executor, maturesAtEpoch })
            }
            Op::CompleteUndelegation { executor, delegator, before } => {
                To::completeUndelegation(IStaking::completeUndelegationCall {
                    executorId: executor,
                    delegator: self.account(delegator),
                    maturesAtEpoch: maturity(executor, before),
                })
            }
            Op::WithdrawDelegation { executor, delegator } => {
                let delegator = self.account(delegator);
                To::withdrawDelegation(IStaking::withdrawDelegationCall { executorId: executor, delegator })
            }
            Op::WithdrawEarnings { executor } => {
                To::withdrawEarnings(IStaking::withdrawEarningsCall { executorId: executor })
            }
            Op::Reinstate { executor } => To::reinstate(IStaking::reinstateCall { executorId: executor }),
            Op::ForgiveStrikes { executor } => {
                To::forgiveStrikes(IStaking::forgiveStrikesCall { executorId: executor })
            }
            Op::StartGeneration { executor } => {
                To::startGeneration(IStaking::startGenerationCall { executorId: executor })
            }
            Op::WithdrawProverReward { prover } => {
                To::withdrawProverReward(IStaking::withdrawProverRewardCall { prover: self.account(prover) })
            }
            Op::BurnSlashed { prover } => To::burnSlashed(IStaking::burnSlashedCall { prover: self.account(prover) }),
            _ => return None,
        };
        Some((anyone, 0, call))
    }
}

fn forbidden(executor: u32, call: Forbidden, prover: Address) -> IStakingCalls {
    use IStakingCalls as To;
    let (jobId, amount) = (B256::repeat_byte(1), 1);
    match call {
        Forbidden::TryLockSeat => {
            To::tryLockSeat(IStaking::tryLockSeatCall { jobId, executorId: executor, amount, capacity: 1 })
        }
        Forbidden::LockSeats => To::lockSeats(IStaking::lockSeatsCall { jobId, executorIds: vec![executor], amount }),
        Forbidden::UnlockSeat => To::unlockSeat(IStaking::unlockSeatCall { jobId, executorId: executor, amount }),
        Forbidden::Settle => {
            let settlements = Vec::new();
            To::settle(IStaking::settleCall { jobId, requester: prover, amount, settlements })
        }
        Forbidden::Slash => To::slash(IStaking::slashCall {
            executorId: executor,
            jobId,
            penalty: IStaking::Penalty { offence: 0, first: 5, second: 20, third: 100, halvesReputation: false },
            prover,
            rewardCap: U256::MAX,
        }),
    }
}

fn parameters() -> Vec<u8> {
    vec!["one".to_owned(), "two".to_owned()].abi_encode()
}

fn salt(job: B256, executor: u32) -> B256 {
    keccak256((job, U256::from(executor)).abi_encode())
}
