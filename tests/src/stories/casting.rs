//! Who plays the executors: processes, or tasks of this process around one shared engine.

use std::{ffi::OsString, sync::Arc};

use alloy::providers::DynProvider;
use anyhow::{Context, Result};
use infera_engine::{Engine, EngineConfig};
use infera_executor::broadcast::RpcBroadcaster;
use infera_network::ExecutorPlan;

use crate::{
    cheats::{Silence, int8_weights},
    places::{model_directory, program},
};

/// How executors are run.
#[derive(Clone)]
pub enum Casting {
    /// Each in a process of its own, as operators run them.
    Processes,
    /// All in this process, with one honest engine between them.
    InProcess(Arc<Engine>),
}

impl Casting {
    /// A cast in this process; loads the model.
    pub fn in_process() -> Result<Self> {
        let engine = Engine::load(EngineConfig::new(model_directory()?)).context("loading the model")?;
        Ok(Self::InProcess(Arc::new(engine)))
    }

    /// An honest executor.
    pub fn honest(&self) -> Result<ExecutorPlan> {
        match self {
            Self::Processes => Ok(ExecutorPlan::program(program("infera")?, arguments(&["executor", "run"])?)),
            Self::InProcess(engine) => Ok(ExecutorPlan::in_process(engine.clone())),
        }
    }

    /// An executor whose weights are rounded to eight bits.
    pub fn int8(&self) -> Result<ExecutorPlan> {
        match self {
            Self::Processes => {
                Ok(ExecutorPlan::program(program("infera-adversary")?, arguments(&["--cheat", "int8"])?))
            }
            Self::InProcess(_) => {
                let engine = Engine::load_with(EngineConfig::new(model_directory()?), int8_weights())
                    .context("loading the model with eight-bit weights")?;
                Ok(ExecutorPlan::in_process(Arc::new(engine)))
            }
        }
    }

    /// An executor that commits and never reveals.
    pub fn silent(&self, provider: DynProvider) -> Result<ExecutorPlan> {
        match self {
            Self::Processes => {
                Ok(ExecutorPlan::program(program("infera-adversary")?, arguments(&["--cheat", "silent"])?))
            }
            Self::InProcess(engine) => {
                let silence = Silence::around(Arc::new(RpcBroadcaster::new(provider)));
                Ok(ExecutorPlan::in_process(engine.clone()).with_broadcaster(silence))
            }
        }
    }
}

fn arguments(first: &[&str]) -> Result<Vec<OsString>> {
    let mut arguments: Vec<OsString> = first.iter().map(OsString::from).collect();
    arguments.push("--model".into());
    arguments.push(model_directory()?.into());
    Ok(arguments)
}
