//! The same on anvil: the L3 is any chain with Ethereum's JSON-RPC.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use alloy::{
    node_bindings::{Anvil, AnvilInstance},
    primitives::{Address, U256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use infera_anvil_scripts::{
    arguments::connect,
    consumer::{self, Category, Question, Reaction as ConsumerReaction},
    deployment::{Preset, deploy_and_account},
    trail,
};
use infera_network::{Network, Role};
use infera_sdk::{Client, Sender};
use infera_tests::{
    places::{program, root},
    stories::{self, ADVERSARY, Casting, Reaction, Scene, model_plan},
};
use tokio::process::Command;

/// Keys for the deployer, the requester and eight executors.
const ACCOUNTS: u32 = 20;
/// An answer takes a few blocks.
const DEADLINE: Duration = Duration::from_secs(60);

/// A chain of its own for each test, at a port that was free.
fn anvil() -> AnvilInstance {
    anvil_with(ACCOUNTS)
}

fn anvil_with(accounts: u32) -> AnvilInstance {
    let program = root().join("contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    assert!(program.is_file(), "anvil is not at {}: run `cargo xtask setup`", program.display());
    Anvil::at(program).arg("--accounts").arg(accounts.to_string()).try_spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_are_deployed_to_anvil() {
    let anvil = anvil();
    let provider = connect(&anvil.endpoint()).unwrap();
    let key = PrivateKeySigner::from(anvil.first_key().clone());
    let deployer = Sender::new(provider.clone(), key).await.unwrap();
    let governor = Some(deployer.address());
    for preset in [Preset::Devnet, Preset::Production] {
        let parameters = preset.parameters(governor, governor).unwrap();
        let report = deploy_and_account(&deployer, &parameters).await.unwrap();
        assert_eq!(report.deployer, deployer.address());
        assert!(!report.cost.is_zero());
        for address in report.deployment.event_sources() {
            assert!(!provider.get_code_at(address).await.unwrap().is_empty(), "{address}");
        }
        let client = Client::connect(provider.clone(), report.deployment).await.unwrap();
        assert_eq!(client.parameters().await.unwrap(), parameters.jobs);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_money_deploys_nothing_to_anvil() {
    let anvil = anvil();
    let provider = connect(&anvil.endpoint()).unwrap();
    let poor = Sender::new(provider.clone(), PrivateKeySigner::random()).await.unwrap();
    let refusal =
        deploy_and_account(&poor, &Preset::Devnet.parameters(None, None).unwrap()).await.unwrap_err().to_string();
    assert!(refusal.contains("may cost up to") && refusal.contains(&poor.address().to_string()), "{refusal}");
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_with_too_few_accounts_for_the_executors_is_refused() {
    let casting = Casting::in_process().unwrap();
    // The last of four executors signs with the eleventh account.
    let anvil = anvil_with(10);
    let Err(refusal) = Scene::network(&casting).unwrap().on_chain(anvil.endpoint()).start().await else {
        panic!("executors started without money")
    };
    let refusal = refusal.to_string();
    assert!(refusal.contains("executor-4") && refusal.contains("11 accounts"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_contract_asks_on_anvil_and_acts_on_the_answer() {
    let anvil = anvil();
    let casting = Casting::in_process().unwrap();
    let plan = model_plan().unwrap();
    let max_price_per_unit = plan.price_per_unit;
    let mut network = Network::builder(plan).on_chain(anvil.endpoint());
    for _ in 0..3 {
        network = network.executor(casting.honest().unwrap());
    }
    let network = network.start().await.unwrap();

    let proposer = network.sender(Role::Bystander).await.unwrap();
    let question = Question {
        model: network.model().id,
        version: None,
        runtime_class: network.model().runtime_class,
        committee_size: 3,
        quorum: 2,
        max_price_per_unit,
        max_units: 256,
        commit_window: 20,
        reveal_window: 20,
        callback_gas: 200_000,
    };
    let (garden, library) = (Address::repeat_byte(0x11), Address::repeat_byte(0x22));
    let categories = [
        Category { label: "plants and gardening".to_owned(), desk: garden },
        Category { label: "books and reading".to_owned(), desk: library },
    ];
    let router = consumer::deploy_router(&proposer, network.deployment(), &question, &categories).await.unwrap();
    let text = "Buy forty novels and two shelves for the reading room.";
    let submission = consumer::propose(&proposer, &router, text, U256::from(7)).await.unwrap();
    assert_eq!((submission.proposal, submission.budget), (U256::ONE, U256::from(7)));

    let client = network.client().await.unwrap();
    let reaction = consumer::follow(&client, &router, &submission, DEADLINE).await.unwrap();
    let ConsumerReaction::Routed { category: 1, desk, score, transaction } = reaction else {
        panic!("a reading room is no garden: {reaction:?}")
    };
    assert!(desk == library && score > 0, "{desk} {score}");

    let trail = trail::of_job(&client, submission.job).await.unwrap();
    let (first, last) = (trail.first().unwrap(), trail.last().unwrap());
    assert_eq!(first.transaction, submission.transaction);
    assert!(trail.iter().any(|step| step.transaction == transaction && step.what.starts_with("resolved")), "{trail:?}");
    assert_eq!(last.what, format!("called {} back", router.address));

    the_program_asks(&network, text).await;
    network.shutdown().await.unwrap();
}

/// The same request by the program that people run.
async fn the_program_asks(network: &Network, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let key_file = directory.path().join("requester.key");
    std::fs::write(&key_file, network.key(Role::Requester).unwrap().to_bytes().to_string()).unwrap();
    let output = Command::new(program("infera-consumer-request").unwrap())
        .args(["--json", "--rpc-url", &network.rpc_url(), "--model", &network.model().id.to_string()])
        .args(["--category", "plants and gardening", "--category", "books and reading", "--budget", "0.5"])
        .arg("--key-file")
        .arg(&key_file)
        .arg("--deployment")
        .arg(network.deployment_file())
        .arg(text)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report.get("label"), Some(&"books and reading".into()), "{report}");
    let routed = report.pointer("/reaction/kind").unwrap();
    assert_eq!(routed, "routed", "{report}");
    assert_eq!(report.pointer("/submission/budget"), Some(&"0x6f05b59d3b20000".into()), "{report}");
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
