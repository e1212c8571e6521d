//! Genesis files. A chain starts as they say, or does not and says why.

use std::sync::LazyLock;

use alloy::genesis::Genesis;
use infera_devnet::{Devnet, Error};
use serde_json::{Value, json};

use crate::{
    RUNTIME, Target,
    common::{all_forks, config},
    dump::bend,
    random::Random,
    rpc::is_sound,
};

pub(crate) const TARGET: Target = Target { name: "genesis", generate, run };

/// With all that a genesis may say.
static GENESIS: LazyLock<Value> = LazyLock::new(|| {
    let mut genesis = serde_json::to_value(all_forks()).unwrap();
    let blobs = json!({"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716});
    genesis["config"]["blobSchedule"] = json!({"cancun": blobs, "prague": blobs, "osaka": blobs});
    for (field, value) in
        [("number", "0x0"), ("excessBlobGas", "0x0"), ("blobGasUsed", "0x0"), ("baseFeePerGas", "0x7")]
    {
        genesis[field] = json!(value);
    }
    genesis
});

fn generate(random: &mut Random) -> Vec<u8> {
    let mut genesis = GENESIS.clone();
    if random.once_in(3) {
        // All forks from the start.
        for (name, value) in genesis["config"].as_object_mut().unwrap() {
            if name.ends_with("Block") || name.ends_with("Time") {
                *value = json!(0);
            }
        }
        genesis["config"]["terminalTotalDifficulty"] = json!(0);
    }
    for _ in 0..=random.below(2) {
        let in_config = random.once_in(2);
        match genesis.get_mut("config").filter(|_| in_config) {
            Some(config) => bend(config, random),
            None => bend(&mut genesis, random),
        }
    }
    genesis.to_string().into_bytes()
}

fn run(input: &[u8]) -> Result<(), String> {
    let Ok(genesis) = serde_json::from_slice::<Genesis>(input) else { return Ok(()) };
    let (mut config, _) = config();
    config.genesis = Some(genesis);
    let devnet = match Devnet::start(config) {
        Ok(devnet) => devnet,
        Err(Error::Genesis(reason)) if !reason.is_empty() => return Ok(()),
        Err(other) => return Err(format!("not an error of a genesis: {other}")),
    };
    // No block may follow: the system contracts may be missing, or the merge come too late.
    for _ in 0..3 {
        let _ = devnet.mine(1);
        RUNTIME.block_on(is_sound(&devnet))?;
    }
    Ok(())
}
