//! Deploying, publishing and joining, on a chain of `infera devnet`.

use alloy::primitives::Address;
use serde_json::Value;

use crate::{
    background::Background,
    files::{hex_key, key, real_model},
    program::{infera, run},
};

/// A funded account of every development chain.
const DEPLOYER: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const OWNER: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// A chain with the contracts on it.
struct Chain {
    devnet: Background,
    directory: tempfile::TempDir,
    rpc_url: String,
    deployment: Value,
}

impl Chain {
    fn start() -> Self {
        let mut devnet = Background::start(infera().args(["devnet", "--port", "0", "--exit-on-stdin-close"]));
        let rpc_url = format!("http://{}", devnet.read_line_after("Listening on "));
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("deployer.key"), DEPLOYER).unwrap();
        std::fs::write(directory.path().join("owner.key"), OWNER).unwrap();
        let mut chain = Self { devnet, directory, rpc_url, deployment: Value::Null };
        let (url, out) = (chain.rpc_url.clone(), chain.path("deployment.json"));
        let deploy = format!(
            "deploy --rpc-url {url} --preset devnet --key-file {} --out {out} --json",
            chain.path("deployer.key")
        );
        chain.deployment = run(&deploy).json();
        chain
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// The flags that name the network.
    fn network(&self) -> String {
        format!("--rpc-url {} --deployment {}", self.rpc_url, self.path("deployment.json"))
    }

    fn publish(&self, more: &str) -> crate::program::Run {
        let (model, account) = (real_model(), self.path("deployer.key"));
        run(&format!("model publish {} {} --key-file {account} {more}", model.display(), self.network()))
    }
}

#[test]
fn a_network_is_deployed_and_joined_step_by_step() {
    let chain = Chain::start();
    let network = chain.network();

    // The file says what was printed, and every contract is a different one.
    let file: Value = serde_json::from_str(&std::fs::read_to_string(chain.path("deployment.json")).unwrap()).unwrap();
    assert_eq!(file, chain.deployment);
    assert_ne!(file["jobRegistry"], file["staking"]);

    // Nothing is published, so there is nothing to offer.
    assert_eq!(run(&format!("model list {network}")).data(), "no model is published yet\n");
    let owner = format!("--key-file {}", chain.path("owner.key"));
    run(&format!("request {network} {owner} --text a --label b"))
        .fails_with(&["no model is published", "infera model publish"]);

    // The same name again is the next version.
    let first = chain.publish("--json").json();
    assert_eq!((&first["version"], &first["name"]), (&1.into(), &"all-MiniLM-L6-v2".into()));
    let second = chain.publish("--json").json();
    assert_eq!((&second["version"], &second["model"]), (&2.into(), &first["model"]));
    let models = run(&format!("model list {network} --json")).json();
    assert_eq!(models[0]["id"], first["model"]);
    let profile = &models[0]["versions"][1]["runtimeClasses"][0]["profile"];
    assert_eq!((&profile["dimension"], &profile["maxCosineDistancePpb"]), (&384.into(), &1_000.into()));

    joins_and_leaves(&chain, &network, &owner);
    assert_eq!(chain.devnet.stop(), Some(0));
}

fn joins_and_leaves(chain: &Chain, network: &str, owner: &str) {
    let directory = chain.directory.path();
    let vrf = hex_key(directory, "vrf.key", &key(2));
    let signer_key = hex_key(directory, "signer.key", &key(3));
    let signer: Address = key(3).address();
    run(&format!("executor stake {network} {owner} --amount 1"))
        .fails_with(&["owns no executor", "infera executor register"]);
    run(&format!("executor status {network} --id 1")).fails_with(&["there is no executor 1"]);

    let register = format!(
        "executor register {network} {owner} --signer-key-file {} --vrf-key-file {} --stake 50.5 --price 0.00001 --capacity 4 --json",
        signer_key.display(),
        vrf.display()
    );
    let registered = run(&register).json();
    assert_eq!(registered["executorId"], 1);
    assert_eq!(registered["offer"]["version"], 2, "the latest version is offered");
    run(&register).fails_with(&["is executor 1 already", "infera executor stake"]);

    let staked = run(&format!("executor stake {network} {owner} --amount 9.5 --json")).json();
    assert_eq!(staked["stake"], "60000000000000000000");
    let status = run(&format!("executor status {network} --json")).json();
    let status = &status[0];
    assert_eq!((&status["id"], &status["stake"]), (&1.into(), &"60000000000000000000".into()));
    assert_eq!(status["signer"].as_str().unwrap(), signer.to_string().to_lowercase());
    assert_eq!((&status["offers"], &status["reputation"]), (&1.into(), &500_000.into()));

    delegates(chain, network);

    let withdrawn = run(&format!("executor offer {network} {owner} --price 0 --capacity 0"));
    assert!(withdrawn.data().contains("is not offered any more"));
    run(&format!("executor withdraw {network} {owner}")).fails_with(&["executor 1 has no earnings"]);

    let below = run(&format!("executor exit {network} {owner} --amount 55"));
    below.fails_with(&["requesting the exit was refused by the contract", "BelowMinimumStake"]);
    let exit = run(&format!("executor exit {network} {owner} --amount 10 --json")).json();
    assert_eq!(exit["amount"], "10000000000000000000");
    assert!(exit["maturesAt"].as_u64().unwrap() > 1_600_000_000, "{exit}");
    run(&format!("executor exit {network} {owner} --complete")).fails_with(&["ExitNotMature"]);
}

fn delegates(chain: &Chain, network: &str) {
    // Anyone with INFER: here the deployer.
    let holding = format!("{network} --key-file {} --executor 1", chain.path("deployer.key"));
    let delegated = run(&format!("stake delegate {holding} --amount 7 --json")).json();
    assert_eq!((&delegated["stake"], &delegated["earnings"]), (&"7000000000000000000".into(), &"0".into()));
    run(&format!("stake withdraw {holding}")).fails_with(&["has earned nothing with executor 1"]);
    let exit = run(&format!("stake undelegate {holding} --amount 2 --json")).json();
    assert!(exit["maturesAt"].as_u64().unwrap() > 1_600_000_000, "{exit}");
    run(&format!("stake complete {holding} --matures-at {}", exit["maturesAtEpoch"])).fails_with(&["ExitNotMature"]);
    run(&format!("stake undelegate {holding} --amount 6")).fails_with(&["InsufficientStake"]);
    assert_eq!(run(&format!("stake show {holding} --json")).json()["stake"], "5000000000000000000");
    let status = run(&format!("executor status {network} --id 1 --json")).json();
    assert_eq!(status[0]["delegated"], "5000000000000000000");
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_chooses_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let in_use = format!("port {port} on 127.0.0.1 is already in use");
    run(&format!("devnet --port {port}")).fails_with(&[&in_use, "--port"]);
    let up = format!("up --model {}", real_model().display());
    run(&format!("{up} --port {port} --indexer-port 0")).fails_with(&[&in_use, "--port"]);
    run(&format!("{up} --port 0 --indexer-port {port}")).fails_with(&[&port, "--indexer-port"]);
}

#[test]
fn a_deployment_of_another_chain_is_refused() {
    let chain = Chain::start();
    let mut other = chain.deployment.clone();
    other["chainId"] = 5.into();
    std::fs::write(chain.path("other.json"), other.to_string()).unwrap();
    let list = format!("model list --rpc-url {} --deployment {}", chain.rpc_url, chain.path("other.json"));
    run(&list).fails_with(&["the node is on chain 31337, the deployment on chain 5"]);
}
