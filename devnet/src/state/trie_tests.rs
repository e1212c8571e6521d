#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use alloy::{
    primitives::{B256, U256},
    rlp::Encodable,
    trie::{HashBuilder, Nibbles, proof::verify_proof},
};
use proptest::prelude::*;

use super::{Trie, TrieValue};

impl TrieValue for U256 {
    fn encode_value(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

fn encoded(value: &U256) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

/// The oracle: alloy's hash builder over the sorted leaves.
fn oracle_root(leaves: &BTreeMap<B256, U256>) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), &encoded(value));
    }
    builder.root()
}

/// Keys that share long prefixes, so that extensions form and dissolve.
fn key() -> impl Strategy<Value = B256> {
    (prop::collection::vec(0u8..3, 3), any::<bool>(), 0u8..4).prop_map(|(nibbles, deep, last)| {
        let mut key = B256::ZERO;
        for (byte, nibble) in key.0.iter_mut().zip(&nibbles) {
            *byte = nibble * 0x11;
        }
        if deep {
            key.0[31] = last;
        } else {
            key.0[15] = last << 4;
        }
        key
    })
}

#[derive(Clone, Debug)]
enum Step {
    Insert(B256, U256),
    Change(B256, U256),
    Remove(B256),
}

fn step() -> impl Strategy<Value = Step> {
    // Small values embed their leaf in the parent, large ones are hashed.
    let value = prop_oneof![
        (1u64..200).prop_map(U256::from),
        any::<[u8; 32]>().prop_map(|b| U256::from_be_bytes(b) | U256::from(1))
    ];
    prop_oneof![
        3 => (key(), value.clone()).prop_map(|(k, v)| Step::Insert(k, v)),
        1 => (key(), value).prop_map(|(k, v)| Step::Change(k, v)),
        2 => key().prop_map(Step::Remove),
    ]
}

proptest! {
    #[test]
    fn every_version_has_the_root_values_and_proofs_of_the_oracle(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut trie = Trie::default();
        let mut leaves = BTreeMap::new();
        let mut versions = Vec::new();
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    trie.insert(&key, value);
                    leaves.insert(key, value);
                }
                Step::Change(key, value) => {
                    prop_assert_eq!(trie.get(&key), leaves.get(&key));
                    if let Some(place) = trie.get_mut(&key) {
                        *place = value;
                        leaves.insert(key, value);
                    }
                }
                Step::Remove(key) => {
                    prop_assert_eq!(trie.remove(&key), leaves.remove(&key).is_some());
                }
            }
            // Root now for half of the versions; the others hash at the end, over shared nodes.
            if versions.len() % 2 == 0 {
                prop_assert_eq!(trie.root(), oracle_root(&leaves));
            }
            versions.push((trie.clone(), leaves.clone()));
        }
        for (trie, leaves) in &versions {
            prop_assert_eq!(trie.root(), oracle_root(leaves));
            prop_assert_eq!(trie.is_empty(), leaves.is_empty());
            prop_assert!(trie.values().eq(leaves.values()));
        }
        let (trie, leaves) = versions.last().unwrap();
        let root = trie.root();
        let absent = B256::repeat_byte(0x77);
        for key in leaves.keys().chain([&absent]) {
            let expected = leaves.get(key).map(encoded);
            let proof = trie.proof(key);
            prop_assert!(verify_proof(root, Nibbles::unpack(key), expected, &proof).is_ok());
        }
    }
}
