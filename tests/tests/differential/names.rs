//! Names and hashes: models, offerings, terms, jobs, and what keys sign.

use alloy::{
    primitives::{Address, B256, Bytes, U256, hex},
    providers::ext::AnvilApi,
    sol_types::{SolStruct, SolValue},
};
use infera_contracts::{
    IExecutorRegistry, IJobDesk,
    IJobRegistry::{self, Parameters},
    IModelRegistry, ISlashing, IVifVerifier, creation,
};
use infera_protocol::{eip712, ids, terms, vif::VifInput};
use infera_sdk::DeploymentParameters;
use proptest::prelude::*;

use crate::chain::{Chain, Verdict, check};

const CASES: u32 = 128;

fn word() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from)
}

fn number() -> impl Strategy<Value = U256> {
    any::<[u8; 32]>().prop_map(U256::from_be_bytes)
}

#[test]
fn a_model_has_one_id() {
    let chain = Chain::start();
    let registry =
        IModelRegistry::new(chain.deploy(&creation::MODEL_REGISTRY, &U256::ZERO.abi_encode()), &chain.provider);
    check(file!(), CASES, (address(), ".{0,80}"), |(publisher, name)| -> Verdict {
        let on_chain = chain.wait(registry.modelIdOf(publisher, name.clone()).call()).unwrap();
        prop_assert_eq!(ids::model_id(publisher, &name), on_chain);
        Ok(())
    });
}

#[test]
fn an_offering_has_one_key_and_an_owner_one_digest_for_each_possession() {
    let chain = Chain::start();
    let nobody = Address::ZERO;
    let arguments = (nobody, nobody, nobody, U256::from(60), U256::from(60)).abi_encode_params();
    let at = chain.deploy(&creation::EXECUTOR_REGISTRY, &arguments);
    let registry = IExecutorRegistry::new(at, &chain.provider);
    let inputs = (word(), any::<u32>(), word(), any::<u64>(), address());
    check(file!(), CASES, inputs, |(model, version, class, pool, owner)| -> Verdict {
        let key = chain.wait(registry.offeringKeyOf(model, version, class, pool).call()).unwrap();
        prop_assert_eq!(ids::offering_key(model, version, class, pool), key);
        let digest = chain.wait(registry.vrfPossessionDigest(owner).call()).unwrap();
        prop_assert_eq!(eip712::vrf_possession_digest(chain.devnet.chain_id(), at, owner), digest);
        let digest = chain.wait(registry.signerPossessionDigest(owner).call()).unwrap();
        prop_assert_eq!(eip712::signer_possession_digest(chain.devnet.chain_id(), at, owner), digest);
        Ok(())
    });
}

#[test]
fn a_receipt_has_one_digest() {
    let chain = Chain::start();
    let nobody = Address::ZERO;
    let arguments = (nobody, nobody, [nobody; 3], nobody).abi_encode_params();
    let slashing = ISlashing::new(chain.deploy(&creation::SLASHING, &arguments), &chain.provider);
    let hashes = proptest::collection::vec(word(), 9);
    let inputs = (hashes, any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), address());
    check(file!(), CASES, inputs, |(hashes, version, units_in, units_out, is_final, registry)| -> Verdict {
        let receipt = eip712::Receipt {
            jobId: hashes[0],
            modelId: hashes[1],
            version,
            runtimeClass: hashes[2],
            inputHash: hashes[3],
            parametersHash: hashes[4],
            resultHash: hashes[5],
            vectorHash: hashes[6],
            traceRoot: hashes[7],
            beta: hashes[8],
            unitsIn: units_in,
            unitsOut: units_out,
            isFinal: is_final,
        };
        let on_chain = ISlashing::Receipt::abi_decode(&receipt.abi_encode()).unwrap();
        let digest = chain.wait(slashing.receiptDigest(registry, on_chain).call()).unwrap();
        prop_assert_eq!(eip712::receipt_digest(chain.devnet.chain_id(), registry, &receipt), digest);
        Ok(())
    });
}

/// The contract's terms as the protocol's: equal field by field, so the encoding of one decodes as the other.
pub(crate) fn protocol_terms(terms: &IJobRegistry::Terms) -> terms::Terms {
    terms::Terms::abi_decode(&terms.abi_encode()).unwrap()
}

fn any_terms() -> impl Strategy<Value = terms::Terms> {
    let who = (address(), number(), address(), address());
    let what = (word(), any::<u32>(), word(), any::<u64>(), word(), word());
    let how_many = (any::<u8>(), any::<u8>(), any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>());
    let money = (any::<u128>(), any::<u128>(), any::<u128>(), any::<u128>(), any::<bool>());
    (who, what, how_many, money).prop_map(|(who, what, how_many, money)| terms::Terms {
        requester: who.0,
        nonce: who.1,
        callbackTarget: who.2,
        refundTo: who.3,
        modelId: what.0,
        version: what.1,
        runtimeClass: what.2,
        pool: what.3,
        inputHash: what.4,
        parametersHash: what.5,
        tier: terms::Tier::Redundant,
        committeeSize: how_many.0,
        quorum: how_many.1,
        maxUnits: how_many.2,
        commitWindow: how_many.3,
        revealWindow: how_many.4,
        callbackGas: how_many.5,
        maxPricePerUnit: money.0,
        dispatchFee: money.1,
        advanceReserve: money.2,
        callbackFee: money.3,
        errorCallback: money.4,
    })
}

#[test]
fn terms_have_one_hash_and_a_job_one_id() {
    let chain = Chain::start();
    let parameters: Parameters = DeploymentParameters::devnet().unwrap().jobs;
    // The hashes depend on no other contract; at their construction, registry and admission only ask for two numbers.
    let other = Address::repeat_byte(1);
    let returns_3600 = Bytes::from(hex!("610e105f5260205ff3"));
    chain.wait(chain.provider.anvil_set_code(other, returns_3600)).unwrap();
    let admission =
        chain.deploy(&creation::JOB_ADMISSION, &(parameters, other, other, other, other).abi_encode_params());
    let addresses = (other, other, other, other, other, other, other, admission, other, other);
    let at = chain.deploy(&creation::JOB_REGISTRY, &addresses.abi_encode_params());
    let registry = IJobRegistry::new(at, &chain.provider);
    check(file!(), CASES, any_terms(), |terms| -> Verdict {
        let given = IJobRegistry::Terms::abi_decode(&terms.abi_encode()).unwrap();
        let hash = terms::terms_hash(&terms);
        prop_assert_eq!(hash, chain.wait(registry.termsHash(given.clone()).call()).unwrap());
        let id = ids::job_id(chain.devnet.chain_id(), at, terms.requester, terms.nonce, hash);
        prop_assert_eq!(id, chain.wait(registry.jobIdOf(given).call()).unwrap());
        Ok(())
    });
}

/// The type string of an order repeats that of the terms in Solidity: a wallet would notice a difference, and so does this.
#[test]
fn an_order_is_the_typed_data_that_wallets_sign() {
    let chain = Chain::start();
    let registry = Address::repeat_byte(1);
    let at = chain.deploy(&creation::JOB_DESK, &(registry, U256::ONE).abi_encode_params());
    let desk = IJobDesk::new(at, &chain.provider);
    let domain = eip712::domain(chain.devnet.chain_id(), at);
    check(file!(), CASES, (any_terms(), number(), any::<u128>(), word()), |(terms, deadline, fee, uri)| -> Verdict {
        let order = IJobDesk::Order {
            terms: IJobDesk::Terms::abi_decode(&terms.abi_encode()).unwrap(),
            deadline,
            relayFee: fee,
            inputUriHash: uri,
        };
        let on_chain = chain.wait(desk.orderDigest(order.clone()).call()).unwrap();
        prop_assert_eq!(order.eip712_signing_hash(&domain), on_chain);
        Ok(())
    });
}

#[test]
fn a_vif_binds_one_alpha() {
    let chain = Chain::start();
    let verifier = IVifVerifier::new(chain.deploy(&creation::VIF_VERIFIER, &[]), &chain.provider);
    let inputs = (address(), word(), word(), any::<u32>(), word(), word(), address(), word());
    check(file!(), CASES, inputs, |(registry, job, model, version, input, parameters, executor, beacon)| -> Verdict {
        let ours = VifInput {
            chain_id: chain.devnet.chain_id(),
            registry,
            job_id: job,
            model_id: model,
            version,
            input_hash: input,
            parameters_hash: parameters,
            executor,
            beacon,
        };
        let alpha = chain.wait(verifier.vifAlpha(crate::vrf::on_chain_input(&ours)).call()).unwrap();
        prop_assert_eq!(ours.alpha(), alpha);
        Ok(())
    });
}
