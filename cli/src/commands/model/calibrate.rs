//! `infera model calibrate`

use std::fmt::{self, Display};

use alloy::primitives::B256;
use serde::Serialize;

use crate::{
    catalogue::{Catalogue, Class, ModelArguments},
    chain::{AccountArguments, NetworkArguments},
    output::Output,
};

const EXAMPLE: &str = "\
Example:
  infera model calibrate --deployment deployment.json --key-file owner.key
  infera model calibrate --model 0x1f…9a --version 2 --class fp32/libtorch-2.11 \\
      --deployment deployment.json --key-file owner.key

A court convicts whoever's answer lies outside the version's profile. Name a version only when the
rates of false acceptance and rejection are measured, and when its answers depend on nothing but
input and parameters: what is sampled can't be judged.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,

    /// Take it off the list instead; pending cases go on
    #[arg(long)]
    off: bool,

    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    account: AccountArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    model: B256,
    name: String,
    version: u32,
    runtime_class: B256,
    calibrated: bool,
    transaction: B256,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = if self.calibrated { "can be challenged from now on" } else { "can't be challenged any more" };
        write!(f, "answers of {} version {} in {} {now}", self.name, self.version, Class(self.runtime_class))
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let (client, sender) = arguments.account.connect(&arguments.network).await?;
    let chosen = Catalogue::read(&client).await?.choose(&arguments.model)?;
    let (model, version, runtime_class) = (chosen.model, chosen.version, chosen.runtime_class);
    let calibrated = !arguments.off;
    let transaction = client.set_calibrated(&sender, model, version, runtime_class, calibrated).await?;
    output.print(&Report { model, name: chosen.name, version, runtime_class, calibrated, transaction })
}
