//! The least time that an embedding can take on this processor: its multiplications at the rate of the best matrix
//! product, or one look at every weight, whichever takes longer.

use std::{path::Path, thread, time::Instant};

use anyhow::{Context, Result, anyhow};
use infera_engine::tch::{self, Device, Kind, TchError, Tensor};
use serde::Deserialize;

/// Rows and columns of the matrices whose product tells the rate of multiplication: large enough to leave out overheads.
const SIDE: i64 = 1024;
/// Tries, of which the fastest counts.
const TRIES: usize = 15;
/// Bytes of a float32.
const FLOAT_BYTES: f64 = 4.0;

/// The part of a BERT model's `config.json` that says how much there is to compute.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Shape {
    num_hidden_layers: f64,
    hidden_size: f64,
    intermediate_size: f64,
}

/// What one thread of this processor reaches, and what the model needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Floor {
    shape: Shape,
    operations_per_second: f64,
    bytes_per_second: f64,
}

impl Shape {
    /// Weights of the layers' matrices: four for attention, two for the step behind it.
    fn weights(self) -> f64 {
        let attention = 4.0 * self.hidden_size * self.hidden_size;
        let forward = 2.0 * self.hidden_size * self.intermediate_size;
        self.num_hidden_layers * (attention + forward)
    }

    /// Floating-point operations of the matrix products: a multiplication and an addition for each weight and token,
    /// and for each pair of tokens twice in every column of the attention (scores, mixture).
    fn operations(self, tokens: f64) -> f64 {
        let pairs = 2.0 * self.num_hidden_layers * self.hidden_size * tokens * tokens;
        2.0 * (self.weights() * tokens + pairs)
    }
}

impl Floor {
    /// Measures this processor, on one thread. Takes a second or so.
    pub(super) fn measure(model_directory: &Path) -> Result<Self> {
        let path = model_directory.join("config.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let shape: Shape = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
        // libtorch counts threads for the calling one.
        let measuring = thread::spawn(move || {
            tch::set_num_threads(1);
            tch::no_grad(|| rates(shape))
        });
        let rates = measuring.join().map_err(|_| anyhow!("measuring the processor's rates panicked"))?;
        let (operations_per_second, bytes_per_second) = rates.context("measuring the processor's rates")?;
        Ok(Self { shape, operations_per_second, bytes_per_second })
    }

    /// The floor for a text of so many tokens.
    pub(super) fn milliseconds(&self, tokens: usize) -> f64 {
        let computing = self.shape.operations(tokens as f64) / self.operations_per_second;
        let reading = self.shape.weights() * FLOAT_BYTES / self.bytes_per_second;
        computing.max(reading) * 1e3
    }

    pub(super) fn in_words(&self) -> String {
        format!(
            "The floor: the model's matrix products at the rate of one thread's best ({:.0} GFLOP/s in a product of \
             {SIDE} × {SIDE}, by the same library), or reading the layers' {:.0} MB of weights once ({:.1} GB/s), \
             whichever takes longer. What lies between floor and figure are small products that do not fill the \
             processor, the functions between them, the tokenizer, and the way to the engine's thread and back.",
            self.operations_per_second / 1e9,
            self.shape.weights() * FLOAT_BYTES / 1e6,
            self.bytes_per_second / 1e9,
        )
    }
}

/// Operations per second of a matrix product, and bytes per second of a product with a vector, which uses each element
/// of the matrix once. The matrix is as large as the model's weights, so that caches help as much as they help the model.
fn rates(shape: Shape) -> Result<(f64, f64), TchError> {
    let random = |rows: i64, columns: i64| Tensor::f_rand([rows, columns], (Kind::Float, Device::Cpu));
    let (left, right) = (random(SIDE, SIDE)?, random(SIDE, SIDE)?);
    let product = fastest(|| left.f_matmul(&right))?;
    let columns = shape.hidden_size as i64;
    let rows = (shape.weights() / shape.hidden_size) as i64;
    let (matrix, vector) = (random(rows, columns)?, random(columns, 1)?.f_squeeze()?);
    let sweep = fastest(|| matrix.f_mv(&vector))?;
    let operations = 2.0 * (SIDE * SIDE * SIDE) as f64;
    Ok((operations / product, (rows * columns) as f64 * FLOAT_BYTES / sweep))
}

/// Seconds of the fastest of some tries.
fn fastest(work: impl Fn() -> Result<Tensor, TchError>) -> Result<f64, TchError> {
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        let start = Instant::now();
        drop(work()?);
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { num_hidden_layers: 6.0, hidden_size: 384.0, intermediate_size: 1536.0 };

    #[test]
    fn weights_and_operations_are_those_of_minilm() {
        assert_eq!(SHAPE.weights(), 10_616_832.0);
        // One token: twice the weights, and its own pair.
        assert_eq!(SHAPE.operations(1.0), 2.0 * 10_616_832.0 + 4.0 * 6.0 * 384.0);
    }

    #[test]
    fn short_texts_are_bound_by_reading_and_long_ones_by_computing() {
        let floor = Floor { shape: SHAPE, operations_per_second: 1e11, bytes_per_second: 1e10 };
        let reading = 10_616_832.0 * 4.0 / 1e10 * 1e3;
        assert_eq!(floor.milliseconds(1), reading);
        assert!(floor.milliseconds(256) > 10.0 * reading);
    }
}
