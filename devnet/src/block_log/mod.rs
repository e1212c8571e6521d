//! The chain as a file that only grows: what every block changed, behind one another.
//!
//! The file starts with the chain at the time, its states as changes from nothing on. What happens later is appended
//! before anyone hears of it. So a process that is killed loses at most the block that it was writing, and the states of
//! all blocks come back with them. Now and then a whole state is among it, a checkpoint: a start follows only the
//! changes after the last one, and makes earlier states when they are asked for. No `fsync` after each block: this
//! guards against the end of the process, not of the machine.

mod frames;
mod record;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use alloy::primitives::B256;

use self::{
    frames::Next,
    record::{Replayed, Told},
};
use crate::{
    chain::{Chain, Event},
    error::Error,
    record::{Reader, Writer},
    state::{State, StateChanges},
};

/// How the file starts, before the version of its format.
const MAGIC: &[u8; 15] = b"infera-devnet\0\0";

/// Two: what a block changed is told from its parent's state on, and there are checkpoints.
const VERSION: u8 = 2;

/// A log that is written.
#[derive(Debug)]
pub(crate) struct BlockLog {
    path: PathBuf,
    file: File,
    /// The state that the log leads to.
    state: State,
    /// The block of the last checkpoint that was written.
    checkpoint: Option<B256>,
    /// Which of the chain's [restores](Chain::restores) it knows of.
    restores: u64,
    /// Why the file ends before the chain does.
    failure: Option<Error>,
}

impl BlockLog {
    /// Goes on with the log at `path`, whose chain replaces `chain`; or starts it with `chain` if there is none.
    pub(crate) fn open(path: &Path, chain: &mut Chain) -> Result<Self, Error> {
        let action = |action| move |source| Error::StateFile { action, path: path.to_owned(), source };
        let mut file = match OpenOptions::new().read(true).append(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::create(path, chain),
            Err(error) => return Err(action("open")(error)),
        };
        lock(&file, path)?;
        let length = file.metadata().map_err(action("read"))?.len();
        if length == 0 {
            return Self::create(path, chain);
        }
        let (told, mostly_removed, end) = replay(&mut file, length, path, chain.spec.chain_id)?;
        if end < length {
            tracing::warn!(path = %path.display(), cut = length - end, "the last record was not finished: cut");
            file.set_len(end).map_err(action("cut"))?;
        }
        chain.replace(told.blocks, &told.hashes, told.state);
        if mostly_removed {
            return Self::create(path, chain);
        }
        let (path, state) = (path.to_owned(), chain.state.clone());
        let checkpoint = chain.blocks().last_checkpoint().map(|(_, checkpoint)| checkpoint.hash);
        Ok(Self { path, file, state, checkpoint, restores: chain.restores(), failure: None })
    }

    /// A new log of `chain`, in place of what is at `path`. Written beside it and then moved there.
    fn create(path: &Path, chain: &Chain) -> Result<Self, Error> {
        let failed = |source| Error::StateFile { action: "write", path: path.to_owned(), source };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        // Emptied only when it is known to be nobody else's.
        let file = OpenOptions::new().append(true).create(true).open(&beside).map_err(failed)?;
        lock(&file, path)?;
        file.set_len(0).map_err(failed)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            state: State::default(),
            checkpoint: None,
            restores: chain.restores(),
            failure: None,
        };
        let mut head = Writer::default();
        head.number(chain.spec.chain_id);
        let mut bytes = [&MAGIC[..], &[VERSION]].concat();
        frames::append(&head.0, &mut bytes);
        log.file.write_all(&bytes).map_err(failed)?;
        for block in chain.blocks().iter() {
            log.append(|out| record::write_block(&block, out)).map_err(failed)?;
        }
        for (number, checkpoint) in chain.blocks().checkpoints() {
            log.append(|out| record::write_checkpoint(number, checkpoint, out)).map_err(failed)?;
            log.checkpoint = Some(checkpoint.hash);
        }
        log.state = chain.head().state().cloned().unwrap_or_default();
        log.append_rest(chain).map_err(failed)?;
        log.file.sync_all().map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)?;
        Ok(log)
    }

    /// Appends what happened to `chain`. After a failure nothing more is written: see [`Self::close`].
    pub(crate) fn record(&mut self, chain: &Chain, events: &[Event]) {
        if self.failure.is_some() {
            return;
        }
        let outcome = if self.restores == chain.restores() {
            self.append_events(chain, events).map_err(|source| Error::StateFile {
                action: "write",
                path: self.path.clone(),
                source,
            })
        } else {
            Self::create(&self.path, chain).map(|log| *self = log)
        };
        if let Err(error) = outcome {
            tracing::error!(%error, "from here on the chain is not written down");
            self.failure = Some(error);
        }
    }

    /// The log is on the disk when this returns; the failure that ended it early, if there was one.
    pub(crate) fn close(self) -> Result<(), Error> {
        let synced = self.file.sync_all();
        self.failure.map_or(Ok(()), Err)?;
        synced.map_err(|source| Error::StateFile { action: "write", path: self.path, source })
    }

    /// A reorg is in the log as a whole or not at all; blocks that follow the head are so one by one.
    fn append_events(&mut self, chain: &Chain, events: &[Event]) -> io::Result<()> {
        let of_blocks = || events.iter().filter(|event| !matches!(event, Event::Pending(_)));
        if of_blocks().next().is_some() {
            self.state = chain.head().state().cloned().unwrap_or_default();
        }
        if events.iter().any(|event| matches!(event, Event::Removed(_))) {
            let changes = self.changes_by_hand(chain);
            self.append(|out| {
                of_blocks().for_each(|event| write_event(event, out));
                if !changes.is_empty() {
                    record::write_state(&changes, out);
                }
            })?;
        } else {
            for event in of_blocks() {
                self.append(|out| write_event(event, out))?;
            }
        }
        self.append_rest(chain)
    }

    /// What no block explains, and what helps to start again.
    fn append_rest(&mut self, chain: &Chain) -> io::Result<()> {
        let changes = self.changes_by_hand(chain);
        if !changes.is_empty() {
            self.append(|out| record::write_state(&changes, out))?;
        }
        if let Some((number, checkpoint)) = chain.blocks().last_checkpoint()
            && self.checkpoint != Some(checkpoint.hash)
        {
            self.append(|out| record::write_checkpoint(number, checkpoint, out))?;
            self.checkpoint = Some(checkpoint.hash);
        }
        Ok(())
    }

    /// What leads from the state that the log leads to to the chain's; from then on the log leads there.
    fn changes_by_hand(&mut self, chain: &Chain) -> StateChanges {
        if self.state.is_same(&chain.state) {
            return StateChanges::default();
        }
        let changes = StateChanges::between(&self.state, &chain.state);
        self.state = chain.state.clone();
        changes
    }

    /// Appends one frame in one write.
    fn append(&mut self, write: impl FnOnce(&mut Writer)) -> io::Result<()> {
        let mut payload = Writer::default();
        write(&mut payload);
        let mut frame = Vec::new();
        frames::append(&payload.0, &mut frame);
        self.file.write_all(&frame)
    }
}

fn write_event(event: &Event, out: &mut Writer) {
    match event {
        Event::Added(block) => record::write_block(block, out),
        Event::Removed(_) => record::write_removed(out),
        Event::Pending(_) => {}
    }
}

/// One process writes a log.
fn lock(file: &File, path: &Path) -> Result<(), Error> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Error::BlockLogInUse(path.to_owned()),
        TryLockError::Error(source) => Error::StateFile { action: "lock", path: path.to_owned(), source },
    })
}

/// Reads the log of a chain `chain_id`: what it tells, whether most of it was taken back, and where its last whole frame
/// ends.
fn replay(file: &mut File, length: u64, path: &Path, chain_id: u64) -> Result<(Told, bool, u64), Error> {
    let failed = |source| Error::StateFile { action: "read", path: path.to_owned(), source };
    let damaged = |offset, reason: String| Error::BlockLogDamaged { path: path.to_owned(), offset, reason };
    let mut file = BufReader::with_capacity(1 << 20, file);
    let (mut magic, mut version) = ([0; MAGIC.len()], [0]);
    let mut offset = (magic.len() + version.len()) as u64;
    if length < offset {
        return Err(Error::NotABlockLog(path.to_owned()));
    }
    file.read_exact(&mut magic).map_err(failed)?;
    file.read_exact(&mut version).map_err(failed)?;
    if magic != *MAGIC {
        return Err(Error::NotABlockLog(path.to_owned()));
    }
    if version != [VERSION] {
        let [version] = version;
        return Err(Error::BlockLogVersion { path: path.to_owned(), version, known: VERSION });
    }
    let mut replayed = Replayed::default();
    let mut is_first = true;
    loop {
        let payload = match frames::read(&mut file, length - offset).map_err(failed)? {
            Next::Payload(payload) => payload,
            Next::End | Next::Torn => break,
            Next::Damaged(reason) => return Err(damaged(offset, reason.to_owned())),
        };
        if std::mem::take(&mut is_first) {
            check_chain(&payload, chain_id).map_err(|reason| damaged(offset, reason))?;
        } else {
            replayed.read(&payload).map_err(|error| damaged(offset, error.to_string()))?;
        }
        offset += frames::length(&payload);
    }
    let mostly_removed = replayed.removed > replayed.blocks();
    let told = replayed.finish().map_err(|error| damaged(offset, error.to_string()))?;
    Ok((told, mostly_removed, offset))
}

fn check_chain(payload: &[u8], expected: u64) -> Result<(), String> {
    let chain_id = Reader::new(payload).number().map_err(|error| error.to_string())?;
    if chain_id == expected { Ok(()) } else { Err(format!("it is of chain {chain_id}, and this is {expected}")) }
}
