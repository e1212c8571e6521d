//! JSON-RPC over HTTP, handed on to a chain, but for the faults.

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc};

use alloy::primitives::{B256, keccak256};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::Response,
    routing::post,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Action, Faults, Rule};
use crate::{Error, Result};

/// A server of JSON-RPC over HTTP that hands calls on to a chain, with faults. Dropped, it stops answering.
#[derive(Debug)]
pub struct FaultyRpc {
    address: SocketAddr,
    faults: Faults,
    _stop_when_dropped: DropGuard,
}

impl FaultyRpc {
    /// Stands on a free port of loopback before the chain whose JSON-RPC is at `upstream`. Without faults, until some are
    /// injected.
    ///
    /// # Errors
    /// If no port can be listened on.
    pub async fn start(upstream: impl Into<String>) -> Result<Self> {
        let failed = |error: io::Error| Error::Proxy(error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let faults = Faults::default();
        let proxy = Proxy {
            upstream: Arc::new(upstream.into()),
            client: reqwest::Client::builder()
                .no_proxy()
                .build()
                .map_err(|error| Error::Proxy(io::Error::other(error)))?,
            faults: faults.clone(),
            first_answers: Arc::default(),
        };
        let stop = CancellationToken::new();
        let router = Router::new().route("/", post(handle)).with_state(proxy);
        let serving = axum::serve(listener, router).into_future();
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        Ok(Self { address, faults, _stop_when_dropped: stop.drop_guard() })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the calls that come through.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

#[derive(Clone)]
struct Proxy {
    upstream: Arc<String>,
    client: reqwest::Client,
    faults: Faults,
    /// By question.
    first_answers: Arc<Mutex<HashMap<B256, Value>>>,
}

async fn handle(State(proxy): State<Proxy>, request: Bytes) -> Response {
    let answer = proxy.answer(request).await;
    let body = match answer {
        Some(answer) => Body::from(answer),
        // hyper cuts a connection whose body ends like this.
        None => Body::from_stream(futures::stream::once(async {
            Err::<Bytes, _>(io::Error::new(io::ErrorKind::ConnectionReset, "the answer is lost"))
        })),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

impl Proxy {
    /// The answer; none if it is lost.
    async fn answer(&self, request: Bytes) -> Option<Bytes> {
        let question: Value = serde_json::from_slice(&request).unwrap_or_default();
        match self.faults.strike(&methods(&question)) {
            None => self.forward(request).await,
            Some(rule) => self.fail(&rule, question, request).await,
        }
    }

    async fn fail(&self, rule: &Rule, question: Value, request: Bytes) -> Option<Bytes> {
        match rule.fault.action {
            Action::DropRequest => None,
            Action::DropAnswer => {
                self.forward(request).await;
                None
            }
            Action::DelayRequest(by) => {
                tokio::time::sleep(by).await;
                self.forward(request).await
            }
            Action::DelayAnswer(by) => {
                let answer = self.forward(request).await;
                tokio::time::sleep(by).await;
                answer
            }
            Action::HoldRequest => {
                rule.healed.subscribe().wait_for(|healed| *healed).await.ok();
                self.forward(request).await
            }
            Action::Duplicate => {
                let answer = self.forward(request.clone()).await;
                self.forward(request).await;
                answer
            }
            Action::Stale => self.repeat(question, request).await,
            Action::ReorderRequests => {
                let turn = rule.turns.arrive();
                turn.wait().await;
                self.forward(request).await
            }
            Action::ReorderAnswers => {
                let turn = rule.turns.arrive();
                let answer = self.forward(request).await;
                turn.wait().await;
                answer
            }
        }
    }

    /// The first answer to this question, under this question's id.
    async fn repeat(&self, question: Value, request: Bytes) -> Option<Bytes> {
        let Some(id) = question.get("id").cloned() else { return self.forward(request).await };
        let mut key = question;
        key.as_object_mut()?.remove("id");
        let key = keccak256(key.to_string());
        let known = self.first_answers.lock().get(&key).cloned();
        let mut answer = match known {
            Some(answer) => answer,
            None => {
                let answer: Value = serde_json::from_slice(&self.forward(request).await?).ok()?;
                self.first_answers.lock().entry(key).or_insert(answer).clone()
            }
        };
        answer.as_object_mut()?.insert("id".to_owned(), id);
        Some(answer.to_string().into())
    }

    /// What the chain answers; none if it does not.
    async fn forward(&self, request: Bytes) -> Option<Bytes> {
        let request =
            self.client.post(self.upstream.as_str()).header(header::CONTENT_TYPE, "application/json").body(request);
        let answered = async { request.send().await?.bytes().await };
        answered.await.inspect_err(|error| tracing::debug!(%error, "the chain does not answer")).ok()
    }
}

/// The methods of a request or a batch.
fn methods(question: &Value) -> Vec<String> {
    let method = |call: &Value| call.get("method")?.as_str().map(str::to_owned);
    match question {
        Value::Array(calls) => calls.iter().filter_map(method).collect(),
        call => method(call).into_iter().collect(),
    }
}
