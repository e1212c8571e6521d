//! Flags that say which model an engine loads and where.

use std::path::PathBuf;

use anyhow::Context as _;
use infera_engine::{Device, Engine, EngineConfig};

/// Where `cargo xtask setup` puts the demo's model, seen from the checkout.
const DEMO_MODEL: &str = ".infera/models/all-minilm-l6-v2";

/// What an engine loads.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EngineArguments {
    /// Model directory: holds manifest.json beside the weights
    #[arg(long, value_name = "DIR", env = "INFERA_MODEL", default_value = DEMO_MODEL)]
    pub(crate) model: PathBuf,

    /// Threads of one computation
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) threads: usize,

    /// Where the model computes: cpu, cuda:N, or auto for the first GPU if there is one
    #[arg(long, value_parser = device, default_value_t = Device::Cpu)]
    pub(crate) device: Device,
}

fn device(text: &str) -> Result<Device, String> {
    match text {
        "cpu" => Ok(Device::Cpu),
        "auto" => Ok(Device::Auto),
        other => other
            .strip_prefix("cuda:")
            .and_then(|index| index.parse().ok())
            .map(Device::Cuda)
            .ok_or_else(|| "a device is cpu, auto or cuda:N, for instance cuda:0".to_owned()),
    }
}

impl EngineArguments {
    /// Loads the model, away from the threads that must not wait.
    pub(crate) async fn load(&self) -> anyhow::Result<Engine> {
        let config =
            EngineConfig { threads: self.threads, device: self.device, ..EngineConfig::new(self.model.clone()) };
        let loaded = tokio::task::spawn_blocking(|| Engine::load(config)).await;
        Ok(loaded.context("the engine did not load")??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_they_are_shown() {
        for named in [Device::Cpu, Device::Auto, Device::Cuda(0), Device::Cuda(7)] {
            assert_eq!(device(&named.to_string()), Ok(named));
        }
        for text in ["", "gpu", "cuda", "cuda:", "cuda:x", "cuda:-1"] {
            assert!(device(text).is_err(), "{text:?}");
        }
    }
}
