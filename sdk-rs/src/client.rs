//! Requests jobs and follows them to their result.

use std::{collections::BTreeMap, time::Duration};

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    providers::{DynProvider, Provider},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use infera_contracts::{
    IJobRegistry::{self, JobState, Parameters, Terms},
    IModelRegistry,
};
use tokio::time::Instant;

use crate::{Deployment, Error, JobRequest, RequestedJob, Result, Sender};

/// Between two looks at a job.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A network's client: reads with a provider, writes with the [`Sender`] that is passed in.
#[derive(Debug, Clone)]
pub struct Client {
    provider: DynProvider,
    deployment: Deployment,
}

/// What a finished job came to.
#[derive(Debug, Clone)]
pub enum JobProgress {
    /// The committee agreed; the result's canonical bytes and its output vector.
    Resolved {
        /// The canonical result.
        result: Bytes,
        /// The centre's output vector (big-endian int16).
        vector: Bytes,
        /// The resolving transaction.
        transaction: B256,
    },
    /// The requester got its money back.
    Refunded {
        /// Name of the reason, as in `RefundReason`.
        reason: &'static str,
        /// Wei credited.
        refund: U256,
        /// The refunding transaction.
        transaction: B256,
    },
}

/// An answer that a seat has revealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevealedAnswer {
    /// The canonical result.
    pub result: Bytes,
    /// The output vector (big-endian int16).
    pub vector: Bytes,
}

impl Client {
    /// A client of the deployment; fails when the provider's chain is another one or holds no job registry there.
    pub async fn connect(provider: DynProvider, deployment: Deployment) -> Result<Self> {
        let chain_id = provider.get_chain_id().await.map_err(|error| Error::from_rpc("reading the chain id", error))?;
        if chain_id != deployment.chain_id {
            return Err(Error::Invalid(format!(
                "the node is on chain {chain_id}, the deployment on chain {}: use the URL or the deployment file of the other",
                deployment.chain_id
            )));
        }
        let code = provider.get_code_at(deployment.job_registry).await;
        if code.map_err(|error| Error::from_rpc("reading the job registry", error))?.is_empty() {
            return Err(Error::UnexpectedAnswer {
                what: "JobRegistry",
                address: deployment.job_registry,
                detail: "no code there".to_owned(),
            });
        }
        Ok(Self { provider, deployment })
    }

    /// Where the contracts are.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The provider.
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    fn registry(&self) -> IJobRegistry::IJobRegistryInstance<&DynProvider> {
        IJobRegistry::new(self.deployment.job_registry, &self.provider)
    }

    fn registry_error(&self, action: &str, error: alloy::contract::Error) -> Error {
        Error::from_call("JobRegistry", self.deployment.job_registry, action, error)
    }

    /// The job registry's parameters.
    pub async fn parameters(&self) -> Result<Parameters> {
        let parameters = self.registry().parameters().call().await;
        parameters.map_err(|error| self.registry_error("reading the parameters", error))
    }

    /// Highest active version of a model.
    pub async fn latest_version(&self, model: B256) -> Result<u32> {
        let registry = IModelRegistry::new(self.deployment.model_registry, &self.provider);
        registry.latestVersion(model).call().await.map_err(|error| {
            Error::from_call("ModelRegistry", self.deployment.model_registry, "looking the model up", error)
        })
    }

    /// The escrow that `request` takes for these terms, in wei.
    pub async fn quote(&self, terms: &Terms) -> Result<U256> {
        let quote = self.registry().quote(terms.clone()).call().await;
        quote.map_err(|error| self.registry_error("quoting", error))
    }

    /// Fills in the terms of a request for `requester`.
    pub async fn terms(&self, requester: Address, nonce: U256, request: &JobRequest) -> Result<Terms> {
        let version = match request.version {
            Some(version) => version,
            None => self.latest_version(request.model).await?,
        };
        request.terms(requester, nonce, version, &self.parameters().await?)
    }

    /// Requests a job, paying its quote. `nonce` must be new for the sender: any number it has not used.
    pub async fn request(&self, sender: &Sender, nonce: U256, request: &JobRequest) -> Result<RequestedJob> {
        let terms = self.terms(sender.address(), nonce, request).await?;
        let escrow = self.quote(&terms).await?;
        let registry = self.registry();
        let call = registry
            .request(terms.clone(), request.input.clone(), request.parameters.clone(), String::new())
            .value(escrow);
        let sent = sender.call("requesting the job", call).await?;
        let id = sent
            .receipt
            .logs()
            .iter()
            .find_map(|log| log.log_decode::<IJobRegistry::JobRequested>().ok())
            .map(|log| log.inner.jobId)
            .ok_or_else(|| Error::UnexpectedAnswer {
                what: "JobRegistry",
                address: self.deployment.job_registry,
                detail: "no JobRequested event".to_owned(),
            })?;
        Ok(RequestedJob { id, terms, transaction: sent.transaction, gas_used: sent.receipt.gas_used, escrow })
    }

    /// A job's state on chain.
    pub async fn job_state(&self, job: B256) -> Result<JobState> {
        let state = self.registry().jobState(job).call().await;
        state.map_err(|error| self.registry_error("reading the job", error))
    }

    /// The terms of a job, from its request's event.
    pub async fn terms_of(&self, job: B256) -> Result<Option<Terms>> {
        let event = self.last_event::<IJobRegistry::JobRequested>(job).await?;
        Ok(event.map(|(event, _)| event.terms))
    }

    /// What a job came to, or `None` while it is open.
    pub async fn outcome(&self, job: B256) -> Result<Option<JobProgress>> {
        if let Some((event, transaction)) = self.last_event::<IJobRegistry::JobResolved>(job).await? {
            let centre = self.answers(job).await?.remove(&event.centre);
            let RevealedAnswer { result, vector } = centre.ok_or_else(|| Error::UnexpectedAnswer {
                what: "JobRegistry",
                address: self.deployment.job_registry,
                detail: format!("job {job} is resolved, but its centre's reveal is missing"),
            })?;
            return Ok(Some(JobProgress::Resolved { result, vector, transaction }));
        }
        let refunded = self.last_event::<IJobRegistry::JobRefunded>(job).await?;
        Ok(refunded.map(|(event, transaction)| JobProgress::Refunded {
            reason: refund_reason(event.reason),
            refund: event.refund,
            transaction,
        }))
    }

    /// The answers that a job's seats have revealed, late ones too, by seat.
    pub async fn answers(&self, job: B256) -> Result<BTreeMap<u8, RevealedAnswer>> {
        let revealed = self.events::<IJobRegistry::Revealed>(job).await?;
        let mut answers: BTreeMap<u8, RevealedAnswer> = revealed
            .into_iter()
            .map(|(event, _)| (event.seat, RevealedAnswer { result: event.result, vector: event.vector }))
            .collect();
        // The seat that an event points to has revealed before it.
        for (event, _) in self.events::<IJobRegistry::RevealedSame>(job).await? {
            if let Some(answer) = answers.get(&event.sameAs).cloned() {
                answers.insert(event.seat, answer);
            }
        }
        Ok(answers)
    }

    /// Waits until a job is final.
    pub async fn follow(&self, job: B256, deadline: Duration) -> Result<JobProgress> {
        let started = Instant::now();
        loop {
            match self.outcome(job).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => {}
                Err(error) if error.is_retryable() => tracing::debug!(%error, "no answer about the job yet"),
                Err(error) => return Err(error),
            }
            let waited = started.elapsed();
            if waited >= deadline {
                return Err(Error::JobNotFinal { job, waited });
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn last_event<E: SolEvent>(&self, job: B256) -> Result<Option<(E, B256)>> {
        Ok(self.events::<E>(job).await?.pop())
    }

    /// A job's events of one kind with their transactions, oldest first.
    pub async fn events<E: SolEvent>(&self, job: B256) -> Result<Vec<(E, B256)>> {
        let filter = Filter::new()
            .address(self.deployment.job_registry)
            .event_signature(E::SIGNATURE_HASH)
            .topic1(job)
            .from_block(self.deployment.deployed_at_block);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(|error| Error::from_rpc("reading the job's events", error))?;
        Ok(logs
            .into_iter()
            .filter_map(|log| {
                let transaction = log.transaction_hash.unwrap_or_default();
                log.log_decode::<E>().ok().map(|decoded| (decoded.inner.data, transaction))
            })
            .collect())
    }
}

/// `RefundReason` by its number.
fn refund_reason(reason: u8) -> &'static str {
    match reason {
        0 => "Cancelled",
        1 => "BeaconExpired",
        2 => "NoCommittee",
        3 => "TooFewCommitments",
        4 => "TooFewReveals",
        5 => "NoAgreement",
        _ => "unknown",
    }
}
