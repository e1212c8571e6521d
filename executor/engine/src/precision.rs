//! The runtime class: which arithmetic produced an answer. Answers of different classes are never compared.

use alloy::primitives::B256;
use infera_protocol::ids;

/// The libtorch release whose kernels compute; `torch-sys` refuses to build against another one.
const LIBTORCH: &str = "libtorch-2.11";

/// The type of number that weights and activations have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Precision {
    /// IEEE 754 binary32 throughout.
    #[default]
    Float32,
}

impl Precision {
    /// The short name used in runtime classes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "fp32",
        }
    }

    /// The runtime class in words, for instance `fp32/libtorch-2.11`.
    #[must_use]
    pub fn runtime_class(self) -> String {
        format!("{}/{LIBTORCH}", self.name())
    }

    /// keccak256 of [`Self::runtime_class`]: the class as contracts know it.
    #[must_use]
    pub fn runtime_class_hash(self) -> B256 {
        ids::runtime_class(&self.runtime_class())
    }
}

/// The runtime class of engines built with [`Precision::Float32`], in words and as contracts know it.
#[must_use]
pub fn runtime_class() -> (String, B256) {
    (Precision::Float32.runtime_class(), Precision::Float32.runtime_class_hash())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::b256;

    #[test]
    fn the_class_is_the_hash_of_its_words() {
        let (words, hash) = runtime_class();
        assert_eq!(words, "fp32/libtorch-2.11");
        assert_eq!(hash, b256!("eb15f10de8d59955c58e28f85a5559a8e946b49e070e3741ecba76fb31d3d216"));
    }
}
