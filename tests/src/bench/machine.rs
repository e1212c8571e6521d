//! What the figures were measured on and with. Nothing here names a host, a user or a path.

use std::{fmt, fs, thread};

use serde::Serialize;

/// A machine, as far as it explains figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The processor as it calls itself.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in gibibytes.
    pub memory_gib: Option<f64>,
    /// Operating system and instruction set.
    pub platform: String,
    /// Mean number of busy threads in the minute before: what else ran.
    pub load: Option<f64>,
}

impl Machine {
    /// This machine, now. Where the system tells nothing (`/proc` is Linux's), the figure is left out.
    pub fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            processor: processor(&read("/proc/cpuinfo")).unwrap_or("an unnamed processor").to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_gib(&read("/proc/meminfo")),
            platform: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
            load: read("/proc/loadavg").split_whitespace().next().and_then(|load| load.parse().ok()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = if self.cores == 1 { "core" } else { "cores" };
        write!(f, "{}, {} {cores}", self.processor, self.cores)?;
        if let Some(memory) = self.memory_gib {
            write!(f, ", {memory:.0} GiB of memory")?;
        }
        write!(f, ", {}", self.platform)?;
        match self.load {
            Some(load) => write!(f, ", load average {load:.1} at the start"),
            None => Ok(()),
        }
    }
}

/// The first `model name` of `/proc/cpuinfo`.
fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// `MemTotal` of `/proc/meminfo`, which is in kibibytes.
fn memory_gib(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0 / 1024.0)
}

/// The profile that this program was built with: figures of the development profile are not those of a node in use.
pub fn profile() -> &'static str {
    if cfg!(debug_assertions) { "development profile" } else { "release profile" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_and_memory_are_read_as_linux_writes_them() {
        let cpuinfo = "processor\t: 0\nvendor_id\t: X\nmodel name\t: Fast 9000: 2 GHz\n\nprocessor\t: 1\n";
        assert_eq!(processor(cpuinfo), Some("Fast 9000: 2 GHz"));
        assert_eq!(memory_gib("MemTotal:       25165824 kB\nMemFree:  1 kB\n"), Some(24.0));
    }

    #[test]
    fn what_the_system_does_not_tell_is_left_out() {
        assert_eq!((processor(""), memory_gib("MemTotal: much")), (None, None));
        let machine = Machine {
            processor: "P".to_owned(),
            cores: 1,
            memory_gib: None,
            platform: "os on cpu".to_owned(),
            load: None,
        };
        assert_eq!(machine.to_string(), "P, 1 core, os on cpu");
    }
}
