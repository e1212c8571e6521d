//! JSON-RPC over HTTP and WebSocket, on one port.

use std::{
    borrow::Cow,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use alloy::rpc::json_rpc::{ErrorPayload, Id, ResponsePayload};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request, State, WebSocketUpgrade, ws},
    http::header,
    response::IntoResponse,
    routing::get,
};
use futures::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower_http::cors::CorsLayer;

use crate::{
    devnet::Devnet,
    error::Error,
    hub::{FollowerId, News},
    rpc::{self, error::RpcError},
};

/// The longest request, in bytes.
const LONGEST_REQUEST: usize = 128 << 20;

/// How long requests under way may take when the server stops.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much news a subscriber may be behind before its subscription ends.
const BACKLOG: usize = 1 << 14;

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
            .layer(DefaultBodyLimit::max(LONGEST_REQUEST))
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
    let answer = respond(&served.devnet, &body, None).await.unwrap_or_default();
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
    let (news_sender, mut news) = mpsc::channel(BACKLOG);
    let mut subscriptions = Subscriptions { devnet: &served.devnet, sender: news_sender, ids: Vec::new() };
    loop {
        let text = tokio::select! {
            () = served.stop.cancelled() => break,
            Some(news) = news.recv() => notification(news),
            message = incoming.next() => match message {
                Some(Ok(ws::Message::Text(text))) => {
                    respond(&served.devnet, text.as_bytes(), Some(&mut subscriptions)).await
                }
                Some(Ok(ws::Message::Binary(bytes))) => {
                    respond(&served.devnet, &bytes, Some(&mut subscriptions)).await
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

/// The subscriptions of one connection; they end with it.
struct Subscriptions<'a> {
    devnet: &'a Devnet,
    sender: mpsc::Sender<News>,
    ids: Vec<FollowerId>,
}

impl Subscriptions<'_> {
    fn subscribe(&mut self, params: Option<&RawValue>) -> Result<FollowerId, RpcError> {
        let interest = rpc::interest(params)?;
        let id = self.devnet.hub().subscribe(interest, self.sender.clone());
        self.ids.push(id);
        Ok(id)
    }

    fn unsubscribe(&mut self, params: Option<&RawValue>) -> Result<bool, RpcError> {
        let [id]: [FollowerId; 1] = params
            .and_then(|params| serde_json::from_str(params.get()).ok())
            .ok_or_else(|| RpcError::invalid_params("eth_unsubscribe takes the id of a subscription"))?;
        let ours = self.ids.contains(&id);
        self.ids.retain(|other| *other != id);
        Ok(ours && self.devnet.hub().remove(id))
    }
}

impl Drop for Subscriptions<'_> {
    fn drop(&mut self) {
        for id in &self.ids {
            self.devnet.hub().remove(*id);
        }
    }
}

fn notification((subscription, result): News) -> Option<String> {
    #[derive(Serialize)]
    struct Notification {
        jsonrpc: &'static str,
        method: &'static str,
        params: Params,
    }
    #[derive(Serialize)]
    struct Params {
        subscription: FollowerId,
        result: Box<RawValue>,
    }
    let notification =
        Notification { jsonrpc: "2.0", method: "eth_subscription", params: Params { subscription, result } };
    serde_json::to_string(&notification).ok()
}

#[derive(Deserialize)]
struct RpcRequest {
    #[serde(default)]
    jsonrpc: Option<String>,
    #[serde(default)]
    id: Option<Id>,
    method: String,
    #[serde(default)]
    params: Option<Box<RawValue>>,
}

/// Answers a request or a batch. Nothing to a notification.
async fn respond(devnet: &Devnet, body: &[u8], mut subscriptions: Option<&mut Subscriptions<'_>>) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<&RawValue>(body) else {
        return write(&failure(Id::None, RpcError::parse_error()));
    };
    if !body.get().starts_with('[') {
        return write(&respond_one(devnet, body, subscriptions).await?);
    }
    let requests: Vec<&RawValue> = serde_json::from_str(body.get()).unwrap_or_default();
    if requests.is_empty() {
        return write(&failure(Id::None, RpcError::invalid_request()));
    }
    let mut responses = Vec::with_capacity(requests.len());
    for request in requests {
        responses.extend(respond_one(devnet, request, subscriptions.as_deref_mut()).await);
    }
    if responses.is_empty() { None } else { write(&responses) }
}

async fn respond_one(
    devnet: &Devnet,
    request: &RawValue,
    subscriptions: Option<&mut Subscriptions<'_>>,
) -> Option<Wire> {
    let Ok(request) = serde_json::from_str::<RpcRequest>(request.get()) else {
        return Some(failure(Id::None, RpcError::invalid_request()));
    };
    let id = request.id.clone();
    if request.jsonrpc.is_some_and(|version| version != "2.0") {
        return Some(failure(id.unwrap_or(Id::None), RpcError::invalid_request()));
    }
    let payload = match (request.method.as_str(), subscriptions) {
        ("eth_subscribe", Some(subscriptions)) => payload(subscriptions.subscribe(request.params.as_deref())),
        ("eth_unsubscribe", Some(subscriptions)) => payload(subscriptions.unsubscribe(request.params.as_deref())),
        ("eth_subscribe" | "eth_unsubscribe", None) => ResponsePayload::Failure(RpcError::no_notifications().0),
        _ => rpc::answer(devnet, request.method, request.params).await.into(),
    };
    id.map(|id| wire(id, payload))
}

fn wire(id: Id, payload: ResponsePayload) -> Wire {
    let payload = match payload {
        ResponsePayload::Success(result) => WirePayload::Result(result),
        ResponsePayload::Failure(ErrorPayload { code, message, data }) => {
            WirePayload::Error(WireError { code, message, data })
        }
    };
    Wire { jsonrpc: "2.0", id, payload }
}

/// A response on the wire. An error without data has no `data`, as geth's.
#[derive(Serialize)]
struct Wire {
    jsonrpc: &'static str,
    id: Id,
    #[serde(flatten)]
    payload: WirePayload,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum WirePayload {
    Result(Box<RawValue>),
    Error(WireError),
}

#[derive(Serialize)]
struct WireError {
    code: i64,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

fn payload<T: Serialize>(result: Result<T, RpcError>) -> ResponsePayload {
    match result.and_then(|value| to_raw_value(&value).map_err(RpcError::internal)) {
        Ok(value) => ResponsePayload::Success(value),
        Err(RpcError(error)) => ResponsePayload::Failure(error),
    }
}

fn failure(id: Id, RpcError(error): RpcError) -> Wire {
    wire(id, ResponsePayload::Failure(error))
}

fn write<T: Serialize>(response: &T) -> Option<String> {
    serde_json::to_string(response)
        .inspect_err(|error| tracing::error!(%error, "a response that can't be written as JSON"))
        .ok()
}
