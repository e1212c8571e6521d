//! Clients that others wrote, each against a served chain: they deploy, call, send, filter, subscribe and trace.
//!
//! `cargo xtask setup` installs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use alloy::primitives::hex;
use common::Link;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

/// Node and Python start slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file or folder of the checkout that setup makes.
fn installed(path: &str) -> PathBuf {
    let path = checkout().join(path);
    assert!(path.exists(), "{} is not there: run `cargo xtask setup`", path.display());
    path
}

fn artifact() -> PathBuf {
    checkout().join("contracts/artifacts/PaymentChannels.json")
}

fn foundry(tool: &str) -> Command {
    let packaged = checkout().join(format!("contracts/node_modules/@foundry-rs/{tool}-linux-amd64/bin/{tool}"));
    let mut command = Command::new(if packaged.exists() { packaged.as_os_str() } else { OsStr::new(tool) });
    command.env("NO_COLOR", "1").env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1");
    command
}

/// What a program printed, which must end well.
async fn output(command: &mut Command) -> String {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output =
        timeout(PATIENCE, running).await.expect("it ends in time").expect("it starts: run `cargo xtask setup`");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{printed}\n{errors}", output.status);
    printed
}

fn url(link: &Link) -> String {
    link.server.as_ref().unwrap().http_url()
}

fn lines(printed: &str) -> Vec<&str> {
    printed.lines().collect()
}

const DONE: [&str; 7] = ["deployed", "called", "sent", "filtered", "subscribed", "traced", "refused"];

#[tokio::test(flavor = "multi_thread")]
async fn ethers_works_with_it() {
    let link = Link::http(|_| {}).await;
    installed("devnet/tests/clients/node_modules/ethers");
    let script = checkout().join("devnet/tests/clients/ethers_client.mjs");
    let printed = output(Command::new("node").arg(script).arg(url(&link)).arg(artifact())).await;
    assert_eq!(lines(&printed), DONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn viem_works_with_it() {
    let link = Link::http(|_| {}).await;
    installed("devnet/tests/clients/node_modules/viem");
    let script = checkout().join("devnet/tests/clients/viem_client.mjs");
    let printed = output(Command::new("node").arg(script).arg(url(&link)).arg(artifact())).await;
    assert_eq!(lines(&printed), [&DONE[..], &["bent"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn web3_py_works_with_it() {
    let link = Link::http(|_| {}).await;
    let packages = installed(".infera/clients/python");
    let script = checkout().join("devnet/tests/clients/web3_client.py");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    assert_eq!(lines(&output(python.arg(script).arg(url(&link)).arg(artifact())).await), DONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn cast_works_with_it() {
    let link = Link::http(|_| {}).await;
    let (rpc, key) = (url(&link), hex::encode_prefixed(link.devnet.accounts()[0].to_bytes()));
    let artifact: Value = serde_json::from_slice(&std::fs::read(artifact()).unwrap()).unwrap();
    let code = artifact["bytecode"]["object"].as_str().unwrap();
    let (ours, claimer) = (link.account(0).to_string(), link.account(5).to_string());
    let cast = async |arguments: &[&str]| output(foundry("cast").env("ETH_RPC_URL", &rpc).args(arguments)).await;
    let read = |printed: &str| -> Value { serde_json::from_str(printed).unwrap() };

    let constructor = "constructor((uint32,uint32,uint32,uint32,uint32))";
    let deploy = ["send", "--json", "--private-key", &key, "--create", code, constructor, "(3600,3600,600,32,50000)"];
    let deployed = read(&cast(&deploy).await);
    let channels = deployed["contractAddress"].as_str().unwrap();

    let claimer_of = ["call", channels, "claimerOf(address)(address)", &ours];
    assert_eq!(cast(&claimer_of).await.trim(), format!("0x{}", "0".repeat(40)));
    let set = ["send", "--json", "--private-key", &key, channels, "setClaimer(address)", &claimer];
    let sent = read(&cast(&set).await);
    assert_eq!(sent["status"], "0x1");
    assert_eq!(cast(&claimer_of).await.trim(), claimer);
    let hash = sent["transactionHash"].as_str().unwrap();

    let logs = read(&cast(&["logs", "--json", "--from-block", "0", "--address", channels]).await);
    assert_eq!((logs.as_array().unwrap().len(), &logs[0]["transactionHash"]), (1, &json!(hash)));

    let socket = link.server.as_ref().unwrap().ws_url();
    let mut listener = foundry("cast")
        .args(["logs", "--subscribe", "--address", channels, "--rpc-url", &socket])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut heard = BufReader::new(listener.stdout.take().unwrap()).lines();
    // It does not tell when it listens: send until it hears.
    let line = loop {
        cast(&set).await;
        match timeout(Duration::from_millis(500), heard.next_line()).await {
            Ok(line) => break line.unwrap().unwrap(),
            Err(_) => assert!(link.devnet.head().number < 100, "cast hears nothing"),
        }
    };
    assert_eq!(line.to_lowercase(), format!("- address: {channels}"));
    listener.kill().await.unwrap();

    let trace = read(&cast(&["rpc", "debug_traceTransaction", hash, r#"{"tracer": "callTracer"}"#]).await);
    assert_eq!(trace["to"].as_str().unwrap(), channels.to_lowercase());
    let rerun = cast(&["run", "--quick", hash]).await;
    assert!(rerun.contains("Transaction successfully executed"), "{rerun}");
    assert_eq!(cast(&["client"]).await.trim(), format!("anvil/infera-devnet/v{}", env!("CARGO_PKG_VERSION")));

    let close = ["call", channels, "closeAsPayee(address,uint64)", &claimer, "0", "--rpc-url", &rpc];
    let refused = foundry("cast").args(close).output().await.unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("execution reverted"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forge_broadcasts_a_script_to_it() {
    let link = Link::http(|_| {}).await;
    let (rpc, key) = (url(&link), hex::encode_prefixed(link.devnet.accounts()[0].to_bytes()));
    installed("contracts/node_modules/solc");
    let made = tempfile::tempdir().unwrap();
    let project = checkout().join("devnet/tests/clients/forge");
    let mut forge = foundry("forge");
    forge.current_dir(&project).env("KEY", &key);
    for (name, folder) in [("OUT", "out"), ("CACHE_PATH", "cache"), ("BROADCAST", "broadcast")] {
        forge.env(format!("FOUNDRY_{name}"), made.path().join(folder));
    }
    forge.args(["script", "src/Greeter.s.sol:GreeterScript", "--broadcast", "--slow", "--rpc-url", &rpc]);
    let printed = output(&mut forge).await;
    assert!(printed.contains("ONCHAIN EXECUTION COMPLETE & SUCCESSFUL"), "{printed}");

    let broadcast = made.path().join("broadcast/Greeter.s.sol/31337/run-latest.json");
    let broadcast: Value = serde_json::from_slice(&std::fs::read(broadcast).unwrap()).unwrap();
    let receipts = broadcast["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 4);
    assert!(receipts.iter().all(|receipt| receipt["status"] == "0x1"));
    let logs = link.ask("eth_getLogs", json!([{"fromBlock": "0x0"}])).await;
    let greeters = [&broadcast["returns"]["created"]["value"], &broadcast["returns"]["placed"]["value"]];
    for (log, greeter) in logs.as_array().unwrap().iter().zip(greeters) {
        assert_eq!(log["address"], greeter.as_str().unwrap().to_lowercase());
    }
    assert_eq!(logs.as_array().unwrap().len(), 2);
}
