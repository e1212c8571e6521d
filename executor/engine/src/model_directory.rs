//! A model directory: the manifest and the files that it lists, nothing else.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use alloy::primitives::B256;
use sha2::{Digest, Sha256};

use crate::error::LoadError;
use crate::manifest::{Manifest, ManifestError, ModelFile};

/// The manifest's name within a model directory.
pub const MANIFEST_FILE: &str = "manifest.json";

/// Largest manifest that is read, in bytes.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// A directory whose manifest was read; its files are checked when they are read.
#[derive(Debug, Clone)]
pub struct ModelDirectory {
    path: PathBuf,
    manifest: Manifest,
    manifest_hash: B256,
}

impl ModelDirectory {
    /// Reads the manifest of a directory.
    ///
    /// # Errors
    /// [`LoadError::NoManifest`] or [`LoadError::InvalidManifest`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LoadError> {
        let path = path.into();
        let manifest_path = path.join(MANIFEST_FILE);
        let bytes = read_at_most(&manifest_path, MAX_MANIFEST_BYTES)
            .map_err(|source| LoadError::NoManifest { path: manifest_path.clone(), source })?;
        let invalid = |source| LoadError::InvalidManifest { path: manifest_path.clone(), source };
        let manifest = Manifest::parse(&bytes).map_err(invalid)?;
        let manifest_hash = manifest.hash().map_err(|error| invalid(ManifestError::NotCanonical(error)))?;
        Ok(Self { path, manifest, manifest_hash })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// keccak256 of the manifest's canonical form.
    #[must_use]
    pub fn manifest_hash(&self) -> B256 {
        self.manifest_hash
    }

    /// Where a listed file lies.
    #[must_use]
    pub fn path_of(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// Reads a listed file and checks it. The bytes returned are the bytes that were hashed, so a file that changes
    /// between check and use can't slip through.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`], [`LoadError::WrongSize`], [`LoadError::WrongHash`]; [`LoadError::NotListed`] for a
    /// file that the manifest does not list.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, LoadError> {
        let path = self.path_of(file);
        let Some(entry) = self.manifest.file(file) else {
            return Err(LoadError::NotListed { path });
        };
        let unreadable = |source| LoadError::Unreadable { path: path.clone(), source };
        let mut source = File::open(&path).map_err(unreadable)?;
        self.check_size(entry, source.metadata().map_err(unreadable)?.len())?;
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(unreadable)?;
        self.check_hash(entry, Sha256::digest(&bytes).into())?;
        Ok(bytes)
    }

    /// Checks a listed file without keeping its content.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn check(&self, entry: &ModelFile) -> Result<(), LoadError> {
        let path = self.path_of(&entry.path);
        let (size, sha256) = size_and_hash(&path).map_err(|source| LoadError::Unreadable { path, source })?;
        self.check_size(entry, size)?;
        self.check_hash(entry, sha256)
    }

    /// Refuses a directory that holds anything but the manifest and the files that it lists.
    ///
    /// # Errors
    /// [`LoadError::NotListed`], or [`LoadError::Unreadable`] for a directory that can't be listed.
    pub fn check_listing(&self) -> Result<(), LoadError> {
        match self.unlisted()?.into_iter().next() {
            Some(file) => Err(LoadError::NotListed { path: self.path_of(&file) }),
            None => Ok(()),
        }
    }

    /// Paths of the files that the directory holds although the manifest does not list them, in order.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`] for a directory that can't be listed.
    pub fn unlisted(&self) -> Result<BTreeSet<String>, LoadError> {
        let mut unlisted = BTreeSet::new();
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            let path = self.path_of(&directory);
            let unreadable = |source| LoadError::Unreadable { path: path.clone(), source };
            for entry in fs::read_dir(&path).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let file = if directory.is_empty() { name } else { format!("{directory}/{name}") };
                if entry.file_type().map_err(unreadable)?.is_dir() {
                    directories.push(file);
                } else if file != MANIFEST_FILE && self.manifest.file(&file).is_none() {
                    unlisted.insert(file);
                }
            }
        }
        Ok(unlisted)
    }

    fn check_size(&self, entry: &ModelFile, found: u64) -> Result<(), LoadError> {
        if found == entry.size {
            return Ok(());
        }
        Err(LoadError::WrongSize { path: self.path_of(&entry.path), expected: entry.size, found })
    }

    fn check_hash(&self, entry: &ModelFile, found: [u8; 32]) -> Result<(), LoadError> {
        if found == entry.sha256 {
            return Ok(());
        }
        let (expected, found) = (hex::encode(entry.sha256), hex::encode(found));
        Err(LoadError::WrongHash { path: self.path_of(&entry.path), expected, found })
    }
}

/// Length and SHA-256 of a file, read piece by piece.
pub(crate) fn size_and_hash(path: &Path) -> io::Result<(u64, [u8; 32])> {
    let mut hasher = Sha256::new();
    let size = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((size, hasher.finalize().into()))
}

fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?.take(limit + 1);
    if file.read_to_end(&mut bytes)? as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}
