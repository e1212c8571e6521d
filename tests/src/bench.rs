//! Benchmarks: each module measures one subject and returns one [`Table`]; `infera-bench` prints them.
//!
//! A further benchmark is a module here, a name in `infera-bench`'s `--only`, and a pair of markers in the book's page
//! (see [`book`]).

mod block_clock;
pub mod book;
pub mod commitment;
pub mod demo;
pub mod devnet;
pub mod engine;
pub mod gas;
pub mod jobs;
pub mod machine;
mod probe;
mod statistics;
mod table;

pub use statistics::Statistics;
pub use table::{Cell, Row, Table, Unit};

/// Told what is being measured, in a line for people.
pub type Progress<'a> = &'a dyn Fn(&str);
