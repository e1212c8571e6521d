//! What the program tells of its chain: on standard output, and in a file.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use alloy::primitives::{hex, utils::format_ether};
use serde_json::{Value, json};

use crate::{Config, Devnet};

/// What anvil prints, in its order: tools that start anvil read keys, chain id and address from it.
pub(super) fn print(
    out: &mut impl Write,
    devnet: &Devnet,
    config: &Config,
    addresses: &[SocketAddr],
) -> io::Result<()> {
    let (base_fee, gas_limit, timestamp, number) = devnet.first_block();
    writeln!(out, "\n    infera-devnet {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "Available Accounts\n==================\n")?;
    let balance = format_ether(config.balance);
    for (index, signer) in devnet.accounts().iter().enumerate() {
        writeln!(out, "({index}) {} ({balance} ETH)", signer.address())?;
    }
    writeln!(out, "\nPrivate Keys\n==================\n")?;
    for (index, signer) in devnet.accounts().iter().enumerate() {
        writeln!(out, "({index}) {}", hex::encode_prefixed(signer.to_bytes()))?;
    }
    writeln!(out, "\nWallet\n==================")?;
    writeln!(out, "Mnemonic:          {}", config.mnemonic)?;
    writeln!(out, "Derivation path:   {}\n", config.derivation_path)?;
    let sections = [
        ("Chain ID", devnet.chain_id()),
        ("Base Fee", base_fee),
        ("Gas Limit", gas_limit),
        ("Genesis Timestamp", timestamp),
        ("Genesis Number", number),
    ];
    for (title, value) in sections {
        writeln!(out, "\n{title}\n==================\n\n{value}")?;
    }
    writeln!(out)?;
    for address in addresses {
        writeln!(out, "Listening on {address}")?;
    }
    out.flush()
}

/// The same for programs, in the form of anvil's `--config-out`.
pub(super) fn description(devnet: &Devnet, config: &Config) -> Value {
    let (base_fee, gas_limit, timestamp, _) = devnet.first_block();
    let signers = devnet.accounts();
    json!({
        "available_accounts": signers.iter().map(|signer| signer.address()).collect::<Vec<_>>(),
        "private_keys": signers.iter().map(|signer| hex::encode_prefixed(signer.to_bytes())).collect::<Vec<_>>(),
        "wallet": {"mnemonic": config.mnemonic, "derivation_path": config.derivation_path},
        "base_fee": base_fee.to_string(),
        "gas_price": devnet.suggested_gas_price().to_string(),
        "gas_limit": gas_limit.to_string(),
        "genesis_timestamp": timestamp.to_string(),
    })
}
