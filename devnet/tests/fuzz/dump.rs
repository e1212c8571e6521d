//! Dumps of the state. What is loaded is a chain that goes on, and what is not leaves the chain as it was.

use std::sync::LazyLock;

use alloy::{
    consensus::Header,
    primitives::{Bytes, hex},
    rlp::Decodable,
};
use infera_devnet::Devnet;
use serde_json::{Value, json};

use crate::{
    RUNTIME, Target,
    common::{Link, config},
    import::bend_header,
    random::Random,
    rpc::is_sound,
};

pub(crate) const TARGET: Target = Target { name: "dump", generate, run };

static DUMP: LazyLock<Value> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let link = Link::in_process(|_| {}).await;
        let counter = link.deploy_counter().await;
        link.count(counter).await;
        link.transfer(0, 1).await;
        let dump: Bytes = serde_json::from_value(link.ask("anvil_dumpState", json!([])).await).unwrap();
        serde_json::from_slice(&dump).unwrap()
    })
});

fn generate(random: &mut Random) -> Vec<u8> {
    let mut dump = DUMP.clone();
    if random.once_in(2) {
        bend_last_block(&mut dump, random);
        return dump.to_string().into_bytes();
    }
    for _ in 0..=random.below(2) {
        bend(&mut dump, random);
    }
    let mut bytes = dump.to_string().into_bytes();
    if random.once_in(4) {
        random.spoil(&mut bytes);
    }
    bytes
}

/// Changes the header of the last block, which may be the only one.
fn bend_last_block(dump: &mut Value, random: &mut Random) {
    let blocks = dump["blocks"].as_array_mut().unwrap();
    if random.once_in(2) {
        blocks.drain(..blocks.len() - 1);
    }
    let header = &mut blocks.last_mut().unwrap()["header"];
    let encoded: Bytes = serde_json::from_value(header.clone()).unwrap();
    let mut decoded = Header::decode(&mut encoded.as_ref()).unwrap();
    for _ in 0..=random.below(2) {
        bend_header(&mut decoded, random);
    }
    *header = json!(Bytes::from(alloy::rlp::encode(decoded)));
}

/// Changes a value somewhere within.
pub(crate) fn bend(value: &mut Value, random: &mut Random) {
    match value {
        Value::Object(fields) if !fields.is_empty() && !random.once_in(12) => {
            let at = random.below(fields.len());
            match random.below(16) {
                0 => drop(fields.remove(&fields.keys().nth(at).unwrap().clone())),
                _ => bend(fields.values_mut().nth(at).unwrap(), random),
            }
        }
        Value::Array(items) if !items.is_empty() && !random.once_in(6) => {
            let at = random.below(items.len());
            match random.below(6) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => bend(&mut items[at], random),
            }
        }
        Value::String(text) if text.starts_with("0x") && !random.once_in(4) => {
            let mut bytes = hex::decode(&*text).unwrap_or_default();
            random.spoil(&mut bytes);
            *text = hex::encode_prefixed(bytes);
        }
        other => {
            *other = if random.once_in(2) { json!(random.number()) } else { json!(format!("{:#x}", random.number())) }
        }
    }
}

fn run(input: &[u8]) -> Result<(), String> {
    RUNTIME.block_on(async {
        let (config, clock) = config();
        let devnet = Devnet::start(config).unwrap();
        let link = Link { client: devnet.client(), devnet, clock, server: None };
        link.transfer(0, 1).await;
        let before = link.devnet.head();
        let loaded = link.client.request::<_, bool>("anvil_loadState", (Bytes::copy_from_slice(input),)).await;
        if loaded.is_err() && link.devnet.head() != before {
            return Err("it was refused, and the chain is another".to_owned());
        }
        is_sound(&link.devnet).await?;
        // A loaded chain may end at the last block that there can be, so that no other follows.
        let mined = link.devnet.mine(1);
        is_sound(&link.devnet).await?;
        if loaded.is_err() { mined.map_err(|error| error.to_string()) } else { Ok(()) }
    })
}
