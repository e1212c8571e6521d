//! Reads Infera's events off the chain and makes them answerable.
//!
//! * [`stream`]: the canonical, reorganisation-aware event stream, which executors share;
//! * [`store`]: an SQLite file of blocks, events and what they amount to;
//! * [`fold`]: jobs, cases, executors and models as pure functions of events;
//! * [`explain`]: why a job waits, failed or succeeded, in words;
//! * [`api`]: all of it over HTTP;
//! * [`Indexer`]: the parts put together.
//!
//! Everything here can be deleted and rebuilt from the chain; nothing here writes to it.

pub mod api;
pub mod block;
pub mod clock;
pub mod event;
mod event_json;
pub mod explain;
pub mod fold;
mod indexer;
pub mod names;
mod redact;
mod rpc;
pub mod store;
pub mod stream;
mod wei;

pub use indexer::{Indexer, IndexerConfig, IndexerError, StoreLocation};
pub use redact::redact;
pub use wei::Wei;
