//! Compiles the contracts and writes the artifacts that `infera-contracts` embeds. Run it as `cargo xtask contracts`.

mod artifact;
mod layout;
mod settings;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail, ensure};
use artifact::{Artifact, Kind};
use clap::Parser;
use foundry_compilers::{
    ConfigurableArtifacts, ProjectBuilder, ProjectPathsConfig,
    artifacts::Severity,
    solc::{Solc, SolcCompiler, SolcSettings},
};
use settings::Profile;

/// Compile the contracts and write one artifact for each contract and interface under src
///
/// An artifact holds the ABI, the creation and runtime bytecode, and the storage layout. Settings come from foundry.toml.
/// A warning in our own sources counts as an error.
#[derive(Parser)]
#[command(name = "infera-contracts-compile", version)]
struct Arguments {
    /// Folder of the Foundry project
    #[arg(long, default_value = "contracts")]
    project: PathBuf,
    /// Write nothing; fail when the artifacts differ from what the sources give
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let Err(error) = run(Arguments::parse()) else { return ExitCode::SUCCESS };
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}

fn run(Arguments { project, check }: Arguments) -> Result<()> {
    let project =
        fs::canonicalize(&project).with_context(|| format!("there is no project at {}", project.display()))?;
    let artifacts = compile(&project)?;
    report(&artifacts)?;
    let texts = artifacts.into_iter().map(|(name, artifact)| (format!("{name}.json"), artifact.text)).collect();
    let folder = project.join("artifacts");
    if check { require_equal(&folder, &texts) } else { write(&folder, &texts) }
}

/// Compiles the project's sources. Returns the artifacts by contract name.
fn compile(project: &Path) -> Result<BTreeMap<String, Artifact>> {
    let profile = Profile::read(project)?;
    let solc = project.join(&profile.solc);
    let solc = Solc::new(&solc)
        .with_context(|| format!("{} does not run; `cargo xtask setup` installs what it needs", solc.display()))?;
    let sources = project.join(&profile.src);
    let paths = ProjectPathsConfig::builder()
        .root(project)
        .sources(&sources)
        .libs(profile.libs.iter().map(|library| project.join(library)))
        .remappings(settings::remappings(project)?)
        .build()?;
    let files = paths.read_sources()?;
    let compiler = ProjectBuilder::<SolcCompiler>::new(ConfigurableArtifacts::default())
        .paths(paths)
        .settings(SolcSettings { settings: profile.solc_settings()?, cli_settings: Default::default() })
        .set_compiler_severity_filter(Severity::Warning)
        .ignore_paths(profile.libs.iter().map(PathBuf::from).collect())
        .offline()
        .ephemeral()
        .no_artifacts()
        .build(SolcCompiler::Specific(solc))?;
    let output = compiler.compile_files(files.0.into_keys())?;
    ensure!(!output.has_compiler_errors(), "{output}");
    let output = output.into_output();

    let mut artifacts = BTreeMap::new();
    for (file, source) in output.sources.sources_with_version().map(|(file, source, _)| (file, source)) {
        if !file.starts_with(&sources) {
            continue;
        }
        let tree = source.ast.as_ref().with_context(|| format!("no syntax tree for {}", file.display()))?;
        for (name, kind) in tree.nodes.iter().filter_map(artifact::definition) {
            if kind == Kind::Inherited {
                continue;
            }
            let (_, _, contract) = output
                .contracts
                .contracts_with_files()
                .find(|(contract_file, contract_name, _)| *contract_file == file && **contract_name == name)
                .with_context(|| format!("solc gave no output for {name} in {}", file.display()))?;
            if artifacts.insert(name.clone(), Artifact::new(&name, contract)?).is_some() {
                bail!("two definitions are called {name}; an artifact is named after its contract, so rename one");
            }
        }
    }
    ensure!(!artifacts.is_empty(), "there are no contracts under {}", sources.display());
    Ok(artifacts)
}

/// Prints the size of each deployable contract.
fn report(artifacts: &BTreeMap<String, Artifact>) -> Result<()> {
    let mut stderr = std::io::stderr().lock();
    for (name, artifact) in artifacts.iter().filter(|(_, artifact)| artifact.runtime_size > 0) {
        writeln!(stderr, "{:>8} bytes  {name}", artifact.runtime_size)?;
    }
    Ok(())
}

/// Makes `folder` hold exactly `texts`; leaves files that are right alone, so that nothing is rebuilt for them.
fn write(folder: &Path, texts: &BTreeMap<String, String>) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let present = read(folder)?;
    for name in present.keys().filter(|name| !texts.contains_key(*name)) {
        let path = folder.join(name);
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    for (name, text) in texts.iter().filter(|(name, text)| present.get(*name) != Some(text)) {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Fails unless `folder` holds exactly `texts`.
fn require_equal(folder: &Path, texts: &BTreeMap<String, String>) -> Result<()> {
    let present = read(folder)?;
    let stale: Vec<&str> = texts
        .keys()
        .chain(present.keys().filter(|name| !texts.contains_key(*name)))
        .filter(|name| present.get(*name) != texts.get(*name))
        .map(String::as_str)
        .collect();
    ensure!(
        stale.is_empty(),
        "{} no longer match the sources: {}; run `cargo xtask contracts` and commit the result",
        folder.display(),
        stale.join(", ")
    );
    Ok(())
}

/// The JSON files in `folder`, by name; none when it does not exist.
fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(name) = path.file_name()
        {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            texts.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_changed_a_missing_and_a_left_over_artifact_are_each_named() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &texts(&[("Changed.json", "1"), ("Kept.json", "2"), ("LeftOver.json", "3")])).unwrap();
        let sources = texts(&[("Changed.json", "9"), ("Kept.json", "2"), ("Missing.json", "4")]);

        let error = require_equal(folder.path(), &sources).unwrap_err().to_string();
        assert!(error.contains("Changed.json, Missing.json, LeftOver.json"), "{error}");

        write(folder.path(), &sources).unwrap();
        require_equal(folder.path(), &sources).unwrap();
    }
}
