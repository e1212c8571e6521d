//! Sends transactions and waits for them, with a deadline on every wait.

use std::time::Duration;

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    contract::{CallBuilder, CallDecoder},
    eips::{BlockId, Encodable2718},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256},
    providers::{DynProvider, Provider},
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::local::PrivateKeySigner,
};
use tokio::time::Instant;

use crate::{Error, Result};

/// Between two looks for a receipt.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Blocks come every second on the L3; a minute without a receipt is a stuck transaction.
const RECEIPT_DEADLINE: Duration = Duration::from_secs(60);
/// Gas limit over the estimate, in percent: state may change between the estimate and the block.
const GAS_HEADROOM_PERCENT: u64 = 130;
/// The transaction and the contract account (EIP-2: 21,000 and 32,000), and room for what a constructor does.
const CREATION_GAS: u64 = 53_000 + 500_000;
/// Calldata (16, EIP-2028), code deposit (200) and initcode words (2 for 32 bytes, EIP-3860), each byte counted for all three.
const CREATION_GAS_PER_BYTE: u64 = 16 + 200 + 1;
/// Tip in wei per gas.
const PRIORITY_FEE: u128 = 1_000_000;

/// One account that signs, sends and awaits transactions.
///
/// The nonce is read from the node for every transaction, so a dropped transaction never blocks the next ones; one sender
/// sends one transaction at a time. (The executor has its own outbox, which survives a restart.)
#[derive(Debug, Clone)]
pub struct Sender {
    provider: DynProvider,
    signer: PrivateKeySigner,
    chain_id: u64,
}

/// A transaction that was included and succeeded.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its hash.
    pub transaction: B256,
    /// Its receipt, with logs and gas.
    pub receipt: TransactionReceipt,
}

impl Sender {
    /// A sender for `signer` on the provider's chain.
    pub async fn new(provider: DynProvider, signer: PrivateKeySigner) -> Result<Self> {
        let chain_id = provider.get_chain_id().await.map_err(|error| Error::from_rpc("reading the chain id", error))?;
        Ok(Self { provider, signer, chain_id })
    }

    /// The account that signs.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The chain's id.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The provider it sends through.
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// The key that signs.
    pub fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }

    /// Sends a contract call. `action` says what it does, for errors: "staking", "requesting the job".
    pub async fn call<P: Provider, D: CallDecoder>(&self, action: &str, call: CallBuilder<P, D>) -> Result<Sent> {
        self.send(action, call.into_transaction_request()).await
    }

    /// Deploys `code` (creation bytecode with constructor arguments).
    pub async fn create(&self, action: &str, code: Bytes) -> Result<Sent> {
        self.send(action, TransactionRequest::default().input(code.into()).with_kind(TxKind::Create)).await
    }

    /// Sends `request` (its `to`, `input` and `value` count) and waits for a successful receipt.
    pub async fn send(&self, action: &str, request: TransactionRequest) -> Result<Sent> {
        let request = request.from(self.address());
        let value = request.value.unwrap_or_default();
        let gas_limit = match self.gas_limit(action, &request).await {
            Ok(gas_limit) => gas_limit,
            Err(error) => return Err(self.reason_of_refusal(action, value, error).await),
        };
        let max_fee = self.max_fee(action).await?;
        let raw = self.sign(action, &request, gas_limit, max_fee).await?;
        let transaction = match self.provider.send_raw_transaction(&raw).await {
            Ok(pending) => *pending.tx_hash(),
            Err(error) => {
                let cost = U256::from(gas_limit) * U256::from(max_fee) + value;
                return Err(self.reason_of_refusal(action, cost, Error::from_rpc(action, error)).await);
            }
        };
        let receipt = self.receipt(action, transaction).await?;
        if receipt.status() {
            return Ok(Sent { transaction, receipt });
        }
        Err(self.reason_of_failure(action, transaction, request, receipt.block_number).await)
    }

    /// Fails if the account owns less than what creating these contracts can cost; sends nothing.
    pub(crate) async fn ensure_affordable(&self, action: &str, codes: &[Bytes]) -> Result<()> {
        let mut gas: u64 = 0;
        for code in codes {
            let creation = TransactionRequest::default().from(self.address()).input(code.clone().into());
            let limit = match self.gas_limit(action, &creation.with_kind(TxKind::Create)).await {
                // Its constructor calls a contract that will be created before it.
                Err(Error::Reverted { .. }) => most_creation_gas(code),
                limit => limit?,
            };
            gas = gas.saturating_add(limit);
        }
        let needed = U256::from(gas) * U256::from(self.max_fee(action).await?);
        let owned = self.balance(action).await?;
        if owned < needed { Err(self.insufficient(action, needed, owned)) } else { Ok(()) }
    }

    async fn balance(&self, action: &str) -> Result<U256> {
        self.provider.get_balance(self.address()).await.map_err(|error| Error::from_rpc(action, error))
    }

    async fn gas_limit(&self, action: &str, request: &TransactionRequest) -> Result<u64> {
        let estimate = self.provider.estimate_gas(request.clone()).block(BlockId::pending()).await;
        let gas = estimate.map_err(|error| Error::from_rpc(action, error))?;
        Ok(gas.saturating_mul(GAS_HEADROOM_PERCENT) / 100)
    }

    /// Wei per gas to offer at most.
    async fn max_fee(&self, action: &str) -> Result<u128> {
        let price = self.provider.get_gas_price().await.map_err(|error| Error::from_rpc(action, error))?;
        // Twice the price of now lasts for six full blocks.
        Ok(price.saturating_mul(2).saturating_add(PRIORITY_FEE))
    }

    /// Nodes say in many ways that an account is too poor; its balance says it in one.
    async fn reason_of_refusal(&self, action: &str, needed: U256, error: Error) -> Error {
        if !matches!(error, Error::Node { .. }) {
            return error;
        }
        match self.balance(action).await {
            Ok(owned) if owned < needed => self.insufficient(action, needed, owned),
            _ => error,
        }
    }

    fn insufficient(&self, action: &str, needed: U256, owned: U256) -> Error {
        // No coin has more than 128 bits of wei.
        let (needed, owned) = (needed.saturating_to(), owned.saturating_to());
        Error::InsufficientFunds { action: action.to_owned(), account: self.address(), needed, owned }
    }

    async fn sign(&self, action: &str, request: &TransactionRequest, gas_limit: u64, max_fee: u128) -> Result<Vec<u8>> {
        let nonce = self
            .provider
            .get_transaction_count(self.address())
            .pending()
            .await
            .map_err(|error| Error::from_rpc(action, error))?;
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: max_fee,
            max_priority_fee_per_gas: PRIORITY_FEE,
            to: request.to.unwrap_or(TxKind::Create),
            value: request.value.unwrap_or(U256::ZERO),
            access_list: Default::default(),
            input: request.input.input().cloned().unwrap_or_default(),
        };
        let signature = self
            .signer
            .sign_transaction_sync(&mut transaction)
            .map_err(|error| Error::Invalid(format!("{action}: the key did not sign: {error}")))?;
        Ok(transaction.into_signed(signature).encoded_2718())
    }

    /// Waits for a transaction's receipt, whatever its status.
    pub async fn receipt(&self, action: &str, transaction: B256) -> Result<TransactionReceipt> {
        let started = Instant::now();
        loop {
            let answer = self.provider.get_transaction_receipt(transaction).await;
            match answer.map_err(|error| Error::from_rpc(action, error)) {
                Ok(Some(receipt)) => return Ok(receipt),
                Ok(None) => {}
                Err(error) if error.is_retryable() => tracing::debug!(%error, "no answer about a receipt yet"),
                Err(error) => return Err(error),
            }
            let waited = started.elapsed();
            if waited >= RECEIPT_DEADLINE {
                return Err(Error::NoReceipt { action: action.to_owned(), transaction, waited });
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Repeats a failed transaction as a call on the state before its block, to learn the reason.
    async fn reason_of_failure(
        &self,
        action: &str,
        transaction: B256,
        request: TransactionRequest,
        block: Option<u64>,
    ) -> Error {
        let before = BlockId::number(block.unwrap_or_default().saturating_sub(1));
        match self.provider.call(request).block(before).await {
            Err(error) => Error::from_rpc(action, error),
            Ok(_) => Error::TransactionFailed { action: action.to_owned(), transaction },
        }
    }
}

/// Names the transaction's kind without the network builder trait, whose blanket methods clash with the inherent ones.
trait WithKind {
    fn with_kind(self, kind: TxKind) -> Self;
}

impl WithKind for TransactionRequest {
    fn with_kind(mut self, kind: TxKind) -> Self {
        self.to = Some(kind);
        self
    }
}

/// More gas than creating a contract with this code takes.
fn most_creation_gas(code: &Bytes) -> u64 {
    let bytes = u64::try_from(code.len()).unwrap_or(u64::MAX);
    bytes.saturating_mul(CREATION_GAS_PER_BYTE).saturating_add(CREATION_GAS)
}
