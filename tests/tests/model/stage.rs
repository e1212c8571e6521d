//! The contracts on a chain in process, with a model published and executors that have staked, and the model of just that.

use std::cell::Cell;

use alloy::{
    primitives::{Address, Bytes, U256, aliases::U96, hex},
    providers::{DynProvider, Provider, ext::AnvilApi},
    rpc::types::TransactionRequest,
};
use infera_contracts::{
    IExecutorRegistry::{self, IExecutorRegistryCalls},
    IJobRegistry::{self, IJobRegistryInstance},
    IModelRegistry,
    IStaking::{self, IStakingCalls, IStakingInstance},
};
use infera_protocol::profile::{ResultRule, VerificationProfile};
use infera_sdk::DeploymentParameters;
use serde_json::{Value, json};

use crate::{
    model::{Call, Code, Config, Event, Executor, Model, Outcome, Refusal, Transaction},
    network::{Joining, Network, PRICE},
    script::Script,
};

const PROFILE: VerificationProfile = VerificationProfile {
    rule: ResultRule::Scores,
    dimension: 3,
    scale: 1_000,
    max_cosine_distance_ppb: 1_000_000,
    norm_tolerance_ppm: 10_000,
    element_tolerance: 5,
    bit_exact: false,
};

/// A seat costs about a hundred times the price, and locks five times that: some can back few seats at the highest prices, or have
/// little capacity. The first is cheaper than the smallest fee, and parts of the others' fees are rounded.
pub(crate) const EXECUTORS: [Joining; 6] = [
    Joining { stake: 200, price: PRICE - 99, capacity: 1_000 },
    Joining { stake: 12, price: 2 * PRICE + 3, capacity: 1_000 },
    Joining { stake: 60, price: PRICE + 1, capacity: 5 },
    Joining { stake: 155, price: 200 * PRICE + 7, capacity: 1_000 },
    Joining { stake: 80, price: 1_000 * PRICE + 9, capacity: 1_000 },
    Joining { stake: 199, price: 1_000 * PRICE + 13, capacity: 4 },
];

/// Enough for every call, below the most that a transaction may ask for.
const GAS: u64 = 16_000_000;
const ROYALTY_BPS: u16 = 333;
const WEI: u128 = 1_000_000_000_000_000_000;

/// Accounts whose code takes calls in one way or another; the last has none.
const TARGETS: [(Address, Option<Code>); 4] = [
    (Address::repeat_byte(0xa1), Some(Code::Accepts)),
    (Address::repeat_byte(0xa2), Some(Code::Refuses)),
    (Address::repeat_byte(0xa3), Some(Code::Burns)),
    (Address::repeat_byte(0xa4), None),
];

/// A transaction's block and what became of it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) number: u64,
    pub(crate) time: u64,
    pub(crate) result: Result<Outcome, Refusal>,
}

/// A chain that every trial starts from anew.
pub(crate) struct Stage {
    pub(crate) network: Network,
    pub(crate) accounts: Vec<Address>,
    model: Model,
    snapshot: Cell<U256>,
}

impl Stage {
    pub(crate) fn start() -> Self {
        let network = Network::start(&PROFILE, &EXECUTORS);
        let chain = &network.chain;
        let accounts: Vec<_> = chain.devnet.accounts().iter().map(|account| account.address()).collect();
        let publisher = chain.sender(0);
        let models = IModelRegistry::new(network.deployment.model_registry, &chain.provider);
        let call = models.announceRoyalty(network.model, accounts[1], ROYALTY_BPS);
        chain.wait(publisher.call("announcing the royalty", call)).unwrap();
        for (target, code) in TARGETS {
            if let Some(code) = code {
                chain.wait(chain.provider.anvil_set_code(target, bytecode(code))).unwrap();
            }
        }
        let snapshot = Cell::new(chain.wait(chain.provider.anvil_snapshot()).unwrap());
        let model = model_of(&network, &accounts);
        Self { network, accounts, model, snapshot }
    }

    /// The chain as it was at the start, and what goes with it.
    pub(crate) fn reset(&self) -> (Model, Script) {
        let chain = &self.network.chain;
        assert!(chain.wait(chain.provider.anvil_revert(self.snapshot.get())).unwrap());
        self.snapshot.set(chain.wait(chain.provider.anvil_snapshot()).unwrap());
        let targets = TARGETS.map(|(target, _)| target).to_vec();
        (self.model.clone(), Script::new(self.accounts.clone(), targets))
    }

    pub(crate) fn jobs(&self) -> IJobRegistryInstance<&DynProvider> {
        IJobRegistry::new(self.network.deployment.job_registry, &self.network.chain.provider)
    }

    pub(crate) fn stakes(&self) -> IStakingInstance<&DynProvider> {
        IStaking::new(self.network.deployment.staking, &self.network.chain.provider)
    }

    pub(crate) fn recode(&self, target: Address, code: Code) {
        let chain = &self.network.chain;
        chain.wait(chain.provider.anvil_set_code(target, bytecode(code))).unwrap();
    }

    /// Sends a transaction in a block of its own at `time`, and waits for it.
    pub(crate) fn send(&self, transaction: &Transaction, to: Address, time: u64) -> Sent {
        let provider = &self.network.chain.provider;
        self.network.chain.wait(async {
            provider.anvil_set_next_block_timestamp(time).await.unwrap();
            let request = TransactionRequest::default()
                .from(transaction.from)
                .to(to)
                .value(U256::from(transaction.value))
                .input(transaction.call.encoded().into())
                .gas_limit(GAS)
                .max_fee_per_gas(0)
                .max_priority_fee_per_gas(0);
            let hash = *provider.send_transaction(request).await.unwrap().tx_hash();
            let receipt = provider.get_transaction_receipt(hash).await.unwrap().unwrap();
            let events = receipt.logs().iter().map(|log| Event { from: log.address(), data: log.data().clone() });
            let output = if receipt.status() && !transaction.call.returns_something() {
                Bytes::new()
            } else {
                let tracer = json!({ "tracer": "callTracer" });
                let trace: Value = provider.raw_request("debug_traceTransaction".into(), (hash, tracer)).await.unwrap();
                trace["output"].as_str().unwrap_or("0x").parse().unwrap()
            };
            let result =
                if receipt.status() { Ok(Outcome { events: events.collect(), output }) } else { Err(Refusal(output)) };
            let number = receipt.block_number.unwrap();
            Sent { number, time: self.network.chain.time_of(number).await, result }
        })
    }
}

/// The contracts' configuration, and what the executors did when they joined.
fn model_of(network: &Network, accounts: &[Address]) -> Model {
    let chain = &network.chain;
    let parameters = DeploymentParameters::devnet().unwrap();
    let executors =
        network.members.iter().map(|member| Executor { owner: member.owner, signer: member.signer.address() });
    let mut model = Model::new(Config {
        chain_id: chain.devnet.chain_id(),
        at: network.deployment.clone(),
        jobs: parameters.jobs,
        minimum_stake: parameters.minimum_stake.to(),
        epoch_length: parameters.epoch_length,
        unbonding_epochs: parameters.unbonding_epochs,
        full_step_fee: parameters.full_step_fee,
        model: network.model,
        class: network.class,
        profile: PROFILE,
        royalty_receiver: accounts[1],
        royalty_bps: ROYALTY_BPS,
        executors: executors.collect(),
        mutation: None,
    });
    let head = chain.devnet.head();
    let joined = chain.now() - parameters.epoch_length;
    model.begin(head.number, joined);
    let everybody = accounts.iter().copied().chain(TARGETS.map(|(target, _)| target));
    let everything: Vec<_> = everybody
        .chain([network.deployment.job_registry, network.deployment.staking, crate::model::BURN_ADDRESS])
        .map(|account| (account, chain.wait(async { chain.provider.get_balance(account).await }).unwrap().to()))
        .collect();
    let treasury = Address::repeat_byte(0xff);
    model.ledger.open(treasury, 1_000_000 * WEI);
    for (member, joining) in network.members.iter().zip(EXECUTORS) {
        let stake = Call::Stake(IStakingCalls::stake(IStaking::stakeCall { executorId: member.id }));
        let offer = Call::Executors(IExecutorRegistryCalls::setOffering(IExecutorRegistry::setOfferingCall {
            modelId: network.model,
            version: 1,
            runtimeClass: network.class,
            pool: 0,
            pricePerUnit: U96::from(joining.price),
            capacity: joining.capacity,
        }));
        for (from, value, call) in [(treasury, WEI * u128::from(joining.stake), stake), (member.owner, 0, offer)] {
            model.run(&Transaction { from, value, call }).unwrap();
        }
    }
    // The chain's accounts have paid for it themselves.
    model.ledger = Default::default();
    everything.into_iter().for_each(|(account, wei)| model.ledger.open(account, wei));
    model.codes = TARGETS.into_iter().filter_map(|(target, code)| Some((target, code?))).collect();
    model.begin(head.number, chain.now());
    model.learn_hash(head.number, head.hash);
    model
}

fn bytecode(code: Code) -> Bytes {
    match code {
        // STOP
        Code::Accepts => hex!("00").into(),
        // PUSH0 PUSH0 REVERT
        Code::Refuses => hex!("5f5ffd").into(),
        // JUMPDEST PUSH0 JUMP
        Code::Burns => hex!("5b5f56").into(),
    }
}
