//! Lets a consumer contract ask a running network.

use std::{fmt, path::PathBuf, process::ExitCode, time::Duration};

use alloy::primitives::{
    Address, B256, U256,
    utils::{format_ether, parse_ether},
};
use clap::Parser;
use infera_anvil_scripts::{
    arguments::{AccountArguments, exit, log_to_stderr, print, progress},
    consumer::{self, Category, Question, Reaction, Router, Submission},
    trail::{self, Step},
};
use infera_protocol::ids;
use infera_sdk::{Client, Deployment};
use serde::Serialize;

/// Deploys the example consumer contract ProposalRouter, sends it a proposal and prints what happened.
///
/// The network must have executors that serve the model. The contract gives the proposal's budget to the desk of the category
/// whose label fits the text best.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// Deployment file: where the contracts are
    #[arg(long, value_name = "FILE", env = "INFERA_DEPLOYMENT")]
    deployment: PathBuf,
    /// Id of the zero-shot model
    #[arg(long, value_name = "ID")]
    model: B256,
    /// Version of the model; the latest if not given
    #[arg(long, value_name = "NUMBER")]
    model_version: Option<u32>,
    /// Runtime class of the executors
    #[arg(long, value_name = "NAME", default_value = "fp32/libtorch-2.11")]
    runtime_class: String,
    /// Category as LABEL or LABEL=DESK, where DESK is the address that gets budgets (the paying account if not given); repeat it
    #[arg(long = "category", value_name = "LABEL", default_values = [
        "security audits and bug bounties", "community events and education", "servers and infrastructure",
    ])]
    categories: Vec<String>,
    /// INFER for the desk
    #[arg(long, value_name = "INFER", default_value = "0", value_parser = amount)]
    budget: U256,
    /// Executors that answer
    #[arg(long, value_name = "N", default_value_t = 3)]
    committee_size: u8,
    /// Executors that must agree
    #[arg(long, value_name = "K", default_value_t = 2)]
    quorum: u8,
    /// Highest price per unit, in INFER
    #[arg(long, value_name = "INFER", default_value = "0.00001", value_parser = amount)]
    max_price_per_unit: U256,
    /// Units (tokens, those of the labels included) to pay for
    #[arg(long, value_name = "NUMBER", default_value_t = 512)]
    max_units: u32,
    /// Seconds that executors have to commit
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    commit_window: u32,
    /// Seconds that executors have to reveal
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    reveal_window: u32,
    /// Seconds to wait for the contract's reaction
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    deadline: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// The proposal
    #[arg(default_value = "Fund an audit of the bridge contracts and a bug bounty for the new staking pool.")]
    text: String,
}

/// Gas for the router's reaction.
const CALLBACK_GAS: u32 = 200_000;

/// What happened.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    router: Router,
    submission: Submission,
    trail: Vec<Step>,
    reaction: Reaction,
    /// Label of the category that the contract chose.
    label: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let deployment = Deployment::load(&arguments.deployment)?;
    let question = arguments.question()?;
    let sender = arguments.account.sender().await?;
    let categories = arguments.categories(sender.address())?;
    let client = Client::connect(sender.provider().clone(), deployment.clone()).await?;

    let router = consumer::deploy_router(&sender, &deployment, &question, &categories).await?;
    progress(format_args!("the consumer contract is {}", router.address));
    let submission = consumer::propose(&sender, &router, &arguments.text, arguments.budget).await?;
    progress(format_args!("proposal {} is job {}; waiting for the answer", submission.proposal, submission.job));
    let deadline = Duration::from_secs(arguments.deadline);
    let reaction = consumer::follow(&client, &router, &submission, deadline).await?;

    let trail = trail::of_job(&client, submission.job).await?;
    let label = match &reaction {
        Reaction::Routed { category, .. } => {
            categories.get(usize::from(*category)).map(|category| category.label.clone())
        }
        Reaction::Unanswered { .. } => None,
    };
    print(&Report { router, submission, trail, reaction, label }, arguments.json)
}

impl Arguments {
    fn question(&self) -> anyhow::Result<Question> {
        Ok(Question {
            model: self.model,
            version: self.model_version,
            runtime_class: ids::runtime_class(&self.runtime_class),
            committee_size: self.committee_size,
            quorum: self.quorum,
            max_price_per_unit: self.max_price_per_unit.try_into()?,
            max_units: self.max_units,
            commit_window: self.commit_window,
            reveal_window: self.reveal_window,
            callback_gas: CALLBACK_GAS,
        })
    }

    fn categories(&self, otherwise: Address) -> anyhow::Result<Vec<Category>> {
        let category = |text: &String| {
            let (label, desk) = match text.rsplit_once('=') {
                None => (text.as_str(), otherwise),
                Some((label, desk)) => {
                    let parsed = desk.parse();
                    (label, parsed.map_err(|_| anyhow::anyhow!("{desk:?} in {text:?} is no address"))?)
                }
            };
            Ok(Category { label: label.to_owned(), desk })
        };
        self.categories.iter().map(category).collect()
    }
}

fn amount(text: &str) -> Result<U256, String> {
    parse_ether(text).map_err(|error| format!("it is no amount of INFER such as 1 or 0.5: {error}"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { router, submission, trail, reaction, label } = self;
        writeln!(f, "consumer contract  {}", router.address)?;
        writeln!(f, "proposal           {} (job {})", submission.proposal, submission.job)?;
        writeln!(
            f,
            "paid               at most {} INFER for the answer, {} INFER as budget, {} gas",
            format_ether(submission.cost),
            format_ether(submission.budget),
            submission.gas_used
        )?;
        for step in trail {
            writeln!(f, "{step}")?;
        }
        match reaction {
            Reaction::Routed { desk, score, .. } => writeln!(
                f,
                "=> the contract gave the proposal to desk {desk}: {:?} fits best (cosine {score} of a million)",
                label.as_deref().unwrap_or_default()
            ),
            Reaction::Unanswered { reason, .. } => {
                writeln!(
                    f,
                    "=> the contract was told that there is no answer (reason {reason}); the budget can be reclaimed"
                )
            }
        }
    }
}
