//! Contracts with a model and executors on them, all keys known.

use alloy::{
    primitives::{Address, B256, Bytes, U256, utils::Unit},
    signers::SignerSync as _,
    sol_types::SolValue,
};
use infera_contracts::{
    IExecutorRegistry::{self, Keys},
    IModelRegistry::VerificationProfile as OnChainProfile,
};
use infera_protocol::{eip712, ids, profile::VerificationProfile, task::Task, vrf::SecretKey};
use infera_sdk::{
    Client, Deployment, DeploymentParameters, JobRequest, ModelPublication, Operator, RequestedJob, Sender, deploy,
    publish_model,
};

use crate::chain::Chain;

/// Tokens that every job here pays for.
const UNITS: u32 = 100;
/// Wei a unit; with [`UNITS`] the smallest fee of a seat.
pub(crate) const PRICE: u128 = 10_000_000_000_000;

/// What an executor joins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joining {
    /// In INFER.
    pub(crate) stake: u64,
    /// In wei a unit.
    pub(crate) price: u128,
    /// Seats at a time.
    pub(crate) capacity: u16,
}

/// An executor.
pub(crate) struct Member {
    pub(crate) id: u32,
    pub(crate) owner: Address,
    pub(crate) signer: Sender,
}

/// A chain with the contracts, one model and its executors.
pub(crate) struct Network {
    pub(crate) chain: Chain,
    pub(crate) deployment: Deployment,
    pub(crate) client: Client,
    pub(crate) model: B256,
    pub(crate) class: B256,
    pub(crate) members: Vec<Member>,
    requester: Sender,
}

impl Network {
    /// Brings executors to the start of an epoch in which they can be drawn.
    pub(crate) fn start(profile: &VerificationProfile, joining: &[Joining]) -> Self {
        let chain = Chain::start();
        let parameters = DeploymentParameters::devnet().unwrap();
        let deployer = chain.sender(0);
        let deployment = chain.wait(deploy(&deployer, &parameters)).unwrap();
        let class = ids::runtime_class("fp32/test");
        let publication = ModelPublication {
            name: "test".to_owned(),
            manifest_hash: B256::repeat_byte(1),
            task: Task::ZeroShotClassification,
            content_uri: String::new(),
            classes: vec![(class, on_chain_profile(profile))],
        };
        let (model, _) = chain.wait(publish_model(&deployer, &deployment, &publication)).unwrap();
        assert_eq!(model, ids::model_id(deployer.address(), "test"));
        let client = chain.wait(Client::connect(chain.provider.clone(), deployment.clone())).unwrap();
        let requester = chain.sender(1);
        let mut network = Self { chain, deployment, client, model, class, members: Vec::new(), requester };
        for (index, joining) in joining.iter().enumerate() {
            let member = network.join(index, *joining);
            network.members.push(member);
        }
        network.chain.skip(parameters.epoch_length);
        network
    }

    /// The registration's VRF key and signature come from the protocol crate: the contract must take them.
    fn join(&self, index: usize, joining: Joining) -> Member {
        let (owner, signer) = (self.chain.sender(2 + 2 * index), self.chain.sender(3 + 2 * index));
        let vrf = SecretKey::from_bytes(&[u8::try_from(index).unwrap() + 1; 32]).unwrap();
        let registry = self.deployment.executor_registry;
        let possession = vrf.sign_possession(self.chain.devnet.chain_id(), registry, owner.address()).unwrap();
        let (x, y) = vrf.public_key().affine();
        let keys = Keys { signer: signer.address(), vrfX: x, vrfY: y, encryptionKey: B256::ZERO };
        let contract = IExecutorRegistry::new(registry, &self.chain.provider);
        let possession = Bytes::from(possession.as_bytes().to_vec());
        let digest = eip712::signer_possession_digest(self.chain.devnet.chain_id(), registry, owner.address());
        let signature = self.chain.devnet.accounts()[3 + 2 * index].sign_hash_sync(&digest).unwrap();
        let signer_possession = Bytes::from(signature.as_bytes().to_vec());
        let call = contract.register(keys, possession, signer_possession, String::new(), String::new());
        self.chain.wait(owner.call("registering", call)).unwrap();

        let operator = Operator::new(owner.clone(), self.deployment.clone());
        self.chain.wait(async {
            let id = operator.executor_id().await.unwrap().unwrap();
            operator.stake(id, U256::from(joining.stake) * Unit::ETHER.wei()).await.unwrap();
            operator.offer(self.model, 1, self.class, joining.price, joining.capacity).await.unwrap();
            Member { id, owner: owner.address(), signer }
        })
    }

    /// Requests a job without callback and makes the block that its beacon comes from known.
    pub(crate) fn request(&self, nonce: u64, committee_size: u8, quorum: u8, max_price: u128) -> RequestedJob {
        let request = JobRequest {
            model: self.model,
            version: None,
            runtime_class: self.class,
            input: Bytes::from_static(b"a text"),
            parameters: vec!["one".to_owned(), "two".to_owned()].abi_encode().into(),
            committee_size,
            quorum,
            max_price_per_unit: max_price,
            max_units: UNITS,
            commit_window: 600,
            reveal_window: 600,
            callback: None,
        };
        let job = self.chain.wait(self.client.request(&self.requester, U256::from(nonce), &request)).unwrap();
        self.chain.devnet.mine(2).unwrap();
        job
    }

    pub(crate) fn member(&self, id: u32) -> &Member {
        self.members.iter().find(|member| member.id == id).unwrap()
    }
}

/// `IModelRegistry.VerificationProfile`.
fn on_chain_profile(profile: &VerificationProfile) -> OnChainProfile {
    OnChainProfile {
        rule: profile.rule.into(),
        dimension: profile.dimension,
        scale: profile.scale,
        maxCosineDistancePpb: profile.max_cosine_distance_ppb,
        normTolerancePpm: profile.norm_tolerance_ppm,
        elementTolerance: profile.element_tolerance,
        bitExact: profile.bit_exact,
    }
}
