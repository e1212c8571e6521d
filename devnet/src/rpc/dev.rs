//! Methods that bend the chain: `anvil_*`, and `evm_*` and `hardhat_*` where they mean the same.

use std::time::Duration;

use alloy::{
    primitives::{Address, B256, Bytes, TxHash, U64, U256, map::AddressHashMap},
    rpc::types::{
        TransactionRequest,
        anvil::{Forking, Metadata, MineOptions, NodeEnvironment, NodeForkConfig, NodeInfo},
    },
    serde::JsonStorageKey,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CLIENT_VERSION, Call, convert,
    error::{RpcError, RpcResult},
    fees::SUGGESTED_TIP,
    json, send,
};
use crate::{
    chain::{Chain, Reorg, Transaction, bounds::LARGEST_BASE_FEE},
    config::MiningMode,
    dump::Dump,
};

/// The most blocks that one request makes, which takes seconds.
const MOST_BLOCKS: u64 = 100_000;

/// `anvil_reorg`'s parameters, by name or by position.
#[derive(Deserialize)]
struct ReorgOptions {
    depth: u64,
    #[serde(default, alias = "txBlockPairs")]
    tx_block_pairs: Vec<(TransactionData, u64)>,
}

/// A transaction for `anvil_reorg`: to be signed, or signed.
#[derive(Deserialize)]
#[serde(untagged)]
enum TransactionData {
    Raw(Bytes),
    Request(Box<TransactionRequest>),
}

impl Call<'_> {
    /// Answers `{anvil,evm,hardhat}_{name}`.
    pub(super) fn bend(&self, method: &str, name: &str) -> RpcResult<Box<RawValue>> {
        match name {
            "mine" if method == "evm_mine" => json(self.evm_mine().map(|_| "0x0")?),
            "mine_detailed" => json(self.evm_mine()?),
            "mine" => json(self.anvil_mine()?),
            "setAutomine" => json(self.set_automine()?),
            "getAutomine" => json(self.devnet.chain().mining == MiningMode::Automine),
            "setIntervalMining" => json(self.set_interval_mining()?),
            "getIntervalMining" => json(self.interval_mining()),

            "increaseTime" => {
                let seconds = self.number(0)?;
                json(self.devnet.change(|chain| chain.time.increase(seconds)))
            }
            "setTime" => {
                let now = self.timestamp(0)?;
                json(self.devnet.change(|chain| chain.time.set(now)).max(0))
            }
            "setNextBlockTimestamp" => json(self.set_next_block_timestamp()?),
            "setBlockTimestampInterval" => {
                let seconds = self.number(0)?;
                self.set(|chain| chain.time.set_interval(Some(seconds)))
            }
            "removeBlockTimestampInterval" => json(self.devnet.change(|chain| {
                let was_set = chain.time.interval().is_some();
                chain.time.set_interval(None);
                was_set
            })),

            "snapshot" => json(U256::from(self.devnet.change(Chain::snapshot))),
            "revert" => {
                let id = self.number(0)?;
                json(self.devnet.change(|chain| chain.revert(id)))
            }
            "reorg" => json(self.reorg()?),
            "setRpcUrl" => Err(RpcError::invalid_params("this chain does not fork from another")),
            "reset" => {
                if self.params.optional::<Forking>(0)?.is_some_and(|forking| forking.json_rpc_url.is_some()) {
                    return Err(RpcError::invalid_params("this chain does not fork from another"));
                }
                json(self.devnet.change(Chain::reset)?)
            }
            "rollback" => {
                let depth = self.params.optional::<U64>(0)?.map_or(1, |depth| depth.to());
                json(self.devnet.roll_back(depth)?)
            }

            "setBalance" | "setAccountBalance" => {
                self.set_state(|state, address, value| state.set_balance(address, value))
            }
            "addBalance" => self.set_state(|state, address, more: U256| {
                state.set_balance(address, state.balance(address).saturating_add(more))
            }),
            "dealERC20" | "setERC20Balance" | "setErc20Balance" => json(self.deal_token()?),
            "setERC20Allowance" => json(self.set_token_allowance()?),
            "setNonce" | "setAccountNonce" => {
                self.set_state(|state, address, nonce: U64| state.set_nonce(address, nonce.to()))
            }
            "setCode" | "setAccountCode" => self.set_state(|state, address, code| state.set_code(address, code)),
            "setStorageAt" | "setAccountStorageAt" => {
                let (key, value) =
                    (self.params.required::<JsonStorageKey>(1)?, self.params.required::<JsonStorageKey>(2)?);
                let address = self.params.required(0)?;
                self.devnet.change(|chain| {
                    chain.state.set_storage(address, key.as_b256().into(), value.as_b256().into());
                });
                json(true)
            }

            "impersonateAccount" => {
                let address = self.params.required::<Address>(0)?;
                self.set(|chain| chain.impersonated.insert(address))
            }
            "stopImpersonatingAccount" => {
                let address = self.params.required::<Address>(0)?;
                self.set(|chain| chain.impersonated.remove(&address))
            }
            "autoImpersonateAccount" => {
                let all = self.params.required(0)?;
                self.set(|chain| chain.impersonates_all = all)
            }

            "setCoinbase" => {
                let beneficiary = self.params.required(0)?;
                self.set(|chain| chain.beneficiary = beneficiary)
            }
            "setBlockGasLimit" => {
                let gas_limit = self.number(0)?;
                self.devnet.change(|chain| chain.gas_limit = gas_limit);
                json(true)
            }
            "setNextBlockBaseFeePerGas" => {
                let base_fee = self.number_up_to(0, LARGEST_BASE_FEE)?;
                self.set(|chain| chain.next_base_fee = Some(base_fee))
            }
            "setMinGasPrice" => {
                Err(RpcError::failed(format!("{method} is not supported when EIP-1559 is active; set the base fee")))
            }
            "setChainId" => {
                let chain_id = self.number(0)?;
                self.set(|chain| chain.spec.chain_id = chain_id)
            }
            "setPrevRandao" => {
                let value = self.params.required::<B256>(0)?;
                self.set(|chain| chain.next_prev_randao = Some(value))
            }

            "dropTransaction" => {
                let hash = self.params.required::<TxHash>(0)?;
                json(self.devnet.change(|chain| chain.pool.remove(&hash)).map(|_| hash))
            }
            "dropAllTransactions" => self.set(|chain| chain.pool.clear()),
            "removePoolTransactions" => {
                let sender = self.params.required(0)?;
                self.set(|chain| chain.pool.remove_sender(sender))
            }

            "dumpState" => json(Bytes::from(Dump::new(&self.devnet.chain()).to_bytes()?)),
            "loadState" => {
                let dump = Dump::from_bytes(&self.params.required::<Bytes>(0)?)?;
                self.devnet.change(|chain| dump.restore(chain))?;
                json(true)
            }

            "getGenesisTime" => json(self.devnet.first_block().2),
            "nodeInfo" => json(self.node_info()),
            "metadata" => json(self.metadata()),
            "setLoggingEnabled" => json(()),
            _ => Err(RpcError::method_not_found(method)),
        }
    }

    /// Changes something; the answer is null.
    fn set<T>(&self, change: impl FnOnce(&mut Chain) -> T) -> RpcResult<Box<RawValue>> {
        self.devnet.change(change);
        json(())
    }

    /// A number, in JSON or in hex.
    fn number(&self, index: usize) -> RpcResult<u64> {
        let number = self.params.required::<U256>(index)?;
        u64::try_from(number)
            .map_err(|_| RpcError::invalid_params(format!("invalid argument {index}: {number} exceeds 64 bits")))
    }

    fn number_up_to(&self, index: usize, most: u64) -> RpcResult<u64> {
        let number = self.number(index)?;
        if number <= most {
            return Ok(number);
        }
        Err(RpcError::invalid_params(format!("invalid argument {index}: {number} is more than {most}")))
    }

    /// A time in seconds; one in milliseconds is taken as such, as anvil does.
    fn timestamp(&self, index: usize) -> RpcResult<u64> {
        const MILLISECONDS_SINCE: u64 = 100_000_000_000;
        let given = self.number(index)?;
        Ok(if given > MILLISECONDS_SINCE { given / 1000 } else { given })
    }

    fn set_state<T: serde::de::DeserializeOwned>(
        &self,
        set: impl FnOnce(&mut crate::state::State, Address, T),
    ) -> RpcResult<Box<RawValue>> {
        let (address, value) = (self.params.required(0)?, self.params.required(1)?);
        self.set(|chain| set(&mut chain.state, address, value))
    }

    /// `evm_mine`: one block, or as many as asked for, the first at a given time.
    fn evm_mine(&self) -> RpcResult<Vec<alloy::rpc::types::Block>> {
        let (timestamp, blocks) = match self.params.optional::<MineOptions>(0)? {
            None => (None, None),
            Some(MineOptions::Timestamp(timestamp)) => (timestamp, None),
            Some(MineOptions::Options { timestamp, blocks }) => (timestamp, blocks),
        };
        let blocks = some_blocks(blocks.unwrap_or(1))?;
        if let Some(timestamp) = timestamp {
            self.devnet.change(|chain| set_next(chain, timestamp))?;
        }
        // Block by block: others are answered in between.
        let mine = |_| Ok(convert::block(&*self.devnet.change(|chain| chain.mine(None))?, true));
        (0..blocks).map(mine).collect()
    }

    /// `anvil_mine`: so many blocks, so many seconds apart.
    fn anvil_mine(&self) -> RpcResult<()> {
        let count = some_blocks(self.params.optional::<U64>(0)?.map_or(1, |count| count.to::<u64>()))?;
        let interval = self.params.optional::<U64>(1)?.map(|interval| interval.to::<u64>());
        for made in 0..count {
            self.devnet.change(|chain| {
                if let Some(interval) = interval.filter(|_| made > 0) {
                    let next = chain.head().timestamp().saturating_add(interval);
                    chain.time.set_next(next);
                }
                chain.mine(None)
            })?;
        }
        Ok(())
    }

    fn set_automine(&self) -> RpcResult<()> {
        if self.params.required::<bool>(0)? {
            self.devnet.set_mining(MiningMode::Automine);
        } else if self.devnet.chain().mining == MiningMode::Automine {
            self.devnet.set_mining(MiningMode::Manual);
        }
        Ok(())
    }

    /// Seconds; zero stops it. `evm_setIntervalMining` means milliseconds to Hardhat and seconds to Foundry, which we follow.
    fn set_interval_mining(&self) -> RpcResult<()> {
        let seconds = self.number(0)?;
        self.devnet.set_mining(match seconds {
            0 => MiningMode::Manual,
            seconds => MiningMode::Interval(Duration::from_secs(seconds)),
        });
        Ok(())
    }

    fn interval_mining(&self) -> Option<u64> {
        match self.devnet.chain().mining {
            MiningMode::Interval(interval) => Some(interval.as_secs()),
            MiningMode::Automine | MiningMode::Manual => None,
        }
    }

    fn set_next_block_timestamp(&self) -> RpcResult<()> {
        let timestamp = self.timestamp(0)?;
        self.devnet.change(|chain| set_next(chain, timestamp))
    }

    fn reorg(&self) -> RpcResult<()> {
        let options: ReorgOptions = match self.params.optional::<ReorgOptions>(0) {
            Ok(Some(options)) => options,
            _ => ReorgOptions { depth: self.number(0)?, tx_block_pairs: self.params.optional(1)?.unwrap_or_default() },
        };
        let parent = {
            let chain = self.devnet.chain();
            let number = chain.head().number().checked_sub(options.depth);
            number.and_then(|number| chain.block_by_number(number)).map(|block| block.num_hash())
        };
        let parent = parent.ok_or_else(|| RpcError::invalid_params("the reorg is deeper than the chain"))?;
        let mut lists: Vec<Vec<Transaction>> = Vec::new();
        let mut sent = AddressHashMap::<u64>::default();
        for (data, place) in options.tx_block_pairs {
            if place >= options.depth {
                let message = format!("block number {place} is beyond the reorg's depth {}", options.depth);
                return Err(RpcError::invalid_params(message));
            }
            let transaction = match data {
                TransactionData::Raw(raw) => send::decode(&raw)?,
                TransactionData::Request(request) => {
                    let earlier = request.from.and_then(|from| sent.get(&from)).copied().unwrap_or_default();
                    self.signed(*request, parent.hash.into(), earlier)?
                }
            };
            *sent.entry(transaction.signer()).or_default() += 1;
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if lists.len() <= place {
                lists.resize_with(place + 1, Vec::new);
            }
            lists.get_mut(place).into_iter().for_each(|list| list.push(transaction.clone()));
        }
        self.devnet.change(|chain| chain.reorganize(options.depth, Reorg::Replace(lists)))?;
        Ok(())
    }

    fn node_info(&self) -> NodeInfo {
        let chain = self.devnet.chain();
        let (head, next) = (chain.head(), chain.next_environment());
        NodeInfo {
            current_block_number: head.number(),
            current_block_timestamp: head.timestamp(),
            current_block_hash: head.hash(),
            hard_fork: chain.spec.hardfork_name(head.number(), head.timestamp()),
            transaction_order: "fees".to_owned(),
            environment: NodeEnvironment {
                base_fee: next.block_env.basefee.into(),
                chain_id: chain.spec.chain_id,
                gas_limit: chain.gas_limit,
                gas_price: u128::from(next.block_env.basefee) + SUGGESTED_TIP,
            },
            fork_config: NodeForkConfig::default(),
            network: None,
        }
    }

    fn metadata(&self) -> Metadata {
        let chain = self.devnet.chain();
        let snapshots = chain.snapshots().map(|(id, head)| (U256::from(id), (head.number, head.hash)));
        Metadata {
            client_version: CLIENT_VERSION.to_owned(),
            client_semver: Some(env!("CARGO_PKG_VERSION").to_owned()),
            client_commit_sha: None,
            chain_id: chain.spec.chain_id,
            instance_id: self.devnet.instance(),
            latest_block_number: chain.head().number(),
            latest_block_hash: chain.head().hash(),
            forked_network: None,
            snapshots: snapshots.collect(),
        }
    }
}

/// So many blocks as one request may ask for.
fn some_blocks(count: u64) -> RpcResult<u64> {
    if count <= MOST_BLOCKS {
        return Ok(count);
    }
    Err(RpcError::invalid_params(format!(
        "{count} blocks are too many for one request; ask for {MOST_BLOCKS} at a time"
    )))
}

fn set_next(chain: &mut Chain, timestamp: u64) -> RpcResult<()> {
    let last = chain.head().timestamp();
    if timestamp <= last {
        let message = format!("timestamp {timestamp} is not later than the last block's {last}");
        return Err(RpcError::invalid_params(message));
    }
    chain.time.set_next(timestamp);
    Ok(())
}
