//! Executors of a network: tasks of this process, or programs of their own.

use std::{ffi::OsString, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use alloy::{primitives::U256, providers::DynProvider, signers::local::PrivateKeySigner};
use infera_executor::{
    Node, NodeConfig, NodeHandle,
    broadcast::{Broadcaster, RpcBroadcaster},
    input::Reach,
};
use infera_protocol::engine::InferenceEngine;
use infera_sdk::Deployment;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Error, Result, setup::default_stake};

/// What an executor's program prints on stdout, with a JSON object behind it, once it runs.
pub const READY_PREFIX: &str = "ready ";

/// A program that does not report back within this time is not going to.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// A program that was asked to stop and still runs after this time is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// Blocks come every second; looking more often than this gains nothing.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How one executor is run, and with what stake it joins.
#[derive(Clone)]
pub struct ExecutorPlan {
    pub(crate) form: Form,
    pub(crate) stake: U256,
}

#[derive(Clone)]
pub(crate) enum Form {
    InProcess { engine: Arc<dyn InferenceEngine>, broadcaster: Option<Arc<dyn Broadcaster>> },
    Program { program: PathBuf, arguments: Vec<OsString> },
}

impl ExecutorPlan {
    /// A task of this process, with the given engine.
    pub fn in_process(engine: Arc<dyn InferenceEngine>) -> Self {
        Self { form: Form::InProcess { engine, broadcaster: None }, stake: default_stake() }
    }

    /// A process of its own. It is started as `program arguments… --rpc-url URL --deployment FILE --signer-key-file FILE
    /// --journal FILE --allow-private-inputs --exit-on-stdin-close` and must print [`READY_PREFIX`] when it runs.
    pub fn program(program: impl Into<PathBuf>, arguments: Vec<OsString>) -> Self {
        Self { form: Form::Program { program: program.into(), arguments }, stake: default_stake() }
    }

    /// Sends its transactions through `broadcaster` (in process only).
    pub fn with_broadcaster(mut self, through: Arc<dyn Broadcaster>) -> Self {
        if let Form::InProcess { broadcaster, .. } = &mut self.form {
            *broadcaster = Some(through);
        }
        self
    }

    /// Joins with this stake, in wei.
    pub fn with_stake(mut self, stake: U256) -> Self {
        self.stake = stake;
        self
    }
}

/// An executor's fixed facts and, while it runs, its process or task.
pub struct RunningExecutor {
    /// Name in logs: `executor-1`.
    pub name: String,
    /// Id on chain.
    pub id: u32,
    /// Address of its owner.
    pub owner: alloy::primitives::Address,
    pub(crate) plan: ExecutorPlan,
    pub(crate) site: Site,
    running: Option<Running>,
}

/// Where an executor runs.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) provider: DynProvider,
    pub(crate) rpc_url: String,
    pub(crate) deployment: Deployment,
    pub(crate) deployment_file: PathBuf,
    pub(crate) signer: PrivateKeySigner,
    pub(crate) signer_file: PathBuf,
    pub(crate) journal: PathBuf,
}

enum Running {
    Task(NodeHandle),
    Process(Child),
}

impl RunningExecutor {
    pub(crate) fn new(
        name: String,
        id: u32,
        owner: alloy::primitives::Address,
        plan: ExecutorPlan,
        site: Site,
    ) -> Self {
        Self { name, id, owner, plan, site, running: None }
    }

    /// Process id, if it runs as a process.
    pub fn process_id(&self) -> Option<u32> {
        match &self.running {
            Some(Running::Process(child)) => child.id(),
            _ => None,
        }
    }

    /// Starts it as planned, and returns when it is ready.
    pub async fn start(&mut self) -> Result<()> {
        let running = match &self.plan.form {
            Form::InProcess { engine, broadcaster } => {
                let broadcaster =
                    broadcaster.clone().unwrap_or_else(|| Arc::new(RpcBroadcaster::new(self.site.provider.clone())));
                let config = NodeConfig {
                    provider: self.site.provider.clone(),
                    rpc_url: self.site.rpc_url.clone(),
                    deployment: self.site.deployment.clone(),
                    signer: self.site.signer.clone(),
                    journal: self.site.journal.clone(),
                    broadcaster,
                    poll_interval: POLL_INTERVAL,
                    input_reach: Reach::Any,
                };
                let prepared = Node::prepare(config, engine.clone()).await;
                let node = prepared.map_err(|source| Error::Executor { name: self.name.clone(), source })?;
                Running::Task(node.start())
            }
            Form::Program { program, arguments } => Running::Process(self.spawn(program, arguments).await?),
        };
        self.running = Some(running);
        Ok(())
    }

    async fn spawn(&self, program: &PathBuf, arguments: &[OsString]) -> Result<Child> {
        let mut child = Command::new(program)
            .args(arguments)
            .arg("--rpc-url")
            .arg(&self.site.rpc_url)
            .arg("--deployment")
            .arg(&self.site.deployment_file)
            .arg("--signer-key-file")
            .arg(&self.site.signer_file)
            .arg("--journal")
            .arg(&self.site.journal)
            .arg("--allow-private-inputs")
            .arg("--exit-on-stdin-close")
            // Its end of the pipe closes when this process dies, however it dies.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| Error::Spawn { name: self.name.clone(), program: program.clone(), source })?;
        let not_ready = |reason: String| Error::NotReady { name: self.name.clone(), reason };
        let Some(stdout) = child.stdout.take() else { return Err(not_ready("it has no stdout".to_owned())) };
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with(READY_PREFIX) {
                    return true;
                }
            }
            false
        };
        match tokio::time::timeout(READY_DEADLINE, ready).await {
            Ok(true) => {}
            Ok(false) => return Err(not_ready("it ended; its messages above tell why".to_owned())),
            Err(_) => return Err(not_ready(format!("it said nothing for {READY_DEADLINE:?}"))),
        }
        // Whatever it prints later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(child)
    }

    /// Stops it in an orderly way: what it is writing is written.
    pub async fn stop(&mut self) -> Result<()> {
        match self.running.take() {
            None => Ok(()),
            Some(Running::Task(handle)) => {
                handle.shutdown().await.map_err(|source| Error::Executor { name: self.name.clone(), source })
            }
            Some(Running::Process(mut child)) => {
                drop(child.stdin.take());
                if tokio::time::timeout(STOP_DEADLINE, child.wait()).await.is_err() {
                    tracing::warn!(name = self.name, "does not stop; killing it");
                    let _ = child.kill().await;
                }
                Ok(())
            }
        }
    }

    /// Kills it: SIGKILL for a process, an abort at the next await for a task.
    pub async fn kill(&mut self) -> Result<()> {
        match self.running.take() {
            None => Ok(()),
            Some(Running::Task(handle)) => {
                handle.abort();
                Ok(())
            }
            Some(Running::Process(mut child)) => {
                child.kill().await.map_err(|error| Error::Unknown(format!("{} cannot be killed: {error}", self.name)))
            }
        }
    }

    /// Stops it and starts it again by another plan (same keys, same journal).
    pub async fn restart_as(&mut self, plan: ExecutorPlan) -> Result<()> {
        self.stop().await?;
        self.plan = plan;
        self.start().await
    }
}
