//! Executors of a network: tasks of this process, or programs of their own.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy::{primitives::U256, providers::DynProvider, signers::local::PrivateKeySigner};
use infera_executor::{
    Node, NodeConfig, NodeHandle,
    broadcast::{Broadcaster, RpcBroadcaster},
    input::Reach,
};
use infera_protocol::engine::InferenceEngine;
use infera_sdk::Deployment;
use rustix::process::Signal;

use crate::{
    Calls, EndedExecutor, Error, Fault, Faults, FaultyRpc, InjectedFault, Result, process::Process,
    setup::default_stake,
};

/// Blocks come every second; looking more often than this gains nothing.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How one executor is run, and with what stake it joins.
#[derive(Clone)]
pub struct ExecutorPlan {
    pub(crate) form: Form,
    pub(crate) stake: U256,
    pub(crate) behind_faulty_rpc: bool,
}

#[derive(Clone)]
pub(crate) enum Form {
    InProcess { engine: Arc<dyn InferenceEngine>, broadcaster: Option<Arc<dyn Broadcaster>> },
    Program { program: PathBuf, arguments: Vec<OsString> },
}

impl ExecutorPlan {
    fn of(form: Form) -> Self {
        Self { form, stake: default_stake(), behind_faulty_rpc: false }
    }

    /// A task of this process, with the given engine.
    pub fn in_process(engine: Arc<dyn InferenceEngine>) -> Self {
        Self::of(Form::InProcess { engine, broadcaster: None })
    }

    /// A process of its own. It is started as `program arguments… --rpc-url URL --deployment FILE --signer-key-file FILE
    /// --journal FILE --allow-private-inputs --exit-on-stdin-close` and must print [`crate::READY_PREFIX`] when it runs.
    pub fn program(program: impl Into<PathBuf>, arguments: Vec<OsString>) -> Self {
        Self::of(Form::Program { program: program.into(), arguments })
    }

    /// Sends its transactions through `broadcaster` (in process only).
    pub fn with_broadcaster(mut self, through: Arc<dyn Broadcaster>) -> Self {
        if let Form::InProcess { broadcaster, .. } = &mut self.form {
            *broadcaster = Some(through);
        }
        self
    }

    /// Speaks with the chain through a [`FaultyRpc`] of its own: see [`RunningExecutor::faults`].
    pub fn behind_faulty_rpc(mut self) -> Self {
        self.behind_faulty_rpc = true;
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
    /// Whether [`crate::Network::executor_ended`] has told the end of its process.
    pub(crate) end_told: bool,
    faulty_rpc: Option<FaultyRpc>,
    /// What holds its calls while it is paused, where it has no process to be stopped.
    held: Option<InjectedFault>,
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
    /// What its program says on stderr.
    pub(crate) log: PathBuf,
}

enum Running {
    Task(NodeHandle),
    Process(Process),
}

impl RunningExecutor {
    pub(crate) fn new(
        name: String,
        id: u32,
        owner: alloy::primitives::Address,
        plan: ExecutorPlan,
        site: Site,
        faulty_rpc: Option<FaultyRpc>,
    ) -> Self {
        Self { name, id, owner, plan, site, running: None, end_told: false, faulty_rpc, held: None }
    }

    /// Process id, if it runs as a process.
    pub fn process_id(&self) -> Option<u32> {
        match &self.running {
            Some(Running::Process(process)) => process.id(),
            _ => None,
        }
    }

    /// What happens to its calls of the chain, if it was planned [behind a faulty RPC](ExecutorPlan::behind_faulty_rpc).
    pub fn faults(&self) -> Option<&Faults> {
        self.faulty_rpc.as_ref().map(FaultyRpc::faults)
    }

    /// Halts it where it is: a process by SIGSTOP; a task by holding all it asks of the chain, so that it must be behind
    /// a faulty RPC. To the network it looks alive and does nothing.
    ///
    /// # Errors
    /// If it does not run, or is a task that is not behind a faulty RPC.
    pub fn pause(&mut self) -> Result<()> {
        match &self.running {
            Some(Running::Process(process)) => self.signal(process, Signal::STOP, "paused"),
            Some(Running::Task(_)) => {
                let Some(faults) = self.faults() else {
                    return Err(self.not_paused("paused", "it is a task; plan it with behind_faulty_rpc()".to_owned()));
                };
                let held = faults.inject(Fault::hold_requests(Calls::All));
                self.held.get_or_insert(held);
                Ok(())
            }
            None => Err(self.not_paused("paused", "it does not run".to_owned())),
        }
    }

    /// Lets it go on after [`Self::pause`].
    ///
    /// # Errors
    /// If it does not run.
    pub fn resume(&mut self) -> Result<()> {
        match &self.running {
            Some(Running::Process(process)) => self.signal(process, Signal::CONT, "resumed"),
            Some(Running::Task(_)) => {
                self.held.take().into_iter().for_each(|held| held.heal());
                Ok(())
            }
            None => Err(self.not_paused("resumed", "it does not run".to_owned())),
        }
    }

    fn signal(&self, process: &Process, signal: Signal, what: &'static str) -> Result<()> {
        process.signal(signal).map_err(|reason| self.not_paused(what, reason))
    }

    fn not_paused(&self, what: &'static str, reason: String) -> Error {
        Error::Pause { name: self.name.clone(), what, reason }
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
        (self.running, self.end_told) = (Some(running), false);
        Ok(())
    }

    async fn spawn(&self, program: &Path, arguments: &[OsString]) -> Result<Process> {
        let site = &self.site;
        let mut all = arguments.to_vec();
        all.extend(["--rpc-url".into(), (&site.rpc_url).into()]);
        all.extend(["--deployment".into(), (&site.deployment_file).into()]);
        all.extend(["--signer-key-file".into(), (&site.signer_file).into()]);
        all.extend(["--journal".into(), (&site.journal).into()]);
        all.extend(["--allow-private-inputs", "--exit-on-stdin-close"].map(Into::into));
        Process::start(&self.name, program, all, site.log.clone()).await
    }

    /// Stops it in an orderly way: what it is writing is written.
    pub async fn stop(&mut self) -> Result<()> {
        match self.running.take() {
            None => Ok(()),
            Some(Running::Task(handle)) => {
                handle.shutdown().await.map_err(|source| Error::Executor { name: self.name.clone(), source })
            }
            Some(Running::Process(process)) => {
                process.stop(&self.name).await;
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
            Some(Running::Process(process)) => {
                process.kill().await;
                Ok(())
            }
        }
    }

    /// Whether it runs. A process that has ended by itself does not.
    pub fn is_running(&self) -> bool {
        match &self.running {
            Some(Running::Process(process)) => process.id().is_some(),
            Some(Running::Task(_)) => true,
            None => false,
        }
    }

    /// Waits for the end of its process, if it is one whose end was not told yet.
    pub(crate) fn end(&self) -> Option<impl Future<Output = EndedExecutor> + Send + use<>> {
        match &self.running {
            Some(Running::Process(process)) if !self.end_told => Some(process.end(&self.name)),
            _ => None,
        }
    }

    /// Stops it if it runs, and starts it again: same plan, same keys, same journal.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.start().await
    }

    /// Stops it and starts it again by another plan (same keys, same journal).
    pub async fn restart_as(&mut self, plan: ExecutorPlan) -> Result<()> {
        self.stop().await?;
        self.plan = plan;
        self.start().await
    }
}
