//! Text to tokens, by the `tokenizers` library and the model's own `tokenizer.json`.

use std::path::Path;

use tokenizers::{TruncationParams, TruncationStrategy};

use crate::error::{ComputeError, LoadError};

/// A tokenizer that cuts at the model's length and never pads.
pub(crate) struct Tokenizer {
    tokenizer: tokenizers::Tokenizer,
}

impl Tokenizer {
    /// Reads a tokenizer; whatever truncation and padding the file asks for is replaced by the manifest's.
    pub(crate) fn parse(path: &Path, json: &[u8], max_length: usize, vocabulary: usize) -> Result<Self, LoadError> {
        let invalid = |reason: String| LoadError::InvalidTokenizer { path: path.to_path_buf(), reason };
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(json).map_err(|error| invalid(error.to_string()))?;
        let found = tokenizer.get_vocab_size(true);
        if found > vocabulary {
            return Err(invalid(format!("it knows {found} tokens, the model {vocabulary}")));
        }
        let truncation =
            TruncationParams { max_length, strategy: TruncationStrategy::LongestFirst, ..TruncationParams::default() };
        tokenizer.with_padding(None).with_truncation(Some(truncation)).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { tokenizer })
    }

    /// The tokens of one text, special ones included, at most `max_length`.
    pub(crate) fn tokens(&self, text: &str) -> Result<Vec<u32>, ComputeError> {
        let encoding =
            self.tokenizer.encode_fast(text, true).map_err(|error| ComputeError::Tokenizer(error.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }
}
