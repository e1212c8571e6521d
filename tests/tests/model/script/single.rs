//! Transactions about jobs of a single executor.

mod terms;

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256, uint},
    signers::SignerSync,
    sol_types::{SolEvent, SolValue},
};
use infera_contracts::{
    ICourt::CourtTerms,
    IJobRegistry::Terms,
    ISingleJobRegistry::{
        self, ISingleJobRegistryCalls as To, JobRequested, Proven, Record, SingleTerms, Submitted, WindowReopened,
    },
};
use infera_protocol::{commitment::reveal_hash, vrf::SecretKey};

use super::{INPUT, Script, parameters, requests::paid};
use crate::{
    model::{Call, IVifVerifier, IVifs, Model, Outcome, Transaction, VerdictCall, escrow_of, vif_hash},
    operation::{AllOf, Flaw, HintsSent, ProofSent, Single, SingleMoment, VifSent, Who},
};

/// An x of no point, and a z with z^2 = -(x^3 + 7).
const NO_POINT: B256 = B256::with_last_byte(5);
const ROOT: U256 = uint!(0x350ae3b48047adacdeea49fb8a0b289a94f726801078408aba79631fa7a1b6ba_U256);
const VIF_BYTES: usize = 81;

/// What is known of an answer, all of it told by events.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) record: Record,
    pub(crate) result: Bytes,
    pub(crate) vector: Bytes,
    vif: Bytes,
    beacon: B256,
}

impl Answered {
    /// Of a job that isn't answered.
    fn nothing() -> Self {
        let record = Record::abi_decode(&[0; 15 * 32]).unwrap();
        Self { record, result: Bytes::new(), vector: Bytes::new(), vif: Bytes::new(), beacon: B256::ZERO }
    }
}

impl Script {
    /// Jobs in the order of their requests.
    pub(crate) fn singles(&self) -> &[SingleTerms] {
        &self.singles
    }

    pub(crate) fn answered(&self, id: B256) -> Answered {
        self.answered.get(&id).cloned().unwrap_or_else(Answered::nothing)
    }

    /// Remembers the jobs and answers that a transaction made.
    pub(crate) fn learn_of_singles(&mut self, model: &Model, outcome: &Outcome) {
        for event in outcome.events.iter().filter(|event| event.from == model.config.at.single_job_registry) {
            if let Ok(requested) = JobRequested::decode_log_data(&event.data) {
                self.singles.push(requested.terms);
            } else if let Ok(told) = Submitted::decode_log_data(&event.data) {
                let mut record = self.record(model, told.jobId, &told.result, &told.vector);
                (record.executorId, record.fee, record.balance) = (told.executorId, told.fee, told.balance);
                record.windowEnd = told.windowEnd;
                record.vifHash = vif_hash(told.vrfKeyHash, told.beacon, &told.vif);
                let answered =
                    Answered { record, result: told.result, vector: told.vector, vif: told.vif, beacon: told.beacon };
                self.answered.insert(told.jobId, answered);
            } else if let Ok(told) = Proven::decode_log_data(&event.data) {
                let mut record = self.record(model, told.jobId, &told.result, &told.vector);
                (record.executorId, record.fee, record.balance) = (told.executorId, told.fee, told.balance);
                record.windowEnd = model.time();
                let answered = Answered { record, result: told.result, vector: told.vector, ..Answered::nothing() };
                self.answered.insert(told.jobId, answered);
            } else if let Ok(told) = WindowReopened::decode_log_data(&event.data) {
                let answered = self.answered.get_mut(&told.jobId).unwrap();
                answered.record.windowEnd = told.windowEnd;
            }
        }
    }

    /// What of an answer's record follows from the terms.
    fn record(&self, model: &Model, id: B256, result: &[u8], vector: &[u8]) -> Record {
        let terms = self.singles.iter().find(|terms| model.single_id_of(terms) == id).unwrap();
        Record {
            modelId: terms.modelId,
            dispatchFee: terms.dispatchFee,
            callbackFee: terms.callbackFee,
            challengeWindow: terms.challengeWindow,
            refundTo: terms.refundTo,
            callbackTarget: terms.callbackTarget,
            callbackGas: terms.callbackGas,
            provisionalCallback: terms.provisionalCallback,
            errorCallback: terms.errorCallback,
            answerHash: reveal_hash(keccak256(result), keccak256(vector)),
            ..Answered::nothing().record
        }
    }

    pub(super) fn single_time(&self, model: &Model, job: u8, moment: SingleMoment) -> u64 {
        let terms = self.single_terms(model, job);
        let id = model.single_id_of(&terms);
        let job = model.single(id);
        match moment {
            SingleMoment::PaidDraw => job.request_time + u64::from(model.config.single.drawBountyDelay),
            SingleMoment::LastBid => job.request_time + u64::from(terms.bidWindow),
            SingleMoment::LastGivingBack => job.deadline.saturating_sub(u64::from(terms.submitWindow / 2)),
            SingleMoment::Priority => job.deadline,
            SingleMoment::LastTakeover => job.deadline + u64::from(terms.takeoverWindow),
            SingleMoment::Window => self.answered(id).record.windowEnd,
        }
    }

    pub(super) fn single_transaction(&mut self, model: &Model, operation: &Single) -> Transaction {
        let anyone = self.account(0);
        let plain = |from, call| Transaction { from, value: 0, call: Call::Single(call) };
        match operation {
            Single::Ask { .. } => self.ask(model, operation),
            Single::TakeBack { job, by } => {
                let terms = self.single_terms(model, *job);
                let from = self.sender(*by, terms.requester);
                plain(from, To::cancel(ISingleJobRegistry::cancelCall { terms }))
            }
            Single::Bid { job, price, by } => {
                let terms = self.single_terms(model, *job);
                let from = self.who(model, *by, &terms).0;
                plain(from, To::bid(ISingleJobRegistry::bidCall { terms, pricePerUnit: *price }))
            }
            Single::GiveBack { job, by } => {
                let terms = self.single_terms(model, *job);
                let from = self.who(model, *by, &terms).0;
                plain(from, To::decline(ISingleJobRegistry::declineCall { terms }))
            }
            Single::Submit { job, answer, vif, by } => {
                let terms = self.single_terms(model, *job);
                let (from, executor) = self.who(model, *by, &terms);
                let vif = self.vif(model, &terms, executor, *vif);
                let opinion = self.opinions.get(usize::from(*answer)).unwrap_or(&self.opinions[0]).clone();
                let (result, vector) = (opinion.result, opinion.vector);
                plain(from, To::submit(ISingleJobRegistry::submitCall { terms, result, vector, vif }))
            }
            Single::Prove { job, answer, proof, by } => {
                let terms = self.single_terms(model, *job);
                let (from, executor) = self.who(model, *by, &terms);
                let opinion = self.opinions.get(usize::from(*answer)).unwrap_or(&self.opinions[0]).clone();
                let (result, vector) = (opinion.result, opinion.vector);
                let proof = self.proof(model, &terms, executor, [&result, &vector], *proof);
                plain(from, To::submitProven(ISingleJobRegistry::submitProvenCall { terms, result, vector, proof }))
            }
            Single::MoveOn { job, by } => {
                let terms = self.single_terms(model, *job);
                plain(self.account(*by), To::advanceJob(ISingleJobRegistry::advanceJobCall { terms }))
            }
            Single::TryEach { calls: AllOf(inner), by } => {
                let from = self.who(model, *by, &self.single_terms(model, 0)).0;
                let calls = inner.iter().map(|operation| self.single_transaction(model, operation).call.encoded());
                let calls = calls.collect();
                plain(from, To::tryEach(ISingleJobRegistry::tryEachCall { calls }))
            }
            Single::RetryFailure { job } => {
                let terms = self.single_terms(model, *job);
                plain(anyone, To::retryErrorCallback(ISingleJobRegistry::retryErrorCallbackCall { terms }))
            }
            Single::Collect { account } => {
                let account = self.account(*account);
                plain(anyone, To::withdrawFor(ISingleJobRegistry::withdrawForCall { account }))
            }
            Single::CollectOfTarget { target } => {
                let account = self.target(*target);
                plain(anyone, To::withdrawFor(ISingleJobRegistry::withdrawForCall { account }))
            }
            Single::UsurpKey { executor, by } => {
                let call = ISingleJobRegistry::setVrfKeyCall { executorId: *executor, keyHash: B256::ZERO };
                plain(self.account(*by), To::setVrfKey(call))
            }
            Single::AdoptKey { by } => {
                let from = self.who(model, *by, &self.single_terms(model, 0)).0;
                let call = IVifs::IVifsCalls::adoptKey(IVifs::adoptKeyCall {});
                Transaction { from, value: 0, call: Call::Vifs(call.into()) }
            }
            other => self.about_an_answer(model, other),
        }
    }

    /// Calls that need an answer's record.
    fn about_an_answer(&mut self, model: &Model, operation: &Single) -> Transaction {
        let recorded = |script: &Self, job: u8, forged: bool| {
            let id = model.single_id_of(&script.single_terms(model, job));
            let mut answered = script.answered(id);
            answered.record.fee += u128::from(forged);
            (id, answered)
        };
        let result_of = |answered: &Answered, truly: bool| {
            let result = if truly { answered.result.clone() } else { Bytes::from_static(b"nothing") };
            (result, keccak256(&answered.vector))
        };
        let plain = |from, call| Transaction { from, value: 0, call: Call::Single(call) };
        match *operation {
            Single::Finalize { job, forged, truly, by } => {
                let (jobId, answered) = recorded(self, job, forged);
                let (result, vectorHash) = result_of(&answered, truly);
                let record = answered.record;
                let call = ISingleJobRegistry::finalizeCall { jobId, record, result, vectorHash };
                plain(self.account(by), To::finalize(call))
            }
            Single::RetryResult { job, forged, truly } => {
                let (jobId, answered) = recorded(self, job, forged);
                let (result, vectorHash) = result_of(&answered, truly);
                let record = answered.record;
                let call = ISingleJobRegistry::retryCallbackCall { jobId, record, result, vectorHash };
                plain(self.account(0), To::retryCallback(call))
            }
            Single::Overturn { job, forged, by } => {
                let (jobId, Answered { record, .. }) = recorded(self, job, forged);
                plain(self.account(by), To::overturn(ISingleJobRegistry::overturnCall { jobId, record }))
            }
            Single::Reopen { job, forged } => {
                let (jobId, Answered { record, .. }) = recorded(self, job, forged);
                plain(self.account(0), To::reopen(ISingleJobRegistry::reopenCall { jobId, record }))
            }
            Single::UsurpVif { job, by } => {
                let (jobId, Answered { record, .. }) = recorded(self, job, false);
                let prover = self.account(by);
                let call = ISingleJobRegistry::overturnFalseVifCall { jobId, record, prover };
                plain(prover, To::overturnFalseVif(call))
            }
            Single::UsurpVerdict { job, verdict, by } => {
                let (jobId, _) = recorded(self, job, false);
                let call = Call::Verdict(VerdictCall { jobId, seat: 0, verdict });
                Transaction { from: self.account(by), value: 0, call }
            }
            Single::Dispute { job, forged, price, by } => {
                let (_, Answered { record, .. }) = recorded(self, job, forged);
                let terms = self.single_terms(model, job);
                self.challenges += 1;
                let offered: CourtTerms = self.court_terms(model, price, 1);
                let accused = Terms { maxUnits: terms.maxUnits, ..Terms::default() };
                let escrow = escrow_of(&model.court_terms(self.account(by), &accused, &offered));
                let value = paid(escrow + U256::from(model.config.court.bond), Flaw::Sound);
                let courtTerms = ISingleJobRegistry::CourtTerms {
                    nonce: offered.nonce,
                    maxPricePerUnit: offered.maxPricePerUnit,
                    dispatchFee: offered.dispatchFee,
                    advanceReserve: offered.advanceReserve,
                };
                let call = ISingleJobRegistry::challengeCall {
                    terms,
                    record,
                    courtTerms,
                    input: INPUT.into(),
                    parameterBytes: parameters().into(),
                    inputUri: String::new(),
                };
                Transaction { from: self.account(by), value, call: Call::Single(To::challenge(call)) }
            }
            Single::ChallengeVif { job, forged, hints, by } => {
                let (id, answered) = recorded(self, job, forged);
                let call = self.vif_challenge(model, id, &self.single_terms(model, job), answered, hints);
                let call = Call::Vifs(IVifs::IVifsCalls::challenge(call).into());
                Transaction { from: self.account(by), value: 0, call }
            }
            ref other => panic!("{other:?} is about no answer"),
        }
    }

    /// The sender, and the executor that it signs for, 0 for none.
    fn who(&self, model: &Model, who: Who, terms: &SingleTerms) -> (Address, u32) {
        let executor = match who {
            Who::Drawn => model.drawn_of(terms).0.max(1),
            Who::Next => model.drawn_of(terms).0 % model.config.executors.len() as u32 + 1,
            Who::Executor(executor) if model.config.knows(executor) => executor,
            Who::Executor(_) => 0,
            Who::Stranger(account) => return (self.account(account), 0),
        };
        (self.signer(model, executor), executor)
    }

    /// The executor's VIF of the job, or zeros before the beacon.
    fn vif(&self, model: &Model, terms: &SingleTerms, executor: u32, sent: VifSent) -> Bytes {
        let id = model.single_id_of(terms);
        let mut vif = vec![0; VIF_BYTES];
        if let Some(beacon) = model.single_randomness(id).filter(|_| executor != 0) {
            let owner = model.config.executor(executor).owner;
            let alpha = model.vif_alpha(id, terms, owner, beacon);
            vif = secret_key(executor).prove(alpha.as_slice()).unwrap().to_bytes().to_vec();
        }
        match sent {
            VifSent::Honest => {}
            VifSent::BadPrefix => vif[0] = 5,
            VifSent::NoPoint => {
                vif[0] = 2;
                vif[1..33].copy_from_slice(NO_POINT.as_slice());
            }
            VifSent::Truncated => drop(vif.pop()),
        }
        vif.into()
    }

    fn vif_challenge(
        &self,
        model: &Model,
        id: B256,
        terms: &SingleTerms,
        answered: Answered,
        sent: HintsSent,
    ) -> IVifs::challengeCall {
        let Answered { record, vif, beacon, .. } = answered;
        let executor = if model.config.knows(record.executorId) { record.executorId } else { 1 };
        let (publicX, publicY) = model.config.executor(executor).vrf;
        let mut hints = IVifVerifier::Proof::default();
        if sent != HintsSent::NoHints && vif.get(1..33) == Some(&NO_POINT.0) {
            hints.gammaY = ROOT;
        } else if sent != HintsSent::NoHints {
            let alpha = model.vif_alpha(id, terms, model.config.executor(executor).owner, beacon);
            hints = hints_of(executor, alpha, &vif);
        }
        let beacon = if sent == HintsSent::AnotherBeacon { B256::repeat_byte(1) } else { beacon };
        IVifs::challengeCall {
            terms: IVifs::SingleTerms::abi_decode(&terms.abi_encode()).unwrap(),
            record: IVifs::Record::abi_decode(&record.abi_encode()).unwrap(),
            vif: IVifs::Vif { publicX, publicY, beacon, proof: vif },
            hints,
        }
    }

    fn proof(
        &self,
        model: &Model,
        terms: &SingleTerms,
        executor: u32,
        [result, vector]: [&[u8]; 2],
        sent: ProofSent,
    ) -> Bytes {
        if executor == 0 {
            return Bytes::new();
        }
        let quorum = &model.config.quorum.signers;
        let result = if sent == ProofSent::ForOtherResult { b"another" } else { result };
        let digest = model.statement_digest(model.single_id_of(terms), terms, executor, [result, vector]);
        let mut signers = match sent {
            ProofSent::SignedBy(count) => quorum.iter().copied().take(usize::from(count)).collect(),
            ProofSent::Descending => vec![quorum[1], quorum[0]],
            ProofSent::Doubled => vec![quorum[0], quorum[0]],
            ProofSent::WithOutsider => vec![quorum[0], self.account(0)],
            ProofSent::ForOtherResult | ProofSent::Ragged => vec![quorum[0], quorum[1]],
        };
        if sent == ProofSent::WithOutsider {
            signers.sort();
        }
        let signed = signers.into_iter().map(|signer| self.key_of(signer).unwrap().sign_hash_sync(&digest).unwrap());
        let mut proof: Vec<u8> = signed.flat_map(|signature| signature.as_bytes()).collect();
        if sent == ProofSent::Ragged {
            proof.push(0);
        }
        proof.into()
    }
}

/// The x and y of an executor's VRF key.
pub(crate) fn vrf_key(executor: u32) -> (U256, U256) {
    secret_key(executor).public_key().affine()
}

/// As executors join with it.
fn secret_key(executor: u32) -> SecretKey {
    SecretKey::from_bytes(&[u8::try_from(executor).unwrap(); 32]).unwrap()
}

/// None of what is no true VIF.
fn hints_of(executor: u32, alpha: B256, vif: &[u8]) -> IVifVerifier::Proof {
    let Ok(proof) = infera_protocol::vrf::Proof::from_bytes(vif) else { return Default::default() };
    let Ok(hints) = secret_key(executor).public_key().hints(alpha.as_slice(), &proof) else {
        return Default::default();
    };
    IVifVerifier::Proof {
        gammaX: hints.gamma_x,
        gammaY: hints.gamma_y,
        c: hints.c,
        s: hints.s,
        hashY: hints.hash_y,
        uX: hints.u_x,
        uY: hints.u_y,
        sHashX: hints.s_hash_x,
        sHashY: hints.s_hash_y,
        cGammaX: hints.c_gamma_x,
        cGammaY: hints.c_gamma_y,
        inverse: hints.inverse,
        skipped: hints.skipped,
    }
}
