//! A cheat that commits and then says nothing.

use std::sync::Arc;

use alloy::primitives::B256;
use async_trait::async_trait;
use infera_executor::broadcast::{Broadcaster, Purpose};

/// Lets every transaction through but openings.
pub struct Silence {
    inner: Arc<dyn Broadcaster>,
}

impl Silence {
    /// Silences `inner`.
    pub fn around(inner: Arc<dyn Broadcaster>) -> Arc<dyn Broadcaster> {
        Arc::new(Self { inner })
    }
}

#[async_trait]
impl Broadcaster for Silence {
    async fn broadcast(&self, purpose: Purpose, job: B256, raw: &[u8]) -> Result<(), String> {
        match purpose {
            Purpose::Reveal => Ok(()),
            _ => self.inner.broadcast(purpose, job, raw).await,
        }
    }
}
