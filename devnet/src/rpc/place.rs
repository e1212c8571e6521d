//! Where work that may take long is done.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{block_in_place, spawn_blocking},
};

use super::error::{RpcError, RpcResult};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// On the task's thread, whose other tasks go to another one. Saves two switches of threads, which take longer than most
    /// calls. For tasks that were started here alone: others may do something else meanwhile, or run where that is not allowed.
    Here,
    /// On a thread for such work, wherever the task runs.
    Aside,
}

impl Place {
    /// For a task that was started here.
    pub(crate) fn of_own_task() -> Self {
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => Self::Here,
            _ => Self::Aside,
        }
    }

    /// What `work`, which does not panic, returns.
    pub(crate) async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> RpcResult<T> {
        match self {
            Self::Here => Ok(block_in_place(work)),
            Self::Aside => spawn_blocking(work).await.map_err(RpcError::internal),
        }
    }
}
