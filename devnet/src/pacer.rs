//! Interval mining: blocks at an interval of real time.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

/// Makes blocks at an interval of real time, on a thread of its own.
#[derive(Default)]
pub(crate) struct Pacer {
    pace: Mutex<Pace>,
    changed: Condvar,
}

#[derive(Default)]
struct Pace {
    interval: Option<Duration>,
    /// Counts the changes of the interval.
    generation: u64,
    running: bool,
    stopped: bool,
}

impl Pacer {
    /// Calls `mine` at this interval from now on, until it answers that there is no more; never without an interval.
    pub(crate) fn set(self: &Arc<Self>, interval: Option<Duration>, mine: impl Fn() -> bool + Send + 'static) {
        let mut pace = self.pace.lock();
        pace.interval = interval.filter(|interval| !interval.is_zero());
        pace.generation += 1;
        if pace.interval.is_some() && !pace.running {
            let pacer = self.clone();
            let thread = thread::Builder::new().name("devnet-pacer".to_owned());
            match thread.spawn(move || pacer.run(mine)) {
                Ok(_) => pace.running = true,
                Err(error) => tracing::error!(%error, "no thread for interval mining"),
            }
        }
        self.changed.notify_all();
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.pace.lock().stopped = true;
        self.changed.notify_all();
    }

    fn run(&self, mine: impl Fn() -> bool) {
        let mut last = Instant::now();
        loop {
            let mut pace = self.pace.lock();
            let generation = pace.generation;
            // An interval beyond all time is never over.
            let due = pace.interval.and_then(|interval| last.checked_add(interval));
            while !pace.stopped && pace.generation == generation {
                match due {
                    None => self.changed.wait(&mut pace),
                    Some(due) if self.changed.wait_until(&mut pace, due).timed_out() => break,
                    Some(_) => {}
                }
            }
            if pace.stopped {
                return;
            }
            let now = Instant::now();
            let (Some(due), true) = (due, pace.generation == generation) else {
                last = now;
                continue;
            };
            // Keeps the pace though making a block takes time, but does not catch up on blocks that were missed.
            let missed = pace.interval.is_some_and(|interval| now.duration_since(due) > interval);
            last = if missed { now } else { due };
            // Without the lock: whoever changes the chain may change the pace.
            drop(pace);
            if !mine() {
                return;
            }
        }
    }
}
