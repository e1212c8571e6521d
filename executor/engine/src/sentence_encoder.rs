//! A sentence encoder: text in, unit vector out, as sentence-transformers computes it.

use tch::Kind;

use crate::bert::{self, BertConfiguration, BertEncoder};
use crate::device::Device;
use crate::error::{ComputeError, LoadError};
use crate::manifest::{Manifest, Normalization, Pooling};
use crate::model_directory::ModelDirectory;
use crate::tokenizer::Tokenizer;
use crate::weights::{WeightTransform, Weights};

/// A loaded model. Texts are encoded one at a time, without padding. It may move to another thread, but not be shared.
///
/// The number of threads that libtorch uses belongs to the calling thread; [`crate::Engine`] pins it.
pub struct SentenceEncoder {
    manifest: Manifest,
    tokenizer: Tokenizer,
    encoder: BertEncoder,
    vocabulary: i64,
    device: tch::Device,
}

impl SentenceEncoder {
    /// Loads a model, after checking every file of the directory against its manifest.
    ///
    /// # Errors
    /// [`LoadError`] names the file or setting, what was expected and what was found.
    pub fn load(directory: &ModelDirectory, device: Device, transform: WeightTransform) -> Result<Self, LoadError> {
        let manifest = directory.manifest();
        if manifest.architecture != bert::ARCHITECTURE {
            return Err(LoadError::UnsupportedArchitecture {
                path: directory.path_of(crate::MANIFEST_FILE),
                found: manifest.architecture.clone(),
                supported: bert::ARCHITECTURE,
            });
        }
        directory.check_listing()?;
        let used = [&manifest.configuration, &manifest.tokenizer, &manifest.weights];
        for file in manifest.files.iter().filter(|file| !used.contains(&&file.path)) {
            directory.check(file)?;
        }
        let device = device.resolve()?;

        let path = directory.path_of(&manifest.configuration);
        let configuration = BertConfiguration::parse(&path, &directory.read(&manifest.configuration)?)?;
        check_dimensions(manifest, &configuration)
            .map_err(|reason| LoadError::InvalidConfiguration { path, reason })?;
        let tokenizer = Tokenizer::parse(
            &directory.path_of(&manifest.tokenizer),
            &directory.read(&manifest.tokenizer)?,
            manifest.max_length as usize,
            configuration.vocab_size as usize,
        )?;
        let bytes = directory.read(&manifest.weights)?;
        let mut weights = Weights::parse(&directory.path_of(&manifest.weights), &bytes, device, transform)?;
        let encoder = tch::no_grad(|| BertEncoder::load(&configuration, &mut weights, device))?;
        Ok(Self { manifest: manifest.clone(), tokenizer, encoder, vocabulary: configuration.vocab_size, device })
    }

    /// The manifest of the model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the model computes on a CUDA device.
    #[must_use]
    pub fn is_on_cuda(&self) -> bool {
        self.device.is_cuda()
    }

    /// The tokens of a text, special ones included, cut at the manifest's `maxLength`.
    ///
    /// # Errors
    /// [`ComputeError::Tokenizer`].
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, ComputeError> {
        self.tokenizer.tokens(text)
    }

    /// The vector of a text's tokens: `[tokens] → [dimension]`, of length 1.
    ///
    /// # Errors
    /// [`ComputeError`]; tokens must be those of [`Self::tokens`].
    pub fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>, ComputeError> {
        if tokens.is_empty() || tokens.len() > self.manifest.max_length as usize {
            let (found, most) = (tokens.len(), self.manifest.max_length);
            return Err(ComputeError::InvalidTokens(format!("there are {found}, expected 1 to {most}")));
        }
        let tokens: Vec<i64> = tokens.iter().map(|token| i64::from(*token)).collect();
        if let Some(token) = tokens.iter().find(|token| **token >= self.vocabulary) {
            let vocabulary = self.vocabulary;
            return Err(ComputeError::InvalidTokens(format!("{token} is outside the vocabulary of {vocabulary}")));
        }
        let mut pooled = vec![0.0; self.manifest.vector.dimension as usize];
        // Gradients are tracked per thread: switch them off here, whichever thread calls.
        tch::no_grad(|| {
            let hidden = self.encoder.forward(&tokens)?;
            let vector = match self.manifest.pooling {
                Pooling::Mean => hidden.f_mean_dim(0, false, Kind::Float)?,
            };
            vector.f_to_device(tch::Device::Cpu)?.f_copy_data(&mut pooled, self.manifest.vector.dimension as usize)
        })?;
        match self.manifest.normalization {
            Normalization::L2 => normalize(&pooled),
        }
    }
}

/// Scales a vector to length 1. The length is summed in double precision, element by element in order.
fn normalize(vector: &[f32]) -> Result<Vec<f32>, ComputeError> {
    let length = vector.iter().map(|element| f64::from(*element).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length == 0.0 {
        return Err(ComputeError::NoDirection(length));
    }
    Ok(vector.iter().map(|element| (f64::from(*element) / length) as f32).collect())
}

/// Refuses a manifest that promises what the model's own configuration does not have.
fn check_dimensions(manifest: &Manifest, configuration: &BertConfiguration) -> Result<(), String> {
    let dimension = manifest.vector.dimension;
    if i64::from(dimension) != configuration.hidden_size {
        return Err(format!("hidden_size is {}, but the manifest's dimension {dimension}", configuration.hidden_size));
    }
    let (positions, length) = (configuration.max_position_embeddings, manifest.max_length);
    if i64::from(length) > positions {
        return Err(format!("max_position_embeddings is {positions}, but the manifest's maxLength {length}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_normalised_vector_has_length_one() {
        assert_eq!(normalize(&[3.0, 0.0, -4.0]).unwrap(), [0.6, 0.0, -0.8]);
    }

    #[test]
    fn a_vector_without_direction_is_refused() {
        for vector in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
            assert!(matches!(normalize(&vector), Err(ComputeError::NoDirection(_))), "{vector:?}");
        }
    }
}
