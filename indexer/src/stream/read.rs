//! One step along the chain: what lies behind the position.

use std::collections::BTreeMap;

use alloy::{primitives::B256, rpc::types::Log};
use futures::{StreamExt, TryStreamExt};

use super::position::Position;
use crate::{
    block::{BlockReference, Rollback, StreamBlock, StreamItem},
    event::{EventDecoder, IndexedEvent},
    rpc::{Header, Rpc, RpcFailure},
};

/// Blocks of a range that are completed at the same time.
const CONCURRENT_BLOCKS: usize = 8;

/// What a look at the chain found.
pub(crate) enum Step {
    /// Nothing new.
    AtHead,
    /// The next blocks, read one by one.
    Items(Vec<StreamItem>),
    /// The next blocks, read as a range.
    Range(Vec<StreamItem>),
    /// Yielded blocks that are void.
    Rollback(Rollback),
}

/// Why a look at the chain found nothing.
pub(crate) enum Failure {
    /// A call failed.
    Rpc(RpcFailure),
    /// A range of logs could not be had; perhaps a shorter one can.
    Range(RpcFailure),
    /// The node serves this chain instead.
    WrongChain(u64),
    /// No remembered block is canonical.
    HistoryLost,
}

impl From<RpcFailure> for Failure {
    fn from(failure: RpcFailure) -> Self {
        Self::Rpc(failure)
    }
}

/// Reads blocks with their events.
pub(crate) struct Reader {
    pub(crate) rpc: Rpc,
    decoder: EventDecoder,
    range_distance: u64,
    receipts: bool,
}

impl Reader {
    pub(crate) fn new(rpc: Rpc, decoder: EventDecoder, range_distance: u64, receipts: bool) -> Self {
        Self { rpc, decoder, range_distance: range_distance.max(1), receipts }
    }

    /// What lies behind `position` on the chain whose head is `latest`. Changes nothing, so it can be dropped at any point.
    pub(crate) async fn step(&self, position: &Position, latest: &Header, range_length: u64) -> Result<Step, Failure> {
        let Some(tip) = position.tip() else {
            if latest.number() < position.start() {
                return Ok(Step::AtHead);
            }
            // The first block is always yielded by itself: with it in memory, a rollback of everything is exact.
            let first = self.rpc.header(position.start()).await?;
            return match first {
                Some(first) => self.read_block(&first).await,
                None => Ok(Step::AtHead),
            };
        };
        if latest.hash == tip.hash {
            return Ok(Step::AtHead);
        }
        if latest.number() <= tip.number {
            return self.find_rollback(position, latest).await;
        }
        let next = if latest.number() == tip.number + 1 {
            latest.clone()
        } else {
            match self.rpc.header(tip.number + 1).await? {
                Some(next) => next,
                // Another node behind the same URL, which is not so far yet.
                None => return Ok(Step::AtHead),
            }
        };
        if next.parent_hash != tip.hash {
            return self.find_rollback(position, latest).await;
        }
        let last_of_range = latest.number().saturating_sub(self.range_distance);
        if next.number() < last_of_range {
            let last = last_of_range.min(next.number() + (range_length - 1));
            return self.read_range(&next, last).await;
        }
        self.read_block(&next).await
    }

    /// Finds the newest remembered block that is still canonical.
    ///
    /// A node whose newest block is one of ours is taken for a slow one and waited for. Any other newest block contradicts
    /// ours, or may: its height can lie between blocks that were read as a range. Then we go back to the last block that is
    /// sure; reading a few blocks again does no harm.
    async fn find_rollback(&self, position: &Position, latest: &Header) -> Result<Step, Failure> {
        let mut contradicted = false;
        for block in position.newest_first() {
            let canonical = match block.number.cmp(&latest.number()) {
                std::cmp::Ordering::Greater => None,
                std::cmp::Ordering::Equal => Some(latest.hash),
                std::cmp::Ordering::Less => self.rpc.header(block.number).await?.map(|header| header.hash),
            };
            match canonical {
                Some(hash) if hash == block.hash => {
                    let is_slow = block.number == latest.number() || position.tip() == Some(block);
                    return Ok(if is_slow && !contradicted {
                        Step::AtHead
                    } else {
                        Step::Rollback(position.rollback_to(Some(block)))
                    });
                }
                Some(_) => contradicted = true,
                None => {}
            }
        }
        match (contradicted, position.is_complete()) {
            (false, _) => Ok(Step::AtHead),
            (true, true) => Ok(Step::Rollback(position.rollback_to(None))),
            (true, false) => Err(Failure::HistoryLost),
        }
    }

    async fn read_block(&self, header: &Header) -> Result<Step, Failure> {
        let logs = self.rpc.logs_of(header.hash, &self.decoder.addresses()).await?;
        let block = self.complete(header, logs).await?;
        Ok(Step::Items(vec![StreamItem::Block(block)]))
    }

    /// Reads the blocks from `first` to `last`; yields those with events, and the last.
    ///
    /// The last block's hash names all blocks before it. If it is the same before and after the logs were read, and every
    /// block with logs has the hash that its logs say, the logs are those of one branch; and if `first` is still canonical
    /// then, of the branch that goes on behind our position.
    async fn read_range(&self, first: &Header, last: u64) -> Result<Step, Failure> {
        let before = self.existing_header(last).await?;
        if self.existing_header(first.number()).await?.hash != first.hash {
            return Err(inconsistent(format!("block {} changed before its range was read", first.number())));
        }
        let logs = self.rpc.logs_between(first.number(), last, &self.decoder.addresses()).await;
        let mut logs_by_block: BTreeMap<u64, Vec<Log>> = BTreeMap::new();
        for log in logs.map_err(Failure::Range)? {
            let number = log.block_number.filter(|number| (first.number()..=last).contains(number));
            let Some(number) = number else {
                return Err(inconsistent(format!("asked for logs of {} to {last} it gave another's", first.number())));
            };
            logs_by_block.entry(number).or_default().push(log);
        }
        logs_by_block.entry(last).or_default();
        let blocks: Vec<StreamItem> = futures::stream::iter(logs_by_block)
            .map(|(number, logs)| async move {
                let header = self.existing_header(number).await?;
                if logs.iter().any(|log| log.block_hash != Some(header.hash)) {
                    return Err(inconsistent(format!("the logs of block {number} are not those of {}", header.hash)));
                }
                Ok(StreamItem::Block(self.complete(&header, logs).await?))
            })
            .buffered(CONCURRENT_BLOCKS)
            .try_collect()
            .await?;
        let after = self.existing_header(last).await?;
        if before.hash != after.hash {
            return Err(inconsistent(format!("block {last} changed while its range was read")));
        }
        Ok(Step::Range(blocks))
    }

    async fn existing_header(&self, number: u64) -> Result<Header, Failure> {
        let header = self.rpc.header(number).await?;
        header.ok_or_else(|| inconsistent(format!("block {number} is below its head, but it does not have it")))
    }

    async fn complete(&self, header: &Header, logs: Vec<Log>) -> Result<StreamBlock, Failure> {
        let BlockReference { number, hash } = header.reference();
        let events = self.decoder.decode_block(number, header.timestamp(), logs);
        let hashes = transactions_of(&events);
        let transactions = if self.receipts && !hashes.is_empty() {
            let transactions = self.rpc.transactions(hash, &hashes).await?;
            transactions.ok_or_else(|| inconsistent(format!("it lacks receipts of block {number} ({hash})")))?
        } else {
            Vec::new()
        };
        Ok(StreamBlock {
            number,
            hash,
            parent: header.parent_hash,
            timestamp: header.timestamp(),
            events,
            transactions,
        })
    }
}

fn inconsistent(reason: String) -> Failure {
    Failure::Rpc(RpcFailure::Inconsistent { reason })
}

/// The transactions of events in log order, each once.
fn transactions_of(events: &[IndexedEvent]) -> Vec<B256> {
    let mut hashes: Vec<B256> = events.iter().map(|event| event.transaction).collect();
    hashes.dedup();
    hashes
}
