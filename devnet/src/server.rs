//! JSON-RPC over HTTP and WebSocket, on one port.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request, State, WebSocketUpgrade, ws},
    http::header,
    response::IntoResponse,
    routing::get,
};
use futures::{SinkExt, StreamExt};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower_http::{cors::CorsLayer, limit::RequestBodyLimitLayer};

use crate::{
    devnet::Devnet,
    error::Error,
    rpc::place::Place,
    wire::{Subscriptions, notification, respond},
};

/// The longest request, in bytes.
pub(crate) const LONGEST_REQUEST: usize = 128 << 20;

/// How long requests under way may take when the server stops.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A served chain. Dropped, it stops answering.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    pub(crate) async fn start(devnet: Devnet, address: SocketAddr) -> Result<Self, Error> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::AddressInUse(address),
            _ => Error::Listen { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let served = Served { devnet, stop: stop.clone() };
        let router = Router::new()
            .route("/", get(websocket).post(http))
            .layer(DefaultBodyLimit::disable())
            // Tells whoever announces more before it is sent.
            .layer(RequestBodyLimitLayer::new(LONGEST_REQUEST))
            .layer(CorsLayer::very_permissive())
            .with_state(served);
        let stopped = stop.clone().cancelled_owned();
        let serve = axum::serve(listener, router).with_graceful_shutdown(stopped);
        let task = tokio::spawn(async move { serve.await });
        Ok(Self { address, stop, task })
    }

    /// Where it listens, with the real port.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// URL for HTTP clients on this machine.
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http://{}", self.reachable())
    }

    /// URL for WebSocket clients on this machine.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.reachable())
    }

    /// An address that can be connected to where all were listened on.
    fn reachable(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }

    /// Stops taking requests and waits for those under way, though not long.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        match tokio::time::timeout(PATIENCE, &mut self.task).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the server ended badly"),
            Ok(Err(error)) => tracing::error!(%error, "the server ended badly"),
            Err(_) => {
                tracing::warn!("some connections were cut");
                self.task.abort();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Clone)]
struct Served {
    devnet: Devnet,
    stop: CancellationToken,
}

async fn http(State(served): State<Served>, body: Bytes) -> impl IntoResponse {
    let answer = respond(&served.devnet, &body, None, Place::of_own_task()).await.unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], answer)
}

/// A WebSocket, or a word to whoever looks with a browser.
async fn websocket(State(served): State<Served>, request: Request) -> axum::response::Response {
    match WebSocketUpgrade::from_request(request, &()).await {
        Ok(upgrade) => upgrade
            .max_message_size(LONGEST_REQUEST)
            .max_frame_size(LONGEST_REQUEST)
            .on_upgrade(move |socket| converse(served, socket)),
        Err(_) => "JSON-RPC: POST a request here, or open a WebSocket.\n".into_response(),
    }
}

async fn converse(served: Served, socket: ws::WebSocket) {
    let (mut outgoing, mut incoming) = socket.split();
    let (mut subscriptions, mut news) = Subscriptions::new(&served.devnet);
    let place = Place::of_own_task();
    loop {
        let text = tokio::select! {
            () = served.stop.cancelled() => break,
            Some(news) = news.recv() => notification(news),
            message = incoming.next() => match message {
                Some(Ok(ws::Message::Text(text))) => {
                    respond(&served.devnet, text.as_bytes(), Some(&mut subscriptions), place).await
                }
                Some(Ok(ws::Message::Binary(bytes))) => {
                    respond(&served.devnet, &bytes, Some(&mut subscriptions), place).await
                }
                Some(Ok(ws::Message::Ping(_) | ws::Message::Pong(_))) => continue,
                Some(Ok(ws::Message::Close(_)) | Err(_)) | None => break,
            },
        };
        if let Some(text) = text
            && outgoing.send(ws::Message::Text(text.into())).await.is_err()
        {
            break;
        }
    }
}
