//! The example consumer contract `ProposalRouter`: whoever proposes pays for one classification, and the contract gives the
//! proposal's budget to the desk of the best category.

use std::time::Duration;

use alloy::{
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider},
    rpc::types::Filter,
    sol_types::SolValue,
};
use infera_contracts::{
    IModelRegistry,
    ProposalRouter::{self, ProposalRouted, ProposalSubmitted, ProposalUnanswered},
    creation,
};
use infera_sdk::{Client, Deployment, Error, Result, Sender};
use serde::Serialize;
use tokio::time::Instant;

/// Between two looks at the contract.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Where a proposal can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// What texts are compared with.
    pub label: String,
    /// Who gets the budgets of such proposals.
    pub desk: Address,
}

/// What the contract asks for every proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The zero-shot model.
    pub model: B256,
    /// Its version; `None` for the latest at each proposal.
    pub version: Option<u32>,
    /// keccak256 of the runtime class's name.
    pub runtime_class: B256,
    /// n: how many executors answer.
    pub committee_size: u8,
    /// k: how many must agree.
    pub quorum: u8,
    /// Highest price per unit, in wei.
    pub max_price_per_unit: u128,
    /// Units (tokens, labels' included) paid for and allowed.
    pub max_units: u32,
    /// Seconds to commit; the registry's bounds hold.
    pub commit_window: u32,
    /// Seconds to reveal; the registry's bounds hold.
    pub reveal_window: u32,
    /// Gas for the contract's reaction.
    pub callback_gas: u32,
}

/// A router that is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Router {
    /// Where it is.
    pub address: Address,
    /// A block that nothing of it lies before.
    pub deployed_at_block: u64,
}

/// A proposal that was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    /// Its number at the contract.
    pub proposal: U256,
    /// The job that classifies it.
    pub job: B256,
    /// The transaction.
    pub transaction: B256,
    /// Its gas.
    pub gas_used: u64,
    /// Wei that the classification can cost at most.
    pub cost: U256,
    /// Wei for the desk.
    pub budget: U256,
}

/// What the contract did with a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Reaction {
    /// It gave the budget to a desk.
    #[serde(rename_all = "camelCase")]
    Routed {
        /// Index of the category.
        category: u16,
        /// Its desk.
        desk: Address,
        /// Cosine of the text with the category's label, in parts per million.
        score: i32,
        /// The transaction that called back.
        transaction: B256,
    },
    /// It was told that there is no answer; the proposer can reclaim the budget.
    #[serde(rename_all = "camelCase")]
    Unanswered {
        /// `RefundReason` by its number.
        reason: u8,
        /// The transaction that called back.
        transaction: B256,
    },
}

/// Deploys a router on the deployment's job registry, unless no job could name the question's model.
pub async fn deploy_router(
    sender: &Sender,
    deployment: &Deployment,
    question: &Question,
    categories: &[Category],
) -> Result<Router> {
    ensure_servable(sender, deployment, question).await?;
    let ask = ProposalRouter::Ask {
        modelId: question.model,
        version: question.version.unwrap_or_default(),
        runtimeClass: question.runtime_class,
        committeeSize: question.committee_size,
        quorum: question.quorum,
        maxPricePerUnit: question.max_price_per_unit,
        maxUnits: question.max_units,
        commitWindow: question.commit_window,
        revealWindow: question.reveal_window,
        callbackGas: question.callback_gas,
        // The contract puts each proposer here.
        refundTo: Address::ZERO,
    };
    let categories: Vec<_> = categories
        .iter()
        .map(|category| ProposalRouter::Category { label: category.label.clone(), desk: category.desk })
        .collect();
    let arguments = (deployment.job_registry, deployment.model_registry, ask, categories).abi_encode_params();
    let code = creation::PROPOSAL_ROUTER.code(&arguments)?;
    let receipt = sender.create("deploying the consumer contract", code).await?.receipt;
    let address = receipt.contract_address.ok_or_else(|| unexpected(Address::ZERO, "its creation has no address"))?;
    Ok(Router { address, deployed_at_block: receipt.block_number.unwrap_or(deployment.deployed_at_block) })
}

async fn ensure_servable(sender: &Sender, deployment: &Deployment, question: &Question) -> Result<()> {
    let models = IModelRegistry::new(deployment.model_registry, sender.provider());
    let failed = |error| Error::from_call("ModelRegistry", deployment.model_registry, "looking the model up", error);
    let version = match question.version {
        Some(version) => version,
        None => models.latestVersion(question.model).call().await.map_err(failed)?,
    };
    if models.isServable(question.model, version, question.runtime_class).call().await.map_err(failed)? {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "model {} version {version} takes no jobs in runtime class {}: name an active version and one of its classes",
        question.model, question.runtime_class
    )))
}

/// Submits a proposal with a budget in wei, paying for its classification on top.
pub async fn propose(sender: &Sender, router: &Router, text: &str, budget: U256) -> Result<Submission> {
    let contract = ProposalRouter::new(router.address, sender.provider());
    let cost = contract
        .quote()
        .call()
        .await
        .map_err(|error| Error::from_call("ProposalRouter", router.address, "quoting the proposal", error))?;
    let sent = sender.call("submitting the proposal", contract.propose(text.to_owned()).value(cost + budget)).await?;
    let submitted = sent
        .receipt
        .logs()
        .iter()
        .find_map(|log| log.log_decode::<ProposalSubmitted>().ok())
        .ok_or_else(|| unexpected(router.address, "no ProposalSubmitted event"))?
        .inner
        .data;
    Ok(Submission {
        proposal: submitted.proposalId,
        job: submitted.jobId,
        transaction: sent.transaction,
        gas_used: sent.receipt.gas_used,
        cost,
        budget: submitted.budget,
    })
}

/// The contract's reaction to a proposal, once there is one.
pub async fn reaction(provider: &DynProvider, router: &Router, proposal: U256) -> Result<Option<Reaction>> {
    let filter = Filter::new().address(router.address).topic1(proposal).from_block(router.deployed_at_block);
    let logs = provider.get_logs(&filter).await;
    for log in logs.map_err(|error| Error::from_rpc("reading the consumer contract's events", error))? {
        let transaction = log.transaction_hash.unwrap_or_default();
        if let Ok(routed) = log.log_decode::<ProposalRouted>() {
            let ProposalRouted { category, desk, score, .. } = routed.inner.data;
            return Ok(Some(Reaction::Routed { category, desk, score, transaction }));
        }
        if let Ok(unanswered) = log.log_decode::<ProposalUnanswered>() {
            return Ok(Some(Reaction::Unanswered { reason: unanswered.inner.reason, transaction }));
        }
    }
    Ok(None)
}

/// Waits for the contract's reaction.
///
/// # Errors
/// [`Error::JobNotFinal`] when none came within `deadline`; the job may still end.
pub async fn follow(client: &Client, router: &Router, submission: &Submission, deadline: Duration) -> Result<Reaction> {
    let started = Instant::now();
    loop {
        match reaction(client.provider(), router, submission.proposal).await {
            Ok(Some(reaction)) => return Ok(reaction),
            Err(error) if !error.is_retryable() => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let waited = started.elapsed();
        if waited >= deadline {
            return Err(Error::JobNotFinal { job: submission.job, waited });
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn unexpected(address: Address, detail: &str) -> Error {
    Error::UnexpectedAnswer { what: "ProposalRouter", address, detail: detail.to_owned() }
}
