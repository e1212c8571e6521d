//! Those who follow the chain: polled filters and subscriptions.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy::{primitives::U64, rpc::types::Filter};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{Notify, futures::Notified, mpsc};

use crate::{
    chain::{Chain, Event},
    rpc::convert,
};

/// A filter that nobody asked for this long is forgotten (geth's rule).
const FILTER_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Names a filter or a subscription.
pub(crate) type FollowerId = U64;

/// What a follower wants to hear of.
#[derive(Clone, Debug)]
pub(crate) enum Interest {
    /// New heads.
    Heads,
    /// Logs, also of blocks that are taken back.
    Logs(Box<Filter>),
    /// Waiting transactions, whole or by hash.
    Pending { whole: bool },
}

/// One piece of news for one subscription.
pub(crate) type News = (FollowerId, Box<RawValue>);

/// Where news goes.
enum Sink {
    /// Kept until asked for.
    Kept { news: Vec<Box<RawValue>>, asked: Instant },
    /// Sent at once.
    Sent(mpsc::Sender<News>),
}

struct Follower {
    interest: Interest,
    sink: Sink,
}

/// All followers of one chain.
#[derive(Default)]
pub(crate) struct Hub {
    followers: Mutex<Followers>,
    changed: Notify,
}

#[derive(Default)]
struct Followers {
    by_id: BTreeMap<FollowerId, Follower>,
    last: u64,
}

impl Followers {
    fn add(&mut self, interest: Interest, sink: Sink) -> FollowerId {
        self.last += 1;
        let id = U64::from(self.last);
        self.by_id.insert(id, Follower { interest, sink });
        id
    }
}

impl Hub {
    /// A filter, to be asked for its news.
    pub(crate) fn install(&self, interest: Interest) -> FollowerId {
        let mut followers = self.followers.lock();
        followers.by_id.retain(|_, follower| match &follower.sink {
            Sink::Kept { asked, .. } => asked.elapsed() < FILTER_LIFETIME,
            Sink::Sent(channel) => !channel.is_closed(),
        });
        followers.add(interest, Sink::Kept { news: Vec::new(), asked: Instant::now() })
    }

    /// A subscription, whose news goes to `channel`. One that does not keep up is ended.
    pub(crate) fn subscribe(&self, interest: Interest, channel: mpsc::Sender<News>) -> FollowerId {
        self.followers.lock().add(interest, Sink::Sent(channel))
    }

    /// Ends a filter or subscription; whether there was one.
    pub(crate) fn remove(&self, id: FollowerId) -> bool {
        self.followers.lock().by_id.remove(&id).is_some()
    }

    /// What happened since the last call. None if there is no such filter.
    pub(crate) fn changes(&self, id: FollowerId) -> Option<Vec<Box<RawValue>>> {
        match &mut self.followers.lock().by_id.get_mut(&id)?.sink {
            Sink::Kept { news, asked } => {
                *asked = Instant::now();
                Some(std::mem::take(news))
            }
            Sink::Sent(_) => None,
        }
    }

    /// The log filter `id`.
    pub(crate) fn log_filter(&self, id: FollowerId) -> Option<Filter> {
        match &self.followers.lock().by_id.get(&id)?.interest {
            Interest::Logs(filter) => Some((**filter).clone()),
            Interest::Heads | Interest::Pending { .. } => None,
        }
    }

    /// Ends when anything happens after its first poll.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Tells all followers.
    pub(crate) fn publish(&self, chain: &Chain, events: &[Event]) {
        self.changed.notify_waiters();
        let mut followers = self.followers.lock();
        if followers.by_id.is_empty() {
            return;
        }
        followers.by_id.retain(|id, follower| events.iter().all(|event| follower.tell(*id, chain, event)));
    }
}

impl Follower {
    /// False if it is gone.
    fn tell(&mut self, id: FollowerId, chain: &Chain, event: &Event) -> bool {
        match (&self.interest, event) {
            (Interest::Heads, Event::Added(block)) => match &self.sink {
                Sink::Kept { .. } => self.sink.put(id, &block.hash()),
                Sink::Sent(_) => self.sink.put(id, &convert::header(block)),
            },
            (Interest::Logs(filter), Event::Added(block)) => {
                convert::matching_logs(block, filter, false).iter().all(|log| self.sink.put(id, log))
            }
            (Interest::Logs(filter), Event::Removed(block)) => block.block().is_none_or(|block| {
                convert::matching_logs(&block, filter, true).iter().all(|log| self.sink.put(id, log))
            }),
            (Interest::Pending { whole: true }, Event::Pending(transaction)) => {
                self.sink.put(id, &convert::pending_transaction(transaction, chain.next_base_fee()))
            }
            (Interest::Pending { whole: false }, Event::Pending(transaction)) => {
                self.sink.put(id, transaction.tx_hash())
            }
            _ => true,
        }
    }
}

impl Sink {
    /// False if the receiver is gone or does not keep up.
    fn put<T: Serialize>(&mut self, id: FollowerId, item: &T) -> bool {
        let item = match to_raw_value(item) {
            Ok(item) => item,
            Err(error) => {
                tracing::error!(%error, "news that can't be written as JSON");
                return true;
            }
        };
        match self {
            Self::Kept { news, .. } => {
                news.push(item);
                true
            }
            Self::Sent(channel) => channel.try_send((id, item)).is_ok(),
        }
    }
}
