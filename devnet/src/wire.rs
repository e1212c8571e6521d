//! JSON-RPC as text: requests, batches, responses and notifications, whatever carries them.

use std::borrow::Cow;

use alloy::rpc::json_rpc::{ErrorPayload, Id, ResponsePayload};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::mpsc;

use crate::{
    devnet::Devnet,
    hub::{FollowerId, News},
    rpc::{self, error::RpcError},
};

/// How much news a subscriber may be behind before its subscription ends.
const BACKLOG: usize = 1 << 14;

/// The subscriptions of one connection; they end with it.
pub(crate) struct Subscriptions<'a> {
    devnet: &'a Devnet,
    sender: mpsc::Sender<News>,
    ids: Vec<FollowerId>,
}

impl<'a> Subscriptions<'a> {
    /// None yet. The news of all will come from the receiver.
    pub(crate) fn new(devnet: &'a Devnet) -> (Self, mpsc::Receiver<News>) {
        let (sender, news) = mpsc::channel(BACKLOG);
        (Self { devnet, sender, ids: Vec::new() }, news)
    }

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

/// What a client is sent for one piece of news.
pub(crate) fn notification((subscription, result): News) -> Option<String> {
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

/// Answers a request or a batch. Nothing to a notification. Without `subscriptions`, the client can't have any.
pub(crate) async fn respond(
    devnet: &Devnet,
    body: &[u8],
    mut subscriptions: Option<&mut Subscriptions<'_>>,
) -> Option<String> {
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
