//! Files of blocks. A block that breaks a rule is refused and changes nothing, and what comes after it still fits.

use std::sync::LazyLock;

use alloy::{
    consensus::{Block, Header, TxEnvelope},
    eips::eip4895::{Withdrawal, Withdrawals},
    primitives::{Address, B64, B256, Bytes, U64, U256},
    rlp::Decodable,
};
use infera_devnet::{Devnet, Error};
use serde_json::json;

use crate::{
    RUNTIME, Target,
    common::{Link, all_forks},
    random::Random,
    rpc::is_sound,
};

pub(crate) const TARGET: Target = Target { name: "import", generate, run };

type RawBlock = Block<TxEnvelope>;

/// The blocks of a chain through all forks, with transfers and logs.
static BLOCKS: LazyLock<Vec<RawBlock>> = LazyLock::new(|| RUNTIME.block_on(make()));

async fn make() -> Vec<RawBlock> {
    let link = Link::in_process(|config| config.genesis = Some(all_forks())).await;
    link.ask("anvil_setBlockTimestampInterval", json!([10])).await;
    let mut counter = None;
    for number in 1..=66 {
        match number {
            7 | 36 | 52 | 63 => drop(link.transfer(0, 1).await),
            // Its code is of Shanghai.
            47 => counter = Some(link.deploy_counter().await),
            58 => drop(link.count(counter.unwrap()).await),
            _ => link.devnet.mine(1).unwrap(),
        }
    }
    let mut blocks = Vec::new();
    for number in 1..=link.devnet.head().number {
        let raw = link.ask("debug_getRawBlock", json!([U64::from(number)])).await;
        let raw: Bytes = serde_json::from_value(raw).unwrap();
        blocks.push(RawBlock::decode(&mut raw.as_ref()).unwrap());
    }
    blocks
}

fn chain() -> Devnet {
    let (mut config, _) = crate::common::config();
    config.genesis = Some(all_forks());
    Devnet::start(config).unwrap()
}

fn encode(blocks: &[RawBlock]) -> Vec<u8> {
    blocks.iter().flat_map(alloy::rlp::encode).collect()
}

/// Some good blocks and then one that is not quite, or bytes that were spoilt.
fn generate(random: &mut Random) -> Vec<u8> {
    let good = random.below(BLOCKS.len());
    let mut blocks = BLOCKS[..=good].to_vec();
    if random.once_in(3) {
        let mut bytes = encode(&blocks);
        // The last blocks are those that matter.
        let mut end = bytes.split_off(bytes.len().saturating_sub(1 + random.below(700)));
        random.spoil(&mut end);
        bytes.extend(end);
        return bytes;
    }
    for _ in 0..=random.below(2) {
        bend(blocks.last_mut().unwrap(), random);
    }
    encode(&blocks)
}

fn bend(block: &mut RawBlock, random: &mut Random) {
    let body = &mut block.body;
    let other = random.pick(&BLOCKS).clone();
    match random.below(10) {
        0 => body.transactions.extend(other.body.transactions),
        1 => body.transactions.clear(),
        2 => body.ommers.push(other.header),
        3 => {
            let withdrawal = Withdrawal {
                index: random.number(),
                validator_index: random.number(),
                address: Address::repeat_byte(7),
                amount: random.number(),
            };
            body.withdrawals = random.once_in(3).then(Withdrawals::default).or(Some(vec![withdrawal].into()));
        }
        4 => body.withdrawals = None,
        5 => block.header = other.header,
        6 => *body = other.body,
        _ => bend_header(&mut block.header, random),
    }
}

/// Changes one field of a header.
pub(crate) fn bend_header(header: &mut Header, random: &mut Random) {
    let hash = B256::repeat_byte(random.next() as u8);
    match random.below(17) {
        0 => header.number = random.number(),
        1 => header.timestamp = random.number(),
        2 => header.gas_limit = random.number(),
        3 => header.gas_used = random.number(),
        4 => header.difficulty = U256::from(random.number()) << random.below(193),
        5 => header.base_fee_per_gas = random.once_in(2).then(|| random.number()),
        6 => header.excess_blob_gas = random.once_in(2).then(|| random.number()),
        7 => header.blob_gas_used = random.once_in(2).then(|| random.number()),
        8 => header.parent_beacon_block_root = random.once_in(2).then_some(hash),
        9 => header.requests_hash = random.once_in(2).then_some(hash),
        10 => header.withdrawals_root = random.once_in(2).then_some(hash),
        11 => header.extra_data = random.bytes(40).into(),
        12 => (header.mix_hash, header.nonce) = (hash, B64::repeat_byte(random.next() as u8)),
        13 => header.state_root = hash,
        14 => header.beneficiary = Address::repeat_byte(random.next() as u8),
        15 => header.logs_bloom.0.fill(random.next() as u8),
        _ => header.parent_hash = hash,
    }
}

fn run(input: &[u8]) -> Result<(), String> {
    let devnet = chain();
    let imported = match devnet.import_rlp(input) {
        Ok(imported) => imported,
        Err(Error::Import { imported, reason, block, .. }) if !reason.is_empty() && !block.is_empty() => imported,
        Err(other) => return Err(format!("not an error of the import: {other}")),
    };
    if devnet.head().number != imported {
        return Err(format!("{imported} blocks were imported, and the head is {:?}", devnet.head()));
    }
    RUNTIME.block_on(is_sound(&devnet))?;
    // The good chain goes on where the input left it.
    let place = usize::try_from(imported).unwrap();
    let on_it = place == 0 || BLOCKS.get(place - 1).is_some_and(|block| block.header.hash_slow() == devnet.head().hash);
    if on_it {
        devnet.import_rlp(&encode(BLOCKS.get(place..).unwrap_or_default())).map_err(|error| error.to_string())?;
        let (head, last) = (devnet.head().hash, BLOCKS.last().unwrap().header.hash_slow());
        if head != last {
            return Err(format!("the chain ends at {head}, not at {last}"));
        }
    }
    Ok(())
}
