//! What the book and the root's documents say exists: links, pages, included snippets, commands and their flags.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use infera_tests::places::{program, root};

const ROOT_DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
const README_LINES: usize = 80;
/// Programs for people, by the names that documents call them.
const PROGRAMS: [&str; 4] = ["infera", "infera-devnet", "infera-deploy", "infera-consumer-request"];

/// A document: where it is, and its text.
struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    /// Path from the checkout's root, for messages.
    fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap_or(&self.path).display().to_string()
    }

    fn is_in_book(&self) -> bool {
        self.path.starts_with(sources())
    }

    /// A path in this document, as a path of the file system.
    fn resolve(&self, relative: &str) -> PathBuf {
        self.path.parent().unwrap().join(relative)
    }

    /// Text between fences, with the language after the opening fence; and everything else.
    fn split(&self) -> (Vec<(String, String)>, String) {
        let (mut fences, mut prose) = (Vec::new(), String::new());
        let mut open: Option<(String, String)> = None;
        for line in self.text.lines() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(language), None) => open = Some((language.trim().to_owned(), String::new())),
                (Some(_), Some(_)) => fences.extend(open.take()),
                (None, Some((_, text))) => *text += &format!("{line}\n"),
                (None, None) => prose += &format!("{line}\n"),
            }
        }
        assert!(open.is_none(), "{}: a fence is not closed", self.name());
        (fences, prose)
    }
}

fn sources() -> PathBuf {
    root().join("book/src")
}

/// Every page below a folder, in order.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages
}

fn documents() -> Vec<Document> {
    let named = ROOT_DOCUMENTS.iter().map(|name| root().join(name));
    named.chain(pages(&sources())).map(Document::read).collect()
}

/// What stands between each `start` and the next `end`.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split_once(end).map(|(inner, _)| inner))
}

/// Targets of the links in `prose`, without those to other sites.
fn local_links(prose: &str) -> Vec<&str> {
    between(prose, "](", ")").filter(|link| !link.contains("://") && !link.starts_with('#')).collect()
}

fn fail_on(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_local_link_leads_somewhere() {
    let mut problems = Vec::new();
    let mut seen = 0;
    for document in documents() {
        let (_, prose) = document.split();
        for link in local_links(&prose) {
            seen += 1;
            let file = link.split('#').next().unwrap_or_default();
            let target = document.resolve(file);
            if !target.exists() {
                problems.push(format!("{} links to {link}, which does not exist", document.name()));
            }
            // mdBook turns links to Markdown into links to HTML, which it makes of its own pages only.
            if document.is_in_book() && file.ends_with(".md") {
                let inside =
                    target.canonicalize().is_ok_and(|target| target.starts_with(sources().canonicalize().unwrap()));
                if !inside {
                    problems.push(format!("{} links to {link}, which is no page of the book", document.name()));
                }
            }
        }
    }
    fail_on(&problems);
    assert!(seen > 100, "only {seen} links were found: is the test looking at the documents?");
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = Document::read(sources().join("SUMMARY.md"));
    let mut listed = BTreeSet::new();
    for link in local_links(&summary.text) {
        assert!(listed.insert(summary.resolve(link)), "SUMMARY.md lists {link} twice");
    }
    let mut written: BTreeSet<PathBuf> = pages(&sources()).into_iter().collect();
    written.remove(&summary.path);
    let names = |set: Vec<&PathBuf>| set.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let (missing, unlisted) = (listed.difference(&written).collect(), written.difference(&listed).collect());
    assert_eq!((names(missing), names(unlisted)), (String::new(), String::new()), "(listed only, written only)");
}

#[test]
fn every_include_finds_its_file_and_its_anchor() {
    let mut problems = Vec::new();
    let mut seen = 0;
    for document in documents() {
        for include in between(&document.text, "{{#include ", "}}") {
            seen += 1;
            let (file, anchor) = include.trim().split_once(':').unwrap_or((include.trim(), ""));
            let Ok(text) = fs::read_to_string(document.resolve(file)) else {
                problems.push(format!("{} includes {file}, which cannot be read", document.name()));
                continue;
            };
            let marks =
                |mark: &str| text.lines().filter(|line| line.trim().ends_with(&format!("{mark}: {anchor}"))).count();
            if !anchor.is_empty() && (marks("ANCHOR"), marks("ANCHOR_END")) != (1, 1) {
                problems.push(format!("{} includes {file}, which has not one anchor {anchor}", document.name()));
            }
        }
    }
    fail_on(&problems);
    assert!(seen > 10, "only {seen} includes were found: is the test looking at the documents?");
}

#[test]
fn the_readme_is_short() {
    let lines = Document::read(root().join("README.md")).text.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines, at most {README_LINES} are allowed");
}

/// Commands as they are written in shell examples and in inline code, one a line.
fn commands(document: &Document) -> Vec<String> {
    let (fences, prose) = document.split();
    let shell = fences.into_iter().filter(|(language, _)| language == "sh").map(|(_, text)| text.replace("\\\n", " "));
    let examples: Vec<String> = shell.collect();
    let lines = examples.iter().flat_map(|text| text.lines());
    let inline = prose.split("\n\n").flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2));
    // What follows a number sign is a comment.
    lines.chain(inline).map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned()).collect()
}

/// The help of commands, asked for once each.
#[derive(Default)]
struct Help {
    known: BTreeMap<(String, Vec<String>), Option<String>>,
}

impl Help {
    /// What `name words… --help` prints; `None` when there is no such command.
    fn of(&mut self, name: &str, words: &[String]) -> Option<String> {
        let key = (name.to_owned(), words.to_vec());
        self.known
            .entry(key)
            .or_insert_with(|| {
                let output = Command::new(program(name).unwrap()).args(words).arg("--help").output().unwrap();
                output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
            })
            .clone()
    }
}

/// Says what is wrong with a command line of one of our programs, if it is one.
fn fault(help: &mut Help, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (name, rest) = match words.as_slice() {
        ["cargo", "xtask", rest @ ..] => ("xtask", rest),
        [name, rest @ ..] if PROGRAMS.contains(name) => (*name, rest),
        _ => return None,
    };
    let mut path = Vec::new();
    let mut text = help.of(name, &path)?;
    let mut rest = rest.iter().copied().peekable();
    while text.contains("\nCommands:\n")
        && let Some(word) = rest.next_if(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
    {
        if word == "help" {
            return None;
        }
        path.push(word.to_owned());
        match help.of(name, &path) {
            Some(found) => text = found,
            None => return Some(format!("`{line}`: there is no `{name} {}`", path.join(" "))),
        }
    }
    // These pass their arguments on.
    if name == "xtask" && (path == ["demo"] || path == ["bench"]) {
        text += &help.of(&format!("infera-{}", path.concat()), &[])?;
    }
    let described =
        |flag: &str| text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == flag);
    rest.filter(|word| word.starts_with("--")).find_map(|word| {
        let flag = word.split('=').next().unwrap_or(word);
        let shown = path.join(" ");
        (!described(flag)).then(|| format!("`{line}`: `{name} {shown}` has no {flag}"))
    })
}

#[test]
fn every_command_that_is_named_exists_with_its_flags() {
    let mut help = Help::default();
    let mut problems = Vec::new();
    for document in documents() {
        for line in commands(&document) {
            problems.extend(fault(&mut help, &line).map(|fault| format!("{}: {fault}", document.name())));
        }
    }
    fail_on(&problems);
    assert!(help.known.len() > 20, "only {} commands were found: is the test looking?", help.known.len());
}

#[test]
fn a_command_that_does_not_exist_is_noticed() {
    let mut help = Help::default();
    assert_eq!(fault(&mut help, "infera up --port 0"), None);
    assert_eq!(fault(&mut help, "cargo build --anything"), None);
    assert!(fault(&mut help, "infera down").unwrap().contains("there is no `infera down`"));
    assert!(fault(&mut help, "infera executor fly").unwrap().contains("there is no `infera executor fly`"));
    assert!(fault(&mut help, "infera up --prot 0").unwrap().contains("has no --prot"));
    assert!(fault(&mut help, "cargo xtask dance").unwrap().contains("there is no `xtask dance`"));
}

/// The figures that the protocol is held to have a file of their own, so that none is lost among others.
#[test]
fn the_gas_that_the_protocol_is_held_to_is_all_there_and_nothing_else() {
    let text = fs::read_to_string(root().join("contracts/snapshots/gas.json")).unwrap();
    let figures: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    let keys: Vec<_> = figures.keys().map(String::as_str).collect();
    let expected = [
        "claim_rewards",
        "cosine_384_int16",
        "exit",
        "optimistic_job_total",
        "publish_model",
        "redundant_job_3_total",
        "request_many_16_per_job",
        "signed_order_job_total",
        "slash_1000_delegators",
        "stake",
        "subscription_interval",
        "vif_verify",
        "voucher_per_job_100",
    ];
    assert_eq!(keys, expected);
}

/// `<!--snapshot FILE KEY-->NUMBER`, with commas between thousands, is the figure of a gas snapshot.
#[test]
fn gas_figures_in_prose_are_those_of_the_snapshots() {
    let mut found = 0;
    for document in documents() {
        for part in document.text.split("<!--snapshot ").skip(1) {
            let (name, rest) = part.split_once("-->").unwrap_or_else(|| panic!("{}: unclosed", document.name()));
            let (file, key) = name.split_once(' ').unwrap();
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
            let told: String = rest[..end].trim_end_matches(',').split(',').collect();
            let path = root().join(format!("contracts/snapshots/{file}.json"));
            let figures: BTreeMap<String, String> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            assert_eq!(Some(&told), figures.get(key), "{}: {file} {key}", document.name());
            found += 1;
        }
    }
    assert!(found > 0, "no page marks a figure");
}

#[test]
fn every_class_names_a_test_that_is_there() {
    let tests = sources().join("../../contracts/test");
    let mut code = String::new();
    let mut folders = vec![tests.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sol") {
                code.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let table = fs::read_to_string(tests.join("regressions/README.md")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 20, "{} classes of failures", rows.len());
    let mut problems = Vec::new();
    for row in rows {
        let names: Vec<&str> = row.split('`').skip(1).step_by(2).filter(|name| name.starts_with("test")).collect();
        if names.is_empty() {
            problems.push(format!("no test: {row}"));
        }
        for name in names {
            if !code.contains(&format!("function {name}(")) {
                problems.push(format!("{name} is named, but not in contracts/test"));
            }
        }
    }
    fail_on(&problems);
}
