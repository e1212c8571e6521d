//! `infera vrf`

use alloy::{hex, primitives::B256};
use anyhow::Context as _;
use clap::Subcommand;
use infera_protocol::vrf::{Proof, PublicKey, SecretKey};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::output::print_json;

const PROVE_EXAMPLE: &str = "\
Example (the secret key is one from a test vector, known to everyone):
  infera vrf prove --alpha 73616d706c65 \\
      --secret-key c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

const VERIFY_EXAMPLE: &str = "\
Example:
  infera vrf verify --alpha 73616d706c65 --public-key 0360fe…1acb --pi 0338ec…bc5b

Exits with status 1, and prints \"valid\": false, when the proof does not hold.";

/// ECVRF-SECP256K1-SHA256-TAI by RFC 9381. Hex is taken with or without 0x; the answer is always JSON.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prove the one output of a secret key for an input
    #[command(after_help = PROVE_EXAMPLE)]
    Prove {
        /// Secret key, 32 bytes. Other users of this machine can see a command line: for tests and tools
        #[arg(long, value_name = "HEX")]
        secret_key: String,
        /// Input of the function; may be empty
        #[arg(long, value_name = "HEX")]
        alpha: String,
    },
    /// Check a proof and print its output
    #[command(after_help = VERIFY_EXAMPLE)]
    Verify {
        /// Public key of who proved, 33 bytes: a compressed point
        #[arg(long, value_name = "HEX")]
        public_key: String,
        /// Input of the function; may be empty
        #[arg(long, value_name = "HEX")]
        alpha: String,
        /// The proof, 81 bytes
        #[arg(long, value_name = "HEX")]
        pi: String,
    },
}

/// What `prove` prints: hex without prefix.
#[derive(Serialize)]
struct Proven {
    public_key: String,
    pi: String,
    beta: String,
}

/// What `verify` prints.
#[derive(Serialize)]
struct Verified {
    valid: bool,
    beta: Option<String>,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Prove { secret_key, alpha } => print_json(&prove(secret_key, alpha)?),
        Command::Verify { public_key, alpha, pi } => {
            let beta = verify(public_key, alpha, pi);
            print_json(&Verified { valid: beta.is_ok(), beta: beta.as_ref().ok().map(hex::encode) })?;
            beta.map(|_| ())
        }
    }
}

fn prove(secret_key: &str, alpha: &str) -> anyhow::Result<Proven> {
    // The parser's words could repeat a part of the secret.
    let secret = hex::decode(secret_key).ok().context("--secret-key is not hex")?;
    let secret = SecretKey::from_bytes(&Zeroizing::new(secret)).context("--secret-key cannot be used")?;
    let proof = secret.prove(&bytes("--alpha", alpha)?)?;
    Ok(Proven {
        public_key: hex::encode(secret.public_key().to_bytes()),
        pi: hex::encode(proof.to_bytes()),
        beta: hex::encode(proof.beta()),
    })
}

fn verify(public_key: &str, alpha: &str, pi: &str) -> anyhow::Result<B256> {
    let public_key =
        PublicKey::from_bytes(&bytes("--public-key", public_key)?).context("--public-key cannot be used")?;
    let proof = Proof::from_bytes(&bytes("--pi", pi)?).context("--pi cannot be used")?;
    Ok(public_key.verify(&bytes("--alpha", alpha)?, &proof)?)
}

fn bytes(flag: &str, text: &str) -> anyhow::Result<Vec<u8>> {
    hex::decode(text).with_context(|| format!("{flag} is not hex"))
}
