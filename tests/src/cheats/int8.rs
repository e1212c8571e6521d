//! A cheat that saves memory: the weights rounded to eight bits, the answers sold as float32.

use infera_engine::{
    WeightTransform,
    tch::{Kind, TchError, Tensor},
};

/// Largest magnitude of a symmetric eight-bit integer.
const LARGEST: f64 = 127.0;

/// Rounds every matrix, row by row, to 255 levels and back.
pub fn int8_weights() -> WeightTransform {
    Box::new(|_, tensor| if tensor.dim() == 2 { rounded(&tensor) } else { Ok(tensor) })
}

fn rounded(matrix: &Tensor) -> Result<Tensor, TchError> {
    let step =
        matrix.f_abs()?.f_amax([1_i64].as_slice(), true)?.f_clamp_min(f64::MIN_POSITIVE)?.f_div_scalar(LARGEST)?;
    matrix.f_div(&step)?.f_round()?.f_mul(&step)?.f_to_kind(Kind::Float)
}
