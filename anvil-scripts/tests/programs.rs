//! The programs as a person runs them, against a devnet behind HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{net::TcpListener, path::PathBuf, process::Output};

use alloy::providers::Provider;
use infera_devnet::{Config, Devnet, Server};
use infera_sdk::Deployment;
use tempfile::TempDir;
use tokio::process::Command;

/// A chain behind a URL and a folder with its first account's key.
struct Stage {
    devnet: Devnet,
    server: Server,
    directory: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let devnet = Devnet::start(Config::default()).unwrap();
        let server = devnet.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let stage = Self { devnet, server, directory: tempfile::tempdir().unwrap() };
        stage.write("rich.key", &stage.devnet.accounts()[0].to_bytes().to_string());
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Runs a program in the folder; RPC URL and key file come from the environment, so that flags can say otherwise.
    async fn run(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env("INFERA_RPC_URL", self.server.http_url())
            .env("INFERA_KEY_FILE", self.path("rich.key"))
            .env_remove("INFERA_DEPLOYMENT")
            .output()
            .await
            .unwrap()
    }

    async fn deploy(&self, arguments: &[&str]) -> Output {
        self.run(env!("CARGO_BIN_EXE_infera-deploy"), arguments).await
    }

    async fn ask(&self, arguments: &[&str]) -> Output {
        let model = format!("0x{}", "11".repeat(32));
        let arguments = [&["--deployment", "deployment.json", "--model", model.as_str()], arguments].concat();
        self.run(env!("CARGO_BIN_EXE_infera-consumer-request"), &arguments).await
    }

    /// Nothing was sent and nothing written.
    fn assert_untouched(&self) {
        assert_eq!(self.devnet.head().number, 0);
        assert!(!self.path("deployment.json").exists());
    }
}

/// The message of a program that failed without printing data.
fn failure(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_reported_as_json_and_written_to_its_file() {
    let stage = Stage::set().await;
    let output = stage.deploy(&["--json", "--chain-id", "31337"]).await;
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let written = Deployment::load(&stage.path("deployment.json")).unwrap();
    assert_eq!(report["deployment"], serde_json::to_value(&written).unwrap());
    assert_eq!(report["deployer"], serde_json::to_value(stage.devnet.accounts()[0].address()).unwrap());
    for address in written.event_sources() {
        assert!(!stage.devnet.provider().get_code_at(address).await.unwrap().is_empty(), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_told_in_words_too() {
    let stage = Stage::set().await;
    let (owner, guardian) = ("0x".to_owned() + &"1".repeat(40), "0x".to_owned() + &"2".repeat(40));
    let live = ["--preset", "production", "--out", "live.json", "--owner", &owner, "--guardian", &guardian];
    let output = stage.deploy(&live).await;
    assert!(output.status.success(), "{output:?}");
    let written = Deployment::load(&stage.path("live.json")).unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains(&format!("JobRegistry        {}", written.job_registry)), "{told}");
    assert!(told.contains("INFER for gas"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_network_is_not_governed_by_who_deploys_it() {
    let stage = Stage::set().await;
    let guardian = "0x".to_owned() + &"2".repeat(40);
    let told = failure(&stage.deploy(&["--preset", "production", "--guardian", &guardian]).await);
    assert!(told.contains("needs an owner and a guardian"), "{told}");
    stage.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_endpoint_is_named() {
    let stage = Stage::set().await;
    // A port that was free a moment ago, and nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let told = failure(&stage.deploy(&["--rpc-url", &url]).await);
    assert!(told.contains(&url) && told.contains("does not answer"), "{told}");
    let told = failure(&stage.deploy(&["--rpc-url", "no url"]).await);
    assert!(told.contains("\"no url\" is no RPC URL"), "{told}");
    stage.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_pay_for_all_contracts_deploys_none() {
    let stage = Stage::set().await;
    stage.write("poor.key", &"7".repeat(64));
    let told = failure(&stage.deploy(&["--key-file", "poor.key"]).await);
    assert!(told.contains("deploying the contracts may cost up to 0.") && told.contains("owns 0.000"), "{told}");
    stage.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_another_chain() {
    let stage = Stage::set().await;
    let told = failure(&stage.deploy(&["--chain-id", "8453"]).await);
    assert!(told.contains("serves chain 31337, not chain 8453"), "{told}");
    stage.assert_untouched();

    assert!(stage.deploy(&[]).await.status.success());
    let head = stage.devnet.head().number;
    let elsewhere = Deployment { chain_id: 8453, ..Deployment::load(&stage.path("deployment.json")).unwrap() };
    elsewhere.save(&stage.path("deployment.json")).unwrap();
    let told = failure(&stage.ask(&[]).await);
    assert!(told.contains("the node is on chain 31337, the deployment on chain 8453"), "{told}");
    assert_eq!(stage.devnet.head().number, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_read_is_named_and_not_shown() {
    let stage = Stage::set().await;
    stage.write("odd.key", "0xsecret");
    let told = failure(&stage.deploy(&["--key-file", "odd.key"]).await);
    assert!(told.contains("odd.key") && !told.contains("secret"), "{told}");
    stage.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_nobody_published_costs_nothing() {
    let stage = Stage::set().await;
    assert!(stage.deploy(&[]).await.status.success());
    let head = stage.devnet.head().number;
    let told = failure(&stage.ask(&["Fund an audit."]).await);
    assert!(told.contains("looking the model up was refused") && told.contains("UnknownModel"), "{told}");
    let told = failure(&stage.ask(&["--model-version", "3", "Fund an audit."]).await);
    assert!(told.contains("version 3 takes no jobs in runtime class"), "{told}");
    assert_eq!(stage.devnet.head().number, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_make_no_sense_are_refused_before_anything_is_sent() {
    let stage = Stage::set().await;
    assert!(stage.deploy(&[]).await.status.success());
    let head = stage.devnet.head().number;
    let told = failure(&stage.ask(&["--category", "audits=nobody"]).await);
    assert!(told.contains("\"nobody\" in \"audits=nobody\" is no address"), "{told}");
    let told = failure(&stage.ask(&["--budget", "much"]).await);
    assert!(told.contains("--budget") && told.contains("no amount of INFER"), "{told}");
    assert_eq!(stage.devnet.head().number, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flag_is_explained() {
    let stage = Stage::set().await;
    for (program, flags) in [
        (env!("CARGO_BIN_EXE_infera-deploy"), ["--rpc-url", "--chain-id", "--key-file", "--preset", "--out", "--json"]),
        (
            env!("CARGO_BIN_EXE_infera-consumer-request"),
            ["--deployment", "--model", "--category", "--budget", "--deadline", "--json"],
        ),
    ] {
        let help = String::from_utf8(stage.run(program, &["--help"]).await.stdout).unwrap();
        assert!(flags.iter().all(|flag| help.contains(flag)), "{help}");
    }
}
