//! The thread that owns the model: what happens when it is busy, when a receiver panics, and when it ends.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use infera_engine::{Engine, EngineConfig};
use infera_protocol::engine::{EngineError, InferenceEngine, InferenceOutput, InferenceRequest, Reply};
use infera_protocol::task::Task;

use crate::small_model::SmallModel;

type Answer = Result<InferenceOutput, EngineError>;

/// An engine with one place in its queue.
fn engine() -> Engine {
    let directory = SmallModel::new().write();
    Engine::load(EngineConfig { queue: 1, ..EngineConfig::new(directory.path()) }).unwrap()
}

fn request(engine: &Engine) -> InferenceRequest {
    InferenceRequest {
        model: engine.identity(),
        task: Task::Embedding,
        input: b"vote fees".to_vec(),
        parameters: Vec::new(),
        max_units: 100,
    }
}

fn reply_to(sender: Sender<Answer>) -> Reply {
    Box::new(move |answer| sender.send(answer).unwrap())
}

fn wait<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(Duration::from_secs(60)).expect("the engine's thread goes on within a minute")
}

#[test]
fn a_full_queue_refuses_at_once_and_recovers() {
    let engine = engine();
    let (entered, has_entered) = channel();
    let (go, gone) = channel::<()>();
    let (sender, answers) = channel();
    // The reply runs on the engine's thread: while it waits, nothing is taken from the queue.
    engine.infer(
        request(&engine),
        Box::new(move |_| {
            entered.send(()).unwrap();
            wait(&gone);
        }),
    );
    wait(&has_entered);
    engine.infer(request(&engine), reply_to(sender.clone()));
    engine.infer(request(&engine), reply_to(sender.clone()));
    assert_eq!(answers.try_recv().expect("refused before infer returned"), Err(EngineError::Busy));
    go.send(()).unwrap();
    assert!(wait(&answers).is_ok(), "the request in the queue is answered");
    engine.infer(request(&engine), reply_to(sender));
    assert!(wait(&answers).is_ok(), "the queue has room again");
}

#[test]
fn a_receiver_that_panics_does_not_stop_the_engine() {
    let engine = engine();
    let (entered, has_entered) = channel();
    engine.infer(
        request(&engine),
        Box::new(move |_| {
            entered.send(()).unwrap();
            panic!("a panic on purpose");
        }),
    );
    wait(&has_entered);
    let (sender, answers) = channel();
    engine.infer(request(&engine), reply_to(sender));
    assert!(wait(&answers).is_ok());
}

#[test]
fn dropping_the_engine_answers_what_it_took_and_joins_its_thread() {
    let engine = engine();
    let (sender, answers) = channel();
    engine.infer(request(&engine), reply_to(sender));
    drop(engine);
    // The thread is joined, so the answer is there already.
    assert!(answers.try_recv().is_ok());
}

#[test]
fn the_last_handle_may_be_dropped_by_a_reply_and_waiting_requests_are_told() {
    let engine = Arc::new(engine());
    let (entered, has_entered) = channel();
    let (go, gone) = channel::<()>();
    let (sender, answers) = channel();
    let handle = Arc::clone(&engine);
    engine.infer(
        request(&engine),
        Box::new(move |_| {
            entered.send(()).unwrap();
            wait(&gone);
            drop(handle);
        }),
    );
    wait(&has_entered);
    engine.infer(request(&engine), reply_to(sender));
    drop(engine);
    go.send(()).unwrap();
    assert_eq!(wait(&answers), Err(EngineError::Failed("the engine is shutting down".to_owned())));
}
