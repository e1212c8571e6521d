//! One job from request to resolution with every hash from the protocol crate: the registry must take them all.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use infera_anvil_scripts::consumer::{self, Category, Question};
use infera_contracts::IJobRegistry::{
    self, Answer as OnChainAnswer, IJobRegistryInstance, JobRequested, JobResolved, Terms,
};
use infera_protocol::{
    commitment::{Commitment, SaltSecret, reveal_hash},
    comparison::{self, Answer},
    ids,
    output::{ZeroShotParameters, ZeroShotResult},
    profile::{ResultRule, VerificationProfile},
    terms,
    vector::OutputVector,
};
use infera_sdk::{Error, RequestedJob, Sent};

use crate::network::{Joining, Network, PRICE};

const PROFILE: VerificationProfile = VerificationProfile {
    rule: ResultRule::Scores,
    dimension: 3,
    scale: 1_000,
    max_cosine_distance_ppb: 1_000_000,
    norm_tolerance_ppm: 10_000,
    element_tolerance: 5,
    bit_exact: false,
};

/// What one seat answers, and how it hides it.
struct Seat {
    executor: u32,
    result: Bytes,
    vector: OutputVector,
    salt: B256,
}

impl Seat {
    fn commitment(&self, network: &Network, job: &RequestedJob) -> B256 {
        Commitment {
            chain_id: network.chain.devnet.chain_id(),
            registry: network.deployment.job_registry,
            job_id: job.id,
            executor: network.member(self.executor).owner,
            result_hash: keccak256(&self.result),
            vector_hash: self.vector.hash(),
            salt: self.salt,
        }
        .hash()
    }
}

type Registry<'a> = IJobRegistryInstance<&'a alloy::providers::DynProvider>;

fn reveal(
    network: &Network,
    registry: &Registry<'_>,
    job: &RequestedJob,
    position: u8,
    seat: &Seat,
) -> Result<Sent, Error> {
    let vector = seat.vector.to_bytes().into();
    let call = registry.reveal(job.id, position, seat.result.clone(), vector, seat.salt);
    network.chain.wait(network.member(seat.executor).signer.call("revealing", call))
}

/// Three answers; the one in the middle has the right vector and another winner.
fn seats(committee: &[u32], job: B256) -> Vec<Seat> {
    let scores = [vec![700, 200], vec![200, 700], vec![702, 197]];
    let vectors = [vec![600, 0, 800], vec![600, 0, 800], vec![601, -1, 799]];
    let given = committee.iter().zip(scores).zip(vectors);
    given
        .map(|((executor, scores), vector)| Seat {
            executor: *executor,
            result: ZeroShotResult::from_scores(scores).unwrap().encode().into(),
            vector: OutputVector::new(vector).unwrap(),
            salt: SaltSecret::new([u8::try_from(*executor).unwrap(); 32]).salt(job),
        })
        .collect()
}

#[test]
fn a_job_lives_on_hashes_that_were_computed_off_chain() {
    let joining = Joining { stake: 100, price: PRICE, capacity: 1_000 };
    let network = Network::start(&PROFILE, &[joining; 4]);
    let (chain, at) = (&network.chain, network.deployment.job_registry);
    let registry = IJobRegistry::new(at, &chain.provider);
    let job = network.request(7, 3, 2, PRICE);
    assert_eq!(job.id, job_id(&network, &job.terms));

    let committee = chain.wait(registry.committeeOf(job.terms.clone()).call()).unwrap().committee;
    let seats = seats(&committee, job.id);
    for (position, seat) in (0..).zip(&seats) {
        let commitment = seat.commitment(&network, &job);
        let call = registry.drawAndCommit(job.terms.clone(), commitment);
        chain.wait(network.member(seat.executor).signer.call("committing", call)).unwrap();
        assert_eq!(chain.wait(registry.seatHash(job.id, position).call()).unwrap(), commitment);
    }

    for (position, seat) in (0..).zip(&seats) {
        for (what, other) in openings_of_something_else(seat) {
            let refusal = reveal(&network, &registry, &job, position, &other).unwrap_err().to_string();
            assert!(refusal.contains("CommitmentMismatch"), "another {what}: {refusal}");
        }
        reveal(&network, &registry, &job, position, seat).unwrap();
        let stored = chain.wait(registry.seatHash(job.id, position).call()).unwrap();
        assert_eq!(stored, reveal_hash(keccak256(&seat.result), seat.vector.hash()));
    }

    let answers: Vec<_> = (0..).zip(&seats).map(|(position, seat)| on_chain_answer(position, seat)).collect();
    let call = registry.resolve(job.terms.clone(), answers);
    let sent = chain.wait(chain.sender(0).call("resolving", call)).unwrap();
    let resolved = sent.receipt.logs().iter().find_map(|log| log.log_decode::<JobResolved>().ok()).unwrap().inner.data;

    let vectors: Vec<_> = seats.iter().map(|seat| seat.vector.to_bytes()).collect();
    let answers: Vec<_> =
        seats.iter().zip(&vectors).map(|(seat, vector)| Answer { result: &seat.result, vector }).collect();
    let cluster = comparison::cluster(&PROFILE, &answers).unwrap();
    assert_eq!(usize::from(resolved.centre), cluster.centre);
    assert_eq!(resolved.agreeing, cluster.members.iter().fold(0, |seats, member| seats | 1 << member));
    assert_eq!(cluster.members, [0, 2]);

    let centre = &seats[cluster.centre];
    assert_eq!((resolved.resultHash, resolved.vectorHash), (keccak256(&centre.result), centre.vector.hash()));
    let holds =
        |result: &Bytes, vector| chain.wait(registry.verifyResult(job.id, result.clone(), vector).call()).unwrap();
    assert!(holds(&centre.result, centre.vector.hash()));
    assert!(!holds(&seats[1].result, centre.vector.hash()));
}

fn job_id(network: &Network, terms: &Terms) -> B256 {
    let chain_id = network.chain.devnet.chain_id();
    let terms = crate::names::protocol_terms(terms);
    ids::job_id(chain_id, network.deployment.job_registry, terms.requester, terms.nonce, terms::terms_hash(&terms))
}

/// Openings that differ from `seat` in one part each.
fn openings_of_something_else(seat: &Seat) -> [(&'static str, Seat); 3] {
    let with = |result: &Bytes, vector: &OutputVector, salt| Seat {
        executor: seat.executor,
        result: result.clone(),
        vector: vector.clone(),
        salt,
    };
    let mut elements = seat.vector.elements().to_vec();
    elements[0] += 1;
    [
        ("result", with(&Bytes::from([seat.result.as_ref(), &[0]].concat()), &seat.vector, seat.salt)),
        ("vector", with(&seat.result, &OutputVector::new(elements).unwrap(), seat.salt)),
        ("salt", with(&seat.result, &seat.vector, keccak256(seat.salt))),
    ]
}

fn on_chain_answer(seat: u8, given: &Seat) -> OnChainAnswer {
    OnChainAnswer { seat, result: given.result.clone(), vector: given.vector.to_bytes().into() }
}

#[test]
fn a_consumer_contract_asks_with_the_bytes_that_the_crate_reads() {
    let network = Network::start(&PROFILE, &[Joining { stake: 100, price: PRICE, capacity: 1_000 }; 3]);
    let proposer = network.chain.sender(19);
    let question = Question {
        model: network.model,
        version: None,
        runtime_class: network.class,
        committee_size: 3,
        quorum: 2,
        max_price_per_unit: PRICE,
        max_units: 100,
        commit_window: 60,
        reveal_window: 60,
        callback_gas: 100_000,
    };
    // Empty, exactly one word long, longer than one, and of more bytes than letters.
    let labels = ["", "x", &"w".repeat(32), &"two words ".repeat(5), "Prüfung 🔍"].map(str::to_owned);
    let categories: Vec<_> =
        labels.iter().map(|label| Category { label: label.clone(), desk: Address::repeat_byte(1) }).collect();
    let (submission, requested) = network.chain.wait(async {
        let router = consumer::deploy_router(&proposer, &network.deployment, &question, &categories).await.unwrap();
        let submission = consumer::propose(&proposer, &router, "Ein Vorschlag 🗳", U256::ZERO).await.unwrap();
        let requested = network.client.events::<JobRequested>(submission.job).await.unwrap();
        (submission, requested)
    });
    let (requested, _) = &requested[0];
    assert_eq!(requested.input.as_ref(), "Ein Vorschlag 🗳".as_bytes());
    let parameters = ZeroShotParameters::new(labels.to_vec()).unwrap();
    assert_eq!(requested.parameters.as_ref(), parameters.encode());
    assert_eq!(ZeroShotParameters::decode(&requested.parameters), Ok(parameters));
    assert_eq!(submission.job, job_id(&network, &requested.terms));
}
