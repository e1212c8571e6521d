//! Ways to cheat. Each implements a public trait of the node, so that the node itself holds no code for cheating.

mod int8;
mod silence;

pub use int8::int8_weights;
pub use silence::Silence;
