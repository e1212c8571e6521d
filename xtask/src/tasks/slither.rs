//! `cargo xtask slither`

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{checkout::Checkout, process, progress, setup};

const VERSION: &str = "0.11.6";
/// Which findings were looked at, and why they stand.
const TRIAGE: &str = "slither.triage.json";

/// Findings that stand for the same reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judgement {
    /// The detector.
    check: String,
    why: String,
    /// `Contract.function` or `Contract.variable`.
    places: Vec<String>,
}

#[derive(Deserialize)]
struct Report {
    results: Results,
}

#[derive(Default, Deserialize)]
struct Results {
    #[serde(default)]
    detectors: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    check: String,
    impact: String,
    description: String,
}

impl Finding {
    /// `Contract.member`, with which the description begins.
    fn place(&self) -> String {
        let text = self.description.strip_prefix("Reentrancy in ").unwrap_or(&self.description);
        text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '$')).collect()
    }
}

pub(crate) fn run(checkout: &Checkout) -> Result<()> {
    setup::run(checkout)?;
    let slither = env::var_os("SLITHER").unwrap_or_else(|| "slither".into());
    let version = process::output_of(Command::new(&slither).arg("--version")).with_context(|| {
        format!("slither does not run; install it (`pip install slither-analyzer=={VERSION}`) or name it in SLITHER")
    })?;
    if version != VERSION {
        progress::say(format_args!("slither is {version}; the findings were judged with {VERSION}"));
    }
    let work = checkout.root().join("target/slither");
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
    progress::say("compiling the sources with their syntax trees; about a minute");
    let (out, cache) = (work.join("out"), work.join("cache"));
    let mut forge = checkout.foundry("forge");
    forge.args(["build", "src", "--build-info", "--out"]).arg(&out).arg("--cache-path").arg(&cache);
    process::run_on_stderr(&mut forge)?;

    let report = work.join("report.json");
    if report.exists() {
        fs::remove_file(&report).with_context(|| format!("cannot remove {}", report.display()))?;
    }
    let mut analysis = Command::new(&slither);
    analysis.arg(checkout.contracts()).args([
        "--ignore-compile",
        "--filter-paths",
        "node_modules",
        "--foundry-out-directory",
    ]);
    analysis
        .arg(&out)
        .args(["--exclude-low", "--exclude-informational", "--exclude-optimization", "--json"])
        .arg(&report);
    analysis.env("PATH", path_with(forge.get_program())?);
    // Its exit status counts findings; what counts here is the report.
    let output = analysis.stdout(Stdio::null()).output().context("cannot start slither")?;
    if !report.exists() {
        bail!("slither wrote no report: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    judge(&report, &checkout.contracts().join(TRIAGE))
}

/// The PATH with the folder of `program` before it: slither asks forge for the project's settings.
fn path_with(program: &OsStr) -> Result<OsString> {
    let folder = Path::new(program).parent().map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(folder.into_iter().chain(env::split_paths(&path))).context("PATH cannot be extended")
}

/// Fails on findings that nobody has judged, and on judgements of what is no finding any more.
fn judge(report: &Path, triage: &Path) -> Result<()> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let report: Report = serde_json::from_str(&read(report)?).context("slither's report is not what it should be")?;
    let judgements: Vec<Judgement> =
        serde_json::from_str(&read(triage)?).with_context(|| format!("{} is not valid", triage.display()))?;
    let mut judged: BTreeMap<(String, String), &str> = BTreeMap::new();
    for judgement in &judgements {
        for place in &judgement.places {
            judged.insert((judgement.check.clone(), place.clone()), &judgement.why);
        }
    }
    let found: BTreeSet<(String, String)> =
        report.results.detectors.iter().map(|finding| (finding.check.clone(), finding.place())).collect();
    let mut problems = Vec::new();
    for finding in &report.results.detectors {
        if !judged.contains_key(&(finding.check.clone(), finding.place())) {
            problems.push(format!(
                "{} {} in {}:\n{}",
                finding.impact,
                finding.check,
                finding.place(),
                finding.description
            ));
        }
    }
    for (check, place) in judged.keys().filter(|key| !found.contains(*key)) {
        problems.push(format!("{check} in {place} is judged, but found no more: take it out of {TRIAGE}"));
    }
    if !problems.is_empty() {
        bail!("{}\n{} to look at", problems.join("\n"), problems.len());
    }
    progress::say(format_args!("{} findings of medium impact or higher, every one judged in {TRIAGE}", found.len()));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_findings_place_is_what_its_description_begins_with() {
        let place = |description: &str| {
            Finding { check: String::new(), impact: String::new(), description: description.to_owned() }.place()
        };
        assert_eq!(place("Reentrancy in JobRegistry.reveal(bytes32,uint8) (src/a.sol#1-2):"), "JobRegistry.reveal");
        assert_eq!(place("Staking._bad (src/b.sol#3) is never initialized"), "Staking._bad");
    }

    #[test]
    fn a_finding_nobody_judged_fails_and_so_does_a_judgement_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (report, triage) = (folder.path().join("report.json"), folder.path().join("triage.json"));
        let finding = r#"{"results":{"detectors":[{"check":"a","impact":"High","description":"X.y() does z"}]}}"#;
        fs::write(&report, finding).unwrap();
        let judged = |text: &str| {
            fs::write(&triage, text).unwrap();
            judge(&report, &triage).map_err(|error| error.to_string())
        };
        assert!(judged("[]").unwrap_err().contains("High a in X.y"));
        judged(r#"[{"check":"a","why":"it is","places":["X.y"]}]"#).unwrap();
        let stale = judged(r#"[{"check":"a","why":"it is","places":["X.y", "X.w"]}]"#).unwrap_err();
        assert!(stale.contains("a in X.w") && stale.contains("1 to look at"), "{stale}");
    }
}
