//! The weighted draw: the sum tree against a plain walk over the leaves.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{B256, U256},
    sol_types::SolValue,
};
use infera_contracts::{ISortition, creation};
use proptest::{collection::btree_map, prelude::*, sample::Index};

use crate::chain::{Chain, Verdict, check};

const CASES: u32 = 256;
const EPOCH: u64 = 600;
const KEY: B256 = B256::repeat_byte(7);

/// With the excluded taken out, the lowest leaf such that it and all lower ones weigh more than `random` modulo the total.
pub(crate) fn pick(weights: &BTreeMap<u32, u64>, random: U256, excluded: &BTreeSet<u32>) -> Option<u32> {
    let remaining = || weights.iter().filter(|(leaf, _)| !excluded.contains(leaf));
    let total: u64 = remaining().map(|(_, weight)| weight).sum();
    let mut rest: u64 = random.checked_rem(U256::from(total))?.to();
    for (leaf, weight) in remaining() {
        match rest.checked_sub(*weight) {
            Some(left) => rest = left,
            None => return Some(*leaf),
        }
    }
    None
}

/// A sortition whose weights the first account may set.
struct Tree {
    chain: Chain,
    contract: ISortition::ISortitionInstance<alloy::providers::DynProvider>,
}

impl Tree {
    fn deploy() -> Self {
        let chain = Chain::start();
        let setter = chain.sender(0).address();
        let at = chain.deploy(&creation::SORTITION, &(setter, U256::from(EPOCH)).abi_encode_params());
        let contract = ISortition::new(at, chain.provider.clone());
        Self { chain, contract }
    }

    fn set(&self, weights: &BTreeMap<u32, u64>) {
        let setter = self.chain.sender(0);
        for (leaf, weight) in weights {
            let call = self.contract.setWeight(KEY, *leaf, *weight);
            self.chain.wait(setter.call("setting a weight", call)).unwrap();
        }
    }

    /// A pick by the weights of `epochs_ago`, 0 or 1.
    fn pick(&self, epochs_ago: u64, random: U256, excluded: &BTreeSet<u32>) -> Option<u32> {
        let excluded = excluded.iter().copied().collect();
        let time = U256::from(self.chain.now() - epochs_ago * EPOCH);
        match self.chain.wait(self.contract.pick(KEY, time, random, excluded).call()) {
            Ok(leaf) => Some(leaf),
            Err(refusal) => {
                assert!(refusal.as_decoded_error::<ISortition::NothingToPick>().is_some(), "{refusal}");
                None
            }
        }
    }

    /// Draws of this epoch go by `weights`.
    fn draws_like(&self, weights: &BTreeMap<u32, u64>) {
        self.picks_like(0, weights);
    }

    fn picks_like(&self, epochs_ago: u64, weights: &BTreeMap<u32, u64>) {
        let total: u64 = weights.values().sum();
        let time = U256::from(self.chain.now() - epochs_ago * EPOCH);
        assert_eq!(self.chain.wait(self.contract.totalWeight(KEY, time).call()).unwrap(), U256::from(total));
        let leaves: Vec<u32> = weights.keys().copied().collect();
        let random = any::<[u8; 32]>().prop_map(U256::from_be_bytes);
        let excluded = prop::collection::vec(any::<Index>(), 0..=leaves.len());
        check(file!(), CASES, (random, excluded), |(random, excluded)| -> Verdict {
            let excluded = excluded.iter().map(|index| leaves[index.index(leaves.len())]).collect();
            prop_assert_eq!(self.pick(epochs_ago, random, &excluded), pick(weights, random, &excluded));
            Ok(())
        });
    }
}

#[test]
fn a_tree_of_any_shape_draws_as_a_walk_over_its_leaves_does() {
    let tree = Tree::deploy();
    // Leaves far apart make a tall tree; light ones are drawn seldom, and one of no weight never.
    let weights: BTreeMap<u32, u64> =
        [(1, 10), (2, 1), (3, 0), (4, 1 << 40), (5, 7), (17, 3), (64, 1 << 39), (65, 2), (1_023, 5), (70_000, 1 << 38)]
            .into();
    tree.set(&weights);
    tree.chain.skip(EPOCH);
    tree.draws_like(&weights);
}

#[test]
fn a_draw_sees_the_weights_from_before_the_epoch() {
    let tree = Tree::deploy();
    let before: BTreeMap<u32, u64> = [(1, 100), (2, 200), (3, 300)].into();
    tree.set(&before);
    tree.chain.skip(EPOCH);
    // A change, a withdrawal and a newcomer that lets the tree grow.
    let after: BTreeMap<u32, u64> = [(1, 900), (2, 0), (3, 300), (40, 50)].into();
    tree.set(&after);
    tree.draws_like(&before);
    tree.chain.skip(EPOCH);
    tree.draws_like(&after);
    // Jobs of the last epoch are still drawn by its weights.
    tree.set(&[(2, 70)].into());
    tree.picks_like(1, &before);
    tree.draws_like(&after);
}

#[test]
fn the_walk_itself_gives_each_leaf_its_share() {
    let weights = btree_map(1..=50_u32, 1..=6_u64, 1..=8);
    check(file!(), CASES, weights, |weights| -> Verdict {
        let total: u64 = weights.values().sum();
        let mut drawn: BTreeMap<u32, u64> = BTreeMap::new();
        for random in 0..total {
            *drawn.entry(pick(&weights, U256::from(random), &BTreeSet::new()).unwrap()).or_default() += 1;
        }
        prop_assert_eq!(drawn, weights);
        Ok(())
    });
}
