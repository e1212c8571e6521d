//! `infera up`

mod report;

use std::{ffi::OsString, io::Write as _, net::IpAddr, path::PathBuf, pin::pin, time::Duration};

use anyhow::Context as _;
use infera_executor::shutdown;
use infera_indexer::IndexerError;
use infera_network::{ExecutorPlan, ModelPlan, Network, NetworkBuilder, Role, Stage};
use tempfile::NamedTempFile;

use self::report::{NamedModel, Report};
use super::{
    executor::engine::EngineArguments,
    indexer::DEFAULT_PORT,
    model::{
        profile::{ProfileArguments, main_task},
        verify::{compare, ensure_intact},
    },
};
use crate::{
    amount, duration,
    output::{Output, progress},
};

const EXAMPLES: &str = "\
Examples:
  infera up
  infera up --executors 5 --block-time 500ms --deployment-out deployment.json
  infera up --port 0 --indexer-port 0 --json

Each executor is a process of its own. The command prints how to ask a first question and stays
until Ctrl-C or SIGTERM; then everything ends with it and nothing is kept. The accounts' keys are
known to everyone: nothing on this chain is worth anything.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Number of executors; a request's committee has three unless it says otherwise
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    executors: u8,

    #[command(flatten)]
    engine: EngineArguments,

    /// Port for JSON-RPC, HTTP and WebSocket; 0 takes a free one
    #[arg(short, long, default_value_t = 8545)]
    port: u16,

    /// Port for the indexer's API; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    indexer_port: u16,

    /// Address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,

    /// From block to block
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "1s")]
    block_time: Duration,

    /// What the executors ask per unit (token), in INFER
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse_u128, default_value = "0.00001")]
    price: u128,

    /// Write the deployment file there too, for --deployment of other commands
    #[arg(long, value_name = "FILE")]
    deployment_out: Option<PathBuf>,

    /// Stop when standard input ends: a child dies with its parent
    #[arg(long)]
    exit_on_stdin_close: bool,
}

pub(crate) async fn run(arguments: &Arguments, verbose: u8, output: Output) -> anyhow::Result<()> {
    let verification = compare(arguments.engine.model.clone()).await?;
    ensure_intact(&arguments.engine.model, verification.is_intact())?;
    let (class_name, runtime_class) = infera_engine::runtime_class();
    let (name, task) = (verification.manifest.name.clone(), main_task(&verification.manifest));
    let builder = arguments.builder(
        ModelPlan {
            name: name.clone(),
            manifest_hash: verification.manifest_hash,
            task,
            runtime_class,
            profile: ProfileArguments::default().profile(&verification.manifest, task)?,
            price_per_unit: arguments.price,
        },
        verbose,
    )?;

    let mut stop = pin!(shutdown::requested(arguments.exit_on_stdin_close));
    let mut network = tokio::select! {
        started = builder.start() => started.map_err(with_the_flag)?,
        // Dropping a network that is not up yet kills what it has started.
        asked = &mut stop => return Ok(asked?),
    };
    calibrate(&network).await?;
    if let Some(path) = &arguments.deployment_out {
        network.deployment().save(path)?;
    }
    // The file is readable for this user only, and deleted at the end.
    let mut requester_key = NamedTempFile::with_suffix(".key").context("cannot make a file for the requester's key")?;
    writeln!(requester_key, "{}", network.key(Role::Requester)?.to_bytes())
        .with_context(|| format!("cannot write {}", requester_key.path().display()))?;
    let model = NamedModel { name, task, runtime_class: class_name, price_per_unit: arguments.price.into() };
    output.print(&Report::new(&network, model, requester_key.path(), arguments.deployment_out.as_deref())?)?;

    loop {
        tokio::select! {
            // Ctrl-C ends the executors too, which is no news then.
            biased;
            asked = &mut stop => break asked?,
            ended = network.executor_ended() => progress(format_args!("{ended}; the others run on")),
        }
    }
    progress("stopping");
    Ok(network.shutdown().await?)
}

impl Arguments {
    fn builder(&self, model: ModelPlan, verbose: u8) -> anyhow::Result<NetworkBuilder> {
        let executor = ExecutorPlan::program(
            std::env::current_exe().context("cannot find this program's own path, to start executors from it")?,
            self.executor_arguments(verbose),
        );
        let builder = Network::builder(model)
            .block_time(self.block_time)
            .rpc_address((self.host, self.port).into())
            .indexer_address((self.host, self.indexer_port).into())
            .observe(|stage| tell(&stage));
        Ok((0..self.executors).fold(builder, |builder, _| builder.executor(executor.clone())))
    }

    fn executor_arguments(&self, verbose: u8) -> Vec<OsString> {
        let EngineArguments { model, threads, device } = &self.engine;
        let mut arguments: Vec<OsString> = vec!["executor".into(), "run".into()];
        arguments.extend(["--model".into(), model.clone().into()]);
        arguments.extend(["--threads".into(), threads.to_string().into()]);
        arguments.extend(["--device".into(), device.to_string().into()]);
        arguments.extend((0..verbose).map(|_| "--verbose".into()));
        arguments
    }
}

/// Lets answers be challenged: on a network of one's own there is nobody else's stake.
async fn calibrate(network: &Network) -> anyhow::Result<()> {
    let (client, model) = (network.client().await?, network.model());
    let deployer = network.sender(Role::Deployer).await?;
    client.set_calibrated(&deployer, model.id, model.version, model.runtime_class, true).await?;
    Ok(())
}

/// Says which flag moves the indexer to another port; the chain's own words name theirs.
fn with_the_flag(error: infera_network::Error) -> anyhow::Error {
    let taken = matches!(&error, infera_network::Error::Indexer(IndexerError::Listen { .. }));
    let error = anyhow::Error::new(error);
    if taken { error.context("the indexer does not start (--indexer-port moves it)") } else { error }
}

/// Tells a person how far the set-up is.
fn tell(stage: &Stage) {
    match stage {
        Stage::ChainStarted(url) => progress(format_args!("the chain answers at {url}")),
        Stage::ContractsDeployed(registry) => {
            progress(format_args!("the contracts are deployed, JobRegistry at {registry}"))
        }
        Stage::ModelPublished(model) => progress(format_args!("the model is published as {model}")),
        Stage::IndexerStarted(url) => progress(format_args!("the indexer answers at {url}")),
        Stage::ExecutorJoined { name, id } => {
            progress(format_args!("{name} has registered and staked, as executor {id}"))
        }
        Stage::ExecutorStarted { name, process: Some(process) } => {
            progress(format_args!("{name} runs, process {process}"))
        }
        Stage::ExecutorStarted { name, process: None } => progress(format_args!("{name} runs")),
    }
}
