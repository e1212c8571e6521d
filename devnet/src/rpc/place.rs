//! Where work that may take long is done.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{block_in_place, spawn_blocking},
};

use super::error::{RpcError, RpcResult};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// On the task's thread, whose other tasks go to another one. Saves two switches of threads, which take longer than most
    /// calls.
    Here,
    /// On a thread for such work, wherever the task runs.
    Aside,
}

impl Place {
    /// For tasks that we have started ourselves.
    pub(crate) fn of_own_task() -> Self {
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => Self::Here,
            _ => Self::Aside,
        }
    }

    /// What `work` returns; an error if it panics.
    pub(crate) async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> RpcResult<T> {
        match self {
            // Ends the call alone, as it would on a thread of its own.
            Self::Here => {
                let done = catch_unwind(AssertUnwindSafe(|| block_in_place(work)));
                done.map_err(|_| RpcError::internal("the call panicked"))
            }
            Self::Aside => spawn_blocking(work).await.map_err(RpcError::internal),
        }
    }
}
