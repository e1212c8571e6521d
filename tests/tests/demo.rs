//! The program of `cargo xtask demo` as a child.

#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use infera_tests::places::program;

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
