//! `infera model publish`

use std::{
    fmt::{self, Display},
    path::PathBuf,
};

use alloy::primitives::B256;
use anyhow::bail;
use clap::ValueEnum;
use infera_engine::runtime_class;
use infera_protocol::task::Task;
use infera_sdk::{ModelPublication, publish_model};
use serde::Serialize;

use super::{
    profile::{ProfileArguments, main_task},
    verify::{compare, ensure_intact},
};
use crate::{
    chain::{AccountArguments, NetworkArguments},
    output::{Output, write_fields},
};

const EXAMPLES: &str = "\
Examples:
  infera model publish DIR --deployment deployment.json --key-file publisher.key
  infera model publish DIR --name my-model --uri ipfs://… --deployment deployment.json \\
      --key-file publisher.json

Registers the manifest's hash and how answers are compared; the files themselves are not uploaded.
A name that the account has published before gets its next version. A version never changes.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Model directory: holds manifest.json beside the weights
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,

    /// Name, unique for the account [default: the manifest's]
    #[arg(long)]
    name: Option<String>,

    /// Where executors can get the files
    #[arg(long, value_name = "URI", default_value = "", hide_default_value = true)]
    uri: String,

    /// What the model is asked to do [default: zero-shot-classification if the manifest lists it]
    #[arg(long)]
    task: Option<PublishedTask>,

    #[command(flatten)]
    profile: ProfileArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PublishedTask {
    /// The vector of a text
    Embedding,
    /// The label that fits a text best
    ZeroShotClassification,
}

impl From<PublishedTask> for Task {
    fn from(task: PublishedTask) -> Self {
        match task {
            PublishedTask::Embedding => Self::Embedding,
            PublishedTask::ZeroShotClassification => Self::ZeroShotClassification,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    model: B256,
    version: u32,
    name: String,
    task: Task,
    manifest_hash: B256,
    runtime_class: String,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fields(
            f,
            &[
                ("model", self.model.to_string()),
                ("version", self.version.to_string()),
                ("name", self.name.clone()),
                ("task", self.task.to_string()),
                ("manifest hash", self.manifest_hash.to_string()),
                ("runtime class", self.runtime_class.clone()),
            ],
        )
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let verification = compare(arguments.directory.clone()).await?;
    ensure_intact(&arguments.directory, verification.is_intact())?;
    let manifest = &verification.manifest;
    let task = arguments.task.map_or_else(|| main_task(manifest), Task::from);
    if !manifest.supports(task) {
        bail!("{} does not list {task} among its tasks: choose another --task", arguments.directory.display());
    }
    let (class_name, class) = runtime_class();
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let publication = ModelPublication {
        name: arguments.name.clone().unwrap_or_else(|| manifest.name.clone()),
        manifest_hash: verification.manifest_hash,
        task,
        content_uri: arguments.uri.clone(),
        classes: vec![(class, arguments.profile.profile(manifest, task)?)],
    };
    let (model, version) = publish_model(&sender, client.deployment(), &publication).await?;
    output.print(&Report {
        model,
        version,
        name: publication.name,
        task,
        manifest_hash: publication.manifest_hash,
        runtime_class: class_name,
    })
}
