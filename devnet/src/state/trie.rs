//! A persistent Merkle–Patricia trie.
//!
//! Nodes are shared between versions: a clone costs one reference count, a change copies only the
//! path to the changed leaf (or nothing, where no other version holds the path), and every node
//! remembers its hash. So the root after a block costs in proportion to what the block changed,
//! each block can keep its whole state, and a proof is a walk.
//!
//! Keys are 32-byte hashes ("secure" trie), hence all of one length: branches carry no value.

mod difference;

use std::sync::{Arc, OnceLock};

use alloy::{
    primitives::{B256, Bytes, keccak256},
    rlp::Encodable,
    trie::{
        EMPTY_ROOT_HASH, Nibbles, TrieMask,
        nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode},
    },
};

/// What a leaf holds.
pub(crate) trait TrieValue: Clone {
    /// Appends the value's RLP, as the root commits to it.
    fn encode_value(&self, out: &mut Vec<u8>);
}

/// A map from 32-byte keys to values with a Merkle root.
#[derive(Clone, Debug)]
pub(crate) struct Trie<V> {
    root: Option<Arc<Node<V>>>,
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<V: TrieValue> Trie<V> {
    /// Whether there is no leaf.
    pub(crate) const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The value at `key`.
    pub(crate) fn get(&self, key: &B256) -> Option<&V> {
        let mut node = self.root.as_deref()?;
        let path = Nibbles::unpack(key);
        let mut depth = 0;
        loop {
            match &node.kind {
                Kind::Leaf { path: own, value } => return (*own == path.slice(depth..)).then_some(value),
                Kind::Extension { path: own, child } => {
                    let end = depth + own.len();
                    if path.slice(depth..end) != *own {
                        return None;
                    }
                    (node, depth) = (child, end);
                }
                Kind::Branch(children) => (node, depth) = (children.get(path.get(depth)?)?, depth + 1),
            }
        }
    }

    /// The value at `key`, to be changed in place. Forgets the hashes on the way there.
    pub(crate) fn get_mut(&mut self, key: &B256) -> Option<&mut V> {
        self.get(key)?;
        self.present_mut(key)
    }

    /// Like [`Self::get_mut`], for a key that is known to be there: otherwise paths are copied in vain.
    pub(crate) fn present_mut(&mut self, key: &B256) -> Option<&mut V> {
        let mut node = Arc::make_mut(self.root.as_mut()?);
        let path = Nibbles::unpack(key);
        let mut depth = 0;
        loop {
            node.reference.take();
            match &mut node.kind {
                Kind::Leaf { path: own, value } => return (*own == path.slice(depth..)).then_some(value),
                Kind::Extension { path: own, child } => {
                    depth += own.len();
                    node = Arc::make_mut(child);
                }
                Kind::Branch(children) => {
                    node = Arc::make_mut(children.slot(path.get(depth)?).as_mut()?);
                    depth += 1;
                }
            }
        }
    }

    /// Sets the value at `key`.
    pub(crate) fn insert(&mut self, key: &B256, value: V) {
        let path = Nibbles::unpack(key);
        match &mut self.root {
            Some(root) => Node::insert(root, path, value),
            None => self.root = Some(Node::leaf(path, value)),
        }
    }

    /// Removes the leaf at `key`; whether there was one.
    pub(crate) fn remove(&mut self, key: &B256) -> bool {
        if self.get(key).is_none() {
            return false;
        }
        if let Some(root) = &mut self.root
            && Node::remove(root, Nibbles::unpack(key))
        {
            self.root = None;
        }
        true
    }

    /// The Merkle root.
    pub(crate) fn root(&self) -> B256 {
        self.root
            .as_ref()
            .map_or(EMPTY_ROOT_HASH, |root| root.reference().as_hash().unwrap_or_else(|| keccak256(root.rlp())))
    }

    /// The RLP of the nodes from the root towards `key`: a Merkle proof of its value or its absence.
    pub(crate) fn proof(&self, key: &B256) -> Vec<Bytes> {
        let mut proof = Vec::new();
        let mut path = Nibbles::unpack(key);
        let mut next = self.root.as_ref();
        while let Some(node) = next {
            // A node shorter than a hash is embedded in its parent and has no place of its own.
            if proof.is_empty() || node.reference().is_hash() {
                proof.push(node.rlp().into());
            }
            next = match &node.kind {
                Kind::Leaf { .. } => None,
                Kind::Extension { path: own, child } => path.starts_with(own).then(|| {
                    path = path.slice(own.len()..);
                    child
                }),
                Kind::Branch(children) => path.first().and_then(|nibble| {
                    path = path.slice(1..);
                    children.get(nibble)
                }),
            };
        }
        proof
    }

    /// All values, in the order of their keys.
    pub(crate) fn values(&self) -> Values<'_, V> {
        Values { stack: self.root.as_deref().into_iter().collect() }
    }
}

/// Iterator over the values of a [`Trie`].
pub(crate) struct Values<'a, V> {
    stack: Vec<&'a Node<V>>,
}

impl<'a, V> Iterator for Values<'a, V> {
    type Item = &'a V;

    fn next(&mut self) -> Option<&'a V> {
        loop {
            match &self.stack.pop()?.kind {
                Kind::Leaf { value, .. } => return Some(value),
                Kind::Extension { child, .. } => self.stack.push(child),
                Kind::Branch(children) => {
                    self.stack.extend(children.0.iter().rev().flatten().map(|child| &**child));
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Node<V> {
    kind: Kind<V>,
    /// How a parent refers to this node: its hash, or itself where shorter. Empty after a change.
    reference: OnceLock<RlpNode>,
}

#[derive(Clone, Debug)]
enum Kind<V> {
    Leaf { path: Nibbles, value: V },
    Extension { path: Nibbles, child: Arc<Node<V>> },
    Branch(Children<V>),
}

#[derive(Clone, Debug)]
struct Children<V>([Option<Arc<Node<V>>>; 16]);

impl<V> Children<V> {
    fn none() -> Self {
        Self([const { None }; 16])
    }

    fn get(&self, nibble: u8) -> Option<&Arc<Node<V>>> {
        self.0.get(usize::from(nibble)).and_then(Option::as_ref)
    }

    #[expect(clippy::indexing_slicing, reason = "masked to four bits, of sixteen places")]
    fn slot(&mut self, nibble: u8) -> &mut Option<Arc<Node<V>>> {
        &mut self.0[usize::from(nibble & 0xf)]
    }

    /// The place of the only child, if there is exactly one.
    fn only(&self) -> Option<u8> {
        let mut present = (0u8..16).filter(|nibble| self.get(*nibble).is_some());
        present.next().filter(|_| present.next().is_none())
    }
}

impl<V: TrieValue> Node<V> {
    fn new(kind: Kind<V>) -> Arc<Self> {
        Arc::new(Self { kind, reference: OnceLock::new() })
    }

    fn leaf(path: Nibbles, value: V) -> Arc<Self> {
        Self::new(Kind::Leaf { path, value })
    }

    /// `branch` reached over `path`: an extension, unless the path is empty.
    fn extended(path: Nibbles, branch: Children<V>) -> Kind<V> {
        let branch = Kind::Branch(branch);
        if path.is_empty() { branch } else { Kind::Extension { path, child: Self::new(branch) } }
    }

    /// `node` reached over a longer path, which it swallows where it has one itself.
    fn prefixed(prefix: Nibbles, node: Arc<Self>) -> Kind<V> {
        if matches!(node.kind, Kind::Branch(_)) {
            return Kind::Extension { path: prefix, child: node };
        }
        match Arc::unwrap_or_clone(node).kind {
            Kind::Leaf { path, value } => Kind::Leaf { path: prefix.join(&path), value },
            Kind::Extension { path, child } => Kind::Extension { path: prefix.join(&path), child },
            branch @ Kind::Branch(_) => branch,
        }
    }

    fn insert(link: &mut Arc<Self>, path: Nibbles, value: V) {
        let node = Arc::make_mut(link);
        node.reference.take();
        match &mut node.kind {
            Kind::Branch(children) => {
                let rest = path.slice(1..);
                match children.slot(path.first().unwrap_or_default()) {
                    Some(child) => Self::insert(child, rest, value),
                    empty => *empty = Some(Self::leaf(rest, value)),
                }
            }
            Kind::Leaf { path: own, value: old } if *own == path => *old = value,
            Kind::Extension { path: own, child } if path.starts_with(own) => {
                Self::insert(child, path.slice(own.len()..), value);
            }
            // The paths part: a branch where they do, with both behind it.
            Kind::Leaf { path: own, .. } | Kind::Extension { path: own, .. } => {
                let own = *own;
                let common = own.common_prefix_length(&path);
                let after = |path: &Nibbles| path.slice(common + 1..);
                let at = |path: &Nibbles| path.get(common).unwrap_or_default();
                let mut children = Children::none();
                *children.slot(at(&path)) = Some(Self::leaf(after(&path), value));
                let old = std::mem::replace(&mut node.kind, Kind::Branch(Children::none()));
                *children.slot(at(&own)) = match old {
                    Kind::Leaf { value, .. } => Some(Self::leaf(after(&own), value)),
                    Kind::Extension { child, .. } if own.len() == common + 1 => Some(child),
                    Kind::Extension { child, .. } => Some(Self::new(Kind::Extension { path: after(&own), child })),
                    Kind::Branch(_) => None,
                };
                node.kind = Self::extended(own.slice(..common), children);
            }
        }
    }

    /// Removes the leaf at `path`, which must exist. True if this node was that leaf and must go.
    fn remove(link: &mut Arc<Self>, path: Nibbles) -> bool {
        let node = Arc::make_mut(link);
        node.reference.take();
        let shortened = match &mut node.kind {
            Kind::Leaf { .. } => return true,
            Kind::Extension { path: own, child } => {
                Self::remove(child, path.slice(own.len()..));
                (!matches!(child.kind, Kind::Branch(_))).then(|| (*own, child.clone()))
            }
            Kind::Branch(children) => {
                let slot = children.slot(path.first().unwrap_or_default());
                if let Some(child) = slot
                    && Self::remove(child, path.slice(1..))
                {
                    *slot = None;
                }
                children.only().and_then(|nibble| {
                    let child = children.slot(nibble).take()?;
                    Some((Nibbles::from_nibbles([nibble]), child))
                })
            }
        };
        if let Some((prefix, child)) = shortened {
            node.kind = Self::prefixed(prefix, child);
        }
        false
    }

    fn rlp(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match &self.kind {
            Kind::Leaf { path, value } => {
                let mut encoded = Vec::new();
                value.encode_value(&mut encoded);
                LeafNodeRef::new(path, &encoded).encode(&mut out);
            }
            Kind::Extension { path, child } => {
                ExtensionNodeRef::new(path, child.reference().as_slice()).encode(&mut out);
            }
            Kind::Branch(children) => {
                let mut mask = TrieMask::default();
                let mut stack = Vec::with_capacity(16);
                for nibble in 0u8..16 {
                    if let Some(child) = children.get(nibble) {
                        mask.set_bit(nibble);
                        stack.push(child.reference().clone());
                    }
                }
                BranchNodeRef::new(&stack, mask).encode(&mut out);
            }
        }
        out
    }

    fn reference(&self) -> &RlpNode {
        self.reference.get_or_init(|| RlpNode::from_rlp(&self.rlp()))
    }
}

#[cfg(test)]
#[path = "trie_tests.rs"]
mod tests;
