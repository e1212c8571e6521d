//! The programs that must be on the machine already. Rust is not among them: it runs this one.

use std::{env, ffi::OsString, process::Command};

use anyhow::{Result, bail};

use crate::process::output_of;

/// A program that setup or the build starts.
struct Prerequisite {
    name: &'static str,
    /// The oldest version that will do, as major and minor.
    oldest: (u32, u32),
    /// Prints the version.
    command: (&'static str, &'static [&'static str]),
    needed_for: &'static str,
    debian: &'static str,
    macos: &'static str,
}

const PREREQUISITES: [Prerequisite; 5] = [
    Prerequisite {
        name: "C++ compiler",
        oldest: (0, 0),
        command: ("c++", &["--version"]),
        needed_for: "compiling tch's bridge to libtorch",
        debian: "sudo apt-get install g++",
        macos: "xcode-select --install",
    },
    Prerequisite {
        name: "Python",
        oldest: (3, 8),
        command: ("python3", &["--version"]),
        needed_for: "unpacking libtorch and the model",
        debian: "sudo apt-get install python3",
        macos: "brew install python",
    },
    Prerequisite {
        name: "pip",
        oldest: (20, 3),
        command: ("python3", &["-m", "pip", "--version"]),
        needed_for: "downloading libtorch and the model",
        debian: "sudo apt-get install python3-pip",
        macos: "python3 -m ensurepip",
    },
    Prerequisite {
        name: "Node.js",
        oldest: (18, 0),
        command: ("node", &["--version"]),
        needed_for: "the Solidity compiler",
        debian: "sudo apt-get install nodejs",
        macos: "brew install node",
    },
    Prerequisite {
        name: "npm",
        oldest: (7, 0),
        command: ("npm", &["--version"]),
        needed_for: "downloading the contract tools",
        debian: "sudo apt-get install npm",
        macos: "brew install node",
    },
];

/// Looks for every prerequisite. Returns what was found, in one line; an error says all that is missing and how to get it.
pub(crate) fn check() -> Result<String> {
    check_in(env::var_os("PATH").unwrap_or_default(), env::var("CXX").ok())
}

/// The same for programs found in `path`, where the environment's CXX is `compiler`.
fn check_in(path: OsString, compiler: Option<String>) -> Result<String> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for prerequisite in &PREREQUISITES {
        let (program, arguments) = prerequisite.command;
        // CXX may hold a launcher too: `ccache g++`.
        let program = compiler.as_deref().filter(|_| program == "c++").unwrap_or(program);
        let mut words = program.split_whitespace().chain(arguments.iter().copied());
        let mut command = Command::new(words.next().unwrap_or_default());
        match output_of(command.args(words).env("PATH", &path)) {
            Err(_) => missing.push(prerequisite.missing(&format!("`{program} {}` does not run", arguments.join(" ")))),
            Ok(output) => match version_in(&output) {
                Some((version, number)) if number >= prerequisite.oldest => {
                    found.push(format!("{} {version}", prerequisite.name));
                }
                _ => missing
                    .push(prerequisite.missing(&format!("found `{}`", output.lines().next().unwrap_or_default()))),
            },
        }
    }
    if !missing.is_empty() {
        bail!("this machine lacks what the build needs:\n{}\nThen run the command again.", missing.join("\n"));
    }
    Ok(found.join(", "))
}

impl Prerequisite {
    fn missing(&self, reason: &str) -> String {
        let version = match self.oldest {
            (0, 0) => String::new(),
            (major, minor) => format!(" {major}.{minor} or newer"),
        };
        format!(
            "\n  {}{version}, for {}: {reason}\n    Debian, Ubuntu:  {}\n    macOS:           {}",
            self.name, self.needed_for, self.debian, self.macos
        )
    }
}

/// The first word of `output` that is a version: as it is written, and its major and minor number.
fn version_in(output: &str) -> Option<(&str, (u32, u32))> {
    output.split_whitespace().find_map(|word| {
        let version = word.trim_start_matches('v');
        // Not a package's version in parentheses: `(Debian 12.2.0-14)`.
        let is_plain = |character: char| character.is_ascii_alphanumeric() || ".+".contains(character);
        if !version.chars().all(is_plain) {
            return None;
        }
        let mut numbers = version.split('.').map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
        Some((version, (major, minor)))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;

    /// A program that prints a line. Another process writes it: if this one did, a child started meanwhile by another
    /// test would hold it open, and it could not be run.
    fn program(folder: &Path, name: &str, line: &str) {
        let script = r#"printf '#!/bin/sh\necho "%s"\n' "$2" > "$1" && chmod +x "$1""#;
        let status = Command::new("sh").args(["-c", script, "sh"]).arg(folder.join(name)).arg(line).status();
        assert!(status.unwrap().success());
    }

    #[test]
    fn versions_are_found_where_programs_print_them() {
        for (output, expected) in [
            ("v20.11.1", Some(("20.11.1", (20, 11)))),
            ("Python 3.11.7", Some(("3.11.7", (3, 11)))),
            ("pip 23.2.1 from /usr/lib/python3.11/site-packages/pip (python 3.11)", Some(("23.2.1", (23, 2)))),
            ("c++ (Debian 12.2.0-14) 12.2.0\nCopyright", Some(("12.2.0", (12, 2)))),
            ("Apple clang version 15.0.0 (clang-1500.3.9.4)", Some(("15.0.0", (15, 0)))),
            ("usage: node", None),
        ] {
            assert_eq!(version_in(output), expected, "{output}");
        }
    }

    #[test]
    fn all_that_is_missing_is_said_at_once_with_the_command_that_installs_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = check_in(folder.path().into(), None).unwrap_err().to_string();
        for prerequisite in &PREREQUISITES {
            assert!(error.contains(prerequisite.name), "{error}");
            assert!(error.contains(prerequisite.debian), "{error}");
            assert!(error.contains(prerequisite.macos), "{error}");
        }
    }

    #[test]
    fn only_what_is_too_old_is_named() {
        let folder = tempfile::tempdir().unwrap();
        program(folder.path(), "c++", "c++ 12.2.0");
        program(folder.path(), "python3", "Python 21.0.1");
        program(folder.path(), "node", "v16.20.2");
        program(folder.path(), "npm", "9.2.0");
        let error = check_in(folder.path().into(), None).unwrap_err().to_string();
        assert!(error.contains("Node.js 18.0 or newer") && error.contains("found `v16.20.2`"), "{error}");
        assert!(!error.contains("npm,") && !error.contains("C++"), "{error}");

        program(folder.path(), "node", "v18.0.0");
        let found = check_in(folder.path().into(), None).unwrap();
        assert_eq!(found, "C++ compiler 12.2.0, Python 21.0.1, pip 21.0.1, Node.js 18.0.0, npm 9.2.0");
    }

    #[test]
    fn the_compiler_that_cxx_names_counts() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["python3", "node", "npm"] {
            program(folder.path(), name, "22.1.0");
        }
        program(folder.path(), "clang++-18", "clang version 18.1.3");
        let found = check_in(folder.path().into(), Some("clang++-18 -O2".to_owned())).unwrap();
        assert!(found.starts_with("C++ compiler 18.1.3"), "{found}");
    }
}
