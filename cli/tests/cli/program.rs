//! Runs the program to its end.

use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, with nothing from this process's environment that would change what it does.
pub(crate) fn infera() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_infera"));
    for variable in [
        "INFERA_RPC_URL",
        "INFERA_DEPLOYMENT",
        "INFERA_KEY_FILE",
        "INFERA_PASSWORD",
        "INFERA_MODEL",
        "INFERA_INDEXER_URL",
        "RUST_LOG",
        "COLUMNS",
    ] {
        command.env_remove(variable);
    }
    command
}

/// Runs the program with arguments separated by spaces, which none of them may hold.
pub(crate) fn run(arguments: &str) -> Run {
    run_command(infera().args(arguments.split_whitespace()))
}

pub(crate) fn run_command(command: &mut Command) -> Run {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Run {
    /// The data of a run that succeeded.
    #[track_caller]
    pub(crate) fn data(self) -> String {
        assert_eq!(self.status, Some(0), "{self:#?}");
        self.stdout
    }

    /// The JSON data of a run that succeeded.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let data = self.data();
        serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error} in {data}"))
    }

    /// Checks that the run failed with one error that says all of `parts`.
    #[track_caller]
    pub(crate) fn fails_with(&self, parts: &[&str]) {
        assert_eq!(self.status, Some(1), "{self:#?}");
        assert_eq!(self.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "{:?} lacks {part:?}", self.stderr);
        }
    }
}
