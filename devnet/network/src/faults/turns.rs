//! Those who come wait for each other, and go in the reverse of their order.

use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Turns {
    state: watch::Sender<State>,
}

#[derive(Debug)]
struct State {
    /// How many are awaited.
    count: u32,
    arrived: u32,
    gone: u32,
    /// Nobody need wait any more.
    open: bool,
}

/// A place in the order of those who came. Whoever is next goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    place: u32,
}

impl Turns {
    pub(crate) fn new(count: u32) -> Self {
        Self { state: watch::Sender::new(State { count, arrived: 0, gone: 0, open: false }) }
    }

    /// Takes the next place.
    pub(crate) fn arrive(&self) -> Turn<'_> {
        let mut place = 0;
        self.state.send_modify(|state| {
            place = state.arrived;
            state.arrived += 1;
        });
        Turn { turns: self, place }
    }

    pub(crate) fn open(&self) {
        self.state.send_modify(|state| state.open = true);
    }
}

impl Turn<'_> {
    /// Waits until all have come, and all who came later have gone.
    pub(crate) async fn wait(&self) {
        let mine = |state: &State| {
            let later = state.count.saturating_sub(self.place + 1);
            state.open || (state.arrived >= state.count && state.gone >= later)
        };
        self.turns.state.subscribe().wait_for(mine).await.ok();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.state.send_modify(|state| state.gone += 1);
    }
}
