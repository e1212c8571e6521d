//! The feed of events.

use infera_indexer::{Indexer, StoreLocation};
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{
    caught_up,
    chain::FakeChain,
    events::{committed, job_id, requested, transaction},
    soon, start_indexer,
};

/// One message of the feed.
#[derive(Debug)]
struct Message {
    kind: String,
    id: Option<String>,
    data: Value,
}

impl Message {
    /// The event's name and job.
    fn event(&self) -> (&str, &Value) {
        assert_eq!(self.kind, "event", "{self:?}");
        (self.data["name"].as_str().unwrap(), &self.data["arguments"]["jobId"])
    }
}

struct Feed {
    response: Response,
    text: String,
}

impl Feed {
    async fn open(indexer: &Indexer, query: &str, last_id: Option<&str>) -> Self {
        let request = reqwest::Client::new().get(format!("{}/v1/events/stream{query}", indexer.url()));
        let request = match last_id {
            Some(id) => request.header("Last-Event-ID", id),
            None => request,
        };
        let response = soon("the feed", request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The next message; None when the feed has ended.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    let line = message.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start_matches([':', ' ']).to_owned())
                };
                if let (Some(kind), Some(data)) = (field("event"), field("data")) {
                    return Some(Message { kind, id: field("id"), data: serde_json::from_str(&data).unwrap() });
                }
                continue;
            }
            let chunk = soon("a message", self.response.chunk()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn message(&mut self) -> Message {
        self.next().await.expect("the feed goes on")
    }
}

async fn served() -> (FakeChain, Indexer) {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(vec![vec![transaction([requested(1)])]]);
    let indexer = start_indexer(&chain, StoreLocation::Memory).await;
    caught_up(&indexer, &chain).await;
    (chain, indexer)
}

#[tokio::test]
async fn a_feed_begins_now_and_follows_the_chain() {
    let (chain, indexer) = served().await;
    let mut feed = Feed::open(&indexer, "", None).await;
    chain.extend(vec![vec![transaction([requested(2), committed(1, 4, 0)])]]);
    assert_eq!(feed.message().await.event(), ("JobRequested", &json!(job_id(2))));
    assert_eq!(feed.message().await.event(), ("Committed", &json!(job_id(1))));
}

#[tokio::test]
async fn a_feed_from_the_start_of_one_job_tells_only_that() {
    let (chain, indexer) = served().await;
    chain.extend(vec![vec![transaction([requested(2)])], vec![transaction([committed(1, 4, 0)])]]);
    let mut feed = Feed::open(&indexer, &format!("?after=start&job={}", job_id(1)), None).await;
    assert_eq!(feed.message().await.event(), ("JobRequested", &json!(job_id(1))));
    assert_eq!(feed.message().await.event(), ("Committed", &json!(job_id(1))));
}

#[tokio::test]
async fn a_reorganisation_is_told_before_what_is_true_now() {
    let (chain, indexer) = served().await;
    let mut feed = Feed::open(&indexer, "?after=start", None).await;
    assert_eq!(feed.message().await.event(), ("JobRequested", &json!(job_id(1))));
    chain.branch(1, vec![vec![transaction([requested(2)])], vec![]]);
    let rollback = feed.message().await;
    assert_eq!((rollback.kind.as_str(), &rollback.data), ("rollback", &json!({ "firstRemoved": 3 })));
    assert_eq!(feed.message().await.event(), ("JobRequested", &json!(job_id(2))));
}

#[tokio::test]
async fn a_client_that_returns_gets_what_it_missed() {
    let (chain, indexer) = served().await;
    let mut feed = Feed::open(&indexer, "?after=start", None).await;
    let id = feed.message().await.id.unwrap();
    drop(feed);
    chain.extend(vec![vec![transaction([requested(2)])]]);
    let mut feed = Feed::open(&indexer, "?after=start", Some(&id)).await;
    assert_eq!(feed.message().await.event(), ("JobRequested", &json!(job_id(2))), "nothing twice");

    // What it had last is void when it returns: it is told to forget, and then told everything.
    chain.branch(2, vec![vec![transaction([requested(3)])], vec![], vec![]]);
    caught_up(&indexer, &chain).await;
    let mut feed = Feed::open(&indexer, "", Some(&id)).await;
    assert_eq!(feed.message().await.data, json!({ "firstRemoved": 2 }));
    assert_eq!(feed.message().await.event(), ("JobRequested", &json!(job_id(3))));
}

#[tokio::test]
async fn stopping_the_indexer_ends_its_feeds() {
    let (_chain, indexer) = served().await;
    let mut feed = Feed::open(&indexer, "", None).await;
    soon("the end", indexer.stop()).await.unwrap();
    assert!(feed.next().await.is_none());
}
