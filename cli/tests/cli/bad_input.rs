//! What is wrong before any chain is asked, and chains that do not answer.

use std::net::TcpListener;

use crate::{
    files::{deployment_of_nothing, hex_key, key, keystore, real_model},
    program::{infera, run, run_command},
};

/// A URL at which nothing listens.
fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_dead_rpc_is_named_by_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let deployment = deployment_of_nothing(directory.path());
    let key = hex_key(directory.path(), "a.key", &key(1));
    let url = dead_url();
    let network = format!("--rpc-url {url} --deployment {}", deployment.display());
    let account = format!("--key-file {}", key.display());
    let job = format!("0x{}", "05".repeat(32));
    for command in [
        format!("request {network} {account} --text a --label b"),
        format!("explain {job} {network}"),
        format!("withdraw {network} {account}"),
        format!("advance {job} {network} {account}"),
        format!("model list {network}"),
        format!("executor status {network}"),
        format!("executor stake {network} {account} --amount 1"),
        format!("deploy --preset devnet --rpc-url {url} {account}"),
    ] {
        run(&command).fails_with(&["the RPC endpoint does not answer", &url, "check that the node runs"]);
    }
}

#[test]
fn an_executor_says_that_its_rpc_is_dead() {
    let directory = tempfile::tempdir().unwrap();
    let deployment = deployment_of_nothing(directory.path());
    let signer = hex_key(directory.path(), "signer.key", &key(1));
    let url = dead_url();
    let answer = run_command(
        infera()
            .args(["executor", "run", "--rpc-url", &url, "--model"])
            .arg(real_model())
            .args(["--deployment".as_ref(), deployment.as_os_str(), "--signer-key-file".as_ref(), signer.as_os_str()])
            .current_dir(directory.path()),
    );
    answer.fails_with(&["the RPC endpoint does not answer", &url]);
}

#[test]
fn a_dead_indexer_is_named_with_the_ways_out() {
    let url = dead_url();
    let job = format!("0x{}", "05".repeat(32));
    run(&format!("explain {job} --indexer-url {url}")).fails_with(&[
        &url,
        "infera indexer",
        "--indexer-url",
        "--deployment",
    ]);
}

#[test]
fn the_key_of_a_paid_node_is_not_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let deployment = deployment_of_nothing(directory.path());
    let url = dead_url().replace("http://", "http://user:sesame@") + "/v3/sesame";
    let answer = run(&format!("model list --rpc-url {url} --deployment {}", deployment.display()));
    answer.fails_with(&["the RPC endpoint does not answer"]);
    assert!(!answer.stderr.contains("sesame"), "{}", answer.stderr);
}

#[test]
fn keys_that_can_not_be_opened_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let deployment = deployment_of_nothing(directory.path());
    let request = format!("request --deployment {} --text a --label b", deployment.display());

    run(&format!("{request} --key-file /nowhere/a.key")).fails_with(&["/nowhere/a.key", "cannot be read"]);

    let keystore = keystore(directory.path());
    let locked = format!("{request} --key-file {}", keystore.display());
    let name = keystore.display().to_string();
    run(&locked).fails_with(&[&name, "no password was given", "--password-file", "INFERA_PASSWORD"]);

    let password = directory.path().join("password");
    std::fs::write(&password, "sesame\n").unwrap();
    let wrong = run(&format!("{locked} --password-file {}", password.display()));
    wrong.fails_with(&[&name, "the password is wrong"]);
    assert!(!wrong.stderr.contains("sesame"), "{}", wrong.stderr);
    let wrong = run_command(infera().env("INFERA_PASSWORD", "sesame").args(locked.split_whitespace()));
    wrong.fails_with(&["the password is wrong"]);

    std::fs::write(&password, "right\n").unwrap();
    let opened = run(&format!("{locked} --rpc-url {} --password-file {}", dead_url(), password.display()));
    opened.fails_with(&["the RPC endpoint does not answer"]);
}

#[test]
fn a_damaged_deployment_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deployment.json");
    std::fs::write(&path, "{\"chainId\": 1}").unwrap();
    let name = path.display().to_string();
    run(&format!("model list --deployment {name}")).fails_with(&[&name, "missing field"]);
    run("model list --deployment /nowhere/d.json").fails_with(&["/nowhere/d.json", "No such file"]);
}

#[test]
fn damaged_parameters_are_named_before_anything_is_deployed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("parameters.json");
    std::fs::write(&path, "{\"epochLength\": \"600\"}").unwrap();
    let name = path.display().to_string();
    run(&format!("deploy --key-file /nowhere --parameters {name}")).fails_with(&[&name, "unbondingEpochs is missing"]);
}

#[test]
fn a_text_is_needed_and_may_come_from_a_file() {
    let request = "request --deployment /nowhere --key-file /nowhere --label a";
    run(&format!("{request} --input-file /nowhere/text")).fails_with(&["/nowhere/text", "cannot read the text"]);
    run(&format!("{request} --text=")).fails_with(&["the text is empty", "--text"]);
}
