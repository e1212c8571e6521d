//! The program, spawned as tools spawn anvil.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::{
    network::TransactionBuilder,
    node_bindings::Anvil,
    primitives::{Address, U256, address},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_infera-devnet");

/// A child that is killed if a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Running {
    /// Starts the program and waits for the line that tells its address.
    fn start(args: &[&str]) -> (Self, String) {
        let mut child = Command::new(PROGRAM)
            .args(["--port", "0"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Self(child);
        let line = lines.find_map(|line| line.unwrap().strip_prefix("Listening on ").map(str::to_owned)).unwrap();
        (running, format!("http://{line}"))
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit status, within ten seconds.
    fn status(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "still running");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn failure(args: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(args).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn alloys_anvil_helper_starts_it() {
    let anvil = Anvil::at(PROGRAM)
        .chain_id(4242)
        .block_time_f64(0.1)
        .mnemonic("candy maple cake sugar pudding cream honey rich smooth crumble sweet treat")
        .args(["--accounts", "3", "--balance", "7", "--gas-limit", "40000000", "--timestamp", "1900000000"])
        .prague()
        .spawn();
    assert_eq!(anvil.addresses().len(), 3);
    assert_eq!(anvil.addresses()[0], address!("627306090abaB3A6e1400e9345bC60c78a8BEf57"));
    let wallet = anvil.wallet().unwrap();
    let provider = ProviderBuilder::new().wallet(wallet).connect_http(anvil.endpoint_url());
    assert_eq!(provider.get_chain_id().await.unwrap(), 4242);
    let seven = U256::from(7) * U256::from(10u64.pow(18));
    assert_eq!(provider.get_balance(anvil.addresses()[2]).block_id(0.into()).await.unwrap(), seven);
    let request = TransactionRequest::default().with_to(Address::ZERO).with_value(U256::from(1));
    let receipt = provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
    let block = provider.get_block_by_number(receipt.block_number.unwrap().into()).await.unwrap().unwrap();
    assert_eq!(block.header.gas_limit, 40_000_000);
    assert!(block.header.timestamp > 1_900_000_000 && block.header.timestamp < 1_900_001_000);
}

#[tokio::test]
async fn blocks_can_be_without_a_gas_limit() {
    let (_program, url) = Running::start(&["--disable-block-gas-limit"]);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    let from = provider.get_accounts().await.unwrap()[0];
    // Ten of them are more than any limit of today allows.
    let request = TransactionRequest::default().with_from(from).with_to(Address::ZERO).with_gas_limit(16_000_000);
    provider.raw_request::<_, ()>("evm_setAutomine".into(), (false,)).await.unwrap();
    for _ in 0..10 {
        let _sent = provider.send_transaction(request.clone()).await.unwrap();
    }
    provider.raw_request::<_, String>("evm_mine".into(), ()).await.unwrap();
    let block = provider.get_block_by_number(1.into()).await.unwrap().unwrap();
    // The largest that a header may have.
    assert_eq!((block.header.gas_limit, block.transactions.len()), (i64::MAX as u64, 10));
    provider.raw_request::<_, String>("evm_mine".into(), ()).await.unwrap();
    assert_eq!(provider.get_block_by_number(2.into()).await.unwrap().unwrap().header.gas_limit, i64::MAX as u64);
}

#[tokio::test]
async fn a_state_file_carries_the_chain_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.log");
    let args = ["--state", path.to_str().unwrap(), "--no-mining"];
    let (mut first, url) = Running::start(&args);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    provider.raw_request::<_, ()>("anvil_mine".into(), (5,)).await.unwrap();
    let head = provider.get_block_by_number(5.into()).await.unwrap().unwrap().header.hash;
    first.signal("-TERM");
    assert_eq!(first.status(), Some(0));

    let (mut second, url) = Running::start(&args);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    assert_eq!(provider.get_block_number().await.unwrap(), 5);
    assert_eq!(provider.get_block_by_number(5.into()).await.unwrap().unwrap().header.hash, head);
    let message = failure(&["--port", "0", "--state", path.to_str().unwrap()]);
    assert!(message.contains("is in use by another process"), "{message}");
    second.signal("-INT");
    assert_eq!(second.status(), Some(0));
}

#[tokio::test]
async fn a_dump_written_on_exit_starts_another_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.json");
    let path = path.to_str().unwrap();
    let (mut first, url) = Running::start(&["--dump-state", path]);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    provider.raw_request::<_, ()>("anvil_mine".into(), (5,)).await.unwrap();
    let head = provider.get_block_by_number(5.into()).await.unwrap().unwrap().header.hash;
    first.signal("-TERM");
    assert_eq!(first.status(), Some(0));

    let (_second, url) = Running::start(&["--load-state", path]);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    assert_eq!(provider.get_block_by_number(5.into()).await.unwrap().unwrap().header.hash, head);

    std::fs::write(path, "{\"version\": 1").unwrap();
    let message = failure(&["--port", "0", "--load-state", path]);
    assert!(message.contains("the state is not one this chain can load"), "{message}");
}

#[test]
fn a_socket_is_served_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.ipc");
    let (mut running, _) = Running::start(&["--ipc", path.to_str().unwrap()]);
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.write_all(br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#).unwrap();
    let answer = BufReader::new(stream).lines().next().unwrap().unwrap();
    assert_eq!(answer, r#"{"jsonrpc":"2.0","id":1,"result":"0x7a69"}"#);
    running.signal("-TERM");
    assert_eq!(running.status(), Some(0));
    assert!(!path.exists());
}

#[test]
fn it_ends_with_its_standard_input_if_asked_to() {
    let (mut running, _) = Running::start(&["--exit-on-stdin-close"]);
    let mut stdin = running.0.stdin.take().unwrap();
    stdin.write_all(b"still here\n").unwrap();
    assert!(running.0.try_wait().unwrap().is_none());
    drop(stdin);
    assert_eq!(running.status(), Some(0));
}

#[test]
fn a_taken_port_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let message = failure(&["--port", &port]);
    assert!(message.contains(&format!("port {port} on 127.0.0.1 is already in use")), "{message}");
    assert!(message.contains("--port"), "{message}");
}

#[test]
fn silence_prints_nothing_and_wrong_flags_are_told() {
    let (mut child, taken) = (
        Command::new(PROGRAM)
            .args(["--port", "0", "--silent", "--exit-on-stdin-close"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map(Running)
            .unwrap(),
        failure(&["--block-time", "0"]),
    );
    assert!(taken.contains("must be more than zero"), "{taken}");
    drop(child.0.stdin.take());
    assert_eq!(child.status(), Some(0));
    let mut printed = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "");
    assert!(failure(&["--hardfork", "bedrock"]).contains("unknown fork"));
    assert!(failure(&["--no-mining", "-b", "1"]).contains("cannot be used with"));
    assert!(failure(&["--derivation-path", "m/x/"]).contains("the derivation path m/x/ is not valid"));
    assert!(failure(&["--mnemonic", "one two"]).contains("the mnemonic is not valid"));
    assert!(
        failure(&["--init", "/nowhere/genesis.json"]).contains("cannot read the genesis file /nowhere/genesis.json")
    );
}

#[tokio::test]
async fn anvils_other_flags_are_taken_or_refused_with_a_reason() {
    let path = "m/44'/60'/1'/0/";
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("config.json");
    let args = ["--derivation-path", path, "--auto-impersonate", "--config-out", out.to_str().unwrap(), "-a", "2"];
    let without_effect =
        ["--steps-tracing", "-j", "2", "--prune-history", "-vvv", "--order", "fees", "--color", "never"];
    let (_running, url) = Running::start(&[&args[..], &without_effect].concat());
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    let accounts = provider.get_accounts().await.unwrap();
    let described: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(described["available_accounts"], serde_json::json!(accounts));
    assert_eq!(described["wallet"]["derivation_path"], path);
    let key: alloy::signers::local::PrivateKeySigner = described["private_keys"][1].as_str().unwrap().parse().unwrap();
    assert_eq!(key.address(), accounts[1]);
    assert_ne!(accounts[0], address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    // Nobody has this key.
    let request = serde_json::json!([{"from": Address::ZERO, "to": Address::ZERO, "gasPrice": "0x0", "gas": "0x5208"}]);
    let refusal = provider.raw_request::<_, alloy::primitives::B256>("eth_sendTransaction".into(), request).await;
    assert!(!refusal.unwrap_err().to_string().contains("unknown account"));

    let message = failure(&["--port", "0", "--fork-url", "http://127.0.0.1:1"]);
    assert!(message.contains("anvil's --fork-url is not supported: the chain does not fork another"), "{message}");
    assert!(failure(&["-f", "http://127.0.0.1:1"]).contains("--fork-url is not supported"));
    assert!(failure(&["--order", "fifo"]).contains("invalid value 'fifo'"));
    assert!(failure(&["--no-such-flag"]).contains("unexpected argument"));
}

#[test]
fn what_contracts_print_goes_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.ipc");
    // log(string) of "hi", called by init code: the call lies behind it.
    let call = format!("41304fac{:064x}{:064x}6869{}", 32, 2, "0".repeat(60));
    let code = "6064601a5f395f5f60645f6a636f6e736f6c652e6c6f675afa00";
    assert_eq!(code.len() / 2, 0x1a);
    let request = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{{"data":"0x{code}{call}"}}]}}"#);
    let mut child = Command::new(PROGRAM)
        .args(["--port", "0", "--ipc", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .map(Running)
        .unwrap();
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("Listening on ")).unwrap();
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let answer = BufReader::new(stream).lines().next().unwrap().unwrap();
    assert_eq!(answer, r#"{"jsonrpc":"2.0","id":1,"result":"0x"}"#);
    child.signal("-TERM");
    assert_eq!(lines.next().as_deref(), Some("hi"));
}

#[tokio::test]
async fn a_genesis_file_is_the_first_block_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genesis.json");
    let rich = Address::repeat_byte(0x11);
    let genesis = serde_json::json!({
        "config": {
            "chainId": 777, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0,
            "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0,
            "berlinBlock": 0, "londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0,
        },
        "nonce": "0x1234", "timestamp": "0x5f000000", "extraData": "0xabcd", "gasLimit": "0x1c9c380",
        "difficulty": "0x0", "mixHash": "0x0000000000000000000000000000000000000000000000000000000000000000",
        "coinbase": "0x0000000000000000000000000000000000000000", "baseFeePerGas": "0x7",
        "alloc": {rich.to_string(): {"balance": "0x3e8", "nonce": "0x2", "code": "0x00", "storage": {
            "0x0000000000000000000000000000000000000000000000000000000000000001":
            "0x0000000000000000000000000000000000000000000000000000000000000002",
        }}},
    });
    std::fs::write(&path, genesis.to_string()).unwrap();
    let (_running, url) = Running::start(&["--genesis", path.to_str().unwrap()]);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    assert_eq!(provider.get_chain_id().await.unwrap(), 777);
    let block = provider.get_block_by_number(0.into()).await.unwrap().unwrap();
    let given: alloy::genesis::Genesis = serde_json::from_value(genesis).unwrap();
    let accounts = given.alloc.into_iter().map(|(address, account)| (address, account.into_trie_account()));
    let root = alloy::trie::root::state_root_unhashed(accounts);
    assert_eq!(block.header.state_root, root, "only what the file says is in the state");
    assert_eq!(block.header.hash, block.header.inner.hash_slow());
    assert_eq!((block.header.base_fee_per_gas, block.header.blob_gas_used), (Some(7), None), "Shanghai, not Cancun");
    assert_eq!(provider.get_balance(rich).await.unwrap(), U256::from(1000));
    assert_eq!(provider.get_accounts().await.unwrap(), Vec::<Address>::new());
}

#[tokio::test]
async fn blocks_are_imported_before_anyone_connects() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(place("genesis.json"), serde_json::to_vec(&common::all_forks()).unwrap()).unwrap();
    let genesis = common::all_forks();
    let (config, _) = common::config();
    let maker = infera_devnet::Devnet::start(infera_devnet::Config { genesis: Some(genesis), ..config }).unwrap();
    maker.mine(3).unwrap();
    let mut chain = Vec::new();
    for number in 1..=3u64 {
        let raw: alloy::primitives::Bytes =
            maker.client().request("debug_getRawBlock", (alloy::primitives::U64::from(number),)).await.unwrap();
        chain.extend_from_slice(&raw);
    }
    std::fs::write(place("chain.rlp"), &chain).unwrap();
    let genesis = place("genesis.json");
    // The file knows nothing of the development accounts that the other chain funded.
    let message = failure(&["--init", &genesis, "--import", &place("chain.rlp")]);
    assert!(message.contains("block 1 (entry 1 of the file, at byte 0) is not valid: its parent is 0x"), "{message}");
    let (_running, url) = Running::start(&["--init", &genesis, "-a", "10", "--import", &place("chain.rlp")]);
    let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
    let head = provider.get_block_by_number(3.into()).await.unwrap().unwrap();
    assert_eq!(head.header.hash, maker.head().hash);
    std::fs::write(place("torn.rlp"), chain.split_last().unwrap().1).unwrap();
    let message = failure(&["--init", &genesis, "-a", "10", "--import", &place("torn.rlp")]);
    assert!(message.contains("the file ends within it; the 2 blocks before it were imported"), "{message}");
}
