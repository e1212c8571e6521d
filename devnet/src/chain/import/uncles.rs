//! Which headers beside the chain a block may reward (yellow paper, section 11.1).

use alloy::{
    consensus::Header,
    primitives::{B256, map::B256HashSet},
};

use super::{Invalid, header};
use crate::chain::{Block, Chain};

/// How many there may be in a block.
const MOST: usize = 2;

/// How far back their parents may lie, in blocks.
const GENERATIONS: u64 = 7;

impl Chain {
    /// Checks the uncles of a block that follows the head.
    pub(super) fn check_uncles(&self, header: &Header, uncles: &[Header]) -> Result<(), Invalid> {
        if uncles.is_empty() {
            return Ok(());
        }
        if uncles.len() > MOST {
            let (field, have) = ("number of uncles", uncles.len().to_string());
            return Err(Invalid::Field { field, have, want: format!("at most {MOST}") });
        }
        let earliest = header.number.saturating_sub(GENERATIONS).max(self.first_number());
        let ancestors: Vec<_> = (earliest..header.number).filter_map(|number| self.block_by_number(number)).collect();
        let mut seen: B256HashSet =
            ancestors.iter().flat_map(|ancestor| ancestor.ommers.iter().map(Header::hash_slow)).collect();
        for (index, uncle) in uncles.iter().enumerate() {
            let hash = uncle.hash_slow();
            let parent = ancestors.iter().find(|ancestor| ancestor.hash() == uncle.parent_hash);
            let checked = if !seen.insert(hash) {
                Err("it was rewarded already".to_owned())
            } else if ancestors.iter().any(|ancestor| ancestor.hash() == hash) {
                Err("it is an ancestor".to_owned())
            } else {
                self.check_uncle(uncle, parent.map(|parent| &**parent), header.parent_hash)
            };
            checked.map_err(|reason| Invalid::Uncle { index, reason })?;
        }
        Ok(())
    }

    fn check_uncle(&self, uncle: &Header, parent: Option<&Block>, sibling: B256) -> Result<(), String> {
        let parent = parent
            .filter(|_| uncle.parent_hash != sibling)
            .ok_or_else(|| format!("its parent {} is not an ancestor of the right generation", uncle.parent_hash))?;
        header::check(&self.spec, parent.header(), uncle)
            .and_then(|()| header::check_gas_limit(&self.spec, parent.header(), uncle))
            .map_err(|invalid| invalid.to_string())
    }
}
