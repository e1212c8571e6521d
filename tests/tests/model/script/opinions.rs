//! What seats may answer.

use alloy::primitives::{B256, Bytes, keccak256};
use infera_protocol::{commitment::reveal_hash, output::ZeroShotResult};

/// Result and vector of an answer that a seat may give.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opinion {
    pub(crate) result: Bytes,
    pub(crate) vector: Bytes,
}

impl Opinion {
    fn new(scores: [i32; 2], vector: [i16; 3]) -> Self {
        let result = ZeroShotResult::from_scores(scores.to_vec()).unwrap().encode();
        let vector = vector.iter().flat_map(|element| element.to_be_bytes()).collect();
        Self { result: result.into(), vector }
    }

    /// What a seat stores that has revealed it.
    pub(super) fn revealed(&self) -> B256 {
        reveal_hash(keccak256(&self.result), keccak256(&self.vector))
    }
}

/// What seats may answer: three in a chain of which only neighbours agree, one of another winner, one of another vector,
/// malformed ones, and two that are too large to be revealed.
pub(crate) fn opinions() -> Vec<Opinion> {
    let malformed = |result: &[u8], vector: &[u8]| Opinion {
        result: Bytes::copy_from_slice(result),
        vector: Bytes::copy_from_slice(vector),
    };
    vec![
        Opinion::new([700, 200], [600, 0, 800]),
        Opinion::new([704, 196], [601, -1, 799]),
        Opinion::new([708, 192], [600, 0, 800]),
        Opinion::new([200, 700], [600, 0, 800]),
        Opinion::new([700, 200], [0, 900, 10]),
        malformed(&[1], &[1, 2, 3]),
        malformed(&[], &[]),
        malformed(&[7; 4097], &[0; 6]),
        malformed(&[7], &[0; 2050]),
    ]
}
