//! The handle to a running chain.

use std::{fmt, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use alloy::{
    eips::BlockNumHash, primitives::B256, providers::RootProvider, rpc::client::RpcClient,
    signers::local::PrivateKeySigner,
};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use crate::{
    accounts::DevAccounts,
    block_log::BlockLog,
    chain::{Chain, Event, Reorg, read_blocks},
    config::{Config, MiningMode},
    console::Console,
    dump::Dump,
    error::Error,
    genesis::genesis,
    hub::Hub,
    pacer::Pacer,
    rpc::place::Place,
    rpc::{SUGGESTED_TIP, written_in_block},
    server::Server,
    transport::InProcess,
    wire::respond,
};

/// How often clients of the in-process transport look for news.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running chain. Clones are handles to the same one; it ends with the last of them.
#[derive(Clone)]
pub struct Devnet {
    inner: Arc<Inner>,
}

/// What becomes of the transactions of blocks that a reorg removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans {
    /// They wait again, as on a real network, and the first new block takes those it can.
    Requeue,
    /// They are as if never sent.
    Drop,
}

struct Inner {
    chain: RwLock<Chain>,
    /// Locked only by who holds the chain to write.
    log: Mutex<Option<BlockLog>>,
    accounts: DevAccounts,
    hub: Hub,
    pacer: Arc<Pacer>,
    instance: B256,
    errors_for_reverted_sends: bool,
    console: Option<Console>,
}

impl fmt::Debug for Devnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.chain().head().num_hash();
        f.debug_struct("Devnet").field("head", &head).finish_non_exhaustive()
    }
}

impl Devnet {
    /// Starts a chain.
    ///
    /// # Errors
    /// If the mnemonic, the hardfork or the genesis is not usable.
    pub fn start(config: Config) -> Result<Self, Error> {
        Self::with_log(config, None)
    }

    /// Goes on with the chain in the block log at `path`, or starts one and its log. What happens to the chain is in
    /// the file before anyone hears of it, with the states of all blocks: a process that is killed loses at most the
    /// block that it was writing. What waits for a block and snapshots are not kept.
    ///
    /// # Errors
    /// As [`Self::start`]; if the file can't be read or written, is in use, or is damaged in more than its last record.
    pub fn open(config: Config, path: &Path) -> Result<Self, Error> {
        Self::with_log(config, Some(path))
    }

    fn with_log(config: Config, path: Option<&Path>) -> Result<Self, Error> {
        let accounts = DevAccounts::derive(&config.mnemonic, &config.derivation_path, config.accounts)?;
        let (spec, first) = genesis(&config, &accounts)?;
        let instance = first.hash();
        let mut chain = Chain::new(&config, spec, first);
        chain.impersonates_all = config.auto_impersonate;
        let log = path.map(|path| BlockLog::open(path, &mut chain)).transpose()?;
        let inner = Arc::new(Inner {
            chain: RwLock::new(chain),
            log: Mutex::new(log),
            accounts,
            hub: Hub::default(),
            pacer: Arc::default(),
            instance,
            errors_for_reverted_sends: config.errors_for_reverted_sends,
            console: config.console,
        });
        let devnet = Self { inner };
        devnet.set_mining(config.mining);
        Ok(devnet)
    }

    /// An alloy client that asks this chain without a socket.
    #[must_use]
    pub fn client(&self) -> RpcClient {
        RpcClient::new(InProcess::new(self.clone()), true).with_poll_interval(POLL_INTERVAL)
    }

    /// A provider on [`Self::client`], without fillers or a wallet.
    #[must_use]
    pub fn provider(&self) -> RootProvider {
        RootProvider::new(self.client())
    }

    /// Serves JSON-RPC over HTTP and WebSocket on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address can't be listened on.
    pub async fn serve(&self, address: SocketAddr) -> Result<Server, Error> {
        Server::start(self.clone(), address).await
    }

    /// Serves JSON-RPC over a Unix socket at `path`, which is removed when the server goes. The socket of a process that
    /// is no more is replaced.
    ///
    /// # Errors
    /// If the socket can't be made, or something is in its place.
    #[cfg(unix)]
    pub fn serve_ipc(&self, path: &Path) -> Result<crate::ipc::IpcServer, Error> {
        crate::ipc::IpcServer::start(self.clone(), path)
    }

    /// Answers JSON-RPC as a server hears it: the bytes of a request or a batch. Nothing to a notification. What needs a
    /// channel back, subscriptions, is refused.
    pub async fn respond(&self, body: &[u8]) -> Option<String> {
        respond(self, body, None, Place::Aside).await
    }

    /// Keys of the development accounts, which own coins from the start.
    #[must_use]
    pub fn accounts(&self) -> &[PrivateKeySigner] {
        self.inner.accounts.signers()
    }

    /// EIP-155 chain id.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.chain().spec.chain_id
    }

    /// Number and hash of the last block.
    #[must_use]
    pub fn head(&self) -> BlockNumHash {
        self.chain().head().num_hash()
    }

    /// Makes `count` blocks of what waits.
    ///
    /// # Errors
    /// If a block can't be built.
    pub fn mine(&self, count: u64) -> Result<(), Error> {
        self.change(|chain| (0..count).try_for_each(|_| chain.mine(None).map(drop)))
    }

    /// When blocks are made from now on. A switch to automine makes a block of what waits.
    pub fn set_mining(&self, mode: MiningMode) {
        self.change(|chain| {
            chain.mining = mode;
            if mode == MiningMode::Automine
                && let Err(error) = chain.mine_ready()
            {
                tracing::error!(%error, "no block");
            }
        });
        let interval = match mode {
            MiningMode::Interval(interval) => Some(interval),
            MiningMode::Automine | MiningMode::Manual => None,
        };
        let inner = Arc::downgrade(&self.inner);
        self.inner.pacer.set(interval, move || inner.upgrade().is_some_and(|inner| inner.mine_in_pace()));
    }

    /// Moves the chain's time forward, from the next block on.
    pub fn increase_time(&self, seconds: u64) {
        self.change(|chain| chain.time.increase(seconds));
    }

    /// Replaces the last `depth` blocks by as many new ones.
    ///
    /// # Errors
    /// If there are not that many blocks after the first.
    pub fn reorganize(&self, depth: u64, orphans: Orphans) -> Result<(), Error> {
        let reorg = match orphans {
            Orphans::Requeue => Reorg::Requeue,
            Orphans::Drop => Reorg::Replace(Vec::new()),
        };
        self.change(|chain| chain.reorganize(depth, reorg))
    }

    /// Takes back the last `depth` blocks and their transactions.
    ///
    /// # Errors
    /// If there are not that many blocks after the first.
    pub fn roll_back(&self, depth: u64) -> Result<(), Error> {
        self.change(|chain| chain.roll_back(depth).map(drop))
    }

    /// Ends the [block log](Self::open): it is on the disk when this returns. What happens later is not written.
    ///
    /// # Errors
    /// If the log could not be written, now or earlier.
    pub fn close_log(&self) -> Result<(), Error> {
        let _chain = self.inner.chain.write();
        let log = self.inner.log.lock().take();
        log.map_or(Ok(()), BlockLog::close)
    }

    /// Writes a dump of the chain to `path`, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let dump = Dump::new(&self.chain());
        dump.write(path)
    }

    /// Replaces the chain by the one [saved](Self::save) at `path`, but for its states before the last.
    ///
    /// # Errors
    /// If the file can't be read or is damaged.
    pub fn load(&self, path: &Path) -> Result<(), Error> {
        let dump = Dump::read(path)?;
        self.change(|chain| dump.restore(chain))
    }

    /// Adds the blocks in the file at `path` to the chain: RLP, one behind the other, as `geth export` writes them.
    /// Those that are part of the chain are passed over. How many were added.
    ///
    /// Every rule of Ethereum is checked but the proof-of-work seal, and that no block is from the future.
    ///
    /// # Errors
    /// If the file can't be read, ends within a block, or has a block that can't follow: [`Error::Import`] names it.
    /// The blocks before it are added nevertheless.
    pub fn import(&self, path: &Path) -> Result<u64, Error> {
        let failed = |source| Error::BlockFile { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(failed)?;
        self.import_rlp(&bytes).map_err(|error| match error {
            Error::Import { block, reason, imported, .. } => {
                Error::Import { path: Some(path.to_owned()), block, reason, imported }
            }
            error => error,
        })
    }

    /// Like [`Self::import`], of what such a file holds.
    ///
    /// # Errors
    /// If there is a block that can't follow: [`Error::Import`] names it.
    pub fn import_rlp(&self, bytes: &[u8]) -> Result<u64, Error> {
        read_blocks(bytes, |block| self.change(|chain| chain.import(block)))
    }

    /// Base fee, gas limit, timestamp and number of the first block.
    pub(crate) fn first_block(&self) -> (u64, u64, u64, u64) {
        let chain = self.chain();
        chain.block_by_number(chain.first_number()).map_or_else(Default::default, |first| {
            (first.base_fee(), first.header().gas_limit, first.timestamp(), first.number())
        })
    }

    /// What a transaction should offer now, in wei per gas.
    pub(crate) fn suggested_gas_price(&self) -> u128 {
        u128::from(self.chain().next_base_fee()) + SUGGESTED_TIP
    }

    /// The chain, to read.
    pub(crate) fn chain(&self) -> RwLockReadGuard<'_, Chain> {
        self.inner.chain.read()
    }

    /// Changes the chain and tells those who follow it, in order.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Chain) -> T) -> T {
        self.inner.change(change)
    }

    pub(crate) fn dev_accounts(&self) -> &DevAccounts {
        &self.inner.accounts
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// See [`Config::errors_for_reverted_sends`].
    pub(crate) fn errors_for_reverted_sends(&self) -> bool {
        self.inner.errors_for_reverted_sends
    }

    /// See [`Config::console`].
    pub(crate) fn console(&self) -> Option<&Console> {
        self.inner.console.as_ref()
    }

    /// Names this run, for `anvil_metadata`.
    pub(crate) fn instance(&self) -> B256 {
        self.inner.instance
    }
}

impl Inner {
    fn change<T>(&self, change: impl FnOnce(&mut Chain) -> T) -> T {
        let mut chain = self.chain.write();
        let result = change(&mut chain);
        let events = chain.take_events();
        if let Some(log) = &mut *self.log.lock() {
            log.record(&chain, &events);
        }
        if !events.is_empty() {
            self.hub.publish(&chain, &events);
        }
        drop(chain);
        if let Some(console) = &self.console {
            self.show(console, &events);
        }
        result
    }

    /// Makes a block if the interval still asks for one. That there is a chain.
    fn mine_in_pace(&self) -> bool {
        let mined = self.change(|chain| match chain.mining {
            MiningMode::Interval(_) => chain.mine(None).map(drop),
            // It was changed in this very moment.
            MiningMode::Automine | MiningMode::Manual => Ok(()),
        });
        if let Err(error) = mined {
            tracing::error!(%error, "no block");
        }
        true
    }

    /// Writes what code in new blocks wrote to the console. Takes a second run of these blocks, which are few.
    fn show(&self, console: &Console, events: &[Event]) {
        for event in events {
            if let Event::Added(block) = event
                && block.calls_console
            {
                match written_in_block(self.chain.read(), block.clone()) {
                    Ok(lines) => console.write(&lines),
                    Err(error) => tracing::debug!(?error, "the console's lines can't be read"),
                }
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.pacer.stop();
    }
}
