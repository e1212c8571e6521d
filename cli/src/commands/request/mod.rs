//! `infera request`

mod question;
mod report;

use std::time::Duration;

use alloy::{primitives::U256, providers::Provider as _};
use anyhow::bail;
use infera_contracts::IJobRegistry::JobResolved;
use infera_indexer::Wei;
use infera_sdk::{Client, Error, JobProgress, JobRequest, RequestedJob, Sender};

use self::{
    question::Question,
    report::{Answer, Receipt},
};
use crate::{
    amount,
    catalogue::{Catalogue, ModelArguments},
    chain::{AccountArguments, NetworkArguments},
    duration,
    output::{Output, progress},
};

const EXAMPLES: &str = "\
Examples:
  infera request --deployment deployment.json --key-file requester.key \\
      --text \"Lower the swap fee to 0.2 percent\" --label fees --label security --label grants
  infera request --deployment deployment.json --key-file requester.key --input-file proposal.txt \\
      --label fees --label security --committee 5 --quorum 3 --max-price 0.00002 --no-wait

Prints which label fits best, with all scores. The escrow is committee × max-price × max-units and
small fees. Each executor that agrees is paid the drawn price for max-units; the rest is credited
when the job is final, and `infera withdraw` pays it out.";

/// Slack over the deadlines that the chain keeps: a job that is over is seen within this time.
const SLACK: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    model: ModelArguments,

    /// Executors that answer, at most 7
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    committee: u8,

    /// Answers that must agree: more than half of the committee
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    quorum: u8,

    /// Most to pay per unit (token) and executor, in INFER; executors who ask more are not drawn
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse_u128, default_value = "0.00001")]
    max_price: u128,

    /// Units (tokens) to pay for; an input that takes more is refused [default: enough for any text of this length and for the network's lowest fee]
    #[arg(long, value_name = "NUMBER")]
    max_units: Option<u32>,

    /// Longest wait for commitments
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_seconds, default_value = "30s")]
    commit_window: u32,

    /// Longest wait for reveals once commitments are closed
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_seconds, default_value = "30s")]
    reveal_window: u32,

    /// The request's number; an account can use each once, so a repeat with the same one never pays twice
    /// [default: a random one]
    #[arg(long, value_name = "NUMBER")]
    nonce: Option<U256>,

    /// Print the job's id once it is requested; `infera explain` tells the rest
    #[arg(long)]
    no_wait: bool,
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let question = &arguments.question;
    let input = question.input()?;
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let model = Catalogue::read(&client).await?.choose(&arguments.model)?;
    let parameters = question.parameters(model.task)?;
    let max_units = match arguments.max_units {
        Some(units) => units,
        None => enough_units(question.most_units(&input), arguments.max_price, client.parameters().await?.minSeatFee),
    };
    let request = JobRequest {
        model: model.model,
        version: Some(model.version),
        runtime_class: model.runtime_class,
        max_units,
        input,
        parameters,
        committee_size: arguments.committee,
        quorum: arguments.quorum,
        max_price_per_unit: arguments.max_price,
        commit_window: arguments.commit_window,
        reveal_window: arguments.reveal_window,
        callback: None,
    };
    let nonce = arguments.nonce.unwrap_or_else(|| U256::from(rand::random::<u64>()));
    ensure_affordable(&client, &sender, nonce, &request).await?;
    let job = client.request(&sender, nonce, &request).await.map_err(with_the_flags)?;
    progress(format_args!("requested job {} from {}", job.id, model.name));
    let receipt = Receipt::new(&job);
    if arguments.no_wait {
        return output.print(&receipt);
    }
    let deadline = deadline(&client, &request).await?;
    progress(format_args!("waiting for the answer, {} s at most", deadline.as_secs()));
    finish(&client, &job, receipt, question, deadline, output).await
}

/// Units that are enough for the input, and for the network: it takes no seat whose highest price is below `minimum_fee`, which
/// a short question at a low price would be.
fn enough_units(most: u32, max_price: u128, minimum_fee: u128) -> u32 {
    // A price of zero is refused by the network, whatever the units.
    let least = if max_price == 0 { 0 } else { minimum_fee.div_ceil(max_price) };
    most.max(u32::try_from(least).unwrap_or(u32::MAX))
}

/// Refuses before anything is sent what the account can't pay.
async fn ensure_affordable(client: &Client, sender: &Sender, nonce: U256, request: &JobRequest) -> anyhow::Result<()> {
    let account = sender.address();
    let quote = client.quote(&client.terms(account, nonce, request).await?).await;
    let escrow = Wei(quote.map_err(with_the_flags)?);
    let balance = client.provider().get_balance(account).await;
    let balance = Wei(balance.map_err(|error| Error::from_rpc("reading the account's balance", error))?);
    if balance < escrow {
        bail!(
            "{account} has {balance}, but the request puts {escrow} into escrow: fund the account, or lower --max-price, \
             --max-units or --committee"
        );
    }
    progress(format_args!("request number {nonce} puts {escrow} into escrow"));
    Ok(())
}

/// Says which flags the contract's reason may be about.
fn with_the_flags(error: Error) -> anyhow::Error {
    let refused = matches!(error, Error::Reverted { .. });
    let error = anyhow::Error::new(error);
    if !refused {
        return error;
    }
    error.context(
        "the network does not take this request; --max-price, --max-units, --committee, --quorum, --commit-window, \
         --reveal-window and --nonce decide",
    )
}

/// When a job is over, whatever happens: the draw, both windows, one more draw, the grace.
async fn deadline(client: &Client, request: &JobRequest) -> anyhow::Result<Duration> {
    let windows = 2 * u64::from(request.commit_window) + u64::from(request.reveal_window);
    let grace = u64::from(client.parameters().await?.revealGrace);
    Ok(Duration::from_secs(windows + grace) + SLACK)
}

async fn finish(
    client: &Client,
    job: &RequestedJob,
    receipt: Receipt,
    question: &Question,
    deadline: Duration,
    output: Output,
) -> anyhow::Result<()> {
    match client.follow(job.id, deadline).await? {
        JobProgress::Resolved { result, vector, transaction } => {
            let resolved = client.events::<JobResolved>(job.id).await?;
            let refund = resolved.first().map(|(event, _)| event.refund).unwrap_or_default();
            output.print(&Answer::new(receipt, question.labels(), result, vector, transaction, refund)?)
        }
        JobProgress::Refunded { reason, refund, .. } => bail!(
            "job {} has no answer ({reason}): {} are credited back, `infera withdraw` pays them out; \
             `infera explain {}` tells what happened",
            job.id,
            Wei(refund),
            job.id
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_question_pays_for_as_many_units_as_the_lowest_fee_takes() {
        let price = 10_000_000_000_000; // the default
        assert_eq!(enough_units(81, price, 1_000_000_000_000_000), 100);
        assert_eq!(enough_units(191, price, 10_000_000_000_000_000), 1_000);
        assert_eq!(enough_units(191, price, 1_000_000_000_000_000), 191);
        assert_eq!(enough_units(1, 3, 10), 4, "rounded up");
        assert_eq!(enough_units(7, 0, 1), 7);
        assert_eq!(enough_units(7, 1, u128::MAX), u32::MAX);
    }
}
