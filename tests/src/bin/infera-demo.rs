//! The main job, end to end, told as it happens: a contract asks, executors answer, one cheats, one falls silent.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use infera_executor::shutdown;
use infera_indexer::{Wei, explain::Explanation};
use infera_network::Stage;
use infera_tests::stories::{self, ADVERSARY, CATEGORIES, Casting, Outcome, Reaction, Scene, Story, Trial};

/// The indexer is at most a few blocks behind.
const INDEXER_DEADLINE: Duration = Duration::from_secs(10);

/// Runs a whole Infera network on this machine and shows its main job in three stories.
///
/// Everything is real: an L3 on revm with one-second blocks, the contracts, six executors with stake (each a process that runs
/// all-MiniLM-L6-v2 on libtorch), the indexer. Nothing outside this process tree is touched; ports are free ones.
#[derive(Parser)]
struct Arguments {
    /// Keep the network running after the stories, and print where it can be reached.
    #[arg(long)]
    stay: bool,
    /// Print the stories' outcomes as JSON on stdout, and the telling on stderr.
    #[arg(long)]
    json: bool,
    /// End when standard input ends, as it does when the program that started this one dies.
    #[arg(long)]
    exit_on_stdin_close: bool,
}

fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run(&arguments) => ended,
            asked = shutdown::requested(arguments.exit_on_stdin_close) => Ok(asked?),
        }
    });
    // A thread that waits for standard input can't be interrupted and must not hold up the exit.
    runtime.shutdown_background();
    ended
}

async fn run(arguments: &Arguments) -> Result<()> {
    let teller = Teller { started: Instant::now(), to_stderr: arguments.json };
    let mut scene = set_the_scene(&teller).await?;

    teller.heading("1. All are honest")?;
    teller
        .say("A proposal arrives at the consumer contract. It pays INFER and asks the network which desk it is for.")?;
    let honest = stories::honest(&scene).await?;
    let first_callback = teller.started.elapsed();
    tell(&teller, &scene, &honest).await?;
    teller.say(&format!("From the start of the demo to this callback: {:.1} s.", first_callback.as_secs_f64()))?;

    teller.heading("2. One cheats")?;
    teller.say(&format!(
        "executor-{} restarts with its weights rounded to eight bits: a quarter of the memory, the same price.",
        ADVERSARY + 1
    ))?;
    let cheat = stories::cheat(&mut scene).await?;
    tell(&teller, &scene, &cheat).await?;
    tell_trial(&teller, cheat.trial.as_ref().context("the cheat was not tried")?)?;

    teller.heading("3. One commits and is killed")?;
    teller
        .say(&format!("executor-{} restarts once more, and is killed as soon as it has committed.", ADVERSARY + 1))?;
    let silence = stories::silence(&mut scene).await?;
    tell(&teller, &scene, &silence).await?;

    teller.heading("The end")?;
    teller.say("Every answer was checked before the contract acted on it; the honest were paid, the cheat was convicted, the silent one and the cheat lost stake.")?;
    if arguments.json {
        let summary = serde_json::json!({
            "firstCallbackSeconds": first_callback.as_secs_f64(),
            "stories": [summary("honest", &honest)?, summary("cheat", &cheat)?, summary("silence", &silence)?],
        });
        writeln!(std::io::stdout(), "{summary:#}")?;
    }
    if arguments.stay {
        stay(&teller, &mut scene).await?;
        shutdown::requested(arguments.exit_on_stdin_close).await?;
    }
    scene.close().await
}

async fn set_the_scene(teller: &Teller) -> Result<Scene> {
    teller.heading("The scene")?;
    let casting = Casting::Processes;
    let telling = teller.clone();
    let network = Scene::network(&casting)?.observe(move |stage| {
        // Nothing is lost when the terminal has gone.
        let _ = telling.say(&in_words(&stage));
    });
    let scene = Scene::set(casting, network).await?;
    teller.say(&format!("consumer contract (ProposalRouter) at {}", scene.router()))?;
    for (name, label) in CATEGORIES {
        teller.say(&format!("    desk {name:<15} label: {label:?}"))?;
    }
    Ok(scene)
}

fn in_words(stage: &Stage) -> String {
    match stage {
        Stage::ChainStarted(url) => format!("the L3 (revm) answers at {url}"),
        Stage::ContractsDeployed(registry) => format!("contracts deployed; the job registry is {registry}"),
        Stage::ModelPublished(model) => format!("model all-MiniLM-L6-v2 published as {model}"),
        Stage::ExecutorJoined { name, id } => format!("{name} registered as number {id}, staked, offers the model"),
        Stage::ExecutorStarted { name, process: Some(process) } => {
            format!("{name} runs as process {process}, model loaded and hash-checked")
        }
        Stage::ExecutorStarted { name, process: None } => format!("{name} runs"),
        Stage::IndexerStarted(url) => format!("the indexer answers at {url}"),
    }
}

/// Tells a story: other proposals in a sentence, the last one in full.
async fn tell(teller: &Teller, scene: &Scene, story: &Story) -> Result<()> {
    let last = story.last()?;
    for outcome in &story.outcomes {
        if outcome.proposal.job != last.proposal.job {
            teller.say("(the draw left the adversary out of one committee; that proposal was answered honestly)")?;
        }
    }
    teller.say(&format!("proposal {}: {:?}", last.proposal.id, last.proposal.text))?;
    teller.block(&explanation(scene, last).await?.to_string())?;
    match &last.reaction {
        Reaction::Routed { category, desk, score } => teller.say(&format!(
            "=> the contract gave the proposal and its budget of 1 INFER to the {category} desk {desk} \
             (cosine {:.3}), {:.1} s after it was submitted",
            f64::from(*score) / 1e6,
            last.took.as_secs_f64()
        )),
        Reaction::Unanswered => teller.say("=> the contract was told that there is no answer"),
    }
}

/// Tells a trial.
fn tell_trial(teller: &Teller, Trial { opened, judges, closed, took }: &Trial) -> Result<()> {
    teller.say(&format!(
        "The proposer challenges the answer of executor {}, with a bond of {}.",
        opened.executor_id,
        Wei(opened.paid.bond)
    ))?;
    teller.say(&format!(
        "A court of executors {judges:?}, none of whom had a seat, answers the same question in job {}.",
        opened.court_job
    ))?;
    teller.say(&format!(
        "=> {}, {:.1} s after the challenge: executor {} loses {} of its stake; {} of them go to the challenger, the \
         rest is burned, the bond goes back",
        closed.verdict,
        took.as_secs_f64(),
        closed.executor_id,
        Wei(closed.slashed),
        Wei(closed.reward)
    ))
}

/// The indexer's account of a job, once it has seen the callback.
async fn explanation(scene: &Scene, outcome: &Outcome) -> Result<Explanation> {
    let url = format!("{}/v1/jobs/{}/explain", scene.stage().indexer_url(), outcome.proposal.job);
    let started = Instant::now();
    loop {
        let response = reqwest::get(&url).await.context("asking the indexer")?;
        if response.status().is_success() {
            let explanation: Explanation = response.json().await.context("reading the indexer's answer")?;
            if explanation.waiting_for.is_none() {
                return Ok(explanation);
            }
        }
        if started.elapsed() > INDEXER_DEADLINE {
            bail!("the indexer does not know the end of job {} after {INDEXER_DEADLINE:?}", outcome.proposal.job);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn summary(name: &str, story: &Story) -> Result<serde_json::Value> {
    let last = story.last()?;
    let seats: Vec<_> = last
        .seats
        .iter()
        .map(|seat| {
            serde_json::json!({
                "executorId": seat.executor_id,
                "agreed": seat.agreed,
                "paymentWei": seat.payment.to_string(),
                "reputationBefore": seat.reputation_before.to_string(),
                "reputationAfter": seat.reputation_after.to_string(),
            })
        })
        .collect();
    let slashed: Vec<_> = last
        .slashed
        .iter()
        .map(|(executor, amount)| serde_json::json!({ "executorId": executor, "amountWei": amount.to_string() }))
        .collect();
    let trial = story.trial.as_ref().map(|trial| {
        serde_json::json!({
            "courtJob": trial.opened.court_job,
            "accused": trial.closed.executor_id,
            "judges": trial.judges,
            "verdict": trial.closed.verdict.to_string(),
            "bondWei": trial.opened.paid.bond.to_string(),
            "slashedWei": trial.closed.slashed.to_string(),
            "rewardWei": trial.closed.reward.to_string(),
            "seconds": trial.took.as_secs_f64(),
        })
    });
    let routed_to = match &last.reaction {
        Reaction::Routed { category, .. } => Some(category),
        Reaction::Unanswered => None,
    };
    Ok(serde_json::json!({
        "story": name,
        "job": last.proposal.job,
        "proposals": story.outcomes.len(),
        "routedTo": routed_to,
        "seconds": last.took.as_secs_f64(),
        "seats": seats,
        "slashed": slashed,
        "trial": trial,
    }))
}

async fn stay(teller: &Teller, scene: &mut Scene) -> Result<()> {
    let honest = scene.casting().honest()?;
    scene.recast(ADVERSARY, honest).await?;
    let network = scene.stage();
    teller.heading("The network stays up (Ctrl-C stops it)")?;
    teller.say(&format!("JSON-RPC        {}", network.rpc_url()))?;
    teller.say(&format!("indexer         {}", network.indexer_url()))?;
    teller.say(&format!("deployment file {}", network.deployment_file().display()))?;
    teller.say(&format!("consumer        {}", scene.router()))?;
    Ok(())
}

/// Prints what happens, with the time since the start.
#[derive(Clone)]
struct Teller {
    started: Instant,
    to_stderr: bool,
}

impl Teller {
    fn line(&self, line: &str) -> Result<()> {
        if self.to_stderr {
            writeln!(std::io::stderr(), "{line}")?;
        } else {
            writeln!(std::io::stdout(), "{line}")?;
        }
        Ok(())
    }

    fn heading(&self, text: &str) -> Result<()> {
        self.line(&format!("\n== {text}"))
    }

    fn say(&self, text: &str) -> Result<()> {
        self.line(&format!("{:>6.1} s  {text}", self.started.elapsed().as_secs_f64()))
    }

    fn block(&self, text: &str) -> Result<()> {
        for line in text.lines() {
            self.line(&format!("          {line}"))?;
        }
        Ok(())
    }
}
