//! BERT encoders (Devlin et al., 2018, <https://arxiv.org/abs/1810.04805>), as Hugging Face's `BertModel` computes them.

mod configuration;
mod encoder;

pub(crate) use configuration::BertConfiguration;
pub(crate) use encoder::BertEncoder;

/// The architecture's name in manifests and configurations.
pub(crate) const ARCHITECTURE: &str = "bert";
