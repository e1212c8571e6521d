//! The same on anvil: the L3 is any chain with Ethereum's JSON-RPC.

#![allow(clippy::unwrap_used)]

use alloy::node_bindings::{Anvil, AnvilInstance};
use infera_tests::{
    places::root,
    stories::{self, ADVERSARY, Casting, Reaction, Scene},
};

/// Keys for the deployer, the requester and eight executors.
const ACCOUNTS: &str = "20";

/// A chain of its own for each test, at a port that was free.
fn anvil() -> AnvilInstance {
    let program = root().join("contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    assert!(program.is_file(), "anvil is not at {}: run `cargo xtask setup`", program.display());
    Anvil::at(program).arg("--accounts").arg(ACCOUNTS).try_spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_stories_hold_on_anvil() {
    let anvil = anvil();
    let casting = Casting::in_process().unwrap();
    let network = Scene::network(&casting).unwrap().on_chain(anvil.endpoint());
    let mut scene = Scene::set(casting, network).await.unwrap();
    let adversary = scene.executor_id(ADVERSARY).unwrap();

    let honest = stories::honest(&scene).await.unwrap();
    let answered = honest.last().unwrap();
    assert!(matches!(&answered.reaction, Reaction::Routed { score, .. } if *score > 0), "{answered:?}");
    assert!(answered.seats.iter().all(|seat| !seat.payment.is_zero()), "{answered:?}");

    let cheat = stories::cheat(&mut scene).await.unwrap();
    let outvoted = cheat.last().unwrap();
    assert!(outvoted.seats.iter().all(|seat| seat.agreed != (seat.executor_id == adversary)), "{outvoted:?}");

    let silence = stories::silence(&mut scene).await.unwrap();
    let punished = silence.last().unwrap();
    assert!(punished.slashed.iter().all(|(executor, _)| *executor == adversary), "{punished:?}");

    scene.close().await.unwrap();
}
