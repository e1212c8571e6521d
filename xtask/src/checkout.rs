//! Where things lie in the checkout, and how its parts are run.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

/// The folders of one clone of the project.
#[derive(Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
    /// A libtorch that the operator brought, and named in LIBTORCH.
    operators_libtorch: Option<PathBuf>,
}

impl Checkout {
    /// The checkout that this program was started in.
    pub(crate) fn current() -> Result<Self> {
        // cargo sets it for what it runs; the other is where this program was compiled.
        let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&package).parent().context("xtask is not in a folder of the checkout")?;
        Self::new(root, env::var_os("LIBTORCH").as_deref())
    }

    /// The checkout at `root`, where the environment's LIBTORCH is `libtorch`.
    ///
    /// `.cargo/config.toml` sets LIBTORCH to the checkout's own folder for everything that cargo runs, this program
    /// included. Only another value comes from the operator.
    pub(crate) fn new(root: &Path, libtorch: Option<&OsStr>) -> Result<Self> {
        let own = root.join(".infera").join("libtorch");
        let operators_libtorch =
            libtorch.filter(|value| !value.is_empty()).map(PathBuf::from).filter(|path| *path != own);
        if let Some(path) = &operators_libtorch
            && path.is_relative()
        {
            bail!(
                "LIBTORCH is {}, which every package would look for in its own folder; make it an absolute path",
                path.display()
            );
        }
        Ok(Self { root: root.to_owned(), operators_libtorch })
    }

    /// The checkout's top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Everything that setup makes, but node's packages.
    pub(crate) fn infera(&self) -> PathBuf {
        self.root.join(".infera")
    }

    /// Where setup puts libtorch when the operator brings none.
    pub(crate) fn own_libtorch(&self) -> PathBuf {
        self.infera().join("libtorch")
    }

    /// The libtorch that the operator named in LIBTORCH.
    pub(crate) fn operators_libtorch(&self) -> Option<&Path> {
        self.operators_libtorch.as_deref()
    }

    /// The Foundry project.
    pub(crate) fn contracts(&self) -> PathBuf {
        self.root.join("contracts")
    }

    /// cargo, started in the checkout with the environment a person's own `cargo` would have: a difference would make
    /// it build the same packages twice.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        if self.operators_libtorch.is_none() {
            cargo.env_remove("LIBTORCH");
        }
        cargo
    }

    /// `cargo build` of programs of the workspace, chosen by `which`, with every dependency built as the tests have it.
    pub(crate) fn build(&self, which: &[&str]) -> Command {
        let mut cargo = self.cargo();
        // cargo merges the features of the packages it builds: `--workspace` takes all of them. `--examples` makes
        // it count dev-dependencies too. Without, some dependencies would be built twice.
        cargo.args(["build", "--workspace", "--examples"]).args(which);
        cargo
    }

    /// One of Foundry's programs, `forge` for instance, started in the Foundry project.
    ///
    /// It is npm's native one (not the link in `.bin`, which may be a launcher). npm has it for Linux on x86-64 alone;
    /// elsewhere it is the one on the PATH.
    pub(crate) fn foundry(&self, program: &str) -> Command {
        let package = self.contracts().join("node_modules/@foundry-rs").join(format!("{program}-linux-amd64"));
        let native = package.join("bin").join(program);
        let mut command = Command::new(if native.is_file() { native.as_os_str() } else { OsStr::new(program) });
        command.current_dir(self.contracts());
        command
    }

    /// A program of the workspace, built with the profile `debug` or `release`.
    pub(crate) fn program(&self, profile: &str, name: &str) -> Result<PathBuf> {
        // This program lies in <target>/debug, wherever the operator has put the target folder.
        let own = env::current_exe().context("cannot find this program's own path")?;
        let target = own.parent().and_then(Path::parent).context("this program is not in a target folder")?;
        Ok(target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn libtorch_of(checkout: &Checkout) -> Option<Option<std::ffi::OsString>> {
        checkout.cargo().get_envs().find(|(name, _)| *name == "LIBTORCH").map(|(_, value)| value.map(OsStr::to_owned))
    }

    #[test]
    fn the_folder_that_cargo_names_is_not_the_operators() {
        let root = Path::new("/somewhere/infera");
        for value in [None, Some(""), Some("/somewhere/infera/.infera/libtorch")] {
            let checkout = Checkout::new(root, value.map(OsStr::new)).unwrap();
            assert_eq!(checkout.operators_libtorch(), None, "{value:?}");
            // The inner cargo takes it from .cargo/config.toml, as a person's own would.
            assert_eq!(libtorch_of(&checkout), Some(None), "{value:?}");
        }
    }

    #[test]
    fn another_folder_is_the_operators_and_reaches_cargo() {
        let checkout = Checkout::new(Path::new("/somewhere/infera"), Some(OsStr::new("/opt/libtorch"))).unwrap();
        assert_eq!(checkout.operators_libtorch(), Some(Path::new("/opt/libtorch")));
        assert_eq!(libtorch_of(&checkout), None, "the environment is inherited as it is");
    }

    #[test]
    fn a_relative_libtorch_is_refused() {
        let error = Checkout::new(Path::new("/somewhere/infera"), Some(OsStr::new("libtorch"))).unwrap_err();
        assert!(error.to_string().contains("make it an absolute path"), "{error}");
    }
}
