//! `infera challenge`: answers before a court.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use alloy::primitives::{Address, B256, U256};
use anyhow::{Context as _, bail};
use clap::Subcommand;
use infera_contracts::{ICourt, IStaking};
use infera_indexer::Wei;
use infera_sdk::{Challenge, Client, ClosedCase, Error, Sender, Verdict};
use serde::Serialize;

use crate::{
    amount,
    chain::{AccountArguments, NetworkArguments},
    output::{Output, progress, write_fields},
};

const EXAMPLES: &str = "\
Examples:
  infera challenge quote 0x5c…e1 --seat 2 --deployment deployment.json
  infera challenge open 0x5c…e1 --seat 2 --deployment deployment.json --key-file challenger.key
  infera challenge show 0x91…07 --deployment deployment.json
  infera challenge decide 0x91…07 --deployment deployment.json --key-file any.key
  infera challenge withdraw --deployment deployment.json --key-file challenger.key

A court is a fresh committee that answers the job's question again. If the accused answer disagrees with
its answer, the accused is slashed and the bond comes back; if it agrees, the bond is lost; if the court
has no answer, three quarters of the bond come back. The court's job is paid by the challenger.";

/// Slack over the deadlines that the chain keeps: a job that is over is seen within this time.
const SLACK: Duration = Duration::from_secs(60);

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Tell what a challenge takes: the bond and the court's fees
    Quote(QuoteArguments),
    /// Challenge an answer, wait for the court and bring its verdict about
    Open(OpenArguments),
    /// Show a case
    Show(ShowArguments),
    /// Close a case by its court's answer, or let it lapse if there is none; anyone may
    Decide(DecideArguments),
    /// Pay out what courts owe an account: bonds, shares of bonds, rewards of convictions
    Withdraw(WithdrawArguments),
}

/// Which answer.
#[derive(Debug, clap::Args)]
pub(crate) struct AccusedAnswer {
    /// The job's id
    job: B256,

    /// Seat of the answer, from 0, as `infera explain` tells it
    #[arg(long, value_name = "NUMBER")]
    seat: u8,

    /// Most to pay per unit (token) and judge, in INFER [default: what the job's requester offered]
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse_u128)]
    max_price: Option<u128>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct QuoteArguments {
    #[command(flatten)]
    answer: AccusedAnswer,
    #[command(flatten)]
    network: NetworkArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenArguments {
    #[command(flatten)]
    answer: AccusedAnswer,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,

    /// The challenge's number; an account can use each once, so a repeat with the same one never pays twice
    /// [default: a random one]
    #[arg(long, value_name = "NUMBER")]
    nonce: Option<U256>,

    /// Print the case once it is open; `infera challenge decide` closes it later
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArguments {
    /// The case: the id of its court's job
    case: B256,

    #[command(flatten)]
    network: NetworkArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DecideArguments {
    /// The case: the id of its court's job
    case: B256,

    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WithdrawArguments {
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,

    /// Whose credit to pay out, to itself [default: the key's account]
    #[arg(long = "account", value_name = "ADDRESS")]
    credited: Option<Address>,
}

#[derive(Serialize)]
struct QuoteReport {
    bond: Wei,
    escrow: Wei,
    total: Wei,
}

impl Display for QuoteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fields(
            f,
            &[
                ("bond", self.bond.to_string()),
                ("escrow of the court", self.escrow.to_string()),
                ("together", self.total.to_string()),
            ],
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseReport {
    case: B256,
    job: B256,
    seat: u8,
    executor_id: u32,
    challenger: Address,
    verdict: String,
}

impl Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fields(
            f,
            &[
                ("case", self.case.to_string()),
                ("job", self.job.to_string()),
                ("seat", self.seat.to_string()),
                ("accused", format!("executor {}", self.executor_id)),
                ("challenger", self.challenger.to_string()),
                ("verdict", self.verdict.clone()),
            ],
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerdictReport {
    case: B256,
    executor_id: u32,
    verdict: String,
    slashed: Wei,
    reward: Wei,
    transaction: B256,
}

impl From<ClosedCase> for VerdictReport {
    fn from(closed: ClosedCase) -> Self {
        Self {
            case: closed.court_job,
            executor_id: closed.executor_id,
            verdict: closed.verdict.to_string(),
            slashed: Wei(closed.slashed),
            reward: Wei(closed.reward),
            transaction: closed.transaction,
        }
    }
}

impl Display for VerdictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: executor {} ", self.verdict, self.executor_id)?;
        if self.slashed.is_zero() {
            write!(f, "is not slashed")
        } else {
            write!(f, "loses {}, of which {} go to the challenger", self.slashed, self.reward)
        }
    }
}

#[derive(Serialize)]
struct PaidReport {
    account: Address,
    /// Bonds and shares of bonds.
    bonds: Wei,
    /// Of convictions and other proofs.
    rewards: Wei,
}

impl Display for PaidReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of bonds and {} of rewards were paid to {}", self.bonds, self.rewards, self.account)
    }
}

pub(crate) async fn run(command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Quote(arguments) => quote(&arguments, output).await,
        Command::Open(arguments) => open(&arguments, output).await,
        Command::Show(arguments) => output.print(&report(&arguments.network.client().await?, arguments.case).await?),
        Command::Decide(arguments) => {
            let (client, sender) = arguments.account.connect(&arguments.network).await?;
            output.print(&VerdictReport::from(client.close_case(&sender, arguments.case).await?))
        }
        Command::Withdraw(arguments) => withdraw(&arguments, output).await,
    }
}

impl AccusedAnswer {
    fn challenge(&self, nonce: U256) -> Challenge {
        Challenge { job: self.job, seat: self.seat, nonce, max_price_per_unit: self.max_price }
    }
}

async fn quote(arguments: &QuoteArguments, output: Output) -> anyhow::Result<()> {
    let client = arguments.network.client().await?;
    let quote = client.challenge_quote(&arguments.answer.challenge(U256::ZERO)).await?;
    output.print(&QuoteReport { bond: Wei(quote.bond), escrow: Wei(quote.escrow), total: Wei(quote.total()) })
}

async fn open(arguments: &OpenArguments, output: Output) -> anyhow::Result<()> {
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let nonce = arguments.nonce.unwrap_or_else(|| U256::from(rand::random::<u64>()));
    let opened = client.challenge(&sender, &arguments.answer.challenge(nonce)).await?;
    let case = opened.court_job;
    progress(format_args!(
        "case {case} against executor {} is open; the bond is {}, the court's escrow {}",
        opened.executor_id,
        Wei(opened.paid.bond),
        Wei(opened.paid.escrow)
    ));
    if arguments.no_wait {
        return output.print(&report(&client, case).await?);
    }
    let deadline = deadline(&client).await?;
    progress(format_args!("waiting for the court, {} s at most", deadline.as_secs()));
    output.print(&VerdictReport::from(verdict(&client, &sender, case, deadline).await?))
}

/// Waits for the court's job and closes the case by it.
async fn verdict(client: &Client, sender: &Sender, case: B256, deadline: Duration) -> anyhow::Result<ClosedCase> {
    let followed = client.follow(case, deadline).await;
    followed.with_context(|| {
        format!("case {case} stays open: once its job is final, `infera challenge decide {case}` closes it")
    })?;
    Ok(client.close_case(sender, case).await?)
}

/// When a court is over, whatever happens: the draw, both windows, one more draw, the grace.
async fn deadline(client: &Client) -> anyhow::Result<Duration> {
    let court = client.court_parameters().await?;
    let windows = 2 * u64::from(court.commitWindow) + u64::from(court.revealWindow);
    let grace = u64::from(client.parameters().await?.revealGrace);
    Ok(Duration::from_secs(windows + grace) + SLACK)
}

async fn report(client: &Client, case: B256) -> anyhow::Result<CaseReport> {
    let about = client.case_of(case).await?;
    let about = about.with_context(|| {
        format!(
            "{case} is no case of this network: a case is named by its court's job, as `infera challenge open` tells it"
        )
    })?;
    Ok(CaseReport {
        case,
        job: about.jobId,
        seat: about.seat,
        executor_id: about.executorId,
        challenger: about.challenger,
        verdict: Verdict::from(about.verdict).to_string(),
    })
}

async fn withdraw(arguments: &WithdrawArguments, output: Output) -> anyhow::Result<()> {
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let account = arguments.credited.unwrap_or(sender.address());
    let at = client.deployment();
    let court = ICourt::new(at.court, client.provider());
    let bonds = court.creditOf(account).call().await;
    let bonds = bonds.map_err(|error| Error::from_call("Court", at.court, "reading the credit", error))?;
    let staking = IStaking::new(at.staking, client.provider());
    let rewards = staking.proverRewardOf(account).call().await;
    let rewards = rewards.map_err(|error| Error::from_call("Staking", at.staking, "reading the reward", error))?;
    if bonds.is_zero() && rewards.is_zero() {
        bail!(
            "courts owe {account} nothing: credits appear when a case is decided or lapses; what its job left is in the job \
             registry, and `infera withdraw` pays it out"
        );
    }
    if !bonds.is_zero() {
        sender.call("withdrawing the credit", court.withdrawFor(account)).await?;
    }
    if !rewards.is_zero() {
        sender.call("withdrawing the reward", staking.withdrawProverReward(account)).await?;
    }
    output.print(&PaidReport { account, bonds: Wei(bonds), rewards: Wei(rewards) })
}
