//! `infera indexer`

use std::{
    fmt::{self, Display},
    net::SocketAddr,
    path::PathBuf,
};

use infera_executor::shutdown;
use infera_indexer::{Indexer, IndexerConfig, StoreLocation, stream::StreamConfig};
use infera_sdk::Deployment;
use serde::Serialize;

use crate::{chain::NetworkArguments, output::Output};

/// Where the indexer listens when nobody says otherwise.
pub(crate) const DEFAULT_PORT: u16 = 8560;

const EXAMPLES: &str = "\
Examples:
  infera indexer --deployment deployment.json --database indexer.sqlite
  curl http://127.0.0.1:8560/v1/status

The page at the address shows the recent jobs. The database can be deleted: it is read anew from
the chain. A node that does not answer is tried for ever; what is stored is served meanwhile.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,

    /// SQLite file to write; made if it is not there
    #[arg(long, value_name = "FILE", default_value = "infera-indexer.sqlite")]
    database: PathBuf,

    /// Address to serve the API on; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value_t = SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT)))]
    listen: SocketAddr,

    /// Stop when standard input ends: a child dies with its parent
    #[arg(long)]
    exit_on_stdin_close: bool,
}

#[derive(Serialize)]
struct Report {
    url: String,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listening on {}", self.url)
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let network = &arguments.network;
    let config = IndexerConfig {
        listen: arguments.listen,
        store: StoreLocation::File(arguments.database.clone()),
        stream: StreamConfig::new(&network.rpc.rpc_url),
    };
    let mut indexer = Indexer::start(config, network.rpc.provider()?, Deployment::load(&network.deployment)?).await?;
    output.print(&Report { url: indexer.url() })?;
    tokio::select! {
        ended = indexer.wait() => return Ok(ended?),
        asked = shutdown::requested(arguments.exit_on_stdin_close) => asked?,
    }
    Ok(indexer.stop().await?)
}
