//! Brings every open job one step on: reads its state, asks the planner, acts.

mod opening;

use std::{collections::HashMap, sync::Arc};

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, keccak256},
    sol_types::SolCall,
};
use infera_contracts::IJobRegistry::{
    self, advanceJobCall, commitCall, declineCall, drawAndCommitCall, punishSilentCall, resolveCall,
};
use infera_protocol::{
    commitment::{Commitment, SaltSecret},
    engine::{EngineError, InferenceEngine, InferenceOutput, InferenceRequest},
};
use infera_sdk::Client;
use tokio::sync::mpsc::UnboundedSender;

use self::opening::each_once;
use crate::{
    Result,
    broadcast::Purpose,
    input::{InputFetcher, check_hash},
    journal::{JobRecord, Journal, REORG_BLOCKS, StoredAnswer},
    outbox::{Outbox, StepCall, Submission},
    planner::{Phase, Step, View, Work},
    serving::Serving,
};

/// Gas that a transaction with a draw is given at least, and more for every seat: several times what it uses when all
/// candidates are eligible (`redundant_job_3_first_commit` in contracts/snapshots/gas.json), as those who are skipped and a
/// deep tree cost more. What is not used is not paid.
const DRAW_GAS: u64 = 300_000;
const DRAW_SEAT_GAS: u64 = 150_000;
/// A job in which this node has no seat, or which a reorg took out, is looked at so seldom, in seconds: a re-draw may seat it,
/// and a request may come back.
const IDLE_SECONDS: u64 = 2;
/// An inference that failed for a passing reason is tried so often.
const ATTEMPTS: u32 = 3;

/// Where the chain is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ChainTime {
    pub(crate) height: u64,
    /// Unix seconds.
    pub(crate) now: u64,
}

/// An inference that ended.
pub(crate) struct Completion {
    job: B256,
    outcome: std::result::Result<InferenceOutput, Failure>,
}

/// Why an inference has no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// When its input could not be had; says why.
    #[error("{0}")]
    Input(String),
    /// When the engine did not answer.
    #[error(transparent)]
    Engine(EngineError),
}

impl Failure {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Engine(error) if error.is_retryable())
    }
}

/// What the node remembers of a job between two looks; losing it in a restart costs nothing.
#[derive(Default)]
pub(crate) struct Memory {
    running: bool,
    attempts: u32,
    open_since: Option<u64>,
    last_refusal: String,
    /// Chain time until which the job is left alone.
    idle_until: u64,
}

pub(crate) struct Driver {
    pub(crate) client: Client,
    pub(crate) journal: Journal,
    pub(crate) outbox: Outbox,
    pub(crate) engine: Arc<dyn InferenceEngine>,
    pub(crate) fetcher: InputFetcher,
    pub(crate) serving: Serving,
    pub(crate) executor_id: u32,
    pub(crate) owner: Address,
    pub(crate) reveal_grace: u64,
    pub(crate) salt_secret: SaltSecret,
    pub(crate) completions: UnboundedSender<Completion>,
    pub(crate) memory: HashMap<B256, Memory>,
}

impl Driver {
    /// One step for every open job, and the outbox's upkeep. A chain that does not answer stops nothing: the next call tries
    /// again.
    pub(crate) async fn drive(&mut self, time: ChainTime) -> Result<()> {
        for job in self.journal.open_jobs().await? {
            if let Err(error) = self.drive_job(&job, time).await {
                passing(error, &format!("job {} waits", job.id))?;
            }
        }
        if let Err(error) = self.outbox.tend(time.height, time.now).await {
            passing(error, "the outbox waits")?;
        }
        Ok(())
    }

    async fn drive_job(&mut self, job: &JobRecord, time: ChainTime) -> Result<()> {
        if self.memory.get(&job.id).is_some_and(|memory| time.now < memory.idle_until) {
            return Ok(());
        }
        let state = self.client.job_state(job.id).await?;
        let answer = self.journal.answer(job.id).await?;
        let committee = match Phase::from(state.phase) {
            Phase::Requested => self.committee(job).await?,
            _ => state.committee.clone(),
        };
        let memory = self.memory.entry(job.id).or_default();
        let work = match (&answer, &job.failure) {
            (Some(_), _) => Work::Answered,
            (None, _) if memory.running => Work::Running,
            (None, Some(_)) => Work::Failed,
            (None, None) => Work::None,
        };
        let view = View {
            job: job.id,
            terms: &job.terms,
            state: &state,
            committee: &committee,
            executor: self.executor_id,
            work,
            now: time.now,
            reveal_grace: self.reveal_grace,
            open_since: memory.open_since,
        };
        let step = view.next_step();
        memory.open_since = match step {
            Step::WaitForTurn | Step::Resolve | Step::Advance | Step::Punish(_) => memory.open_since.or(Some(time.now)),
            _ => None,
        };
        let phase = Phase::from(state.phase);
        match (step, answer) {
            (Step::Wait, _) if phase == Phase::None && time.height > job.block.saturating_add(REORG_BLOCKS) => {
                self.memory.remove(&job.id);
                self.journal.close_job(job.id).await
            }
            (Step::Wait, _) if phase == Phase::None || view.seat().is_none() && phase != Phase::Requested => {
                memory.idle_until = time.now.saturating_add(IDLE_SECONDS);
                Ok(())
            }
            (Step::Wait | Step::WaitForTurn, _) => Ok(()),
            (Step::Finish, _) => {
                self.memory.remove(&job.id);
                self.journal.close_job(job.id).await
            }
            (Step::Compute, _) => self.compute(job).await,
            (Step::Decline, _) => {
                let call = declineCall { terms: job.terms.clone() }.abi_encode();
                self.submit(job, Purpose::Decline, call, time).await
            }
            (Step::Advance, _) => {
                let call = advanceJobCall { terms: job.terms.clone() }.abi_encode();
                self.submit(job, Purpose::Advance, call, time).await
            }
            (Step::Resolve, _) => {
                let answers = each_once(self.revealed(job.id, &state).await?);
                let call = resolveCall { terms: job.terms.clone(), answers }.abi_encode();
                self.submit(job, Purpose::Resolve, call, time).await
            }
            (Step::Punish(seat), _) => {
                let call = punishSilentCall { jobId: job.id, seat }.abi_encode();
                self.submit(job, Purpose::Punish, call, time).await
            }
            (Step::Commit, Some(answer)) => {
                let call = commit_call(job, phase, self.commitment(job.id, &answer));
                self.submit(job, Purpose::Commit, call, time).await
            }
            (Step::Reveal, Some(answer)) => self.reveal(job, answer, &state, view.seat(), time).await,
            (Step::RevealAndResolve, Some(answer)) => {
                // What the stake depends on is the opening: anybody can resolve. So whatever keeps the resolution away (events
                // that the endpoint no longer has, a callback that the signer cannot pay for) must not keep it up.
                if self.outbox.failures(job.id, Purpose::Reveal).await? == 0
                    && self.reveal_and_resolve(job, &answer, &state, view.seat(), time).await?
                {
                    return Ok(());
                }
                self.reveal(job, answer, &state, view.seat(), time).await
            }
            // The planner asks for these with an answer only.
            (Step::Commit | Step::Reveal | Step::RevealAndResolve, None) => Ok(()),
        }
    }

    /// The committee that the next block would draw.
    async fn committee(&self, job: &JobRecord) -> Result<Vec<u32>> {
        let address = self.client.deployment().job_registry;
        let registry = IJobRegistry::new(address, self.client.provider());
        let answer = registry.committeeOf(job.terms.clone()).block(BlockId::pending()).call().await;
        match answer {
            Ok(drawn) => Ok(drawn.committee),
            Err(error) => {
                match infera_sdk::Error::from_call("JobRegistry", address, "asking for the committee", error) {
                    // A draw that cannot be made (nobody eligible) is none.
                    infera_sdk::Error::Reverted { .. } => Ok(Vec::new()),
                    other => Err(other.into()),
                }
            }
        }
    }

    fn commitment(&self, job: B256, answer: &StoredAnswer) -> B256 {
        let deployment = self.client.deployment();
        Commitment {
            chain_id: deployment.chain_id,
            registry: deployment.job_registry,
            job_id: job,
            executor: self.owner,
            result_hash: keccak256(&answer.result),
            vector_hash: keccak256(&answer.vector),
            salt: self.salt_secret.salt(job),
        }
        .hash()
    }

    /// Has the model run: at once, or when the input has been fetched. Neither is waited for.
    async fn compute(&mut self, job: &JobRecord) -> Result<()> {
        let Some((model, task)) = self.serving.model(&job.terms) else { return Ok(()) };
        let inline = job.input_uri.is_empty();
        let checked = check_hash(&job.parameters, job.terms.parametersHash)
            .and_then(|()| if inline { check_hash(&job.input, job.terms.inputHash) } else { Ok(()) });
        if let Err(reason) = checked {
            return self.complete(Completion { job: job.id, outcome: Err(Failure::Input(reason)) }).await;
        }
        if let Some(memory) = self.memory.get_mut(&job.id) {
            memory.running = true;
            memory.attempts += 1;
        }
        let request = InferenceRequest {
            model,
            task,
            input: job.input.clone(),
            parameters: job.parameters.clone(),
            max_units: job.terms.maxUnits,
        };
        tracing::info!(job = %job.id, "drawn: running the model");
        let (id, engine, completions) = (job.id, self.engine.clone(), self.completions.clone());
        if inline {
            infer(engine.as_ref(), id, request, completions);
            return Ok(());
        }
        let (fetcher, uri, expected) = (self.fetcher.clone(), job.input_uri.clone(), job.terms.inputHash);
        tokio::spawn(async move {
            match fetcher.fetch(&uri, expected).await {
                // The node may have ended meanwhile.
                Ok(_) if completions.is_closed() => {}
                Ok(input) => infer(engine.as_ref(), id, InferenceRequest { input, ..request }, completions),
                Err(reason) => {
                    let _ = completions.send(Completion { job: id, outcome: Err(Failure::Input(reason)) });
                }
            }
        });
        Ok(())
    }

    /// A job's request was seen (again): forgets what was held against it.
    pub(crate) fn wake(&mut self, job: B256) {
        if let Some(memory) = self.memory.get_mut(&job) {
            (memory.idle_until, memory.attempts) = (0, 0);
        }
    }

    /// Stores what the engine answered.
    pub(crate) async fn complete(&mut self, completion: Completion) -> Result<()> {
        let Completion { job, outcome } = completion;
        let memory = self.memory.entry(job).or_default();
        memory.running = false;
        match outcome {
            Ok(output) => {
                let answer =
                    StoredAnswer { result: output.result, vector: output.vector.to_bytes(), units: output.units };
                tracing::info!(%job, units = answer.units, "answered");
                self.journal.record_answer(job, &answer).await
            }
            Err(error) if error.is_retryable() && memory.attempts < ATTEMPTS => {
                tracing::warn!(%job, %error, "no answer yet; trying again");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%job, %error, "no answer; the seat is given back");
                self.journal.record_failure(job, &error.to_string()).await
            }
        }
    }

    async fn submit(
        &mut self,
        job: &JobRecord,
        purpose: Purpose,
        call: impl Into<StepCall>,
        time: ChainTime,
    ) -> Result<()> {
        let submission = self.outbox.submit(job.id, purpose, call.into(), time.now).await?;
        self.report(job.id, purpose, submission);
        Ok(())
    }

    fn report(&mut self, job: B256, purpose: Purpose, submission: Submission) {
        match submission {
            Submission::Sent(transaction) => tracing::info!(%job, purpose = purpose.name(), %transaction, "sent"),
            Submission::Refused(reason) => {
                // Often passing (a block too early, or somebody was faster): said once, tried again.
                if let Some(memory) = self.memory.get_mut(&job)
                    && memory.last_refusal != reason
                {
                    tracing::info!(%job, purpose = purpose.name(), reason, "refused before it was sent");
                    memory.last_refusal = reason;
                }
            }
            Submission::UnderWay | Submission::GivenUp => {}
        }
    }
}

/// A commitment, with the draw of the committee as long as nobody has drawn it.
fn commit_call(job: &JobRecord, phase: Phase, commitment: B256) -> StepCall {
    if phase != Phase::Requested {
        return commitCall { jobId: job.id, commitment }.abi_encode().into();
    }
    let terms = job.terms.clone();
    let least_gas = DRAW_GAS.saturating_add(DRAW_SEAT_GAS.saturating_mul(u64::from(terms.committeeSize)));
    StepCall { data: drawAndCommitCall { terms, commitment }.abi_encode().into(), least_gas }
}

/// Hands `request` to the engine, whose answer comes back through `completions`.
fn infer(engine: &dyn InferenceEngine, job: B256, request: InferenceRequest, completions: UnboundedSender<Completion>) {
    let reply = move |outcome: std::result::Result<_, _>| {
        // A closed channel means that the node has ended; the journal brings the job back at the next start.
        let _ = completions.send(Completion { job, outcome: outcome.map_err(Failure::Engine) });
    };
    engine.infer(request, Box::new(reply));
}

/// Logs what passes by itself; hands on what ends the node.
fn passing(error: crate::Error, what: &str) -> Result<()> {
    match error {
        crate::Error::Chain(error) => {
            tracing::warn!(%error, "{what}");
            Ok(())
        }
        other => Err(other),
    }
}
