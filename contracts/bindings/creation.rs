//! Deployable bytecode.
