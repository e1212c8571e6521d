//! Signed transactions to send: transfers of coins and of a token.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    primitives::{Address, Bytes, TxKind, U256, hex},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use anyhow::Result;

/// The development mnemonic of anvil and of the devnet.
const PHRASE: &str = "test test test test test test test test test test test junk";
const CHAIN_ID: u64 = 31337;

/// Who gets everything.
const RECEIVER: Address = Address::repeat_byte(0xee);

/// An account that sends one kind of transaction, one after the other.
pub(super) struct Sender {
    key: PrivateKeySigner,
    nonce: u64,
    /// The token that it sends; coins if none.
    token: Option<Address>,
}

impl Sender {
    /// Development account `index`, from whose first nonce on coins are sent.
    pub(super) fn new(index: u32) -> Result<Self> {
        let key = MnemonicBuilder::<English>::default().phrase(PHRASE).index(index)?.build()?;
        Ok(Self { key, nonce: 0, token: None })
    }

    pub(super) fn address(&self) -> Address {
        self.key.address()
    }

    /// How many it has signed.
    pub(super) const fn signed(&self) -> u64 {
        self.nonce
    }

    /// Deploys a token that it sends from now on, all of which it owns.
    pub(super) fn deploy_token(&mut self) -> Result<String> {
        let deployment = self.sign(TxKind::Create, U256::ZERO, token_code(), 1_000_000)?;
        self.token = Some(self.address().create(0));
        Ok(deployment)
    }

    /// The token, and the call that sends one of it.
    pub(super) fn token_call(&self) -> Option<(Address, Bytes)> {
        self.token.map(|token| (token, transfer_call()))
    }

    /// The next `count` transactions, signed.
    pub(super) fn transactions(&mut self, count: usize) -> Result<Vec<String>> {
        let next = |sender: &mut Self| match sender.token {
            Some(token) => sender.sign(token.into(), U256::ZERO, transfer_call(), 100_000),
            None => sender.sign(RECEIVER.into(), U256::ONE, Bytes::new(), 21_000),
        };
        (0..count).map(|_| next(self)).collect()
    }

    fn sign(&mut self, to: TxKind, value: U256, input: Bytes, gas_limit: u64) -> Result<String> {
        let mut tx = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1,
            to,
            value,
            input,
            ..Default::default()
        };
        self.nonce += 1;
        let signature = self.key.sign_transaction_sync(&mut tx)?;
        Ok(hex::encode_prefixed(TxEnvelope::from(tx.into_signed(signature)).encoded_2718()))
    }
}

/// `transfer(RECEIVER, 1)`.
fn transfer_call() -> Bytes {
    let call = [hex!("a9059cbb").as_slice(), &[0; 12], RECEIVER.as_slice(), &U256::ONE.to_be_bytes::<32>()];
    call.concat().into()
}

/// Init code of the least ERC-20 that `transfer` works on: balances in a mapping at slot 0, checked, with the event. Its
/// deployer owns 2^200.
fn token_code() -> Bytes {
    let init = hex!(
        "335f52600160c81b60405f2055" // balance of the caller = 1 << 200
        "606c60175f39606c5ff3"       // the rest is the code
    );
    let runtime = hex!(
        "5f3560e01c63a9059cbb14601257"     // transfer?
        "5b5f5ffd"                         // else revert
        "5b335f5260405f208054602435"       // slot of the caller, its balance, the amount
        "808210600e57"                     // revert if it is less
        "8091038255"                       // the caller keeps the difference
        "6004355f5260405f20805482019055"   // the receiver gets the amount
        "5f52600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60205fa3" // Transfer
        "60015f5260205ff3"                 // true
    );
    [init.as_slice(), runtime.as_slice()].concat().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use alloy::providers::Provider;
    use infera_devnet::{Config, Devnet};
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn coins_and_tokens_arrive_and_what_is_not_there_is_refused() {
        let devnet = Devnet::start(Config::default()).unwrap();
        let ask = async |method: &'static str, params: Value| -> Value {
            devnet.provider().raw_request(method.into(), params).await.unwrap()
        };
        let (mut coins, mut tokens) = (Sender::new(1).unwrap(), Sender::new(0).unwrap());
        let deployment = tokens.deploy_token().unwrap();
        ask("eth_sendRawTransaction", json!([deployment])).await;
        for raw in [coins.transactions(2).unwrap(), tokens.transactions(2).unwrap()].concat() {
            let hash = ask("eth_sendRawTransaction", json!([raw])).await;
            assert_eq!(ask("eth_getTransactionReceipt", json!([hash])).await["status"], "0x1");
        }
        assert_eq!(ask("eth_getBalance", json!([RECEIVER])).await, "0x2");
        assert_eq!((coins.signed(), tokens.signed()), (2, 3));
        let logs = ask("eth_getLogs", json!([{"fromBlock": "0x0"}])).await;
        assert_eq!(logs.as_array().unwrap().len(), 2);
        assert_eq!(logs[0]["topics"][1], json!(tokens.address().into_word()));
        let (token, call) = tokens.token_call().unwrap();
        let call = |from: Address| json!([{"from": from, "to": token, "data": call}]);
        assert_eq!(ask("eth_call", call(tokens.address())).await, format!("0x{:064x}", 1));
        let poor = devnet.provider().raw_request::<_, Value>("eth_call".into(), call(coins.address())).await;
        assert!(poor.unwrap_err().to_string().contains("execution reverted"));
    }
}
