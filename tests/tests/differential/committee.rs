//! Who sits on a job's committee: the registry's draw against the rule of the design, section 3.3, in plain Rust.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{B256, U256, keccak256},
    providers::Provider,
    sol_types::SolValue,
};
use infera_contracts::{IJobRegistry, ISortition};
use infera_protocol::{
    ids,
    profile::{ResultRule, VerificationProfile},
};
use infera_sdk::RequestedJob;

use crate::{
    network::{Joining, Network, PRICE},
    sortition::pick,
};

/// Beyond the price that jobs here pay at most.
const TOO_DEAR: u128 = 3 * PRICE;
const MAX_PRICE: u128 = 2 * PRICE;

const EXECUTORS: [Joining; 7] = [
    Joining { stake: 100, price: PRICE, capacity: 1_000 },
    Joining { stake: 10, price: 2 * PRICE, capacity: 1_000 },
    Joining { stake: 400, price: TOO_DEAR, capacity: 1_000 },
    Joining { stake: 55, price: PRICE, capacity: 1_000 },
    Joining { stake: 1_000, price: TOO_DEAR, capacity: 1_000 },
    Joining { stake: 30, price: PRICE + 1, capacity: 1_000 },
    Joining { stake: 99, price: PRICE, capacity: 1_000 },
];

const PROFILE: VerificationProfile = VerificationProfile {
    rule: ResultRule::ExactBytes,
    dimension: 1,
    scale: 1,
    max_cosine_distance_ppb: 0,
    norm_tolerance_ppm: 0,
    element_tolerance: 0,
    bit_exact: true,
};

/// Committee and price a unit, if enough executors are eligible: candidates are a sequence without replacement, by stake times
/// reputation, and take the seats in order; who asks too much is skipped, at most twice the committee's size; the dearest price is
/// everyone's.
fn draw(randomness: B256, size: u8) -> Option<(Vec<u32>, u128)> {
    // Half of a stake in units of 1e15 wei: reputation starts at one half.
    let weights: BTreeMap<u32, u64> = (1..).zip(EXECUTORS).map(|(id, joining)| (id, joining.stake * 500)).collect();
    let (mut excluded, mut skips) = (BTreeSet::new(), 0);
    let (mut committee, mut price) = (Vec::new(), 0);
    let first_round = keccak256((randomness, U256::ZERO).abi_encode());
    for index in 0_u64.. {
        let preimage = (first_round, U256::from(index)).abi_encode();
        let candidate = pick(&weights, U256::from_be_bytes(keccak256(preimage).0), &excluded)?;
        excluded.insert(candidate);
        let asks = EXECUTORS[candidate as usize - 1].price;
        if asks > MAX_PRICE {
            skips += 1;
            if skips > 2 * u32::from(size) {
                return None;
            }
            continue;
        }
        committee.push(candidate);
        price = price.max(asks);
        if committee.len() == usize::from(size) {
            break;
        }
    }
    Some((committee, price))
}

/// The hash of the block after the request, mixed with the job.
fn randomness(network: &Network, job: &RequestedJob) -> B256 {
    let chain = &network.chain;
    let state = chain.wait(network.client.job_state(job.id)).unwrap();
    let block = chain.wait(async { chain.provider.get_block_by_number((state.requestBlock + 1).into()).await });
    keccak256((block.unwrap().unwrap().header.hash, job.id).abi_encode())
}

#[test]
fn every_committee_can_be_computed_off_chain() {
    let network = Network::start(&PROFILE, &EXECUTORS);
    let sortition = ISortition::new(network.deployment.sortition, &network.chain.provider);
    let key = ids::offering_key(network.model, 1, network.class, 0);
    for (member, joining) in network.members.iter().zip(EXECUTORS) {
        let weight = network.chain.wait(sortition.weightOf(key, member.id).call()).unwrap();
        assert_eq!((weight.frozen, weight.next), (joining.stake * 500, joining.stake * 500));
    }

    let registry = IJobRegistry::new(network.deployment.job_registry, &network.chain.provider);
    let (mut complete, mut incomplete) = (0, 0);
    for nonce in 0..20 {
        // Five of seven executors are cheap enough, so that committees of six fail, and some of the others by their skips.
        let (size, quorum) = [(1, 1), (3, 2), (5, 3), (6, 4)][nonce as usize % 4];
        let job = network.request(nonce, size, quorum, MAX_PRICE);
        let drawn = network.chain.wait(registry.committeeOf(job.terms.clone()).call()).unwrap();
        match draw(randomness(&network, &job), size) {
            Some((committee, price)) => {
                assert_eq!(drawn.committee, committee, "job {}", job.id);
                assert_eq!(drawn.seatFee, price * u128::from(job.terms.maxUnits), "job {}", job.id);
                complete += 1;
            }
            None => {
                assert!(drawn.committee.is_empty(), "job {} got {:?}", job.id, drawn.committee);
                incomplete += 1;
            }
        }
    }
    assert!(complete > 0 && incomplete > 0, "{complete} complete draws, {incomplete} incomplete ones: too tame");
}
