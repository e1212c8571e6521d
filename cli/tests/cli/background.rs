//! Runs the program beside the tests.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// Longest wait for something that another process does.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until `look` finds something.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "{what} did not happen within {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A running program. It ends with this process, because its standard input ends then.
#[derive(Debug)]
pub(crate) struct Background {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: tempfile::NamedTempFile,
}

impl Background {
    /// Starts a program that was given `--exit-on-stdin-close`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let stderr = File::options().append(true).open(log.path()).unwrap();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout, log }
    }

    /// The next JSON value that it prints.
    #[track_caller]
    pub(crate) fn read_json(&mut self) -> Value {
        let mut values = serde_json::Deserializer::from_reader(&mut self.stdout).into_iter();
        match values.next() {
            Some(Ok(value)) => value,
            other => panic!("no JSON but {other:?}; it said: {}", self.log()),
        }
    }

    /// What follows `prefix` on the first line that has it.
    #[track_caller]
    pub(crate) fn read_line_after(&mut self, prefix: &str) -> String {
        for line in self.stdout.by_ref().lines() {
            if let Some(rest) = line.unwrap().strip_prefix(prefix) {
                return rest.to_owned();
            }
        }
        panic!("no line begins with {prefix:?}; it said: {}", self.log());
    }

    /// Closes its standard input and waits for its end.
    pub(crate) fn stop(mut self) -> Option<i32> {
        drop(self.child.stdin.take());
        self.child.wait().unwrap().code()
    }

    /// Ends it at once, without a chance to clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it said on stderr so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }
}
