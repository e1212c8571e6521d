//! JSON-RPC as text: requests, batches, responses and notifications, whatever carries them.

use std::borrow::Cow;

use alloy::rpc::json_rpc::{ErrorPayload, ResponsePayload};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::mpsc;

use crate::{
    devnet::Devnet,
    hub::{FollowerId, News},
    rpc::{
        self,
        batch::{self, LONGEST_BATCH, LONGEST_RESPONSE, Request},
        error::RpcError,
        place::Place,
    },
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

/// What may be a request. Only when its id is known can it be told what is wrong with the rest.
#[derive(Deserialize)]
struct RpcRequest<'a> {
    #[serde(default, borrow)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    method: Option<&'a RawValue>,
    #[serde(default)]
    params: Option<Box<RawValue>>,
}

/// Reads what is there, null too: a request with the id null is answered, one without an id is not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl RpcRequest<'_> {
    /// The id to answer with; null if there is none that could be given back.
    fn id(&self) -> Id {
        self.id.filter(|id| !id.get().starts_with(['{', '['])).map_or_else(null, ToOwned::to_owned)
    }

    /// The method, if this is a request as the specification has it.
    fn method(&self) -> Option<String> {
        let version = self.jsonrpc.map(RawValue::get);
        let has_id = self.id.is_none_or(|id| !id.get().starts_with(['{', '[']));
        if version != Some("\"2.0\"") || !has_id {
            return None;
        }
        serde_json::from_str(self.method?.get()).ok()
    }
}

/// An id goes back as it came.
type Id = Box<RawValue>;

fn null() -> Id {
    RawValue::NULL.to_owned()
}

/// Answers a request or a batch. Nothing to a notification. Without `subscriptions`, the client can't have any.
pub(crate) async fn respond(
    devnet: &Devnet,
    body: &[u8],
    mut subscriptions: Option<&mut Subscriptions<'_>>,
    place: Place,
) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<&RawValue>(body) else {
        return write(&failure(null(), RpcError::parse_error()));
    };
    if !body.get().starts_with('[') {
        return write(&respond_one(devnet, body, subscriptions, place).await?);
    }
    let requests: Vec<&RawValue> = serde_json::from_str(body.get()).unwrap_or_default();
    let Some(first) = requests.first() else {
        return write(&failure(null(), RpcError::invalid_request()));
    };
    if requests.len() > LONGEST_BATCH {
        return write(&[failure(id_of(first), RpcError::batch_too_large())]);
    }
    let mut batch = Batch::new(devnet, place);
    for request in requests {
        match Asked::read(request) {
            Asked::Call(id, call) => batch.ask(id, call),
            other => {
                batch.answer().await;
                let response = match batch.room {
                    0 => Some(failure(id_of(request), RpcError::response_too_large())),
                    _ => other.respond(subscriptions.as_deref_mut()),
                };
                batch.responses.extend(response);
            }
        }
    }
    batch.answer().await;
    if batch.responses.is_empty() { None } else { write(&batch.responses) }
}

/// What a batch has been answered. Calls that follow each other are carried out together.
struct Batch<'a> {
    devnet: &'a Devnet,
    place: Place,
    ids: Vec<Option<Id>>,
    calls: Vec<Request>,
    responses: Vec<Wire>,
    /// How long further answers may be together, in bytes.
    room: usize,
}

impl<'a> Batch<'a> {
    const fn new(devnet: &'a Devnet, place: Place) -> Self {
        Self { devnet, place, ids: Vec::new(), calls: Vec::new(), responses: Vec::new(), room: LONGEST_RESPONSE }
    }

    fn ask(&mut self, id: Option<Id>, call: Request) {
        self.ids.push(id);
        self.calls.push(call);
    }

    /// Answers the calls that wait.
    async fn answer(&mut self) {
        let calls = std::mem::take(&mut self.calls);
        let answers = batch::answer_all(self.devnet, calls, &mut self.room, self.place).await;
        for (id, answer) in self.ids.drain(..).zip(answers) {
            self.responses.extend(id.map(|id| wire(id, answer.into())));
        }
    }
}

/// The id of what may be a request.
fn id_of(request: &RawValue) -> Id {
    serde_json::from_str::<RpcRequest<'_>>(request.get()).map_or_else(|_| null(), |request| request.id())
}

/// What a request asks for. One without an id is not answered.
enum Asked {
    /// It is no request.
    Nothing(Id),
    /// Notifications, or no more of them.
    Subscription(Option<Id>, Request),
    Call(Option<Id>, Request),
}

impl Asked {
    fn read(request: &RawValue) -> Self {
        let Ok(request) = serde_json::from_str::<RpcRequest<'_>>(request.get()) else {
            return Self::Nothing(null());
        };
        let Some(method) = request.method() else {
            return Self::Nothing(request.id());
        };
        let id = request.id.map(|_| request.id());
        let request = Request { method, params: request.params };
        match request.method.as_str() {
            "eth_subscribe" | "eth_unsubscribe" => Self::Subscription(id, request),
            _ => Self::Call(id, request),
        }
    }

    /// Answers what is no call.
    fn respond(self, subscriptions: Option<&mut Subscriptions<'_>>) -> Option<Wire> {
        match self {
            Self::Nothing(id) => Some(failure(id, RpcError::invalid_request())),
            Self::Subscription(id, Request { method, params }) => {
                let payload = match (method.as_str(), subscriptions) {
                    ("eth_subscribe", Some(subscriptions)) => payload(subscriptions.subscribe(params.as_deref())),
                    (_, Some(subscriptions)) => payload(subscriptions.unsubscribe(params.as_deref())),
                    (_, None) => ResponsePayload::Failure(RpcError::no_notifications().0),
                };
                id.map(|id| wire(id, payload))
            }
            Self::Call(..) => None,
        }
    }
}

async fn respond_one(
    devnet: &Devnet,
    request: &RawValue,
    subscriptions: Option<&mut Subscriptions<'_>>,
    place: Place,
) -> Option<Wire> {
    match Asked::read(request) {
        Asked::Call(id, Request { method, params }) => {
            let payload = rpc::answer(devnet, method, params, place).await.into();
            id.map(|id| wire(id, payload))
        }
        other => other.respond(subscriptions),
    }
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
