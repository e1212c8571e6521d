//! Block logs. What was written wrongly is refused by name, and never read as something else by a panic or without an end.

use std::{fs, sync::LazyLock};

use alloy::primitives::{Address, keccak256};
use infera_devnet::{Devnet, Error, Orphans};
use serde_json::json;

use crate::{
    RUNTIME, Target,
    common::{Link, config},
    random::Random,
    rpc::is_sound,
};

pub(crate) const TARGET: Target = Target { name: "block-log", generate, run };

/// Bytes before the first frame, and of a frame's head.
const PREAMBLE: usize = 16;
const HEAD: usize = 16;

/// A log with all that can be in one.
static LOG: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.log");
    RUNTIME.block_on(async {
        let (config, clock) = config();
        let devnet = Devnet::open(config, &path).unwrap();
        let link = Link { client: devnet.client(), devnet, clock, server: None };
        let counter = link.deploy_counter().await;
        for _ in 0..3 {
            link.count(counter).await;
        }
        link.transfer(0, 1).await;
        link.ask("anvil_setBalance", json!([Address::repeat_byte(7), "0x7"])).await;
        link.ask("anvil_setCode", json!([Address::repeat_byte(8), "0x5b5b"])).await;
        link.devnet.reorganize(2, Orphans::Requeue).unwrap();
        link.ask("anvil_setStorageAt", json!([counter, "0x1", alloy::primitives::B256::repeat_byte(3)])).await;
        link.transfer(1, 0).await;
        link.devnet.close_log().unwrap();
    });
    fs::read(path).unwrap()
});

/// The payloads of the log.
fn payloads(log: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut payloads) = (&log[PREAMBLE..], Vec::new());
    while !rest.is_empty() {
        let length = usize::try_from(u64::from_le_bytes(rest[..8].try_into().unwrap())).unwrap();
        payloads.push(rest[HEAD..HEAD + length].to_vec());
        rest = &rest[HEAD + length..];
    }
    payloads
}

/// Payloads in frames whose checksums are right.
fn framed(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut log = LOG[..PREAMBLE].to_vec();
    for payload in payloads {
        let length = (payload.len() as u64).to_le_bytes();
        log.extend(length);
        log.extend(&keccak256(length)[..4]);
        log.extend(&keccak256(payload)[..4]);
        log.extend(payload);
    }
    log
}

/// A log with wrong bytes; or one whose checksums vouch for wrong records, to come past them.
fn generate(random: &mut Random) -> Vec<u8> {
    if random.once_in(4) {
        let mut log = LOG.clone();
        random.spoil(&mut log);
        return log;
    }
    let mut payloads = payloads(&LOG);
    for _ in 0..=random.below(2) {
        let at = random.below(payloads.len());
        match random.below(5) {
            0 => drop(payloads.remove(at)),
            1 => {
                let other = payloads[random.below(payloads.len())].clone();
                payloads.insert(at, other);
            }
            2 => {
                let to = random.below(payloads.len());
                payloads.swap(at, to);
            }
            _ => random.spoil(&mut payloads[at]),
        }
        if payloads.is_empty() {
            break;
        }
    }
    framed(&payloads)
}

fn run(input: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.log");
    fs::write(&path, input).unwrap();
    let open = || Devnet::open(config().0, &path);
    let devnet = match open() {
        Ok(devnet) => devnet,
        Err(Error::BlockLogDamaged { .. } | Error::NotABlockLog(_) | Error::BlockLogVersion { .. }) => return Ok(()),
        Err(other) => return Err(format!("not an error of a log: {other}")),
    };
    RUNTIME.block_on(is_sound(&devnet))?;
    devnet.mine(1).map_err(|error| error.to_string())?;
    devnet.close_log().map_err(|error| error.to_string())?;
    let head = devnet.head();
    drop(devnet);
    let again = open().map_err(|error| format!("it was opened once, and then: {error}"))?.head();
    if again == head { Ok(()) } else { Err(format!("it was left at {head:?}, and opened at {again:?}")) }
}
