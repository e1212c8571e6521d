//! The contracts on a chain in process, with a model published and executors that have staked, and the model of just that.

use std::cell::Cell;

use alloy::{
    primitives::{Address, Bytes, U256, aliases::U96, hex},
    providers::{DynProvider, Provider, ext::AnvilApi},
    rpc::types::TransactionRequest,
    sol,
    sol_types::SolValue,
};
use infera_contracts::{
    ICalibrationList::{self, ICalibrationListCalls},
    IExecutorRegistry::{self, IExecutorRegistryCalls as To, listExecutorCall, listRequesterCall, setOfferingCall},
    IJobRegistry::{self, IJobRegistryInstance},
    IModelRegistry,
    ISingleJobRegistry::{self, ISingleJobRegistryInstance},
    IStaking::{self, IStakingCalls, IStakingInstance},
};
use infera_protocol::profile::{ResultRule, VerificationProfile};
use infera_sdk::{DeploymentParameters, Sender};
use serde_json::{Value, json};

use self::verifier::SignatureQuorumVerifier;
use crate::{
    model::{Call, Code, Config, Event, Executor, IVifs, Model, Outcome, PRIVATE_POOL, Quorum, Refusal, Transaction},
    network::{Joining, Network, PRICE},
    script::{Script, vrf_key},
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

/// The first so many serve the private pool too.
const POOLED: usize = 4;
/// Stakes for the executors in the model of their joining.
const TREASURY: Address = Address::repeat_byte(0xff);

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

/// Who has adopted no key: that with the least stake.
const KEYLESS: u32 = 2;
/// Accounts that sign proofs, and how many of them must.
const PROVERS: [usize; 3] = [16, 17, 18];
const PROOF_QUORUM: usize = 2;

sol! {
    /// What `infera-contracts` has no binding for.
    #[sol(rpc)]
    interface IProofVerifierList {
        function add(address verifier) external;
    }
}

/// The verifier that proven jobs may name.
mod verifier {
    alloy::sol!(SignatureQuorumVerifier, "../contracts/artifacts/SignatureQuorumVerifier.json");
}

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
        let mut model = model_of(&network, &accounts);
        calibrate(&network, &publisher, &mut model);
        list_verifier(&network, &publisher, &model.config);
        adopt_keys(&network, &mut model);
        open_pool(&network, &publisher, &mut model);
        settle_in(&network, &accounts, &mut model);
        let snapshot = Cell::new(chain.wait(chain.provider.anvil_snapshot()).unwrap());
        Self { network, model, snapshot }
    }

    /// The chain as it was at the start, and what goes with it.
    pub(crate) fn reset(&self) -> (Model, Script) {
        let chain = &self.network.chain;
        assert!(chain.wait(chain.provider.anvil_revert(self.snapshot.get())).unwrap());
        self.snapshot.set(chain.wait(chain.provider.anvil_snapshot()).unwrap());
        let targets = TARGETS.map(|(target, _)| target).to_vec();
        (self.model.clone(), Script::new(chain.devnet.accounts(), targets))
    }

    pub(crate) fn jobs(&self) -> IJobRegistryInstance<&DynProvider> {
        IJobRegistry::new(self.network.deployment.job_registry, &self.network.chain.provider)
    }

    pub(crate) fn singles(&self) -> ISingleJobRegistryInstance<&DynProvider> {
        ISingleJobRegistry::new(self.network.deployment.single_job_registry, &self.network.chain.provider)
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
    let executors = network.members.iter().map(|member| Executor {
        owner: member.owner,
        signer: member.signer.address(),
        vrf: vrf_key(member.id),
    });
    let mut model = Model::new(Config {
        chain_id: chain.devnet.chain_id(),
        at: network.deployment.clone(),
        jobs: parameters.jobs,
        court: parameters.court,
        single: parameters.single,
        quorum: quorum_of(network, accounts),
        thaw_period: parameters.desk_thaw_period,
        minimum_stake: parameters.minimum_stake.to(),
        epoch_length: parameters.epoch_length,
        unbonding_epochs: parameters.unbonding_epochs,
        full_step_fee: parameters.full_step_fee,
        model: network.model,
        class: network.class,
        profile: PROFILE,
        royalty_receiver: accounts[1],
        royalty_bps: ROYALTY_BPS,
        guardian: accounts[0],
        maximum_pause: parameters.governance.maximum_pause,
        pause_cool_down: parameters.governance.pause_cool_down,
        pool_admin: accounts[0],
        executors: executors.collect(),
        mutation: None,
    });
    // An epoch ago, the executors staked and offered; who pays for it is told in the end.
    model.begin(0, chain.now() - parameters.epoch_length);
    model.ledger.open(TREASURY, 1_000_000 * WEI);
    for (member, joining) in network.members.iter().zip(EXECUTORS) {
        let stake = Call::Stake(IStakingCalls::stake(IStaking::stakeCall { executorId: member.id }));
        model.run(&Transaction { from: TREASURY, value: WEI * u128::from(joining.stake), call: stake }).unwrap();
        let offer = offer(network, 0, joining);
        model.run(&Transaction { from: member.owner, value: 0, call: registry(To::setOffering(offer)) }).unwrap();
    }
    model
}

/// Lets the model's version cost stake.
fn calibrate(network: &Network, owner: &Sender, model: &mut Model) {
    let call = ICalibrationList::setCalibratedCall {
        modelId: network.model,
        version: 1,
        runtimeClass: network.class,
        calibrated: true,
    };
    let call = Call::Calibration(ICalibrationListCalls::setCalibrated(call));
    let request = TransactionRequest::default().to(call.to(&model.config)).input(call.encoded().into());
    network.chain.wait(owner.send("calibrating", request)).unwrap();
    model.run(&Transaction { from: owner.address(), value: 0, call }).unwrap();
}

/// Deploys the verifier of proofs, which some accounts sign.
fn quorum_of(network: &Network, accounts: &[Address]) -> Quorum {
    let mut signers = PROVERS.map(|account| accounts[account]).to_vec();
    signers.sort();
    let governance = network.deployment.policy_registry;
    let arguments = (governance, signers.clone(), U256::from(PROOF_QUORUM)).abi_encode_params();
    let code = [SignatureQuorumVerifier::BYTECODE.as_ref(), &arguments].concat();
    let deployer = network.chain.sender(0);
    let sent = network.chain.wait(deployer.create("SignatureQuorumVerifier", code.into())).unwrap();
    Quorum { verifier: sent.receipt.contract_address.unwrap(), signers, quorum: PROOF_QUORUM }
}

/// Lets proven jobs name it.
fn list_verifier(network: &Network, owner: &Sender, config: &Config) {
    let chain = &network.chain;
    let list = IProofVerifierList::new(network.deployment.proof_verifier_list, &chain.provider);
    chain.wait(owner.call("listing the verifier", list.add(config.quorum.verifier))).unwrap();
    chain.skip(DeploymentParameters::devnet().unwrap().governance.change_delay.into());
}

/// All executors but one will send VIFs.
fn adopt_keys(network: &Network, model: &mut Model) {
    let call = Call::Vifs(IVifs::IVifsCalls::adoptKey(IVifs::adoptKeyCall {}).into());
    for member in network.members.iter().filter(|member| member.id != KEYLESS) {
        let request = TransactionRequest::default().to(call.to(&model.config)).input(call.encoded().into());
        network.chain.wait(member.signer.send("adopting a key", request)).unwrap();
        let from = member.signer.address();
        model.run(&Transaction { from, value: 0, call: call.clone() }).unwrap();
    }
}

/// Opens the private pool for some executors, which offer in it, and two requesters.
fn open_pool(network: &Network, admin: &Sender, model: &mut Model) {
    let chain = &network.chain;
    let contract = IExecutorRegistry::new(network.deployment.executor_registry, &chain.provider);
    chain.wait(admin.call("opening the pool", contract.createPool(true))).unwrap();
    model.begin(0, chain.now());
    let mut tell = |sender: &Sender, call: To| {
        let call = registry(call);
        let request = TransactionRequest::default().to(*contract.address()).input(call.encoded().into());
        chain.wait(sender.send("settling in", request)).unwrap();
        model.run(&Transaction { from: sender.address(), value: 0, call }).unwrap();
    };
    for (position, joining) in EXECUTORS.into_iter().enumerate().take(POOLED) {
        let executorId = network.members[position].id;
        tell(admin, To::listExecutor(listExecutorCall { pool: PRIVATE_POOL, executorId, admitted: true }));
        tell(&chain.sender(2 + 2 * position), To::setOffering(offer(network, PRIVATE_POOL, joining)));
    }
    for requester in [14, 15] {
        let requester = chain.sender(requester).address();
        tell(admin, To::listRequester(listRequesterCall { pool: PRIVATE_POOL, requester, admitted: true }));
    }
    chain.skip(model.config.epoch_length);
}

/// The last block before a sequence, and what everybody has left by then.
fn settle_in(network: &Network, accounts: &[Address], model: &mut Model) {
    let (chain, at) = (&network.chain, &network.deployment);
    let contracts =
        [at.job_registry, at.staking, at.job_desk, at.court, at.single_job_registry, crate::model::BURN_ADDRESS];
    let targets = TARGETS.map(|(target, _)| target);
    model.ledger = Default::default();
    for account in accounts.iter().copied().chain(targets).chain(contracts) {
        let balance = chain.wait(async { chain.provider.get_balance(account).await }).unwrap();
        model.ledger.open(account, balance.to());
    }
    model.codes = TARGETS.into_iter().filter_map(|(target, code)| Some((target, code?))).collect();
    let head = chain.devnet.head();
    model.begin(head.number, chain.now());
    model.learn_hash(head.number, head.hash);
}

fn registry(call: To) -> Call {
    Call::Executors(call)
}

fn offer(network: &Network, pool: u64, joining: Joining) -> setOfferingCall {
    setOfferingCall {
        modelId: network.model,
        version: 1,
        runtimeClass: network.class,
        pool,
        pricePerUnit: U96::from(joining.price),
        capacity: joining.capacity,
    }
}

fn bytecode(code: Code) -> Bytes {
    match code {
        // STOP
        Code::Accepts => hex!("00").into(),
        // PUSH0 PUSH0 REVERT
        Code::Refuses => hex!("5f5ffd").into(),
        // JUMPDEST PUSH0 JUMP
        Code::Burns => hex!("5b5f56").into(),
        // Returns the selector of isValidSignature, in the high bytes of a word.
        Code::Signs => hex!("631626ba7e60e01b5f5260205ff3").into(),
    }
}
