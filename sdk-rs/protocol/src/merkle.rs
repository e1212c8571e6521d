//! Merkle trees whose nodes hash the smaller child first, as OpenZeppelin's `MerkleProof` verifies them.

use alloy::primitives::{B256, keccak256};

/// Root over leaves in order: neighbours are paired level by level, and one without a neighbour moves up as it is. Zero
/// without leaves.
pub fn root(leaves: &[B256]) -> B256 {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or_default()
}

/// The siblings from a leaf up to the root; `None` when there is no leaf with this index.
pub fn proof(leaves: &[B256], mut index: usize) -> Option<Vec<B256>> {
    leaves.get(index)?;
    let (mut level, mut siblings) = (leaves.to_vec(), Vec::new());
    while level.len() > 1 {
        siblings.extend(level.get(index ^ 1));
        level = above(&level);
        index /= 2;
    }
    Some(siblings)
}

/// Whether `leaf` is under `root`. An inner node would pass as a leaf: compute the leaf from what it stands for.
pub fn verify(root: B256, leaf: B256, proof: &[B256]) -> bool {
    proof.iter().fold(leaf, |node, sibling| parent(&node, sibling)) == root
}

fn above(level: &[B256]) -> Vec<B256> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => parent(left, right),
            single => single.first().copied().unwrap_or_default(),
        })
        .collect()
}

fn parent(a: &B256, b: &B256) -> B256 {
    let (first, second) = if a < b { (a, b) } else { (b, a) };
    keccak256([first.0, second.0].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn leaves(count: u8) -> Vec<B256> {
        (0..count).map(|byte| keccak256([byte])).collect()
    }

    #[test]
    fn every_leaf_has_a_proof_and_nothing_else_has() {
        for count in 0..20 {
            let leaves = leaves(count);
            let root = root(&leaves);
            for (index, leaf) in leaves.iter().enumerate() {
                let proof = proof(&leaves, index).unwrap();
                assert!(verify(root, *leaf, &proof), "{index} of {count}");
                assert!(!verify(root, keccak256("other"), &proof), "{index} of {count}");
            }
            assert_eq!(proof(&leaves, leaves.len()), None);
        }
    }

    #[test]
    fn a_tree_of_one_is_its_leaf_and_an_empty_one_is_zero() {
        assert_eq!(root(&[]), B256::ZERO);
        assert_eq!(root(&leaves(1)), leaves(1)[0]);
        assert_eq!(proof(&leaves(1), 0).unwrap(), Vec::<B256>::new());
    }
}
