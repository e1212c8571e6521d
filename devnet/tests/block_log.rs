//! The chain in a file, and what is left of it after a crash or damage.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use alloy::{
    eips::BlockId,
    network::TransactionBuilder,
    primitives::{Address, U64, U256},
    providers::{Provider, ProviderBuilder, ext::AnvilApi},
    rpc::types::TransactionRequest,
};
use common::{Link, config, eventually};
use infera_devnet::{Config, Devnet, Error, Orphans};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A chain in the file, and a client in process.
fn open(path: &Path) -> Result<Link, Error> {
    let (config, clock) = config();
    let devnet = Devnet::open(config, path)?;
    Ok(Link { client: devnet.client(), devnet, clock, server: None })
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.log");
    (folder, path)
}

/// All that can be asked of a chain's past: blocks, receipts, traces, and the accounts at each block.
async fn history(link: &Link, watched: &[Address]) -> Vec<Value> {
    let mut answers = Vec::new();
    for number in 0..=link.devnet.head().number {
        let at = U64::from(number);
        let block = link.ask("eth_getBlockByNumber", json!([at, true])).await;
        answers.push(link.ask("eth_getBlockReceipts", json!([at])).await);
        for transaction in block["transactions"].as_array().unwrap() {
            answers.push(link.ask("debug_traceTransaction", json!([transaction["hash"]])).await);
        }
        answers.push(block);
        for address in watched {
            answers.push(link.ask("eth_getProof", json!([address, ["0x0"], at])).await);
            answers.push(link.ask("eth_getCode", json!([address, at])).await);
        }
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_past_survives_a_restart() {
    let (_folder, path) = place();
    let link = open(&path).unwrap();
    let counter = link.deploy_counter().await;
    link.count(counter).await;
    let by_hand = Address::repeat_byte(0x44);
    link.provider().anvil_set_balance(by_hand, U256::from(5)).await.unwrap();
    link.ask("anvil_impersonateAccount", json!([by_hand])).await;
    link.provider().anvil_set_balance(by_hand, U256::from(10).pow(U256::from(18))).await.unwrap();
    let request = TransactionRequest::default().with_from(by_hand).with_to(counter);
    link.client.request::<_, Value>("eth_sendTransaction", (request,)).await.unwrap();
    let snapshot = link.ask("evm_snapshot", json!([])).await;
    link.count(counter).await;
    link.transfer(0, 1).await;
    link.devnet.reorganize(2, Orphans::Requeue).unwrap();
    let reorganized = history(&link, &[counter, by_hand]).await;
    link.ask("evm_revert", json!([snapshot])).await;
    link.count(counter).await;
    link.provider().anvil_set_storage_at(counter, U256::from(9), U256::from(9).into()).await.unwrap();
    let watched = [counter, by_hand, link.account(0)];
    let before = history(&link, &watched).await;
    assert_ne!(before, reorganized);
    drop(link);

    let link = open(&path).unwrap();
    assert_eq!(history(&link, &watched).await, before);
    assert_eq!(link.provider().get_storage_at(counter, U256::from(9)).await.unwrap(), U256::from(9));
    // And it goes on, with a way back.
    link.count(counter).await;
    assert_eq!(link.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::from(4));
    link.devnet.roll_back(1).unwrap();
    link.devnet.close_log().unwrap();
    drop(link);
    let link = open(&path).unwrap();
    assert_eq!(link.devnet.head().number, 4);
    assert_eq!(link.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::from(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_dump_replaces_the_log() {
    let (_folder, path) = place();
    let other = Link::in_process(|_| {}).await;
    let counter = other.deploy_counter().await;
    let dump = other.provider().anvil_dump_state().await.unwrap();
    let link = open(&path).unwrap();
    link.devnet.mine(20).unwrap();
    assert!(link.provider().anvil_load_state(dump).await.unwrap());
    link.count(counter).await;
    drop(link);
    let link = open(&path).unwrap();
    assert_eq!(link.devnet.head().number, 2);
    assert_eq!(link.provider().get_storage_at(counter, U256::ZERO).await.unwrap(), U256::from(1));
    assert_eq!(link.fail("eth_getBalance", json!([counter, "0x0"])).await.1, "required historical state unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_mostly_removed_blocks_is_written_anew() {
    let (_folder, path) = place();
    let link = open(&path).unwrap();
    for _ in 0..50 {
        link.transfer(0, 1).await;
    }
    link.devnet.roll_back(40).unwrap();
    let (head, length) = (link.devnet.head(), fs::metadata(&path).unwrap().len());
    drop(link);
    let link = open(&path).unwrap();
    assert_eq!(link.devnet.head(), head);
    assert!(fs::metadata(&path).unwrap().len() < length / 2);
    link.transfer(0, 1).await;
    let head = link.devnet.head();
    drop(link);
    assert_eq!(open(&path).unwrap().devnet.head(), head);
}

/// Three blocks, the file's bytes, and how long the file was before the last.
async fn three_blocks(path: &Path) -> (Vec<u8>, usize) {
    let link = open(path).unwrap();
    link.transfer(0, 1).await;
    link.transfer(0, 1).await;
    let before_the_last = fs::read(path).unwrap().len();
    link.transfer(0, 1).await;
    (fs::read(path).unwrap(), before_the_last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_tail_costs_the_last_block_and_no_more() {
    let (_folder, path) = place();
    let (bytes, before_the_last) = three_blocks(&path).await;
    for length in (before_the_last..bytes.len()).step_by(19).chain([bytes.len() - 1]) {
        fs::write(&path, &bytes[..length]).unwrap();
        let link = open(&path).unwrap();
        assert_eq!(link.devnet.head().number, 2, "cut to {length} of {} bytes", bytes.len());
        assert_eq!(fs::metadata(&path).unwrap().len(), before_the_last as u64);
    }
    // A new block in its place is there the next time.
    let link = open(&path).unwrap();
    link.transfer(0, 2).await;
    let head = link.devnet.head();
    drop(link);
    assert_eq!(open(&path).unwrap().devnet.head(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_middle_is_an_error_that_names_its_place() {
    let (_folder, path) = place();
    let (bytes, before_the_last) = three_blocks(&path).await;
    for position in (0..bytes.len()).step_by(53) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x20;
        fs::write(&path, &damaged).unwrap();
        match open(&path) {
            Err(Error::NotABlockLog(_)) => assert!(position < 15),
            Err(error @ Error::BlockLogVersion { .. }) => {
                assert_eq!(position, 15);
                assert!(error.to_string().contains("this program reads version 2"), "{error}");
            }
            Err(error @ Error::BlockLogDamaged { offset, .. }) => {
                assert!(offset <= position as u64, "{position}: {error}");
                assert!(error.to_string().contains(&format!("is damaged at byte {offset}")), "{error}");
                assert_eq!(fs::read(&path).unwrap(), damaged, "the file is left as it is");
            }
            Ok(link) => {
                assert!(position >= before_the_last, "damage at {position} went unnoticed");
                assert_eq!(link.devnet.head().number, 2);
            }
            Err(error) => panic!("{position}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_this_chains_log_is_told() {
    let (folder, path) = place();
    drop(open(&path).unwrap());
    let strange = Devnet::open(Config { chain_id: 5, ..config().0 }, &path).unwrap_err();
    assert!(strange.to_string().contains("it is of chain 31337, and this is 5"), "{strange}");
    let first = open(&path).unwrap();
    let second = open(&path).err().unwrap();
    assert!(matches!(second, Error::BlockLogInUse(_)) && second.is_retryable(), "{second}");
    drop(first);
    fs::write(&path, "{\"version\": 1, \"chain_id\": 31337}").unwrap();
    let error = open(&path).err().unwrap();
    assert!(error.to_string().contains("is loaded with --load-state"), "{error}");
    let error = open(&folder.path().join("no such folder").join("chain.log")).err().unwrap();
    assert!(error.to_string().contains("cannot write the state file"), "{error}");
}

/// A process that is killed when this goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL: nothing of the process runs any more.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_no_block_that_was_answered() {
    let (folder, path) = place();
    let path_text = path.to_str().unwrap().to_owned();
    let mut answered = 0;
    for round in 0u64..8 {
        let output = folder.path().join(format!("output {round}"));
        let child = Command::new(env!("CARGO_BIN_EXE_infera-devnet"))
            .args(["--port", "0", "--timestamp", "1800000000", "--state", &path_text])
            .stdout(fs::File::create(&output).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .map(Running)
            .unwrap();
        let url = OnceLock::new();
        eventually("the address is printed", || async {
            let printed = fs::read_to_string(&output).unwrap();
            let address = printed.lines().find_map(|line| line.strip_prefix("Listening on "));
            address.filter(|_| printed.ends_with('\n')).is_some_and(|address| url.set(address.to_owned()).is_ok())
        })
        .await;
        let provider = ProviderBuilder::new().connect_http(format!("http://{}", url.get().unwrap()).parse().unwrap());
        let head = provider.get_block_number().await.unwrap();
        assert!((answered..=answered + 1).contains(&head), "{head} blocks came back of {answered} that were answered");
        assert_eq!(provider.get_balance(Address::repeat_byte(0xee)).await.unwrap(), U256::from(head));

        // It is killed while it makes blocks, after a different number each time.
        let from = provider.get_accounts().await.unwrap()[0];
        let sending = tokio::spawn(async move {
            let mut number = head;
            let request = TransactionRequest::default().with_from(from);
            let request = request.with_to(Address::repeat_byte(0xee)).with_value(U256::from(1));
            while provider.client().request::<_, Value>("eth_sendTransaction", (&request,)).await.is_ok() {
                number += 1;
            }
            number
        });
        let enough = head + 3 + round * 5;
        let grown = fs::metadata(&path).unwrap().len();
        eventually("some blocks are written", || async {
            fs::metadata(&path).unwrap().len() > grown + (enough - head) * 400
        })
        .await;
        drop(child);
        answered = sending.await.unwrap();
    }
    let link = open(&path).unwrap();
    assert!(link.devnet.head().number >= answered && answered > 8);
    let balance = link.provider().get_balance(Address::repeat_byte(0xee)).block_id(BlockId::number(5)).await.unwrap();
    assert_eq!(balance, U256::from(5), "states of the past are there too");
}
