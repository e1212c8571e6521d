//! What a task tells the person who waits. Always on standard error: standard output belongs to data.

use std::{
    fmt::Display,
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

/// Prints one line.
pub(crate) fn say(line: impl Display) {
    // Nobody reads a closed standard error; the task goes on.
    let _ = writeln!(stderr(), "{line}");
}

/// Shows how far a long operation is: a line that updates itself on a terminal, nothing elsewhere.
pub(crate) struct Meter {
    what: String,
    total: u64,
    done: u64,
    updated: Instant,
    visible: bool,
}

impl Meter {
    const INTERVAL: Duration = Duration::from_millis(200);

    /// A meter for `total` bytes.
    pub(crate) fn new(what: impl Into<String>, total: u64) -> Self {
        Self { what: what.into(), total, done: 0, updated: Instant::now(), visible: false }
    }

    /// Counts `bytes` more. What is done within the first interval shows nothing.
    pub(crate) fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        if self.updated.elapsed() < Self::INTERVAL || !stderr().is_terminal() {
            return;
        }
        self.updated = Instant::now();
        self.visible = true;
        let percent = (self.done * 100).checked_div(self.total).unwrap_or(100);
        let _ = write!(stderr(), "\r{} {percent:>3} % of {}", self.what, megabytes(self.total));
        let _ = stderr().flush();
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.visible {
            // Erase the line, so that what comes next starts on a clean one.
            let _ = write!(stderr(), "\r\x1b[2K");
        }
    }
}

/// Whole megabytes, rounded up.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
