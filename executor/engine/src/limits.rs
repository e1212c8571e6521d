//! What a request may ask for. A node checks these before it spends anything on a job.

/// Largest input text, in bytes of UTF-8: 16 KiB.
pub const MAX_INPUT_BYTES: usize = 16 * 1024;

/// Most labels of one zero-shot request.
pub const MAX_LABELS: usize = 64;

/// Largest label, in bytes of UTF-8.
pub const MAX_LABEL_BYTES: usize = 512;

/// Largest encoded parameters, in bytes: room for [`MAX_LABELS`] labels of [`MAX_LABEL_BYTES`] each in ABI encoding,
/// which adds an offset and a length word to every label, and two words in front.
pub const MAX_PARAMETERS_BYTES: usize = MAX_LABELS * (MAX_LABEL_BYTES + 2 * 32) + 2 * 32;
