//! JSON-RPC over a Unix socket: requests one after the other, with or without white space between.

use std::{
    fs, io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use serde_json::value::RawValue;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};
use tokio_util::sync::CancellationToken;

use crate::{
    devnet::Devnet,
    error::Error,
    rpc::place::Place,
    server::LONGEST_REQUEST,
    wire::{Subscriptions, notification, respond},
};

/// A chain served over a Unix socket. Dropped, it stops answering and removes the socket.
#[derive(Debug)]
pub struct IpcServer {
    path: PathBuf,
    stop: CancellationToken,
}

impl IpcServer {
    pub(crate) fn start(devnet: Devnet, path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Ipc { path: path.to_owned(), source };
        remove_abandoned(path).map_err(failed)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(devnet, listener, stop.clone())));
        Ok(Self { path: path.to_owned(), stop })
    }

    /// Where the socket is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for IpcServer {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "the socket could not be removed");
        }
    }
}

/// Removes a socket on which nobody listens any more; anything else stays.
fn remove_abandoned(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        // What else may be there is for the call that binds to refuse.
        Ok(_) | Err(_) => return Ok(()),
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

async fn accept(devnet: Devnet, listener: UnixListener, stop: CancellationToken) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (devnet, stop) = (devnet.clone(), stop.clone());
                tokio::spawn(async move {
                    let conversation = converse(&devnet, stream);
                    if let Some(Err(error)) = stop.run_until_cancelled(conversation).await {
                        tracing::debug!(%error, "a connection to the socket ended");
                    }
                });
            }
            Err(error) => {
                tracing::error!(%error, "the socket takes no more connections");
                return;
            }
        }
    }
}

async fn converse(devnet: &Devnet, mut stream: UnixStream) -> io::Result<()> {
    let (mut incoming, mut outgoing) = stream.split();
    let (mut subscriptions, mut news) = Subscriptions::new(devnet);
    let mut received = Vec::new();
    loop {
        let mut texts = Vec::new();
        let mut is_last = false;
        tokio::select! {
            Some(news) = news.recv() => texts.extend(notification(news)),
            count = incoming.read_buf(&mut received) => {
                if count? == 0 {
                    return Ok(());
                }
                let (requests, taken, broken) = requests(&received);
                for request in requests {
                    texts.extend(respond(devnet, request.as_bytes(), Some(&mut subscriptions), Place::of_own_task()).await);
                }
                received.drain(..taken);
                if broken || received.len() > LONGEST_REQUEST {
                    // Where the next request starts can't be known.
                    texts.extend(respond(devnet, b"", None, Place::of_own_task()).await);
                    is_last = true;
                }
            }
        }
        for mut text in texts {
            text.push('\n');
            outgoing.write_all(text.as_bytes()).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The whole requests at the front of what was received, how many bytes they are, and whether what follows is no JSON.
fn requests(received: &[u8]) -> (Vec<String>, usize, bool) {
    // A request ends with a bracket. Until one is there, reading it again from its start would only cost.
    let ends = received.trim_ascii_end().last().is_none_or(|last| matches!(last, b'}' | b']'));
    let begins = received.trim_ascii_start().first().is_none_or(|first| matches!(first, b'{' | b'['));
    if !begins {
        return (Vec::new(), 0, true);
    }
    if !ends {
        return (Vec::new(), 0, false);
    }
    let mut values = serde_json::Deserializer::from_slice(received).into_iter::<&RawValue>();
    let (mut whole, mut taken) = (Vec::new(), 0);
    loop {
        match values.next() {
            Some(Ok(value)) => {
                whole.push(value.get().to_owned());
                taken = values.byte_offset();
            }
            None => return (whole, received.len(), false),
            Some(Err(error)) => return (whole, taken, !error.is_eof()),
        }
    }
}
