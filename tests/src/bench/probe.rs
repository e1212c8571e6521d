//! Takes the time of what an executor does, at the two traits that it works through.

use std::{
    sync::{Arc, mpsc::Sender},
    time::Instant,
};

use alloy::primitives::B256;
use async_trait::async_trait;
use infera_executor::broadcast::{Broadcaster, Purpose};
use infera_protocol::engine::{InferenceEngine, InferenceRequest, ModelIdentity, Reply};

/// Something that an executor did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// It asked its model.
    Asked,
    /// Its model answered.
    Answered,
    /// It sent its commitment to a job, for the first time or again.
    Committed(B256),
}

/// An act, who and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    /// The executor's position in the network.
    pub(crate) executor: usize,
    /// When.
    pub(crate) at: Instant,
    /// What.
    pub(crate) act: Act,
}

/// An executor's engine and broadcaster, with a look at the clock before each call.
pub(crate) struct Probe {
    executor: usize,
    engine: Arc<dyn InferenceEngine>,
    broadcaster: Arc<dyn Broadcaster>,
    observations: Sender<Observation>,
}

impl Probe {
    pub(crate) fn new(
        executor: usize,
        engine: Arc<dyn InferenceEngine>,
        broadcaster: Arc<dyn Broadcaster>,
        observations: Sender<Observation>,
    ) -> Arc<Self> {
        Arc::new(Self { executor, engine, broadcaster, observations })
    }
}

fn observe(observations: &Sender<Observation>, executor: usize, act: Act) {
    // Who measured has gone; the executor works on.
    let _ = observations.send(Observation { executor, at: Instant::now(), act });
}

impl InferenceEngine for Probe {
    fn models(&self) -> Vec<ModelIdentity> {
        self.engine.models()
    }

    fn infer(&self, request: InferenceRequest, reply: Reply) {
        let (executor, observations) = (self.executor, self.observations.clone());
        observe(&observations, executor, Act::Asked);
        let observed = move |outcome| {
            observe(&observations, executor, Act::Answered);
            reply(outcome);
        };
        self.engine.infer(request, Box::new(observed));
    }
}

#[async_trait]
impl Broadcaster for Probe {
    async fn broadcast(&self, purpose: Purpose, job: B256, raw: &[u8]) -> Result<(), String> {
        if purpose == Purpose::Commit {
            observe(&self.observations, self.executor, Act::Committed(job));
        }
        self.broadcaster.broadcast(purpose, job, raw).await
    }
}
