//! Weights from a safetensors file, every tensor checked for type and shape before libtorch sees its bytes.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use tch::{Kind, TchError, Tensor};

use crate::error::LoadError;

/// A change made to every weight while a model is loaded: given the tensor's name and value, returns the value to use,
/// of the same shape and type. For studies of precision, such as rounding the weights to fewer bits to see what
/// that does to answers. Tensors lie on the processor when it is called.
pub type WeightTransform = Box<dyn FnMut(&str, Tensor) -> Result<Tensor, TchError> + Send>;

/// The transform that leaves every weight as the file has it.
#[must_use]
pub fn unchanged() -> WeightTransform {
    Box::new(|_, tensor| Ok(tensor))
}

/// Hands out the tensors of one file.
pub(crate) struct Weights<'data> {
    path: PathBuf,
    tensors: SafeTensors<'data>,
    device: tch::Device,
    transform: WeightTransform,
}

impl<'data> Weights<'data> {
    /// Reads the header and checks that it covers the data exactly: a truncated file is refused here.
    pub(crate) fn parse(
        path: &Path,
        bytes: &'data [u8],
        device: tch::Device,
        transform: WeightTransform,
    ) -> Result<Self, LoadError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| LoadError::InvalidWeights {
            path: path.to_path_buf(),
            reason: format!("{error}, in a file of {} bytes; it is truncated or no safetensors file", bytes.len()),
        })?;
        Ok(Self { path: path.to_path_buf(), tensors, device, transform })
    }

    /// The float32 tensor of a name and shape, transformed and on its device.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let view = self.tensors.tensor(name).map_err(|_| self.invalid(format!("the tensor {name} is missing")))?;
        if view.dtype() != Dtype::F32 {
            return Err(self.invalid(format!("the tensor {name} has type {}, expected F32", view.dtype())));
        }
        let found: Vec<i64> = view.shape().iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect();
        if found != shape {
            return Err(self.invalid(format!("the tensor {name} has shape {found:?}, expected {shape:?}")));
        }
        // libtorch copies by shape and trusts the pointer, so the length is checked here once more.
        let length = shape.iter().try_fold(4_i64, |length, size| length.checked_mul(*size));
        if length.and_then(|length| usize::try_from(length).ok()) != Some(view.data().len()) {
            return Err(self.invalid(format!("the tensor {name} has {} bytes of data", view.data().len())));
        }
        let tensor = Tensor::f_from_data_size(view.data(), shape, Kind::Float)?;
        let tensor = (self.transform)(name, tensor)?;
        if tensor.f_kind()? != Kind::Float || tensor.size() != shape {
            return Err(self.invalid(format!("the transform changed type or shape of the tensor {name}")));
        }
        Ok(tensor.f_to_device(self.device)?)
    }

    fn invalid(&self, reason: String) -> LoadError {
        LoadError::InvalidWeights { path: self.path.clone(), reason }
    }
}
