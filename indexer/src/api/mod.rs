//! The REST API, the event feed and a small page for people.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | a page with the recent jobs |
//! | `GET /health` | 200 while the node answers, else 503 |
//! | `GET /v1/status` | chain, node, head and how far the store is behind |
//! | `GET /v1/jobs?requester=&phase=&executor=&limit=&cursor=` | jobs, newest first |
//! | `GET /v1/jobs/{id}` | one job |
//! | `GET /v1/jobs/{id}/explain` | why it waits, failed or succeeded; `?format=text` for people |
//! | `GET /v1/executors?limit=&cursor=`, `/v1/executors/{id}` | executors |
//! | `GET /v1/models?limit=&cursor=`, `/v1/models/{id}` | models |
//! | `GET /v1/events?job=&executor=&limit=&cursor=` | events in chain order |
//! | `GET /v1/events/stream?job=&executor=&after=` | events as they come |
//!
//! Lists are `{"items": […], "next": cursor or null}`. Errors are `{"error": {"code", "message"}}`. Amounts are decimal strings
//! of wei, hashes and bytes hex, times Unix seconds.
//!
//! The feed is server-sent events. `event` messages carry an event and the id `block-logIndex-blockHash`; a `rollback` message
//! says that all events from `firstRemoved` on are void, what is true now follows. `after` (or the header `Last-Event-ID`) goes
//! on behind an id, `after=start` begins with the first event, and without it the feed begins now.

mod error;
mod feed;
mod handlers;
mod page;

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use infera_sdk::Deployment;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{Any, CorsLayer};

use self::error::ApiError;
pub(crate) use self::feed::feed_permits;
use crate::{clock::Clock, explain::JobParameters, store::Store, stream::StreamHealth};

/// What happened to the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// A block was written.
    Block,
    /// Everything from this height on was removed.
    Rollback {
        /// Lowest removed height.
        first_removed: u64,
    },
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) store: Store,
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) health: watch::Receiver<StreamHealth>,
    pub(crate) parameters: watch::Receiver<Option<JobParameters>>,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feeds: Arc<Semaphore>,
    pub(crate) cancellation: CancellationToken,
}

impl ApiState {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

/// Everything the API serves.
pub(crate) fn router(state: ApiState) -> Router {
    Router::new()
        .route("/", get(explorer))
        .route("/health", get(handlers::health))
        .route("/v1/status", get(handlers::status))
        .route("/v1/jobs", get(handlers::jobs))
        .route("/v1/jobs/{id}", get(handlers::job))
        .route("/v1/jobs/{id}/explain", get(handlers::explain_job))
        .route("/v1/cases", get(handlers::cases))
        .route("/v1/cases/{id}", get(handlers::case))
        .route("/v1/executors", get(handlers::executors))
        .route("/v1/executors/{id}", get(handlers::executor))
        .route("/v1/models", get(handlers::models))
        .route("/v1/models/{id}", get(handlers::model))
        .route("/v1/events", get(handlers::events))
        .route("/v1/events/stream", get(feed::feed))
        .fallback(async || {
            ApiError::new(StatusCode::NOT_FOUND, "no_such_path", "there is no such path; see GET /v1/status")
        })
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this API only reads: use GET")
        })
        // Everything is public and nothing can be changed, so any page may read it.
        .layer(CorsLayer::new().allow_origin(Any).allow_methods([Method::GET]))
        .with_state(state)
}

/// The page takes its content from the API, and may load nothing from elsewhere.
async fn explorer() -> impl IntoResponse {
    const POLICY: (HeaderName, HeaderValue) = (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"),
    );
    ([POLICY], Html(include_str!("explorer.html")))
}
