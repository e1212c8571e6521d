//! Makes a checkout ready to build: prerequisites, libtorch, the model, the contract tools; and to test: other clients.
//!
//! Every step looks first whether its result is there, builds it beside its final place and renames it at the end. So a
//! second run does nothing, and an interrupted one leaves nothing that looks finished.

mod clients;
mod contract_tools;
mod download;
mod libtorch;
mod model;
mod prerequisites;

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use anyhow::{Context as _, Result};

use crate::{checkout::Checkout, progress::say};

/// Does what is not done yet for building and running.
pub(crate) fn run(checkout: &Checkout) -> Result<()> {
    let _lock = prepare(checkout)?;
    build_steps(checkout)
}

/// Does what is not done yet for building, running and testing.
pub(crate) fn run_for_tests(checkout: &Checkout) -> Result<()> {
    let _lock = prepare(checkout)?;
    build_steps(checkout)?;
    step(5, "test clients", clients::install(checkout)?);
    Ok(())
}

/// Where the results go. No other setup of the checkout runs while the file is kept.
fn prepare(checkout: &Checkout) -> Result<File> {
    let folder = checkout.infera();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    lock(&folder.join("setup.lock"))
}

fn build_steps(checkout: &Checkout) -> Result<()> {
    step(1, "tools", prerequisites::check()?);
    step(2, "libtorch", libtorch::install(checkout)?);
    step(3, "model", model::install(checkout)?);
    step(4, "contract tools", contract_tools::install(checkout)?);
    Ok(())
}

fn step(number: usize, name: &str, state: String) {
    say(format_args!("setup {number}  {name}: {state}"));
}

/// Keeps two setups of one checkout apart. Released when the file is closed, however this program ends.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say("another setup of this checkout is running; waiting for it");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(file)
}

/// An empty folder at `path`, whatever was there.
fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

/// Moves a finished folder to its final place, over what may be there.
fn move_into_place(finished: &Path, place: &Path) -> Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    fs::rename(finished, place).with_context(|| format!("cannot move {} to {}", finished.display(), place.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_second_setup_of_the_same_checkout_is_held_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("setup.lock");
        let held = lock(&path).unwrap();
        assert!(matches!(File::open(&path).unwrap().try_lock(), Err(TryLockError::WouldBlock)));
        drop(held);
        lock(&path).unwrap();
    }

    #[test]
    fn a_finished_folder_replaces_a_half_done_one() {
        let folder = tempfile::tempdir().unwrap();
        let (partial, place) = (folder.path().join("partial"), folder.path().join("place"));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("old"), "").unwrap();
        fs::create_dir_all(&partial).unwrap();
        fs::write(partial.join("left over"), "").unwrap();

        empty_folder(&partial).unwrap();
        fs::write(partial.join("new"), "").unwrap();
        move_into_place(&partial, &place).unwrap();

        let names: Vec<_> = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["new"]);
        assert!(!partial.exists());
    }
}
