//! Deploys all contracts with one call.
//!
//! The contracts refer to each other in circles and have no setters, so their addresses are computed in advance from the
//! deployer's nonce. The order is the one of `contracts/script/Deploy.s.sol`.

use alloy::{
    primitives::{Address, U256},
    providers::Provider,
    sol_types::SolValue,
};
use infera_contracts::{
    IPolicyRegistry::{Policies, ProtocolParameters, Terms},
    creation::{self, Creation},
};

use crate::{Deployment, DeploymentParameters, Error, Result, Sender};

/// `ModelRegistry.MAX_ROYALTY_BPS`.
const MAX_ROYALTY_BPS: u16 = 1_000;

/// Deploys every contract from `sender`'s account and returns where they are. The account must send nothing else meanwhile.
/// Nothing is sent if it cannot pay for all of them.
pub async fn deploy(sender: &Sender, parameters: &DeploymentParameters) -> Result<Deployment> {
    let provider = sender.provider();
    let read = |error| Error::from_rpc("reading the deployer's nonce", error);
    let next_nonce = provider.get_transaction_count(sender.address()).await.map_err(read)?;
    let block = provider.get_block_number().await.map_err(|error| Error::from_rpc("reading the head", error))?;

    let mut nonces = next_nonce..;
    let deployment = Deployment::in_order(sender.chain_id(), block + 1, || {
        sender.address().create(nonces.next().unwrap_or_default())
    });
    let mut steps = Vec::new();
    for (creation, arguments, expected) in self::steps(&deployment, parameters, sender.address()) {
        steps.push((creation, creation.code(&arguments)?, expected));
    }
    // A deployment that stops half-way is money lost.
    let codes: Vec<_> = steps.iter().map(|(_, code, _)| code.clone()).collect();
    sender.ensure_affordable("deploying the contracts", &codes).await?;
    for (creation, code, expected) in steps {
        let sent = sender.create(&format!("deploying {}", creation.name), code).await?;
        let actual = sent.receipt.contract_address.unwrap_or_default();
        if actual != expected {
            return Err(Error::Invalid(format!(
                "{} was deployed at {actual}, not at {expected}: the deployer's account sent something else meanwhile; \
                 deploy again from an account that nothing else uses",
                creation.name
            )));
        }
        tracing::debug!(contract = creation.name, address = %actual, gas = sent.receipt.gas_used, "deployed");
    }
    Ok(deployment)
}

/// The contracts in the order of their creation, which is that of [`Deployment::in_order`], with their constructors' arguments.
fn steps(at: &Deployment, with: &DeploymentParameters, deployer: Address) -> Vec<(Creation, Vec<u8>, Address)> {
    let epoch_length = U256::from(with.epoch_length);
    // Room for one more.
    let job_registries = [at.job_registry, at.single_job_registry, Address::ZERO];
    // Registries of other tiers, whose jobs a court would judge.
    let court_clients = [at.single_job_registry, Address::ZERO, Address::ZERO];
    vec![
        (creation::MODEL_REGISTRY, U256::from(with.model_change_delay).abi_encode(), at.model_registry),
        (
            creation::EXECUTOR_REGISTRY,
            (at.model_registry, at.staking, at.sortition, U256::from(with.key_change_delay), epoch_length)
                .abi_encode_params(),
            at.executor_registry,
        ),
        (
            creation::STAKING,
            (
                at.executor_registry,
                job_registries,
                at.slashing,
                at.reputation,
                at.activity_log,
                (with.minimum_stake, epoch_length, U256::from(with.unbonding_epochs), U256::from(with.full_step_fee)),
            )
                .abi_encode_params(),
            at.staking,
        ),
        (creation::REPUTATION, U256::from(with.full_step_fee).abi_encode(), at.reputation),
        (
            creation::SLASHING,
            (at.executor_registry, at.staking, job_registries, at.court).abi_encode_params(),
            at.slashing,
        ),
        (creation::SORTITION, (at.executor_registry, epoch_length).abi_encode_params(), at.sortition),
        (creation::BLOCKHASH_BEACON, Vec::new(), at.beacon),
        (creation::AGREEMENT_VERIFIER, Vec::new(), at.agreement_verifier),
        (creation::VIF_VERIFIER, Vec::new(), at.vif_verifier),
        (creation::ACTIVITY_LOG, (at.staking, epoch_length).abi_encode_params(), at.activity_log),
        (creation::PROOF_VERIFIER_LIST, at.policy_registry.abi_encode(), at.proof_verifier_list),
        (creation::POLICY_REGISTRY, policy_registry_arguments(at, with, deployer), at.policy_registry),
        (
            creation::JOB_ADMISSION,
            (with.jobs.clone(), at.model_registry, at.executor_registry, at.policy_registry, at.court)
                .abi_encode_params(),
            at.job_admission,
        ),
        (
            creation::JOB_REGISTRY,
            (
                at.model_registry,
                at.executor_registry,
                at.staking,
                at.slashing,
                at.sortition,
                at.beacon,
                at.policy_registry,
                at.job_admission,
                at.job_desk,
                at.court,
            )
                .abi_encode_params(),
            at.job_registry,
        ),
        (creation::JOB_DESK, (at.job_registry, U256::from(with.desk_thaw_period)).abi_encode_params(), at.job_desk),
        (
            creation::REWARD_DISTRIBUTOR,
            (at.policy_registry, at.activity_log, at.executor_registry, at.staking).abi_encode_params(),
            at.reward_distributor,
        ),
        (creation::PAYMENT_CHANNELS, with.channels.abi_encode(), at.payment_channels),
        (creation::CALIBRATION_LIST, owner(with, deployer).abi_encode(), at.calibration_list),
        (
            creation::COURT,
            (
                with.court.clone(),
                (
                    at.job_registry,
                    at.model_registry,
                    at.executor_registry,
                    at.staking,
                    at.slashing,
                    at.policy_registry,
                    at.calibration_list,
                ),
                court_clients,
            )
                .abi_encode_params(),
            at.court,
        ),
        (creation::VIFS, (at.single_job_registry, at.executor_registry, at.vif_verifier).abi_encode_params(), at.vifs),
        (
            creation::SINGLE_JOB_REGISTRY,
            (
                with.single.clone(),
                (
                    at.model_registry,
                    at.executor_registry,
                    at.staking,
                    at.slashing,
                    at.sortition,
                    at.beacon,
                    at.policy_registry,
                    at.vifs,
                    at.court,
                ),
            )
                .abi_encode_params(),
            at.single_job_registry,
        ),
    ]
}

/// Terms, owner, guardian, policies and all parameters in one struct, whose inequalities the contract asserts.
fn policy_registry_arguments(at: &Deployment, with: &DeploymentParameters, deployer: Address) -> Vec<u8> {
    let given = &with.governance;
    // What does not fit becomes the largest value, which breaks an inequality and is refused.
    let seconds = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let guardian = if given.guardian.is_zero() { deployer } else { given.guardian };
    let terms = Terms {
        epochLength: seconds(with.epoch_length),
        changeDelay: given.change_delay,
        changeWindow: given.change_window,
        minimumEpochMargin: given.epoch_margin,
        maximumPause: given.maximum_pause,
        pauseCoolDown: given.pause_cool_down,
    };
    let policies = Policies { agreement: at.agreement_verifier, proofVerifiers: at.proof_verifier_list };
    let parameters = ProtocolParameters {
        epochLength: seconds(with.epoch_length),
        epochMargin: given.epoch_margin,
        anchoringDelay: with.channels.anchoringDelay,
        beaconDelay: given.beacon_seconds,
        drawWindow: given.draw_window,
        maxCommitWindow: with.jobs.maxCommitWindow,
        maxRevealWindow: with.jobs.maxRevealWindow,
        revealGrace: with.jobs.revealGrace,
        challengeWindow: with.court.challengeWindow,
        singleMaxWindow: with.single.maxWindow,
        singleChallengeWindow: with.single.maxChallengeWindow,
        courtWindow: court_window(with),
        keyChangeDelay: seconds(with.key_change_delay),
        thawPeriod: with.channels.thawPeriod,
        rootActivationDelay: given.root_activation_delay,
        unbondingEpochs: u16::try_from(with.unbonding_epochs).unwrap_or(u16::MAX),
        protocolFeeBps: with.jobs.protocolFeeBps,
        maxRoyaltyBps: MAX_ROYALTY_BPS,
        noAgreementShareBps: with.jobs.noAgreementShareBps,
        emissionShareBps: given.emission_share_bps,
        lockMultiplierBps: with.jobs.lockMultiplierBps,
        minimumStake: with.minimum_stake.saturating_to(),
        minimumSeatFee: U256::from(with.jobs.minSeatFee).saturating_to(),
        epochEmissionCap: given.epoch_emission_cap.saturating_to(),
    };
    (terms, owner(with, deployer), guardian, policies, parameters).abi_encode_params()
}

fn owner(with: &DeploymentParameters, deployer: Address) -> Address {
    if with.governance.owner.is_zero() { deployer } else { with.governance.owner }
}

/// From a challenge to its verdict: the life of the court's own job, in seconds.
fn court_window(with: &DeploymentParameters) -> u32 {
    let (jobs, court, governance) = (&with.jobs, &with.court, &with.governance);
    [governance.draw_window, court.commitWindow, court.commitWindow, court.revealWindow, jobs.revealGrace]
        .into_iter()
        .fold(governance.beacon_seconds, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn constructor_arguments_have_the_types_of_the_artifacts() {
        let at = Deployment::in_order(1, 0, || Address::ZERO);
        // `address[3]` is three words.
        let words = |part: &str| match part.trim_matches(['(', ')']) {
            "" => 0,
            part => part.rsplit_once('[').map_or(1, |(_, length)| length.trim_end_matches(']').parse().unwrap()),
        };
        for (creation, arguments, _) in steps(&at, &DeploymentParameters::devnet().unwrap(), Address::ZERO) {
            // All arguments are static, so each word of the encoding is one elementary type of the constructor.
            let types = creation.constructor_types().unwrap().join(",");
            let words: usize = types.split(',').map(words).sum();
            assert_eq!(arguments.len(), words * 32, "{}({types})", creation.name);
        }
    }

    #[test]
    fn contracts_are_created_in_the_order_of_their_addresses() {
        let mut nonces = 0..;
        let at = Deployment::in_order(1, 0, || Address::ZERO.create(nonces.next().unwrap()));
        for (nonce, (creation, _, expected)) in
            steps(&at, &DeploymentParameters::devnet().unwrap(), Address::ZERO).into_iter().enumerate()
        {
            assert_eq!(expected, Address::ZERO.create(nonce as u64), "{}", creation.name);
        }
    }
}
