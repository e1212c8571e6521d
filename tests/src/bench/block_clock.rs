//! When blocks appear.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Between two looks at the head, and so how far a time can be off.
const PRECISION: Duration = Duration::from_micros(500);

/// Notes when each block became the head, on a thread of its own, until it is dropped.
pub(crate) struct BlockClock {
    seen: Arc<Mutex<BTreeMap<u64, Instant>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BlockClock {
    /// Watches the number that `head` returns.
    pub(crate) fn start(head: impl Fn() -> u64 + Send + 'static) -> io::Result<Self> {
        let seen: Arc<Mutex<BTreeMap<u64, Instant>>> = Arc::default();
        let stopping = Arc::new(AtomicBool::new(false));
        let (record, stop) = (seen.clone(), stopping.clone());
        let mut next = head() + 1;
        let watch = move || {
            while !stop.load(Ordering::Relaxed) {
                let (head, now) = (head(), Instant::now());
                if next <= head {
                    let mut seen = record.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.extend((next..=head).map(|number| (number, now)));
                    next = head + 1;
                }
                thread::sleep(PRECISION);
            }
        };
        let thread = thread::Builder::new().name("block-clock".to_owned()).spawn(watch)?;
        Ok(Self { seen, stopping, thread: Some(thread) })
    }

    /// When a block appeared, if it appeared since the start.
    pub(crate) fn seen_at(&self, number: u64) -> Option<Instant> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&number).copied()
    }
}

impl Drop for BlockClock {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends by itself; what it panicked with has been printed.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn a_block_has_the_time_at_which_it_became_the_head() {
        let head = Arc::new(AtomicU64::new(7));
        let watched = head.clone();
        let clock = BlockClock::start(move || watched.load(Ordering::SeqCst)).unwrap();
        let before = Instant::now();
        head.store(9, Ordering::SeqCst);
        while clock.seen_at(9).is_none() {
            assert!(before.elapsed() < Duration::from_secs(10), "the clock does not see the head");
            thread::yield_now();
        }
        let seen = clock.seen_at(9).unwrap();
        assert!(seen >= before && seen <= Instant::now());
        assert_eq!(clock.seen_at(8), Some(seen), "a block that was passed over appeared no later");
        assert_eq!(clock.seen_at(7), None, "it was there before the clock");
    }
}
