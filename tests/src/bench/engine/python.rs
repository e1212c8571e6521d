//! The Python that runs sentence-transformers: the operator's, or one of the checkout's own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{bench::Progress, places::root};

/// Everything that sentence-transformers needs, at fixed versions.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Where to find sentence-transformers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Python {
    /// This interpreter should have it.
    At(PathBuf),
    /// There is none, and why.
    Missing(String),
}

impl Python {
    /// The interpreter that was named, else the checkout's own if it has been set up.
    pub fn find(named: Option<PathBuf>) -> Self {
        if let Some(path) = named {
            return Self::At(path);
        }
        let own = interpreter(&folder());
        if own.exists() {
            return Self::At(own);
        }
        Self::Missing(
            "no Python with sentence-transformers (pass --python PATH, or --set-up-python to install one, 5 GB)"
                .to_owned(),
        )
    }

    /// Starts something with the interpreter; an error is the reason why there is nothing to measure.
    pub(super) fn start<T>(&self, start: impl FnOnce(&Path) -> Result<T>) -> Result<T, String> {
        match self {
            Self::At(path) => start(path).map_err(|error| format!("sentence-transformers does not run: {error:#}")),
            Self::Missing(reason) => Err(reason.clone()),
        }
    }
}

/// Installs sentence-transformers into a virtual environment in the checkout's `.infera`, with pip, unless it is there.
///
/// Not done unasked: the only PyTorch on PyPI does not start without NVIDIA's libraries, 5 GB altogether.
///
/// # Errors
/// If there is no `python3` with pip on the PATH, or pip fails.
pub fn set_up(progress: Progress<'_>) -> Result<()> {
    let folder = folder();
    if interpreter(&folder).exists() {
        return Ok(());
    }
    let partial = folder.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("removing {}", partial.display()))?;
    }
    progress("installing sentence-transformers, 5 GB on disk: this takes minutes");
    // Without pip in it, so that Debian's package of ensurepip is not needed: the pip outside installs.
    run(Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&partial))?;
    let requirements = partial.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).with_context(|| format!("writing {}", requirements.display()))?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "--python"]).arg(interpreter(&partial));
    pip.args(["install", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--requirement"]);
    run(pip.arg(&requirements))?;
    fs::rename(&partial, &folder).with_context(|| format!("moving {} into place", partial.display()))
}

fn folder() -> PathBuf {
    root().join(".infera/bench-python")
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

/// Runs to the end, with standard output left to the tables.
fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(std::io::stderr()).status();
    let status = status.with_context(|| format!("starting {:?}", command.get_program()))?;
    ensure!(status.success(), "{command:?} failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_python_without_sentence_transformers_is_a_reason_and_not_a_failure() {
        let python = Python::find(Some("/nonexistent/python".into()));
        let reason = python.start(|path| Ok(Command::new(path).spawn()?)).unwrap_err();
        assert!(reason.starts_with("sentence-transformers does not run: "), "{reason}");
    }

    #[test]
    fn every_requirement_has_a_version() {
        for line in REQUIREMENTS.lines().filter(|line| !line.starts_with('#')) {
            let (name, version) = line.split_once("==").unwrap();
            assert!(!name.is_empty() && version.starts_with(|digit: char| digit.is_ascii_digit()), "{line}");
        }
    }
}
