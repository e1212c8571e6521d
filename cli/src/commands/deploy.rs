//! `infera deploy`

use std::{
    fmt::{self, Display},
    path::PathBuf,
};

use alloy::primitives::Address;
use anyhow::Context as _;
use clap::ValueEnum;
use infera_sdk::{Deployment, DeploymentParameters};
use serde::Serialize;

use crate::{
    chain::{AccountArguments, RpcArguments},
    output::{Output, progress, write_fields},
};

const EXAMPLES: &str = "\
Examples:
  infera deploy --preset devnet --key-file deployer.key --out deployment.json
  infera deploy --rpc-url https://rpc.example --parameters mine.json --key-file deployer.key
  infera deploy --preset production --owner 0x... --guardian 0x... --key-file deployer.json

Parameters are final but for the few that governance may change, after a delay. The account must send
nothing else meanwhile, because the contracts' addresses follow from its nonces.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rpc: RpcArguments,
    #[command(flatten)]
    account: AccountArguments,
    #[command(flatten)]
    parameters: ParameterArguments,
    #[command(flatten)]
    governors: GovernorArguments,

    /// Write the deployment file there, for --deployment of other commands
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct ParameterArguments {
    /// Parameters that are built in
    #[arg(long)]
    preset: Option<Preset>,

    /// JSON file with parameters, in the format of contracts/parameters
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct GovernorArguments {
    /// Who may replace policies, after a delay: a timelock or a multi-signature wallet [default: the deployer; the
    /// production preset needs it]
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<Address>,

    /// Who may pause new jobs for a bounded time [default: the deployer; the production preset needs it]
    #[arg(long, value_name = "ADDRESS")]
    guardian: Option<Address>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Preset {
    /// Short epochs and windows, small stakes
    Devnet,
    /// For a live network
    Production,
}

impl ParameterArguments {
    fn read(&self, &GovernorArguments { owner, guardian }: &GovernorArguments) -> anyhow::Result<DeploymentParameters> {
        let parameters = match (&self.parameters, self.preset) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("cannot read the parameters {}", path.display()))?;
                DeploymentParameters::parse(&path.display().to_string(), &text)?
            }
            (None, Some(Preset::Production)) => DeploymentParameters::production(owner, guardian)?,
            (None, Some(Preset::Devnet) | None) => DeploymentParameters::devnet()?,
        };
        Ok(parameters.governed_by(owner, guardian))
    }
}

/// The deployment file's content as JSON, a table as text.
#[derive(Serialize)]
#[serde(transparent)]
struct Report(Deployment);

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = &self.0;
        let mut fields = vec![("chain id", at.chain_id.to_string()), ("first block", at.deployed_at_block.to_string())];
        fields.extend(at.contracts().into_iter().map(|(name, address)| (name, address.to_string())));
        write_fields(f, &fields)
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let parameters = arguments.parameters.read(&arguments.governors)?;
    let sender = arguments.account.sender(&arguments.rpc).await?;
    progress(format_args!("deploying from {} to chain {}", sender.address(), sender.chain_id()));
    let deployment = infera_sdk::deploy(&sender, &parameters).await?;
    let saved = arguments.out.as_deref().map_or(Ok(()), |path| deployment.save(path));
    // The contracts are there, whether or not the file is.
    output.print(&Report(deployment))?;
    Ok(saved?)
}
