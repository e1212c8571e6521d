//! The three stories that show the main job: all honest; one cheats; one falls silent.

mod casting;
mod scene;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

pub use casting::Casting;
use infera_sdk::Verdict;
pub use scene::{CATEGORIES, Outcome, Proposal, Reaction, Scene, Seat, Trial, model_plan};

/// The executor that plays the adversary: its position in the network. It joins with the most stake, so it is nearly always
/// drawn.
pub const ADVERSARY: usize = 3;
/// Honest executors: three beside the adversary's place, and so many that a court finds three who did not sit on its job.
const HONEST: usize = 5;
/// A proposal is answered within a few blocks; more than this is a failure.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);
/// Proposals that a story may need until the adversary is drawn.
const MOST_PROPOSALS: usize = 12;

const AUDIT: &str = "Fund an audit of the bridge contracts and a bug bounty for the new staking pool.";
const WORKSHOPS: &str = "Sponsor three university hackathons and a series of workshops for first-time contributors.";
const SERVERS: &str = "Buy two more servers and pay for the archive node's storage during the next year.";

/// What a story came to.
#[derive(Debug)]
pub struct Story {
    /// Every proposal that was asked for it; the last is the story's.
    pub outcomes: Vec<Outcome>,
    /// The court's case about the adversary's answer.
    pub trial: Option<Trial>,
}

impl Story {
    /// The outcome that the story is about.
    pub fn last(&self) -> Result<&Outcome> {
        self.outcomes.last().context("the story asked nothing")
    }
}

/// A contract asks, three honest executors answer, the contract acts.
pub async fn honest(scene: &Scene) -> Result<Story> {
    let proposal = scene.propose(AUDIT).await?;
    let outcome = scene.outcome(&proposal, ANSWER_DEADLINE).await?;
    ensure_routed(&outcome, "security")?;
    ensure!(outcome.seats.iter().all(|seat| seat.agreed), "honest executors disagree: {:?}", outcome.seats);
    Ok(Story { outcomes: vec![outcome], trial: None })
}

/// One executor computes with eight-bit weights: it is outvoted, earns nothing and loses reputation. Challenged before a court,
/// it is convicted and loses stake.
pub async fn cheat(scene: &mut Scene) -> Result<Story> {
    let plan = scene.casting().int8()?;
    scene.recast(ADVERSARY, plan).await?;
    let adversary = scene.executor_id(ADVERSARY)?;
    let mut outcomes = Vec::new();
    while outcomes.len() < MOST_PROPOSALS {
        let proposal = scene.propose(WORKSHOPS).await?;
        let outcome = scene.outcome(&proposal, ANSWER_DEADLINE).await?;
        ensure_routed(&outcome, "community")?;
        let seat = outcome.seats.iter().find(|seat| seat.executor_id == adversary).cloned();
        outcomes.push(outcome);
        let Some(seat) = seat else { continue };
        ensure!(!seat.agreed && seat.payment.is_zero(), "the cheat was paid: {seat:?}");
        ensure!(seat.reputation_after < seat.reputation_before, "the cheat kept its reputation: {seat:?}");
        let trial = scene.challenge(&proposal, adversary, ANSWER_DEADLINE).await?;
        let case = &trial.closed;
        ensure!(case.verdict == Verdict::Convicted && case.executor_id == adversary, "the cheat went free: {case:?}");
        ensure!(!case.slashed.is_zero() && case.reward < case.slashed, "the cheat was not slashed: {case:?}");
        return Ok(Story { outcomes, trial: Some(trial) });
    }
    bail!("the cheat was not drawn in {MOST_PROPOSALS} jobs")
}

/// One executor commits and is killed: the job resolves without it, and its silence costs stake.
pub async fn silence(scene: &mut Scene) -> Result<Story> {
    let plan = scene.casting().silent(scene.provider())?;
    scene.recast(ADVERSARY, plan).await?;
    let adversary = scene.executor_id(ADVERSARY)?;
    let mut outcomes = Vec::new();
    while outcomes.len() < MOST_PROPOSALS {
        let proposal = scene.propose(SERVERS).await?;
        let committed = scene.committed_by(&proposal, adversary, ANSWER_DEADLINE).await?;
        if committed {
            scene.kill(ADVERSARY).await?;
        }
        let outcome = scene.outcome(&proposal, ANSWER_DEADLINE).await?;
        ensure_routed(&outcome, "infrastructure")?;
        let slashed = outcome.slashed.iter().any(|(executor, amount)| *executor == adversary && !amount.is_zero());
        outcomes.push(outcome);
        if committed {
            ensure!(slashed, "the silent executor was not slashed");
            return Ok(Story { outcomes, trial: None });
        }
    }
    bail!("the silent executor was not drawn in {MOST_PROPOSALS} jobs")
}

fn ensure_routed(outcome: &Outcome, expected: &str) -> Result<()> {
    match &outcome.reaction {
        Reaction::Routed { category, .. } if category == expected => Ok(()),
        other => bail!("the proposal should go to {expected}, but: {other:?}"),
    }
}
