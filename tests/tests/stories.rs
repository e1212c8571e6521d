//! The demo's three stories on a devnet, with the real model: in this process, and as processes.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use infera_tests::stories::{self, Casting, Scene};

async fn all_three(casting: Casting) -> anyhow::Result<()> {
    let network = Scene::network(&casting)?;
    let mut scene = Scene::set(casting, network).await?;
    stories::honest(&scene).await?;
    stories::cheat(&mut scene).await?;
    stories::silence(&mut scene).await?;
    scene.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_stories_hold_with_executors_in_this_process() {
    all_three(Casting::in_process().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_stories_hold_with_executors_as_processes() {
    all_three(Casting::Processes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_is_killed_between_commitment_and_reveal_goes_on_after_its_restart() {
    let casting = Casting::in_process().unwrap();
    let network = Scene::network(&casting).unwrap();
    let mut scene = Scene::set(casting, network).await.unwrap();
    let victim = scene.executor_id(stories::ADVERSARY).unwrap();
    // The adversary's place has the most stake: it is drawn within a few proposals.
    for _ in 0..12 {
        let proposal = scene.propose("Fund a security audit of the bridge.").await.unwrap();
        if !scene.committed_by(&proposal, victim, Duration::from_secs(60)).await.unwrap() {
            scene.outcome(&proposal, Duration::from_secs(60)).await.unwrap();
            continue;
        }
        scene.kill(stories::ADVERSARY).await.unwrap();
        let honest = scene.casting().honest().unwrap();
        scene.recast(stories::ADVERSARY, honest).await.unwrap();
        let outcome = scene.outcome(&proposal, Duration::from_secs(60)).await.unwrap();
        let seat = outcome.seats.iter().find(|seat| seat.executor_id == victim).unwrap();
        assert!(seat.agreed, "the restarted executor did not open its commitment: {outcome:?}");
        assert!(outcome.slashed.is_empty(), "{outcome:?}");
        return;
    }
    panic!("the executor was not drawn");
}
