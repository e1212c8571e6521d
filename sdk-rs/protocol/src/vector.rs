//! The int16 vector that represents a result and is compared by cosine.

use alloy::primitives::{B256, keccak256};

/// Fixed-point elements `round(scale × x)`, 1 to 1024 of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputVector(Vec<i16>);

/// Why a vector can't be built.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// No element or more than [`OutputVector::MAX_DIMENSION`].
    #[error("a vector of {0} elements: it must have 1 to 1024")]
    Dimension(usize),
    /// A byte string that is not a whole number of elements.
    #[error("a vector of {0} bytes: an element takes 2")]
    OddLength(usize),
    /// The scale is zero, which would make every vector zero.
    #[error("the vector's scale is 0: take that of the model's verification profile")]
    ZeroScale,
    /// An element is not a number, is infinite, or does not fit 16 bits when scaled.
    #[error("element {index} is {value}: scaled by {scale} it is no 16-bit integer")]
    Element {
        /// Position of the element.
        index: usize,
        /// The element before scaling.
        value: f32,
        /// The scale it was multiplied with.
        scale: u16,
    },
}

impl OutputVector {
    /// The most elements that the contracts compare.
    pub const MAX_DIMENSION: usize = 1024;

    /// A vector of elements that are scaled already.
    pub fn new(elements: Vec<i16>) -> Result<Self, VectorError> {
        if elements.is_empty() || elements.len() > Self::MAX_DIMENSION {
            return Err(VectorError::Dimension(elements.len()));
        }
        Ok(Self(elements))
    }

    /// Fixed point of a model's output, rounding half away from zero.
    ///
    /// Every product is exact before it is rounded (24 and 16 significant bits fit an `f64`), so equal inputs give equal
    /// vectors on every machine.
    pub fn quantize(values: &[f32], scale: u16) -> Result<Self, VectorError> {
        if scale == 0 {
            return Err(VectorError::ZeroScale);
        }
        let elements = values.iter().enumerate().map(|(index, &value)| {
            let rounded = (f64::from(value) * f64::from(scale)).round();
            // Comparisons with NaN are false, so it is refused too.
            if rounded >= f64::from(i16::MIN) && rounded <= f64::from(i16::MAX) {
                Ok(rounded as i16)
            } else {
                Err(VectorError::Element { index, value, scale })
            }
        });
        Self::new(elements.collect::<Result<_, _>>()?)
    }

    /// Reads big-endian elements.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VectorError> {
        let (elements, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(VectorError::OddLength(bytes.len()));
        }
        Self::new(elements.iter().copied().map(i16::from_be_bytes).collect())
    }

    /// Big-endian elements: the form that is revealed and hashed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|element| element.to_be_bytes()).collect()
    }

    /// keccak256 of [`Self::to_bytes`].
    pub fn hash(&self) -> B256 {
        keccak256(self.to_bytes())
    }

    /// The elements.
    pub fn elements(&self) -> &[i16] {
        &self.0
    }

    /// Number of elements.
    pub fn dimension(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounds_half_away_from_zero() {
        let vector = OutputVector::quantize(&[0.25, -0.25, 0.75, -0.75, 0.249_999_99, 1.25, -1.25], 2).unwrap();
        assert_eq!(vector.elements(), [1, -1, 2, -2, 0, 3, -3]);
    }

    #[test]
    fn accepts_the_whole_range_of_16_bits_and_nothing_beyond() {
        assert_eq!(OutputVector::quantize(&[32767.49, -32768.49], 1).unwrap().elements(), [i16::MAX, i16::MIN]);
        for value in [32767.5, -32768.5, f32::MAX, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(
                OutputVector::quantize(&[0.0, value], 1),
                Err(VectorError::Element { index: 1, value, scale: 1 })
            );
        }
        let error = OutputVector::quantize(&[f32::NAN], 32767).unwrap_err();
        assert_eq!(error.to_string(), "element 0 is NaN: scaled by 32767 it is no 16-bit integer");
    }

    #[test]
    fn refuses_a_wrong_dimension_an_odd_length_and_a_zero_scale() {
        assert_eq!(OutputVector::quantize(&[], 1), Err(VectorError::Dimension(0)));
        assert_eq!(OutputVector::from_bytes(&[]), Err(VectorError::Dimension(0)));
        assert!(OutputVector::new(vec![1; 1024]).is_ok());
        assert_eq!(OutputVector::new(vec![1; 1025]), Err(VectorError::Dimension(1025)));
        assert_eq!(OutputVector::from_bytes(&[1, 2, 3]), Err(VectorError::OddLength(3)));
        assert_eq!(OutputVector::quantize(&[1.0], 0), Err(VectorError::ZeroScale));
    }

    proptest! {
        #[test]
        fn bytes_and_elements_are_one_to_one(elements in prop::collection::vec(any::<i16>(), 1..=1024)) {
            let vector = OutputVector::new(elements).unwrap();
            prop_assert_eq!(OutputVector::from_bytes(&vector.to_bytes()), Ok(vector));
        }

        #[test]
        fn no_element_is_off_by_more_than_half_a_step(values in prop::collection::vec(-1f32..=1.0, 1..64), scale in 1..=32767u16) {
            let vector = OutputVector::quantize(&values, scale).unwrap();
            for (value, element) in values.iter().zip(vector.elements()) {
                prop_assert!((f64::from(*value) * f64::from(scale) - f64::from(*element)).abs() <= 0.5);
            }
        }
    }
}
