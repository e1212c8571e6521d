//! Events of jobs, executors and models as contracts emit them.

use alloy::{
    primitives::{Address, B256, Bytes, LogData, U256, keccak256},
    sol_types::SolEvent,
};
use infera_contracts::{ICourt, IExecutorRegistry, IJobRegistry, IModelRegistry, ISortition, IStaking};
use infera_protocol::output::{ZeroShotParameters, ZeroShotResult};

use super::{
    chain::{GENESIS_TIME, Transaction},
    deployment,
};

/// 1 INFER.
pub const INFER: u128 = 1_000_000_000_000_000_000;
pub const SEAT_FEE: u128 = INFER / 100;
pub const REQUESTER: Address = Address::repeat_byte(0xc0);
pub const CONSUMER: Address = Address::repeat_byte(0xc1);
pub const OUTLIER: u8 = 2;

pub fn parameters() -> IJobRegistry::Parameters {
    IJobRegistry::Parameters {
        beaconDelay: 2,
        minCommitWindow: 1,
        maxCommitWindow: 100,
        minRevealWindow: 1,
        maxRevealWindow: 100,
        revealGrace: 5,
        drawBountyDelay: 5,
        minSeatFee: 1,
        minDispatchFee: 0,
        minAdvanceReserve: 0,
        callbackGasPrice: 1,
        maxCallbackGas: 1_000_000,
        maxInputBytes: 4_096,
        maxResultBytes: 1_024,
        lockMultiplierBps: 100_000,
        protocolFeeBps: 500,
        noAgreementShareBps: 2_500,
    }
}

pub fn job_id(number: u8) -> B256 {
    keccak256([b"job".as_slice(), &[number]].concat())
}

pub fn model_id() -> B256 {
    keccak256("model")
}

pub fn runtime_class() -> B256 {
    keccak256("fp32/libtorch-2.11")
}

/// Logs of the job registry and its siblings, in one transaction.
pub fn transaction(logs: impl IntoIterator<Item = (Address, LogData)>) -> Transaction {
    logs.into_iter().collect()
}

pub fn jobs(event: impl SolEvent) -> (Address, LogData) {
    (deployment().job_registry, event.encode_log_data())
}

pub fn staking(event: impl SolEvent) -> (Address, LogData) {
    (deployment().staking, event.encode_log_data())
}

pub fn executors(event: impl SolEvent) -> (Address, LogData) {
    (deployment().executor_registry, event.encode_log_data())
}

pub fn models(event: impl SolEvent) -> (Address, LogData) {
    (deployment().model_registry, event.encode_log_data())
}

pub fn sortition(event: impl SolEvent) -> (Address, LogData) {
    (deployment().sortition, event.encode_log_data())
}

pub fn court(event: impl SolEvent) -> (Address, LogData) {
    (deployment().court, event.encode_log_data())
}

/// The account `REQUESTER` challenges a seat's answer; `case` is the number of the court's job.
pub fn challenged(case: u8, number: u8, executor: u32, seat: u8) -> (Address, LogData) {
    court(ICourt::Challenged {
        courtJobId: job_id(case),
        jobId: job_id(number),
        executorId: executor,
        seat,
        registry: deployment().job_registry,
        challenger: REQUESTER,
        bond: U256::from(INFER),
    })
}

pub fn decided(case: u8, number: u8, executor: u32, seat: u8, verdict: u8) -> (Address, LogData) {
    court(ICourt::Decided { courtJobId: job_id(case), jobId: job_id(number), executorId: executor, seat, verdict })
}

pub fn bond_credited(case: u8, amount: u128) -> (Address, LogData) {
    court(ICourt::Credited { account: REQUESTER, courtJobId: job_id(case), amount: U256::from(amount) })
}

pub fn zero_shot_parameters() -> Vec<u8> {
    ZeroShotParameters::new(vec!["treasury".into(), "technical".into(), "community".into()]).unwrap().encode()
}

pub fn requested(number: u8) -> (Address, LogData) {
    let input = b"Fund a bridge audit from the treasury";
    jobs(IJobRegistry::JobRequested {
        jobId: job_id(number),
        requester: REQUESTER,
        modelId: model_id(),
        terms: IJobRegistry::Terms {
            requester: REQUESTER,
            nonce: U256::from(number),
            modelId: model_id(),
            version: 1,
            runtimeClass: runtime_class(),
            pool: 0,
            tier: 0,
            committeeSize: 3,
            quorum: 2,
            inputHash: keccak256(input),
            parametersHash: keccak256(zero_shot_parameters()),
            maxPricePerUnit: SEAT_FEE,
            maxUnits: 1,
            commitWindow: 10,
            revealWindow: 10,
            dispatchFee: 1,
            advanceReserve: 4,
            callbackTarget: CONSUMER,
            callbackGas: 100_000,
            callbackFee: 1,
            errorCallback: false,
            refundTo: REQUESTER,
        },
        input: Bytes::from_static(input),
        parameters: zero_shot_parameters().into(),
        inputUri: String::new(),
    })
}

/// `block` is the height at which the draw is recorded; the windows count from its time.
pub fn drawn(number: u8, committee: [u32; 3], block: u64) -> (Address, LogData) {
    jobs(IJobRegistry::CommitteeDrawn {
        jobId: job_id(number),
        beacon: keccak256([number]),
        committee: committee.to_vec(),
        seatFee: SEAT_FEE,
        commitDeadline: GENESIS_TIME + block + 10,
    })
}

pub fn locked(number: u8, executor: u32) -> (Address, LogData) {
    staking(IStaking::SeatLocked { executorId: executor, jobId: job_id(number), amount: U256::from(10 * SEAT_FEE) })
}

pub fn committed(number: u8, executor: u32, seat: u8) -> (Address, LogData) {
    jobs(IJobRegistry::Committed {
        jobId: job_id(number),
        executorId: executor,
        seat,
        commitment: keccak256([number, seat]),
    })
}

pub fn declined(number: u8, executor: u32, seat: u8) -> (Address, LogData) {
    jobs(IJobRegistry::SeatDeclined { jobId: job_id(number), executorId: executor, seat })
}

pub fn reveal_opened(number: u8, block: u64) -> (Address, LogData) {
    jobs(IJobRegistry::RevealPhaseOpened { jobId: job_id(number), revealDeadline: GENESIS_TIME + block + 10 })
}

/// Seats 0 and 1 reveal nearly the same vector, [`OUTLIER`] one at 1 − cos = 0.04.
pub fn revealed(number: u8, executor: u32, seat: u8) -> (Address, LogData) {
    let vector: [i16; 2] = match seat {
        0 => [3_000, 4_000],
        1 => [3_000, 4_001],
        _ => [4_000, 3_000],
    };
    let scores = if seat == OUTLIER { vec![100_000, 450_000, 30_000] } else { vec![520_000, 210_000, -40_000] };
    jobs(IJobRegistry::Revealed {
        jobId: job_id(number),
        executorId: executor,
        seat,
        result: ZeroShotResult::from_scores(scores).unwrap().encode().into(),
        vector: vector.iter().flat_map(|element| element.to_be_bytes()).collect::<Vec<_>>().into(),
    })
}

pub fn settled(number: u8, executor: u32, outcome: u8, payment: u128, before: u64, after: u64) -> (Address, LogData) {
    staking(IStaking::SeatSettled {
        executorId: executor,
        jobId: job_id(number),
        outcome,
        payment: U256::from(payment),
        reputationBefore: U256::from(before),
        reputationAfter: U256::from(after),
    })
}

pub fn resolved(number: u8) -> (Address, LogData) {
    jobs(IJobRegistry::JobResolved {
        jobId: job_id(number),
        centre: 0,
        agreeing: 0b011,
        resultHash: keccak256("result"),
        vectorHash: keccak256("vector"),
        refund: U256::from(SEAT_FEE),
    })
}

pub fn credited(number: u8, amount: u128) -> (Address, LogData) {
    jobs(IJobRegistry::Credited { account: REQUESTER, jobId: job_id(number), amount: U256::from(amount) })
}

pub fn called_back(number: u8, success: bool) -> (Address, LogData) {
    jobs(IJobRegistry::CallbackExecuted { jobId: job_id(number), target: CONSUMER, success })
}

pub fn registered(executor: u32) -> (Address, LogData) {
    let byte = executor as u8;
    let keys = IExecutorRegistry::Keys {
        signer: Address::repeat_byte(byte),
        vrfX: U256::from(executor),
        vrfY: U256::from(2 * executor),
        encryptionKey: B256::repeat_byte(byte),
    };
    executors(IExecutorRegistry::ExecutorRegistered {
        executorId: executor,
        owner: Address::repeat_byte(0xf0 | byte),
        signer: keys.signer,
        keys,
        endpoint: format!("https://executor-{executor}.example"),
        region: "eu".into(),
    })
}

pub fn offered(executor: u32, price: u128) -> (Address, LogData) {
    executors(IExecutorRegistry::OfferingChanged {
        executorId: executor,
        modelId: model_id(),
        version: 1,
        runtimeClass: runtime_class(),
        pool: 0,
        offering: IExecutorRegistry::Offering { pricePerUnit: U256::from(price).to(), capacity: 4, active: true },
    })
}

pub fn weighed(executor: u32, weight: u64) -> (Address, LogData) {
    use alloy::sol_types::SolValue;
    let key = keccak256((model_id(), U256::from(1), runtime_class(), U256::ZERO).abi_encode());
    sortition(ISortition::WeightChanged { key, executorId: executor, weight })
}

pub fn staked(executor: u32, stake: u128) -> (Address, LogData) {
    staking(IStaking::Staked {
        executorId: executor,
        from: Address::repeat_byte(0xf0 | executor as u8),
        amount: U256::from(stake),
        stake: U256::from(stake),
    })
}

pub fn delegated(executor: u32, amount: u128) -> (Address, LogData) {
    staking(IStaking::Delegated {
        executorId: executor,
        delegator: REQUESTER,
        amount: U256::from(amount),
        shares: U256::from(amount),
    })
}

pub fn exit_requested(executor: u32, amount: u128, matures_at: u64) -> (Address, LogData) {
    staking(IStaking::ExitRequested { executorId: executor, amount: U256::from(amount), maturesAtEpoch: matures_at })
}

pub fn undelegation_requested(executor: u32, amount: u128, matures_at: u64) -> (Address, LogData) {
    staking(IStaking::UndelegationRequested {
        executorId: executor,
        delegator: REQUESTER,
        amount: U256::from(amount),
        shares: U256::from(amount),
        maturesAtEpoch: matures_at,
    })
}

pub fn slashed(number: u8, executor: u32, amount: u128) -> Vec<(Address, LogData)> {
    vec![staking(IStaking::Slashed {
        executorId: executor,
        jobId: job_id(number),
        prover: REQUESTER,
        offence: 0,
        strike: 1,
        percent: 5,
        amount: U256::from(amount),
        reward: U256::from(amount / 10),
    })]
}

pub fn published() -> Transaction {
    transaction([
        models(IModelRegistry::ModelPublished { modelId: model_id(), publisher: REQUESTER, name: "minilm".into() }),
        models(IModelRegistry::VersionAdded {
            modelId: model_id(),
            version: 1,
            manifestHash: keccak256("manifest"),
            task: 2,
            contentUri: "ipfs://manifest".into(),
        }),
        models(IModelRegistry::RuntimeClassAdded {
            modelId: model_id(),
            version: 1,
            runtimeClass: runtime_class(),
            profile: IModelRegistry::VerificationProfile {
                rule: 2,
                dimension: 2,
                scale: 8_192,
                maxCosineDistancePpb: 1_000,
                normTolerancePpm: 1_000,
                elementTolerance: 50,
                bitExact: false,
            },
        }),
    ])
}

/// Blocks in which a model is published and executors 1 to 4 join; two blocks.
pub fn network() -> Vec<Vec<Transaction>> {
    let join = |executor: u32| {
        transaction([
            registered(executor),
            staked(executor, 100 * INFER),
            offered(executor, SEAT_FEE),
            weighed(executor, 50_000),
        ])
    };
    vec![vec![published()], (1..=4).map(join).collect()]
}

/// Blocks of a job that resolves with executor 3 (seat 2) outvoted, the first at height `block`; six blocks.
pub fn resolved_job(number: u8, block: u64) -> Vec<Vec<Transaction>> {
    let commit = |executor: u32, seat: u8| transaction([committed(number, executor, seat)]);
    let reveal = |executor: u32, seat: u8| transaction([revealed(number, executor, seat)]);
    let draw = [
        locked(number, 1),
        locked(number, 2),
        locked(number, 3),
        drawn(number, [1, 2, 3], block + 1),
        committed(number, 1, 0),
    ];
    vec![
        vec![transaction([requested(number)])],
        vec![transaction(draw)],
        vec![commit(2, 1)],
        vec![transaction([committed(number, 3, 2), reveal_opened(number, block + 3)])],
        vec![reveal(1, 0), reveal(2, 1)],
        vec![transaction([
            revealed(number, 3, 2),
            credited(number, SEAT_FEE),
            settled(number, 1, 0, SEAT_FEE * 95 / 100, 500_000, 507_812),
            settled(number, 2, 0, SEAT_FEE * 95 / 100, 500_000, 507_812),
            settled(number, 3, 2, 0, 500_000, 437_500),
            resolved(number),
            called_back(number, true),
        ])],
    ]
}
