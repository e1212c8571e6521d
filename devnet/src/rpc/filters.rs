//! Logs, filters and what can be subscribed to.

use alloy::{
    primitives::U64,
    rpc::types::{Filter, FilterBlockOption, Log},
};
use serde_json::value::RawValue;

use super::{
    Call, convert,
    error::{RpcError, RpcResult},
    params::Params,
};
use crate::hub::{FollowerId, Interest};

impl Call<'_> {
    pub(super) fn logs(&self) -> RpcResult<Vec<Log>> {
        self.matching(&self.params.required(0)?)
    }

    fn matching(&self, filter: &Filter) -> RpcResult<Vec<Log>> {
        let chain = self.devnet.chain();
        match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let block = chain.block_by_hash(&hash).ok_or_else(|| RpcError::failed("unknown block"))?;
                Ok(convert::matching_logs(&block, filter, false))
            }
            FilterBlockOption::Range { from_block, to_block } => {
                in_order(filter)?;
                let head = chain.head().number();
                let number = |tag: Option<_>| tag.and_then(|tag| chain.resolve(tag)).unwrap_or(head);
                let (from, to) = (number(from_block), number(to_block));
                if to > head {
                    return Err(RpcError::invalid_params("block range extends beyond current head block"));
                }
                if from > to {
                    return Err(wrong_range());
                }
                // The walk may be long; the chain need not wait for it.
                let blocks = chain.blocks().clone();
                drop(chain);
                let selected = blocks.select(from..=to, |header| filter.matches_bloom(header.logs_bloom));
                Ok(selected.flat_map(|block| convert::matching_logs(&block, filter, false)).collect())
            }
        }
    }

    pub(super) fn new_log_filter(&self) -> RpcResult<FollowerId> {
        let filter: Box<Filter> = self.params.optional(0)?.unwrap_or_default();
        in_order(&filter)?;
        Ok(self.devnet.hub().install(Interest::Logs(filter)))
    }

    pub(super) fn new_block_filter(&self) -> FollowerId {
        self.devnet.hub().install(Interest::Heads)
    }

    pub(super) fn new_pending_filter(&self) -> RpcResult<FollowerId> {
        let whole = self.params.optional(0)?.unwrap_or(false);
        Ok(self.devnet.hub().install(Interest::Pending { whole }))
    }

    pub(super) fn filter_changes(&self) -> RpcResult<Vec<Box<RawValue>>> {
        self.filter_id()?.and_then(|id| self.devnet.hub().changes(id)).ok_or_else(no_filter)
    }

    pub(super) fn filter_logs(&self) -> RpcResult<Vec<Log>> {
        let filter = self.filter_id()?.and_then(|id| self.devnet.hub().log_filter(id)).ok_or_else(no_filter)?;
        self.matching(&filter)
    }

    pub(super) fn uninstall_filter(&self) -> RpcResult<bool> {
        Ok(self.filter_id()?.is_some_and(|id| self.devnet.hub().remove(id)))
    }

    /// The filter that is named; none if it is a name that we never give.
    fn filter_id(&self) -> RpcResult<Option<FollowerId>> {
        let name = self.params.required::<String>(0)?;
        Ok(name.parse::<U64>().ok())
    }
}

/// Refuses a range of numbers that ends before it starts.
fn in_order(filter: &Filter) -> RpcResult<()> {
    let (from, to) = (filter.get_from_block(), filter.get_to_block());
    if from.zip(to).is_some_and(|(from, to)| from > to) { Err(wrong_range()) } else { Ok(()) }
}

fn wrong_range() -> RpcError {
    RpcError::invalid_params("invalid block range params")
}

fn no_filter() -> RpcError {
    RpcError::failed("filter not found")
}

/// What the parameters of `eth_subscribe` ask for.
pub(crate) fn interest(params: Option<&RawValue>) -> RpcResult<Interest> {
    let params = Params::parse(params)?;
    match params.required::<String>(0)?.as_str() {
        "newHeads" => Ok(Interest::Heads),
        "logs" => Ok(Interest::Logs(params.optional(1)?.unwrap_or_default())),
        "newPendingTransactions" => Ok(Interest::Pending { whole: params.optional(1)?.unwrap_or(false) }),
        other => Err(RpcError::invalid_params(format!("no \"{other}\" subscription in eth namespace"))),
    }
}
