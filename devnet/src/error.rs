//! Errors of starting, serving and storing a chain. Errors of requests are JSON-RPC errors.

use std::{io, net::SocketAddr, path::PathBuf};

use alloy_hardforks::EthereumHardfork;

/// Why a chain could not be started, served or stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The phrase is not a BIP-39 mnemonic.
    #[error(
        "the mnemonic is not valid: {0}; give 12 to 24 words of the BIP-39 English list, the last being their checksum"
    )]
    Mnemonic(String),
    /// The keys can't be derived there.
    #[error("the derivation path {path} is not valid: {reason}; give one like m/44'/60'/0'/0/")]
    DerivationPath {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The fork asked for is not one the chain can start with.
    #[error("hardfork {0} is not supported; choose one from frontier to osaka")]
    Hardfork(EthereumHardfork),
    /// The genesis describes no chain that there can be: why.
    #[error("the genesis can't be used: {0}")]
    Genesis(String),
    /// A transaction was not taken: why.
    #[error("{0}")]
    Transaction(String),
    /// The file of blocks could not be read.
    #[error("cannot read the blocks in {path}: {source}", path = .path.display())]
    BlockFile {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// A file of blocks holds one that can't follow the chain. Those before it are part of the chain.
    #[error("{}{block} is not valid: {reason}; the {imported} blocks before it were imported", prefix(.path))]
    Import {
        /// The file, if it was read from one.
        path: Option<PathBuf>,
        /// Which block it is, and where it starts.
        block: String,
        /// What is wrong with it.
        reason: String,
        /// How many blocks of the file were added to the chain.
        imported: u64,
    },
    /// A block could not be built; the chain is unchanged.
    #[error("block {number} could not be built: {reason}")]
    Block {
        /// Number of the block.
        number: u64,
        /// What failed.
        reason: String,
    },
    /// Another program listens on the address.
    #[error("port {} on {} is already in use; stop what listens there, or choose another with --port (0 takes a free one)", .0.port(), .0.ip())]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The Unix socket cannot be made.
    #[error("cannot listen on the socket {path}: {source}; choose another path with --ipc", path = .path.display())]
    Ipc {
        /// The path asked for.
        path: PathBuf,
        /// What the operating system said, or what is in the way.
        source: io::Error,
    },
    /// The state file could not be read or written.
    #[error("cannot {action} the state file {path}: {source}", path = .path.display())]
    StateFile {
        /// What was to be done with it.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The block log is not as it was written, and not only for want of its end.
    #[error(
        "the block log {path} is damaged at byte {offset}: {reason}; restore it from a copy, or cut it there to keep what comes before (truncate -s {offset})",
        path = .path.display()
    )]
    BlockLogDamaged {
        /// The file.
        path: PathBuf,
        /// Where the record starts that can't be read, in bytes.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is not a block log; a dump (anvil_dumpState, --dump-state) is loaded with --load-state", .0.display())]
    NotABlockLog(PathBuf),
    /// The block log is of another version of this program.
    #[error("{} is a block log of version {version}, and this program reads version {known}; start with another file", .path.display())]
    BlockLogVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u8,
        /// The one that can be read.
        known: u8,
    },
    /// Another chain writes the block log.
    #[error("the block log {} is in use by another process; stop it, or choose another file", .0.display())]
    BlockLogInUse(PathBuf),
    /// The state is not one we wrote, or is damaged.
    #[error("the state is not one this chain can load: {0}")]
    State(String),
}

fn prefix(path: &Option<PathBuf>) -> String {
    path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default()
}

impl Error {
    /// Whether the same call may succeed later, with nothing changed on our side.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::AddressInUse(_)
                | Self::Listen { .. }
                | Self::Ipc { .. }
                | Self::StateFile { .. }
                | Self::BlockLogInUse(_)
        )
    }
}
