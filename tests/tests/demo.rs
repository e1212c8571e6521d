//! The program of `cargo xtask demo` as a child.

#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use infera_tests::places::program;
use serde_json::{Value, json};

/// From the end of its standard input to its own.
const DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn the_demo_dies_with_the_program_that_started_it() {
    let mut demo = Command::new(program("infera-demo").unwrap())
        .arg("--exit-on-stdin-close")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Kept until the end: the demo must not find its standard output closed.
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("the L3 (revm) answers at")), "the demo has begun");

    drop(demo.stdin.take());
    let asked = Instant::now();
    let status = loop {
        if let Some(status) = demo.try_wait().unwrap() {
            break status;
        }
        assert!(asked.elapsed() < DEADLINE, "the demo goes on");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
}

#[test]
fn the_demo_ends_with_the_cheat_convicted_and_slashed() {
    let demo = Command::new(program("infera-demo").unwrap()).arg("--json").output().unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let summary: Value = serde_json::from_slice(&demo.stdout).unwrap();
    let [honest, cheat, silence] = [0, 1, 2].map(|number| summary.pointer(&format!("/stories/{number}")).unwrap());
    assert_eq!((&honest["trial"], &silence["trial"]), (&Value::Null, &Value::Null));
    let trial = &cheat["trial"];
    assert_eq!(trial["verdict"], json!("Convicted"), "{trial}");
    let wei = |name: &str| trial[name].as_str().unwrap().parse::<u128>().unwrap();
    // A first conviction takes five percent of 2,000 INFER; the reward is a tenth of it at most.
    assert_eq!(wei("slashedWei"), 100_000_000_000_000_000_000);
    assert!(wei("rewardWei") > 0 && wei("rewardWei") <= wei("slashedWei") / 10);

    let ids = |list: &Value, field: &str| -> Vec<u64> {
        list.as_array().unwrap().iter().map(|item| item.get(field).unwrap_or(item).as_u64().unwrap()).collect()
    };
    let (seats, judges) = (ids(&cheat["seats"], "executorId"), ids(&trial["judges"], ""));
    assert!(seats.contains(&trial["accused"].as_u64().unwrap()));
    assert!(judges.iter().all(|judge| !seats.contains(judge)), "{judges:?} sat on the job: {seats:?}");
    let outlier = cheat["seats"].as_array().unwrap().iter().find(|seat| seat["agreed"] == json!(false)).unwrap();
    assert_eq!(outlier["executorId"], trial["accused"]);
}
