//! `infera executor register`

use std::{
    fmt::{self, Display},
    path::PathBuf,
};

use alloy::primitives::{Address, B256, U256};
use anyhow::{Context as _, bail};
use infera_indexer::Wei;
use infera_sdk::ExecutorRegistration;
use serde::Serialize;

use super::{
    OwnerArguments,
    offer::{Offer, OfferArguments},
};
use crate::{
    amount,
    chain::open_key,
    output::{Output, progress},
};

const EXAMPLE: &str = "\
Example:
  infera executor register --deployment deployment.json --key-file owner.json \\
      --signer-key-file signer.json --vrf-key-file vrf.json --stake 100 --price 0.00001 --capacity 4

Three transactions: registration, stake, offer. The executor can be drawn from the next epoch on.
Then send the signer some INFER for gas, and start its node with `infera executor run`.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    owner: OwnerArguments,

    /// File with the node's hot key, which commits and reveals; only its address and a proof of possession leave this
    /// machine
    #[arg(long, value_name = "FILE")]
    signer_key_file: PathBuf,

    /// File whose first line is the password of the signer's keystore [default: INFERA_PASSWORD]
    #[arg(long, value_name = "FILE")]
    signer_password_file: Option<PathBuf>,

    /// File with the VRF's secret key, a keystore or hex; only its public key and a proof of possession leave this machine
    #[arg(long, value_name = "FILE")]
    vrf_key_file: PathBuf,

    /// File whose first line is the password of the VRF key's keystore [default: INFERA_PASSWORD]
    #[arg(long, value_name = "FILE")]
    vrf_password_file: Option<PathBuf>,

    /// X25519 public key to which requesters encrypt private inputs; zero for none
    #[arg(long, value_name = "HEX", default_value_t = B256::ZERO, hide_default_value = true)]
    encryption_key: B256,

    /// URL where the executor serves, if it does
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    endpoint: String,

    /// Where it stands, for instance eu-central
    #[arg(long, default_value = "", hide_default_value = true)]
    region: String,

    /// Stake in INFER
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse)]
    stake: U256,

    #[command(flatten)]
    offer: OfferArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    executor_id: u32,
    owner: Address,
    signer: Address,
    stake: Wei,
    offer: Offer,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "executor {} is registered, with {} at stake", self.executor_id, self.stake)?;
        writeln!(f, "{}", self.offer)?;
        write!(f, "now send INFER for gas to its signer {}, and run its node", self.signer)
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let signer_key = open_key(&arguments.signer_key_file, arguments.signer_password_file.as_deref())?;
    let vrf_key = open_key(&arguments.vrf_key_file, arguments.vrf_password_file.as_deref())?;
    let (client, operator, owner) = arguments.owner.connect().await?;
    if let Some(id) = operator.executor_id().await? {
        bail!("{owner} is executor {id} already: use `infera executor stake` and `infera executor offer`");
    }
    // What can be refused is asked before anything is sent.
    let choice = arguments.offer.choose(&client).await?;
    let registration = ExecutorRegistration {
        signer: signer_key,
        vrf_key,
        encryption_key: arguments.encryption_key,
        endpoint: arguments.endpoint.clone(),
        region: arguments.region.clone(),
    };
    let signer = registration.signer.address();
    let executor_id = operator.register(&registration).await?;
    progress(format_args!("registered as executor {executor_id}"));
    let staked = operator.stake(executor_id, arguments.stake).await;
    staked.context("registered, but without stake yet (go on with `infera executor stake`)")?;
    progress("staked");
    let offer = arguments.offer.set(&operator, &choice).await;
    let offer = offer.context("registered and staked, but without offer yet (go on with `infera executor offer`)")?;
    output.print(&Report { executor_id, owner, signer, stake: Wei(arguments.stake), offer })
}
