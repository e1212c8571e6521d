//! Events as they come, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use alloy::primitives::B256;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::sse::{Event, KeepAlive, Sse},
};
use futures::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::{ApiState, Change, error::ApiError, handlers::event_filter, page::Parameters};
use crate::store::{EventFilter, EventPosition, Store, StoreError};

/// Feeds served at a time; each holds a connection for as long as the client likes.
const MAX_FEEDS: usize = 256;
/// Events read from the store at a time.
const BATCH: u32 = 100;
/// An idle feed says something this often, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One permit for every feed that may be open.
pub(crate) fn feed_permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_FEEDS))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedQuery {
    job: Option<String>,
    executor: Option<String>,
    after: Option<String>,
}

pub(super) async fn feed(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Parameters(query): Parameters<FeedQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let filter = event_filter(query.job.as_deref(), query.executor.as_deref())?;
    // A browser that reconnects tells what it had last, which is newer than what the page asked for.
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let start = Start::parse(resumed.or(query.after.as_deref()))?;
    let permit = state.feeds.clone().try_acquire_owned().map_err(|_| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_feeds", "too many feeds are open; try again later")
    })?;
    let feed = Feed::open(&state, filter, start, permit).await?;
    let cancelled = state.cancellation.clone().cancelled_owned();
    let messages = futures::stream::unfold(feed, |mut feed| async move {
        let message = feed.next().await?;
        Some((Ok(message), feed))
    });
    let messages = futures::StreamExt::take_until(messages, cancelled);
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Where a feed begins.
enum Start {
    Now,
    First,
    Behind { position: EventPosition, block_hash: B256 },
}

impl Start {
    fn parse(text: Option<&str>) -> Result<Self, ApiError> {
        match text {
            None | Some("") => Ok(Self::Now),
            Some("start") => Ok(Self::First),
            Some(id) => Self::behind(id).ok_or_else(|| {
                ApiError::invalid(format!("after is {id:?}: it must be `start` or the id of a message of this feed"))
            }),
        }
    }

    fn behind(id: &str) -> Option<Self> {
        let mut parts = id.splitn(3, '-');
        let position = EventPosition { block: parts.next()?.parse().ok()?, log_index: parts.next()?.parse().ok()? };
        Some(Self::Behind { position, block_hash: parts.next()?.parse().ok()? })
    }
}

/// One client's place in the store.
struct Feed {
    store: Store,
    filter: EventFilter,
    changes: broadcast::Receiver<Change>,
    /// Events up to here were sent; None before the first.
    sent: Option<EventPosition>,
    messages: VecDeque<Event>,
    /// Whether the store may hold events that were not looked at.
    behind: bool,
    _permit: OwnedSemaphorePermit,
}

impl Feed {
    async fn open(
        state: &ApiState,
        filter: EventFilter,
        start: Start,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, StoreError> {
        // Subscribed before the store is read, so that no change falls between.
        let changes = state.changes.subscribe();
        let mut messages = VecDeque::new();
        let sent = match start {
            Start::First => None,
            Start::Now => state.store.tip().await?.map(|tip| last_of(tip.number)),
            Start::Behind { position, block_hash } => {
                if state.store.block_hash(position.block).await? == Some(block_hash) {
                    Some(position)
                } else {
                    // The client's last event is void; how many before it are, nobody knows any more.
                    messages.push_back(rollback(state.deployment.deployed_at_block));
                    None
                }
            }
        };
        Ok(Self { store: state.store.clone(), filter, changes, sent, messages, behind: true, _permit: permit })
    }

    /// The next message; None when the feed must end, after which the client may come back with its last id.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Some(message);
            }
            if self.behind {
                match self.store.events(&self.filter, self.sent, BATCH).await {
                    Ok(events) => {
                        self.behind = events.len() == BATCH as usize;
                        for event in events {
                            let EventPosition { block, log_index } = event.position;
                            let id = format!("{block}-{log_index}-{}", event.block_hash);
                            self.messages
                                .push_back(Event::default().event("event").id(id).data(event.json.to_string()));
                            self.sent = Some(event.position);
                        }
                    }
                    Err(error) => {
                        tracing::error!("a feed ends: {error}");
                        return None;
                    }
                }
                continue;
            }
            match self.changes.recv().await {
                Ok(Change::Block) => self.behind = true,
                Ok(Change::Rollback { first_removed }) => {
                    if self.sent.is_some_and(|sent| sent.block >= first_removed) {
                        self.messages.push_back(rollback(first_removed));
                        self.sent = first_removed.checked_sub(1).map(last_of);
                    }
                    self.behind = true;
                }
                // A client too slow to be told of every rollback starts over with its last id.
                Err(_) => return None,
            }
        }
    }
}

/// Behind all events of a block. SQLite's integers end there.
fn last_of(block: u64) -> EventPosition {
    EventPosition { block, log_index: i64::MAX.unsigned_abs() }
}

fn rollback(first_removed: u64) -> Event {
    Event::default().event("rollback").data(json!({ "firstRemoved": first_removed }).to_string())
}
