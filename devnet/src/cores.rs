//! The same work on many things, on all cores.

use std::{num::NonZero, thread};

/// From so many things on, threads are worth their start.
const WORTH_THREADS: usize = 32;

/// What `work` makes of each, in their order; `lost` stands for what a thread that ended did not tell.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, lost: impl Fn() -> R) -> Vec<R> {
    if items.len() < WORTH_THREADS {
        return items.iter().map(work).collect();
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let work = &work;
    let parts = items.chunks(items.len().div_ceil(cores));
    thread::scope(|scope| {
        let parts: Vec<_> =
            parts.map(|part| (part, scope.spawn(move || part.iter().map(work).collect::<Vec<_>>()))).collect();
        let joined = parts
            .into_iter()
            .flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| part.iter().map(|_| lost()).collect()));
        joined.collect()
    })
}
