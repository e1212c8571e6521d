//! An executor's program while it runs: what it says, and how it ends.

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Result};

/// What an executor's program prints on stdout, with a JSON object behind it, once it runs.
pub const READY_PREFIX: &str = "ready ";

/// A program that does not report back within this time is not going to.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// A program that was asked to stop and still runs after this time is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// How an executor's program ended that nobody had asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedExecutor {
    /// Name in the network.
    pub name: String,
    /// Its process, which is no more.
    pub process: u32,
    /// Its exit status; none if the operating system did not tell.
    pub status: Option<ExitStatus>,
    /// What it said on stderr.
    pub log: PathBuf,
}

impl fmt::Display for EndedExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, process, status, log } = self;
        let status = status.map_or_else(|| "unknown exit status".to_owned(), |status| status.to_string());
        write!(f, "{name} (process {process}) has ended by itself: {status}; what it said is in {}", log.display())
    }
}

/// A program that runs, or has ended by itself. Dropped, it is killed.
pub(crate) struct Process {
    id: u32,
    /// Its end of the pipe closes when this process dies, however it dies.
    stdin: Option<ChildStdin>,
    /// None while it runs.
    end: watch::Receiver<Option<End>>,
    kill: CancellationToken,
    log: PathBuf,
}

#[derive(Clone, Copy)]
struct End(Option<ExitStatus>);

impl Process {
    /// Starts `program` and returns when it is ready. What it says on stderr goes to ours and to the file `log`.
    pub(crate) async fn start(name: &str, program: &Path, arguments: Vec<OsString>, log: PathBuf) -> Result<Self> {
        let file = File::create(&log).await.map_err(|source| Error::File { path: log.clone(), source })?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| Error::Spawn { name: name.to_owned(), program: program.to_owned(), source })?;
        let not_ready = |reason: String| Error::NotReady { name: name.to_owned(), reason };
        let (Some(stdout), Some(stderr), Some(id)) = (child.stdout.take(), child.stderr.take(), child.id()) else {
            return Err(not_ready("it has no output".to_owned()));
        };
        let stdin = child.stdin.take();
        tokio::spawn(keep(stderr, file));
        ready(stdout, &mut child, &log).await.map_err(not_ready)?;
        let (ended, end) = watch::channel(None);
        let kill = CancellationToken::new();
        tokio::spawn(attend(child, kill.clone(), ended));
        Ok(Self { id, stdin, end, kill, log })
    }

    /// Its id, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.end.borrow().is_none().then_some(self.id)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), String> {
        let id = self.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.ok_or("its process has ended")?, signal).map_err(|error| error.to_string())
    }

    /// Asks it to stop, and kills it if it does not.
    pub(crate) async fn stop(mut self, name: &str) {
        drop(self.stdin.take());
        if tokio::time::timeout(STOP_DEADLINE, self.ended()).await.is_err() {
            tracing::warn!(name, "does not stop; killing it");
            self.kill().await;
        }
    }

    /// Returns when it is no more.
    pub(crate) async fn kill(mut self) {
        self.kill.cancel();
        self.ended().await;
    }

    async fn ended(&mut self) -> Option<ExitStatus> {
        self.end.wait_for(Option::is_some).await.ok().and_then(|end| end.and_then(|End(status)| status))
    }

    /// Waits for its end.
    pub(crate) fn end(&self, name: &str) -> impl Future<Output = EndedExecutor> + Send + use<> {
        let (name, process, mut end, log) = (name.to_owned(), self.id, self.end.clone(), self.log.clone());
        async move {
            let status = end.wait_for(Option::is_some).await.ok().and_then(|end| end.and_then(|End(status)| status));
            EndedExecutor { name, process, status, log }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

/// Waits for the program's end, which may be asked for.
async fn attend(mut child: Child, kill: CancellationToken, ended: watch::Sender<Option<End>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.cancelled() => match child.kill().await {
            Ok(()) => child.wait().await,
            Err(error) => Err(error),
        },
    };
    ended.send_replace(Some(End(status.ok())));
}

/// Waits until the program says that it is ready, or why it is not.
async fn ready(stdout: ChildStdout, child: &mut Child, log: &Path) -> Result<(), String> {
    let mut lines = BufReader::new(stdout).lines();
    let said = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if line.starts_with(READY_PREFIX) {
                return true;
            }
        }
        false
    };
    match tokio::time::timeout(READY_DEADLINE, said).await {
        Ok(true) => {}
        Ok(false) => {
            let status = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
            return Err(format!("it ended ({status}); its messages above tell why, and are in {}", log.display()));
        }
        Err(_) => return Err(format!("it said nothing for {READY_DEADLINE:?}")),
    }
    // Whatever it prints later must not fill the pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(())
}

/// Copies what a program says to our stderr and to a file. What can't be written there is no reason to stop it.
async fn keep(mut said: ChildStderr, mut file: File) -> io::Result<()> {
    let (mut ours, mut part) = (tokio::io::stderr(), vec![0; 1 << 13]);
    loop {
        let length = said.read(&mut part).await?;
        if length == 0 {
            return file.flush().await;
        }
        let part = part.get(..length).unwrap_or_default();
        let _ = ours.write_all(part).await;
        let _ = file.write_all(part).await;
        let _ = file.flush().await;
    }
}
