//! What a chain is started with.

use std::{sync::Arc, time::Duration};

use alloy::{
    genesis::Genesis,
    primitives::{U256, utils::Unit},
};
use alloy_hardforks::EthereumHardfork;

use crate::{
    clock::{Clock, SystemClock},
    console::Console,
};

/// The mnemonic whose accounts development chains fund.
pub const DEFAULT_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Where the keys of the development accounts are derived from the mnemonic (BIP-32), but for their index.
pub const DEFAULT_DERIVATION_PATH: &str = "m/44'/60'/0'/0/";

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MiningMode {
    /// A block for each transaction, before the sender has its answer.
    Automine,
    /// A block at a fixed interval of real time, with or without transactions.
    Interval(Duration),
    /// Only on `evm_mine` and its kin.
    Manual,
}

/// How a chain starts. [`Default`] is a development chain as anvil's defaults make it.
#[derive(Clone, Debug)]
pub struct Config {
    /// EIP-155 chain id; counts also where [`Self::genesis`] names another.
    pub chain_id: u64,
    /// The fork in force from the first block: Frontier to Osaka. Ignored with [`Self::genesis`].
    pub hardfork: EthereumHardfork,
    /// When blocks are made.
    pub mining: MiningMode,
    /// Gas limit of every block; with [`Self::genesis`], the first block's is kept instead.
    pub gas_limit: u64,
    /// Base fee of the first block, in wei per gas. Ignored with [`Self::genesis`].
    pub base_fee: u64,
    /// The time at which the chain starts, in Unix seconds; the clock's if none. It goes on as the clock does.
    pub timestamp: Option<u64>,
    /// BIP-39 phrase of the development accounts.
    pub mnemonic: String,
    /// Where the keys of the development accounts are derived (BIP-32); their index is appended.
    pub derivation_path: String,
    /// How many development accounts there are. Their keys are known to the chain, which signs for them.
    pub accounts: u32,
    /// What each development account owns at the start, in wei.
    pub balance: U256,
    /// A first block and state in geth's format, in place of our own. The development accounts are funded on top.
    pub genesis: Option<Genesis>,
    /// Source of block timestamps.
    pub clock: Arc<dyn Clock>,
    /// Hardhat's habit: a send whose transaction reverts under automine answers with an error, though the transaction is
    /// in its block. Other chains answer with the hash.
    pub errors_for_reverted_sends: bool,
    /// Takes transactions from any account without its key, from the start.
    pub auto_impersonate: bool,
    /// Takes what contracts write with `console.log`, in transactions as their block is made, in calls, and in estimates
    /// that fail. Without it, nothing is read.
    pub console: Option<Console>,
    /// From which `PREVRANDAO` is drawn: chains with the same seed and history see the same.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            chain_id: 31337,
            hardfork: EthereumHardfork::Osaka,
            mining: MiningMode::Automine,
            gas_limit: 30_000_000,
            base_fee: 1_000_000_000,
            timestamp: None,
            mnemonic: DEFAULT_MNEMONIC.to_owned(),
            derivation_path: DEFAULT_DERIVATION_PATH.to_owned(),
            accounts: 10,
            balance: U256::from(10_000) * Unit::ETHER.wei(),
            genesis: None,
            clock: Arc::new(SystemClock),
            errors_for_reverted_sends: false,
            auto_impersonate: false,
            console: None,
            seed: 0,
        }
    }
}
