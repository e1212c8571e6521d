//! How far weights of 8 bits move the vectors: far enough to be told from honest float32, whose answers differ by
//! less than 1e-12 between machines while the network allows 1e-6.

use infera_engine::{Device, ModelDirectory, SentenceEncoder, WeightTransform, unchanged};

use crate::golden::texts;
use crate::{cosine_distance, real_model};

/// Largest 1 − cos that the float32 profile accepts.
const ACCEPTED: f64 = 1e-6;

/// Rounds every matrix of the layers to 8 bits and back, with one scale a row.
fn eight_bit_layers() -> WeightTransform {
    Box::new(|name, tensor| {
        if !name.starts_with("encoder.layer.") || tensor.dim() != 2 {
            return Ok(tensor);
        }
        let scale = tensor.f_abs()?.f_amax([1], true)?.f_div_scalar(127.0)?;
        tensor.f_div(&scale)?.f_round()?.f_mul(&scale)
    })
}

#[test]
fn eight_bit_weights_move_every_vector_beyond_what_is_accepted() {
    let directory = ModelDirectory::open(real_model()).unwrap();
    let load = |transform| SentenceEncoder::load(&directory, Device::Cpu, transform).unwrap();
    let (honest, rounded) = (load(unchanged()), load(eight_bit_layers()));
    let mut distances: Vec<f64> = texts()
        .iter()
        .map(|text| {
            let tokens = honest.tokens(text).unwrap();
            cosine_distance(&honest.embed(&tokens).unwrap(), &rounded.embed(&tokens).unwrap())
        })
        .collect();
    distances.sort_by(f64::total_cmp);
    let printed: Vec<String> = distances.iter().map(|distance| format!("{distance:.1e}")).collect();
    println!("1 - cos of 8-bit weights, by text: {}", printed.join(" "));
    let (smallest, largest) = (distances[0], distances[distances.len() - 1]);
    assert!(smallest > 10.0 * ACCEPTED, "{smallest} is too close to what is accepted");
    assert!(largest < 1e-2, "{largest} is more than rounding explains");
}
