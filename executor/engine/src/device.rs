//! Where tensors live. CUDA is found at run time: the same program runs with and without it.

use std::fmt;

use crate::error::LoadError;

/// Where a model computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The CUDA device of this index.
    Cuda(usize),
    /// The first CUDA device if there is one, else the processor.
    Auto,
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(index) => write!(formatter, "cuda:{index}"),
            Self::Auto => formatter.write_str("auto"),
        }
    }
}

impl Device {
    /// The device that libtorch shall use.
    pub(crate) fn resolve(self) -> Result<tch::Device, LoadError> {
        match self {
            Self::Cpu => Ok(tch::Device::Cpu),
            Self::Cuda(index) => match cuda_devices() {
                Ok(count) if index < count => Ok(tch::Device::Cuda(index)),
                Ok(count) => Err(self.unavailable(format!("libtorch sees {count} CUDA devices"))),
                Err(reason) => Err(self.unavailable(reason)),
            },
            Self::Auto => match cuda_devices() {
                Ok(count) if count > 0 => Ok(tch::Device::Cuda(0)),
                Ok(_) => Ok(tch::Device::Cpu),
                Err(reason) => {
                    tracing::debug!(reason, "no CUDA, the model runs on the processor");
                    Ok(tch::Device::Cpu)
                }
            },
        }
    }

    fn unavailable(self, reason: String) -> LoadError {
        LoadError::NoDevice { device: self.to_string(), reason }
    }
}

/// How many CUDA devices libtorch sees, or why its CUDA part can't be loaded.
fn cuda_devices() -> Result<usize, String> {
    // libtorch looks for its CUDA part at the first query and remembers the answer: load it before asking.
    load_cuda_library()?;
    Ok(usize::try_from(tch::Cuda::device_count()).unwrap_or(0))
}

/// Loads libtorch's CUDA part, which programs are not linked with, so that they start on machines without it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the dynamic loader has no safe interface")]
fn load_cuda_library() -> Result<(), String> {
    use std::ffi::CStr;

    const LIBRARY: &CStr = c"libtorch_cuda.so";
    // SAFETY: LIBRARY is a NUL-terminated string. Loading runs the library's initialisers, which register its kernels
    // with the libtorch of the same release that this program is linked with; it is never unloaded.
    let handle = unsafe { libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: dlerror returns null or a NUL-terminated string that is valid until this thread's next call to the loader.
    let message = unsafe {
        let message = libc::dlerror();
        (!message.is_null()).then(|| CStr::from_ptr(message).to_string_lossy().into_owned())
    };
    Err(message.unwrap_or_else(|| format!("{} can't be loaded", LIBRARY.to_string_lossy())))
}

/// libtorch has CUDA on Linux only, as far as this project builds it.
#[cfg(not(target_os = "linux"))]
fn load_cuda_library() -> Result<(), String> {
    Err("CUDA is supported on Linux only".to_owned())
}
