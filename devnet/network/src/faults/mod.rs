//! Faults between a part of the network and its chain: calls that get lost, late, twice or out of order.
//!
//! A [`FaultyRpc`] stands between a client and a chain. What it does to calls is said with [`Faults::inject`].

mod proxy;
mod turns;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use proxy::FaultyRpc;
pub(crate) use turns::Turns;

/// Which calls a fault meets. A batch is met whole if one of its calls is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calls {
    /// All.
    All,
    /// Those that send a transaction, signed or not.
    Transactions,
    /// Those of one method.
    Method(String),
}

impl Calls {
    fn include(&self, method: &str) -> bool {
        match self {
            Self::All => true,
            Self::Transactions => method.starts_with("eth_send"),
            Self::Method(name) => name == method,
        }
    }
}

/// Something that happens to calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    calls: Calls,
    action: Action,
    times: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    DropRequest,
    DropAnswer,
    DelayRequest(Duration),
    DelayAnswer(Duration),
    HoldRequest,
    Duplicate,
    Stale,
    ReorderRequests,
    ReorderAnswers,
}

impl Fault {
    const fn of(calls: Calls, action: Action) -> Self {
        Self { calls, action, times: u32::MAX }
    }

    /// They never reach the chain; the client's connection is cut.
    pub const fn drop_requests(calls: Calls) -> Self {
        Self::of(calls, Action::DropRequest)
    }

    /// The chain does what they ask, but the client's connection is cut before it hears of it.
    pub const fn drop_answers(calls: Calls) -> Self {
        Self::of(calls, Action::DropAnswer)
    }

    /// They reach the chain this much later.
    pub const fn delay_requests(calls: Calls, by: Duration) -> Self {
        Self::of(calls, Action::DelayRequest(by))
    }

    /// The chain does what they ask at once, and the client hears of it this much later.
    pub const fn delay_answers(calls: Calls, by: Duration) -> Self {
        Self::of(calls, Action::DelayAnswer(by))
    }

    /// They reach the chain when the fault is healed.
    pub const fn hold_requests(calls: Calls) -> Self {
        Self::of(calls, Action::HoldRequest)
    }

    /// They reach the chain twice, one after the other; the client gets the first answer.
    pub const fn duplicate_requests(calls: Calls) -> Self {
        Self::of(calls, Action::Duplicate)
    }

    /// The same question gets the answer that it got first, as from a node that is stuck. Batches are not affected.
    pub const fn repeat_answers(calls: Calls) -> Self {
        Self::of(calls, Action::Stale)
    }

    /// The next `count` wait for each other, and reach the chain in the reverse of their order, each when the one
    /// before is answered.
    pub const fn reorder_requests(calls: Calls, count: u32) -> Self {
        Self::of(calls, Action::ReorderRequests).times(count)
    }

    /// The next `count` reach the chain as they come, and their answers come back in the reverse order.
    pub const fn reorder_answers(calls: Calls, count: u32) -> Self {
        Self::of(calls, Action::ReorderAnswers).times(count)
    }

    /// Happens to so many calls, and then no more. To all until it is healed if not given.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// The faults of one [`FaultyRpc`]. Clones are handles to the same.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Arc<Rule>>>>);

/// A fault in force, and how often it struck.
#[derive(Debug)]
struct Rule {
    fault: Fault,
    met: watch::Sender<u32>,
    healed: watch::Sender<bool>,
    turns: Turns,
}

impl Faults {
    /// Lets a fault happen from now on. Of several that meet a call, the first in force happens.
    pub fn inject(&self, fault: Fault) -> InjectedFault {
        let turns = Turns::new(fault.times);
        let (met, healed) = (watch::Sender::new(0), watch::Sender::new(false));
        let rule = Arc::new(Rule { fault, met, healed, turns });
        self.0.lock().push(rule.clone());
        InjectedFault { faults: self.clone(), rule }
    }

    /// Ends all faults. Calls that were held go on.
    pub fn heal(&self) {
        for rule in self.0.lock().drain(..) {
            rule.heal();
        }
    }

    /// The fault that happens to a request with calls of these methods; it counts as met.
    fn strike(&self, methods: &[String]) -> Option<Arc<Rule>> {
        let rules = self.0.lock();
        let strikes = |rule: &&Arc<Rule>| {
            *rule.met.borrow() < rule.fault.times && methods.iter().any(|method| rule.fault.calls.include(method))
        };
        let rule = rules.iter().find(strikes)?;
        rule.met.send_modify(|met| *met += 1);
        Some(rule.clone())
    }
}

impl Rule {
    fn heal(&self) {
        self.healed.send_replace(true);
        self.turns.open();
    }
}

/// A fault that was [injected](Faults::inject). It stays in force when this is dropped.
#[derive(Debug, Clone)]
pub struct InjectedFault {
    faults: Faults,
    rule: Arc<Rule>,
}

impl InjectedFault {
    /// How many requests it has met.
    pub fn met(&self) -> u32 {
        *self.rule.met.borrow()
    }

    /// Waits until it has met so many requests.
    pub async fn until_met(&self, count: u32) {
        // The sender lives as long as we do.
        self.rule.met.subscribe().wait_for(|met| *met >= count).await.ok();
    }

    /// Ends it. Calls that it held go on.
    pub fn heal(&self) {
        self.faults.0.lock().retain(|rule| !Arc::ptr_eq(rule, &self.rule));
        self.rule.heal();
    }
}
