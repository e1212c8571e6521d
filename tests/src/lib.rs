//! The demo's stories, and what they need: the real model's place, the programs' places, and the cheats.
//!
//! The stories run as the demo (`infera-demo`, which prints them) and as tests (which assert on them).

pub mod bench;
pub mod cheats;
pub mod places;
pub mod stories;
