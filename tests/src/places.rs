//! Where the model and the programs are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The checkout's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The directory of all-MiniLM-L6-v2, as `cargo xtask setup` makes it.
pub fn model_directory() -> Result<PathBuf> {
    let directory = root().join(".infera/models/all-minilm-l6-v2");
    ensure!(
        directory.join("manifest.json").is_file(),
        "the model is not at {}: run `cargo xtask setup`",
        directory.display()
    );
    Ok(directory)
}

/// A program of this workspace, beside the running one (or beside `deps`, where tests run).
pub fn program(name: &str) -> Result<PathBuf> {
    let running = std::env::current_exe().context("asking where this program is")?;
    let candidates = running.ancestors().skip(1).take(2).map(|directory| directory.join(name));
    for candidate in candidates {
        if candidate.is_file() {
            return Ok(candidate);
        }
    }
    anyhow::bail!(
        "the program {name} is not beside {}: build the workspace first (`cargo build --workspace`)",
        running.display()
    )
}
