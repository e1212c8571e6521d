//! Time and chance, passed in so that tests decide them.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

/// What the stream and the indexer know of time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> SystemTime;

    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock, and tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Uniform 64-bit numbers; only used to spread retries.
pub type Random = Box<dyn FnMut() -> u64 + Send + Sync>;

/// Random numbers of the operating system's seeding.
pub fn system_random() -> Random {
    Box::new(rand::random::<u64>)
}

/// Delays between retries: doubling, capped, and spread over the upper half so that many nodes do not return at once.
pub(crate) struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
    random: Random,
}

impl Backoff {
    pub(crate) fn new(first: Duration, cap: Duration, random: Random) -> Self {
        Self { first, cap, failures: 0, random }
    }

    /// Failures since the last success.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts one more failure and says how long to wait after it.
    pub(crate) fn failed(&mut self) -> Duration {
        let doublings = self.failures.min(31);
        self.failures = self.failures.saturating_add(1);
        let whole = self.first.saturating_mul(1 << doublings).min(self.cap);
        let half = whole / 2;
        let spread = u64::try_from((whole - half).as_millis()).unwrap_or(u64::MAX);
        half + Duration::from_millis((self.random)() % spread.saturating_add(1))
    }

    /// Forgets the failures.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first delays in milliseconds, for a random number that always is `number`.
    fn delays(number: u64) -> Vec<u128> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), Box::new(move || number));
        (0..6).map(|_| backoff.failed().as_millis()).collect()
    }

    #[test]
    fn delays_double_up_to_the_cap_and_lie_in_the_upper_half() {
        assert_eq!(delays(0), [50, 100, 200, 400, 500, 500]);
        assert_eq!(delays(50), [100, 150, 250, 450, 550, 550]);
        // The largest number that every spread can give: 50, 100, 200, 400, 500 and 500 milliseconds more.
        assert!(delays(u64::MAX).iter().zip([100, 200, 400, 800, 1000, 1000]).all(|(delay, most)| *delay <= most));
    }

    #[test]
    fn success_starts_over_and_many_failures_do_not_overflow() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), Box::new(|| 0));
        for _ in 0..100 {
            backoff.failed();
        }
        assert_eq!((backoff.failures(), backoff.failed().as_millis()), (100, 500));
        backoff.succeeded();
        assert_eq!((backoff.failures(), backoff.failed().as_millis()), (0, 50));
    }
}
