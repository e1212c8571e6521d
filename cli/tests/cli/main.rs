//! The program as its users see it: what it prints, where, and with which exit status.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod background;
mod bad_input;
mod chain;
mod files;
mod help;
mod models;
mod network;
mod program;
mod vrf;
