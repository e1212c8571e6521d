//! The encoder: tokens of one text to one hidden state a token.

use tch::{TchError, Tensor};

use super::BertConfiguration;
use crate::error::LoadError;
use crate::weights::Weights;

/// A BERT encoder without its pooler. All tensors are float32.
pub(crate) struct BertEncoder {
    /// `[vocabulary, hidden]`
    words: Tensor,
    /// `[positions, hidden]`
    positions: Tensor,
    /// `[1, hidden]`: the row of the first segment; a text alone has no second one.
    segment: Tensor,
    normalization: LayerNormalization,
    layers: Vec<Layer>,
    heads: i64,
    device: tch::Device,
}

impl BertEncoder {
    /// Takes the tensors under the names that `BertModel` gives them.
    pub(crate) fn load(
        configuration: &BertConfiguration,
        weights: &mut Weights<'_>,
        device: tch::Device,
    ) -> Result<Self, LoadError> {
        let hidden = configuration.hidden_size;
        let embeddings = |name: &str| format!("embeddings.{name}.weight");
        let segments =
            weights.tensor(&embeddings("token_type_embeddings"), &[configuration.type_vocab_size, hidden])?;
        let layers = (0..configuration.num_hidden_layers)
            .map(|index| Layer::load(configuration, weights, &format!("encoder.layer.{index}")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            words: weights.tensor(&embeddings("word_embeddings"), &[configuration.vocab_size, hidden])?,
            positions: weights
                .tensor(&embeddings("position_embeddings"), &[configuration.max_position_embeddings, hidden])?,
            segment: segments.f_narrow(0, 0, 1)?,
            normalization: LayerNormalization::load(configuration, weights, "embeddings.LayerNorm")?,
            layers,
            heads: configuration.num_attention_heads,
            device,
        })
    }

    /// The last layer's hidden states of one text: `[tokens] → [tokens, hidden]`.
    ///
    /// The caller has checked that tokens are within the vocabulary and not more than there are positions.
    pub(crate) fn forward(&self, tokens: &[i64]) -> Result<Tensor, TchError> {
        let length = i64::try_from(tokens.len()).unwrap_or(i64::MAX);
        let tokens = Tensor::f_from_slice(tokens)?.f_to_device(self.device)?;
        // The reference adds segment before position; floating-point sums depend on the order.
        let embedded = Tensor::f_embedding(&self.words, &tokens, -1, false, false)?
            .f_add(&self.segment)?
            .f_add(&self.positions.f_narrow(0, 0, length)?)?;
        let mut hidden = self.normalization.forward(&embedded)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, self.heads)?;
        }
        Ok(hidden)
    }
}

/// One transformer layer: attention and a two-layer perceptron, each added to its input and normalised.
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    attention_normalization: LayerNormalization,
    intermediate: Linear,
    output: Linear,
    output_normalization: LayerNormalization,
}

impl Layer {
    fn load(configuration: &BertConfiguration, weights: &mut Weights<'_>, path: &str) -> Result<Self, LoadError> {
        let (hidden, inner) = (configuration.hidden_size, configuration.intermediate_size);
        let attention = format!("{path}.attention");
        let normalization = |weights: &mut Weights<'_>, path: &str| {
            LayerNormalization::load(configuration, weights, &format!("{path}.output.LayerNorm"))
        };
        Ok(Self {
            query: Linear::load(weights, &format!("{attention}.self.query"), hidden, hidden)?,
            key: Linear::load(weights, &format!("{attention}.self.key"), hidden, hidden)?,
            value: Linear::load(weights, &format!("{attention}.self.value"), hidden, hidden)?,
            attention_output: Linear::load(weights, &format!("{attention}.output.dense"), hidden, hidden)?,
            attention_normalization: normalization(weights, &attention)?,
            intermediate: Linear::load(weights, &format!("{path}.intermediate.dense"), hidden, inner)?,
            output: Linear::load(weights, &format!("{path}.output.dense"), inner, hidden)?,
            output_normalization: normalization(weights, path)?,
        })
    }

    /// `[tokens, hidden] → [tokens, hidden]`
    fn forward(&self, input: &Tensor, heads: i64) -> Result<Tensor, TchError> {
        let attended = self.attention_output.forward(&self.attend(input, heads)?)?;
        let attended = self.attention_normalization.forward(&attended.f_add(input)?)?;
        let inner = self.intermediate.forward(&attended)?.f_gelu("none")?;
        self.output_normalization.forward(&self.output.forward(&inner)?.f_add(&attended)?)
    }

    /// Multi-head attention of every token to every other; no mask, since nothing is padded.
    fn attend(&self, input: &Tensor, heads: i64) -> Result<Tensor, TchError> {
        // [tokens, hidden] → [1, heads, tokens, hidden / heads]
        let split = |tensor: Tensor| tensor.f_unflatten(1, [heads, -1])?.f_transpose(0, 1)?.f_unsqueeze(0);
        let query = split(self.query.forward(input)?)?;
        let key = split(self.key.forward(input)?)?;
        let value = split(self.value.forward(input)?)?;
        let mixed =
            Tensor::f_scaled_dot_product_attention(&query, &key, &value, None::<&Tensor>, 0.0, false, None, false)?;
        mixed.f_squeeze_dim(0)?.f_transpose(0, 1)?.f_flatten(1, 2)
    }
}

/// `x ↦ x·Wᵀ + b`
struct Linear {
    /// `[output, input]`
    weight: Tensor,
    /// `[output]`
    bias: Tensor,
}

impl Linear {
    fn load(weights: &mut Weights<'_>, path: &str, input: i64, output: i64) -> Result<Self, LoadError> {
        Ok(Self {
            weight: weights.tensor(&format!("{path}.weight"), &[output, input])?,
            bias: weights.tensor(&format!("{path}.bias"), &[output])?,
        })
    }

    fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_linear(&self.weight, Some(&self.bias))
    }
}

/// Layer normalisation over the last dimension (Ba et al., 2016, <https://arxiv.org/abs/1607.06450>).
struct LayerNormalization {
    /// `[hidden]`
    weight: Tensor,
    /// `[hidden]`
    bias: Tensor,
    epsilon: f64,
    size: i64,
}

impl LayerNormalization {
    fn load(configuration: &BertConfiguration, weights: &mut Weights<'_>, path: &str) -> Result<Self, LoadError> {
        let size = configuration.hidden_size;
        Ok(Self {
            weight: weights.tensor(&format!("{path}.weight"), &[size])?,
            bias: weights.tensor(&format!("{path}.bias"), &[size])?,
            epsilon: configuration.layer_norm_eps,
            size,
        })
    }

    fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_layer_norm([self.size], Some(&self.weight), Some(&self.bias), self.epsilon, false)
    }
}
