//! `infera model verify`

use std::{
    fmt::{self, Display},
    path::{Path, PathBuf},
};

use alloy::hex;
use anyhow::{Context as _, bail};
use infera_engine::{Engine, EngineConfig, FileState, Verification};
use serde::Serialize;

use crate::output::{Output, write_fields};

const EXAMPLE: &str = "\
Example:
  infera model verify .infera/models/all-minilm-l6-v2

Exits with status 1 when a file is missing, changed or not in the manifest, or when the engine
can't load the model.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Model directory: holds manifest.json beside the weights
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Compare the files only, without loading the model
    #[arg(long)]
    files_only: bool,
}

#[derive(Serialize)]
struct Report {
    intact: bool,
    #[serde(flatten)]
    verification: Verification,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verification { directory, manifest_hash, manifest, files, unlisted } = &self.verification;
        write_fields(
            f,
            &[
                ("directory", directory.display().to_string()),
                ("model", format!("{} ({}, {})", manifest.name, manifest.architecture, manifest.licence)),
                ("manifest hash", manifest_hash.to_string()),
            ],
        )?;
        writeln!(f)?;
        let width = files.iter().map(|file| file.expected.path.len()).max().unwrap_or_default();
        for file in files {
            let state = match &file.found {
                FileState::Intact => "intact".to_owned(),
                FileState::Different { size, .. } if *size != file.expected.size => {
                    format!("DIFFERENT: {size} bytes, the manifest says {}", file.expected.size)
                }
                FileState::Different { sha256, .. } => format!(
                    "DIFFERENT: SHA-256 {}, the manifest says {}",
                    hex::encode(sha256),
                    hex::encode(file.expected.sha256)
                ),
                FileState::Unreadable { reason } => format!("UNREADABLE: {reason}"),
                other => format!("{other:?}"),
            };
            writeln!(f, "{:width$}  {:>12}  {state}", file.expected.path, file.expected.size)?;
        }
        unlisted.iter().try_for_each(|path| writeln!(f, "{path:width$}  {:>12}  NOT IN THE MANIFEST", ""))
    }
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> anyhow::Result<()> {
    let directory = arguments.directory.clone();
    let verification = compare(directory.clone()).await?;
    let intact = verification.is_intact();
    output.print(&Report { intact, verification })?;
    ensure_intact(&directory, intact)?;
    if !arguments.files_only {
        // The thread that owns the model ends when the engine is dropped.
        tokio::task::spawn_blocking(|| Engine::load(EngineConfig::new(directory)).map(drop))
            .await
            .context("the engine did not load")??;
    }
    Ok(())
}

/// Compares a directory with its manifest, away from the threads that must not wait.
pub(crate) async fn compare(directory: PathBuf) -> anyhow::Result<Verification> {
    let compared = tokio::task::spawn_blocking(|| infera_engine::verify(directory)).await;
    Ok(compared.context("the files were not compared")??)
}

/// Refuses a directory that an engine would refuse.
pub(crate) fn ensure_intact(directory: &Path, intact: bool) -> anyhow::Result<()> {
    if !intact {
        bail!(
            "{} is not what its manifest describes (`infera model verify` shows each file): download the files again, \
             or pass the directory that the manifest describes",
            directory.display()
        );
    }
    Ok(())
}
