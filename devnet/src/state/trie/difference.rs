//! What differs between two versions of a trie, found without looking at what they share.

use std::sync::Arc;

use alloy::trie::Nibbles;

use super::{Kind, Node, Trie, Values};

/// The values at one key: before, after, or both, of which one may have been copied without being changed.
pub(crate) type Difference<'a, V> = (Option<&'a V>, Option<&'a V>);

impl<V> Trie<V> {
    /// Whether both are one version, as far as can be told without comparing values.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.root, &other.root) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// Every leaf that `newer` does not share with this version. Costs in proportion to their number.
    pub(crate) fn differences<'a>(&'a self, newer: &'a Self) -> Vec<Difference<'a, V>> {
        let mut found = Vec::new();
        collect(Cursor::top(self), Cursor::top(newer), &mut found);
        found
    }
}

/// A place in a trie: at a node, or between two on the path that a leaf or an extension shortens.
struct Cursor<'a, V> {
    node: &'a Arc<Node<V>>,
    /// How many nibbles of the node's own path lie behind.
    behind: usize,
}

impl<V> Clone for Cursor<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Cursor<'_, V> {}

impl<'a, V> Cursor<'a, V> {
    fn top(trie: &'a Trie<V>) -> Option<Self> {
        trie.root.as_ref().map(Self::at)
    }

    const fn at(node: &'a Arc<Node<V>>) -> Self {
        Self { node, behind: 0 }
    }

    /// One nibble on.
    fn child(self, nibble: u8) -> Option<Self> {
        let on = Self { node: self.node, behind: self.behind + 1 };
        match &self.node.kind {
            Kind::Branch(children) => children.get(nibble).map(Self::at),
            Kind::Leaf { path, .. } => (path.get(self.behind) == Some(nibble)).then_some(on),
            Kind::Extension { path, child } => {
                let here = path.get(self.behind) == Some(nibble);
                here.then(|| if on.behind == path.len() { Self::at(child) } else { on })
            }
        }
    }

    fn leaf(self) -> Option<(Nibbles, &'a V)> {
        match &self.node.kind {
            Kind::Leaf { path, value } => Some((path.slice(self.behind..), value)),
            Kind::Extension { .. } | Kind::Branch(_) => None,
        }
    }

    fn values(self) -> Values<'a, V> {
        Values { stack: vec![self.node] }
    }
}

fn collect<'a, V>(old: Option<Cursor<'a, V>>, new: Option<Cursor<'a, V>>, found: &mut Vec<Difference<'a, V>>) {
    match (old, new) {
        (None, None) => {}
        (Some(old), None) => found.extend(old.values().map(|value| (Some(value), None))),
        (None, Some(new)) => found.extend(new.values().map(|value| (None, Some(value)))),
        (Some(old), Some(new)) => {
            if old.behind == new.behind && Arc::ptr_eq(old.node, new.node) {
                return;
            }
            if let (Some((old_path, old)), Some((new_path, new))) = (old.leaf(), new.leaf()) {
                if old_path == new_path {
                    found.push((Some(old), Some(new)));
                } else {
                    found.extend([(Some(old), None), (None, Some(new))]);
                }
                return;
            }
            for nibble in 0..16 {
                collect(old.child(nibble), new.child(nibble), found);
            }
        }
    }
}
