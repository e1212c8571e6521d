//! The engine that a node uses: one thread owns the model, a bounded queue feeds it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use infera_protocol::engine::{EngineError, InferenceEngine, InferenceRequest, ModelIdentity, Reply};

use crate::device::Device;
use crate::error::LoadError;
use crate::manifest::Manifest;
use crate::model_directory::ModelDirectory;
use crate::precision::Precision;
use crate::sentence_encoder::SentenceEncoder;
use crate::weights::{WeightTransform, unchanged};
use crate::worker::Worker;

const SHUTTING_DOWN: &str = "the engine is shutting down";

/// Far above what makes sense for threads or waiting requests, and small enough for libtorch's counters.
const MAX_SETTING: usize = 1 << 16;

/// What to load and how to run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// The model directory, which holds a `manifest.json`.
    pub model_directory: PathBuf,
    /// Threads that libtorch uses for one computation, at least 1. Operators who serve several models on one machine
    /// give each a share of its cores.
    pub threads: usize,
    /// The arithmetic, which names the runtime class.
    pub precision: Precision,
    /// Where the model computes.
    pub device: Device,
    /// Requests that may wait while one is computed, at least 1. One more is refused as busy.
    pub queue: usize,
}

impl EngineConfig {
    /// One thread on the processor, in float32, with 64 places in the queue.
    #[must_use]
    pub fn new(model_directory: impl Into<PathBuf>) -> Self {
        Self {
            model_directory: model_directory.into(),
            threads: 1,
            precision: Precision::Float32,
            device: Device::Cpu,
            queue: 64,
        }
    }
}

/// A loaded model behind its own thread. Dropping it finishes the request at hand, fails those that wait, and joins
/// the thread.
///
/// libtorch's thread count belongs partly to the process: engines with different counts in one process may disturb
/// each other's speed, though not, as far as measured, their answers.
#[derive(Debug)]
pub struct Engine {
    identity: ModelIdentity,
    manifest: Arc<Manifest>,
    on_cuda: bool,
    stopping: Arc<AtomicBool>,
    /// None only while the engine is dropped.
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

type Job = (InferenceRequest, Reply);

/// What the engine's thread reports when the model is loaded.
struct Loaded {
    identity: ModelIdentity,
    manifest: Arc<Manifest>,
    on_cuda: bool,
}

impl Engine {
    /// Starts the engine's thread and loads the model on it, every file checked against the manifest. Blocks until
    /// the model is ready.
    ///
    /// # Errors
    /// [`LoadError`] names the file or setting, what was expected and what was found.
    pub fn load(config: EngineConfig) -> Result<Self, LoadError> {
        Self::load_with(config, unchanged())
    }

    /// As [`Self::load`], with every weight changed by `transform` on its way in, to study what a change of precision
    /// does to answers. The files are checked as they are on disk; the engine keeps the identity of its directory.
    ///
    /// # Errors
    /// As [`Self::load`]; [`LoadError::InvalidWeights`] when the transform changes a tensor's shape or type.
    pub fn load_with(config: EngineConfig, transform: WeightTransform) -> Result<Self, LoadError> {
        for (name, value) in [("threads", config.threads), ("queue", config.queue)] {
            if !(1..=MAX_SETTING).contains(&value) {
                return Err(LoadError::InvalidSetting { name, value, allowed: "from 1 to 65,536" });
            }
        }
        let (queue, jobs) = sync_channel(config.queue);
        let (report, loaded) = sync_channel(1);
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = thread::Builder::new()
            .name("infera-engine".to_owned())
            .spawn(move || match load(config, transform) {
                Ok((worker, ready)) => {
                    // The receiver waits for this report, so it can't be gone.
                    let _ = report.send(Ok(ready));
                    serve(worker, &jobs, &stop);
                }
                Err(error) => {
                    let _ = report.send(Err(error));
                }
            })
            .map_err(|error| LoadError::Thread(error.to_string()))?;
        let Ok(loaded) = loaded.recv() else {
            let panic = thread.join().err().map(|panic| message(&*panic));
            return Err(LoadError::Thread(panic.unwrap_or_else(|| "it ended without a report".to_owned())));
        };
        let Loaded { identity, manifest, on_cuda } = loaded?;
        Ok(Self { identity, manifest, on_cuda, stopping, queue: Some(queue), thread: Some(thread) })
    }

    /// What requests must name to be served here.
    #[must_use]
    pub fn identity(&self) -> ModelIdentity {
        self.identity
    }

    /// The manifest of the model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the model computes on a CUDA device.
    #[must_use]
    pub fn is_on_cuda(&self) -> bool {
        self.on_cuda
    }
}

impl InferenceEngine for Engine {
    fn models(&self) -> Vec<ModelIdentity> {
        vec![self.identity]
    }

    fn infer(&self, request: InferenceRequest, reply: Reply) {
        let Some(queue) = &self.queue else {
            return reply(Err(EngineError::Failed(SHUTTING_DOWN.to_owned())));
        };
        match queue.try_send((request, reply)) {
            Ok(()) => {}
            Err(TrySendError::Full((_, reply))) => reply(Err(EngineError::Busy)),
            Err(TrySendError::Disconnected((_, reply))) => {
                reply(Err(EngineError::Failed("the engine's thread has ended; restart the node".to_owned())));
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Without a sender the thread's loop ends.
        self.queue = None;
        let Some(thread) = self.thread.take() else { return };
        // A reply may own the last handle to the engine; then this is the engine's own thread, which ends by itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the engine's thread panicked");
        }
    }
}

fn load(config: EngineConfig, transform: WeightTransform) -> Result<(Worker, Loaded), LoadError> {
    let start = Instant::now();
    tch::set_num_threads(i32::try_from(config.threads).unwrap_or(i32::MAX));
    let directory = ModelDirectory::open(config.model_directory)?;
    let identity = ModelIdentity {
        manifest_hash: directory.manifest_hash(),
        runtime_class: config.precision.runtime_class_hash(),
    };
    let model = SentenceEncoder::load(&directory, config.device, transform)?;
    let manifest = Arc::new(directory.manifest().clone());
    let on_cuda = model.is_on_cuda();
    tracing::info!(
        model = manifest.name,
        manifest_hash = %identity.manifest_hash,
        runtime_class = config.precision.runtime_class(),
        threads = config.threads,
        on_cuda,
        milliseconds = start.elapsed().as_millis(),
        "model loaded"
    );
    Ok((Worker::new(model, identity), Loaded { identity, manifest, on_cuda }))
}

fn serve(mut worker: Worker, jobs: &Receiver<Job>, stopping: &AtomicBool) {
    for (request, reply) in jobs {
        let answer = if stopping.load(Ordering::Relaxed) {
            Err(EngineError::Failed(SHUTTING_DOWN.to_owned()))
        } else {
            // A dependency that panics on one odd text must not take the model away from every other request.
            catch_unwind(AssertUnwindSafe(|| worker.answer(&request)))
                .unwrap_or_else(|panic| Err(EngineError::Failed(format!("the engine panicked: {}", message(&*panic)))))
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| reply(answer))) {
            tracing::error!(panic = message(&*panic), "the receiver of an answer panicked");
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
