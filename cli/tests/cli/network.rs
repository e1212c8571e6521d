//! Asking a network of `infera up`, which all tests here share.

use std::{path::PathBuf, sync::LazyLock};

use serde_json::Value;

use crate::{
    background::{Background, eventually},
    files::{hex_key, key, real_model},
    program::{Run, infera, run, run_command},
};

static NETWORK: LazyLock<Network> = LazyLock::new(Network::start);

struct Network {
    /// Ends when this process does.
    _program: Background,
    report: Value,
    directory: tempfile::TempDir,
}

impl Network {
    fn start() -> Self {
        let mut program = Background::start(
            infera()
                .args([
                    "up",
                    "--executors",
                    "4",
                    "--port",
                    "0",
                    "--indexer-port",
                    "0",
                    "--json",
                    "--exit-on-stdin-close",
                    "--model",
                ])
                .arg(real_model()),
        );
        let report = program.read_json();
        Self { _program: program, report, directory: tempfile::tempdir().unwrap() }
    }

    fn text(&self, pointer: &str) -> &str {
        self.report.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {:#}", self.report))
    }

    /// The flags that name the network.
    fn flags(&self) -> String {
        format!("--rpc-url {} --deployment {}", self.text("/rpcUrl"), self.text("/deploymentFile"))
    }

    /// The file with the key of a funded account that no other test uses.
    fn account(&self, role: &str) -> PathBuf {
        let accounts = self.report["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|account| account["role"] == role).unwrap();
        let key = account["secretKey"].as_str().unwrap().parse().unwrap();
        hex_key(self.directory.path(), &format!("{role}.key").replace(' ', "-"), &key)
    }

    /// Asks as an account; `more` can't hold spaces within an argument.
    fn request(&self, account: &PathBuf, text: &str, more: &str) -> Run {
        let arguments = format!("request {} --label fees --label security {more}", self.flags());
        run_command(infera().args(arguments.split_whitespace()).arg("--key-file").arg(account).args(["--text", text]))
    }
}

#[test]
fn a_question_is_answered_paid_explained_and_its_change_withdrawn() {
    let network = &*NETWORK;
    let account = PathBuf::from(network.text("/requesterKeyFile"));
    let answer = network.request(&account, "Lower the swap fee to 0.2 percent", "--json").json();
    assert_eq!(answer["winner"], "fees");
    let scores = answer["scores"].as_array().unwrap();
    assert!(scores.len() == 2 && scores[0]["score"].as_i64() > scores[1]["score"].as_i64(), "{scores:?}");
    let wei = |value: &Value| value.as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(wei(&answer["cost"]) + wei(&answer["refund"]), wei(&answer["escrow"]));

    let job = answer["job"].as_str().unwrap();
    let by_indexer = format!("explain {job} --indexer-url {}", network.text("/indexerUrl"));
    let told = run(&by_indexer).data();
    assert!(told.starts_with(&format!("Job {job}\nAnswered")) && told.contains("“fees”"), "{told}");
    let explained = run(&format!("{by_indexer} --json")).json();
    assert_eq!(explained["phase"], "Resolved");
    let by_chain = run(&format!("explain {job} {} --json", network.flags())).json();
    assert_eq!(by_chain["steps"], explained["steps"], "the chain tells what the indexer tells");

    let database = network.directory.path().join("indexer.sqlite");
    let indexer = format!("indexer {} --listen 127.0.0.1:0 --json --exit-on-stdin-close", network.flags());
    let mut indexer = Background::start(infera().args(indexer.split_whitespace()).arg("--database").arg(&database));
    let url = indexer.read_json()["url"].as_str().unwrap().to_owned();
    let by_another = format!("explain {job} --json --indexer-url {url}");
    let told = eventually("the other indexer's answer", || Some(run(&by_another)).filter(|run| run.status == Some(0)));
    assert_eq!(told.json()["steps"], explained["steps"]);
    assert_eq!(indexer.stop(), Some(0));
    assert!(database.is_file());

    let withdraw = format!("withdraw {} --key-file {} --json", network.flags(), account.display());
    assert_eq!(run(&withdraw).json()["amount"], answer["refund"]);
    run(&withdraw).fails_with(&["has no credit"]);

    // A number that was used can't be used, and paid, again.
    let again = format!("--nonce {}", answer["nonce"].as_str().unwrap());
    network.request(&account, "Once more", &again).fails_with(&["NonceUsed"]);
    run(&format!("advance {job} {} --key-file {}", network.flags(), account.display()))
        .fails_with(&["is Resolved already", "infera explain"]);
}

/// A job with one seat, so that three executors are left for a court.
#[test]
fn an_honest_answer_is_challenged_and_acquitted() {
    let network = &*NETWORK;
    let account = network.account("executor-2 owner");
    let answer = network.request(&account, "Audit the bridge", "--committee 1 --quorum 1 --json").json();
    let job = answer["job"].as_str().unwrap();
    let wei = |value: &Value| value.as_str().unwrap().parse::<u128>().unwrap();

    let quote = run(&format!("challenge quote {job} --seat 0 {} --json", network.flags())).json();
    assert_eq!(wei(&quote["bond"]) + wei(&quote["escrow"]), wei(&quote["total"]));
    let signed = format!("{} --key-file {} --json", network.flags(), account.display());
    run(&format!("challenge open {job} --seat 1 {signed}")).fails_with(&["revealed no answer", "seat 0 did"]);
    run(&format!("challenge open {job} --seat 0 --max-price 0.000000001 {signed}")).fails_with(&["wei a unit"]);
    run(&format!("challenge withdraw {signed}")).fails_with(&["owe", "nothing"]);

    let verdict = run(&format!("challenge open {job} --seat 0 {signed}")).json();
    assert_eq!((verdict["verdict"].as_str(), verdict["slashed"].as_str()), (Some("Acquitted"), Some("0")));
    let case = verdict["case"].as_str().unwrap();
    let shown = run(&format!("challenge show {case} {} --json", network.flags())).json();
    assert_eq!((&shown["job"], &shown["verdict"]), (&answer["job"], &verdict["verdict"]));
    let told = run(&format!("explain {job} {}", network.flags())).data();
    assert!(told.contains("answer holds"), "{told}");

    run(&format!("challenge decide {case} {signed}")).fails_with(&["closed already", "Acquitted"]);
    run(&format!("challenge open {job} --seat 0 {signed}")).fails_with(&["A verdict is final"]);
    run(&format!("challenge decide {job} {signed}")).fails_with(&["is no case"]);
}

/// A job with three seats leaves one executor: no court can form.
#[test]
fn a_case_whose_court_finds_no_committee_lapses_and_three_quarters_of_the_bond_come_back() {
    let network = &*NETWORK;
    let account = network.account("executor-3 owner");
    let answer = network.request(&account, "Pay for the archive node", "--json").json();
    let job = answer["job"].as_str().unwrap();
    let signed = format!("{} --key-file {} --json", network.flags(), account.display());
    let case = run(&format!("challenge open {job} --seat 0 --no-wait {signed}")).json();
    assert_eq!(case["verdict"], "Pending");
    let case = case["case"].as_str().unwrap().to_owned();
    run(&format!("challenge decide {case} {signed}")).fails_with(&["is not done", "infera explain"]);
    run(&format!("challenge open {job} --seat 0 {signed}")).fails_with(&["is challenged already", &case]);

    let advanced =
        eventually("the beacon", || Some(run(&format!("advance {case} {signed}"))).filter(|run| run.status == Some(0)));
    assert_eq!(advanced.json()["phase"], "Refunded");
    let verdict = run(&format!("challenge decide {case} {signed}")).json();
    assert_eq!(verdict["verdict"], "Lapsed");
    let paid = run(&format!("challenge withdraw {signed}")).json();
    assert!(paid["bonds"].as_str().unwrap().parse::<u128>().unwrap() >= 375_000_000_000_000_000, "{paid}");
}

#[test]
fn a_request_that_is_not_waited_for_prints_its_job_alone() {
    let network = &*NETWORK;
    let account = network.account("bystander");
    let job = network.request(&account, "Fund an audit", "--no-wait").data();
    assert!(job.starts_with("0x") && job.len() == 67 && job.ends_with('\n'), "{job:?}");
}

#[test]
fn what_can_not_be_asked_is_refused_before_anything_is_paid() {
    let network = &*NETWORK;
    let account = network.account("deployer");
    let refused = |more: &str, parts: &[&str]| network.request(&account, "a", more).fails_with(parts);

    let unknown = format!("0x{}", "07".repeat(32));
    refused(
        &format!("--model {unknown}"),
        &[&unknown, "is not published", "all-MiniLM-L6-v2", network.text("/model/id")],
    );
    refused("--class int8/none", &["does not run in class", "fp32/libtorch-2.11"]);
    refused("--max-price 1wei --max-units 1", &["FeeTooLow", "--max-price"]);
    refused("--committee 3 --quorum 1", &["InvalidCommittee", "--quorum"]);
    refused("--commit-window 1s", &["WindowOutOfRange", "--commit-window"]);

    let long = network.directory.path().join("long.txt");
    std::fs::write(&long, "x".repeat(20_000)).unwrap();
    let (flags, funded) = (network.flags(), account.display());
    let too_long = run(&format!("request {flags} --key-file {funded} --label a --input-file {}", long.display()));
    too_long.fails_with(&["the input has 20000 bytes, inline inputs may have 16384", "shorten it"]);

    let poor = hex_key(network.directory.path(), "poor.key", &key(77));
    let poor = network.request(&poor, "a", "");
    poor.fails_with(&["has 0 INFER", "into escrow", "fund the account", "--max-units"]);
}

#[test]
fn a_job_that_nobody_knows_is_named() {
    let network = &*NETWORK;
    let job = format!("0x{}", "05".repeat(32));
    run(&format!("explain {job} --indexer-url {}", network.text("/indexerUrl"))).fails_with(&["there is no job", &job]);
    run(&format!("explain {job} {}", network.flags())).fails_with(&["there is no job", &job]);
    let account = network.account("executor-1 owner");
    run(&format!("advance {job} {} --key-file {}", network.flags(), account.display()))
        .fails_with(&[&job, "was never requested"]);
}

#[test]
fn an_executor_without_registration_does_not_run() {
    let network = &*NETWORK;
    let directory = tempfile::tempdir().unwrap();
    let signer = hex_key(directory.path(), "signer.key", &key(78));
    let flags = network.flags();
    let node =
        format!("executor run {flags} --model {} --signer-key-file {}", real_model().display(), signer.display());
    let answer = run_command(infera().args(node.split_whitespace()).current_dir(directory.path()));
    answer.fails_with(&[&key(78).address().to_string(), "is not registered", "infera executor register"]);
}

#[test]
fn the_executors_die_with_the_network_however_it_dies() {
    let mut up = infera();
    let arguments = "up --executors 1 --port 0 --indexer-port 0 --json --exit-on-stdin-close --model";
    up.args(arguments.split_whitespace()).arg(real_model());
    for end in [|network: Background| assert_eq!(network.stop(), Some(0)), Background::kill] {
        let mut network = Background::start(&mut up);
        let process = network.read_json()["executors"][0]["process"].as_u64().unwrap();
        let process = PathBuf::from(format!("/proc/{process}"));
        assert!(process.exists());
        end(network);
        eventually("the executor's end", || (!process.exists()).then_some(()));
    }
}

#[test]
fn an_executor_that_ends_by_itself_is_told_with_its_status_and_log() {
    let mut up = infera();
    let arguments = "up --executors 1 --port 0 --indexer-port 0 --json --exit-on-stdin-close --model";
    let mut network = Background::start(up.args(arguments.split_whitespace()).arg(real_model()));
    let process = network.read_json()["executors"][0]["process"].as_u64().unwrap();
    let killed = std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
    assert!(killed.success());
    let news = format!("executor-1 (process {process}) has ended by itself: signal: 9 (SIGKILL); what it said is in ");
    eventually("the news of its end", || network.log().contains(&news).then_some(()));
    assert_eq!(network.stop(), Some(0));
}

#[test]
fn status_shows_what_the_executors_have() {
    let network = &*NETWORK;
    let executors = run(&format!("executor status {} --json", network.flags())).json();
    let executors = executors.as_array().unwrap();
    assert_eq!(executors.len(), 4);
    assert!(executors.iter().all(|executor| executor["stake"] == "100000000000000000000"), "{executors:#?}");
}
