//! `console.log` in contracts: Hardhat's and Foundry's libraries call an address at which nothing is.

mod format;

use std::{fmt, sync::Arc};

use alloy::primitives::{Address, address};
use revm::{
    Inspector,
    context_interface::ContextTr,
    interpreter::{CallInputs, CallOutcome},
};

/// Where the libraries call: `console.log` in ASCII.
pub(crate) const CONSOLE: Address = address!("000000000000000000636F6e736F6c652e6c6f67");

/// Where the lines go that contracts write with `console.log`.
#[derive(Clone)]
pub struct Console(Arc<dyn Fn(&str) + Send + Sync>);

impl Console {
    /// Calls `write` with each line, without an end of line. It must not call the chain.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(crate) fn write(&self, lines: &[String]) {
        lines.iter().for_each(|line| (self.0)(line));
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Console").finish_non_exhaustive()
    }
}

/// Reads what code writes, in the order it is written; also where the call around it fails.
#[derive(Debug, Default)]
pub(crate) struct ConsoleReader {
    pub(crate) lines: Vec<String>,
}

impl<C: ContextTr> Inspector<C> for ConsoleReader {
    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        if inputs.bytecode_address == CONSOLE {
            self.lines.extend(format::line(&inputs.input.bytes(context)));
        }
        None
    }
}
