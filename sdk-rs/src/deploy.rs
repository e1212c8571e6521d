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
    ICourt::Parameters as CourtParameters,
    IJobRegistry::Parameters as JobParameters,
    creation::{self, Creation},
};
use serde::Deserialize;

use crate::{Deployment, Error, Result, Sender};

/// All parameters of a deployment. The presets are the JSON files in `contracts/parameters`, which the Foundry script reads
/// too. Amounts in wei, times in seconds.
#[derive(Debug, Clone)]
pub struct DeploymentParameters {
    /// Length of an epoch: the unit in which weights are frozen and stake exits.
    pub epoch_length: u64,
    /// Epochs from the request of an exit until it is paid; the stake stays slashable meanwhile.
    pub unbonding_epochs: u64,
    /// From the announcement of new executor keys until they act.
    pub key_change_delay: u64,
    /// From a publisher's announcement until a new latest version or royalty acts.
    pub model_change_delay: u64,
    /// Smallest own stake.
    pub minimum_stake: U256,
    /// Protocol fee of a job that earns a full reputation step.
    pub full_step_fee: u128,
    /// Parameters of the job registry.
    pub jobs: JobParameters,
    /// Parameters of the court.
    pub court: CourtParameters,
}

/// The file form: every number is a decimal string, because JSON numbers lose precision above 2^53.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ParametersFile {
    epoch_length: String,
    unbonding_epochs: String,
    key_change_delay: String,
    model_change_delay: String,
    minimum_stake: String,
    full_step_fee: String,
    jobs: JobParametersFile,
    court: CourtParametersFile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobParametersFile {
    beacon_delay: String,
    min_commit_window: String,
    max_commit_window: String,
    min_reveal_window: String,
    max_reveal_window: String,
    reveal_grace: String,
    draw_bounty_delay: String,
    min_seat_fee: String,
    min_dispatch_fee: String,
    min_advance_reserve: String,
    callback_gas_price: String,
    max_callback_gas: String,
    max_input_bytes: String,
    max_result_bytes: String,
    lock_multiplier_bps: String,
    protocol_fee_bps: String,
    no_agreement_share_bps: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CourtParametersFile {
    committee_size: String,
    quorum: String,
    challenge_window: String,
    commit_window: String,
    reveal_window: String,
    bond: String,
}

impl DeploymentParameters {
    /// The preset for development chains: short epochs and windows, small stakes.
    pub fn devnet() -> Result<Self> {
        Self::parse("the devnet preset", include_str!("../../contracts/parameters/devnet.json"))
    }

    /// The preset for a live network.
    pub fn production() -> Result<Self> {
        Self::parse("the production preset", include_str!("../../contracts/parameters/production.json"))
    }

    /// Reads the JSON form; `name` is what errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let file: ParametersFile = serde_json::from_str(text)
            .map_err(|error| Error::File { name: name.to_owned(), reason: error.to_string() })?;
        let field = Field { file: name };
        let (jobs, court) = (&file.jobs, &file.court);
        Ok(Self {
            epoch_length: field.number("epochLength", &file.epoch_length)?,
            unbonding_epochs: field.number("unbondingEpochs", &file.unbonding_epochs)?,
            key_change_delay: field.number("keyChangeDelay", &file.key_change_delay)?,
            model_change_delay: field.number("modelChangeDelay", &file.model_change_delay)?,
            minimum_stake: field.number("minimumStake", &file.minimum_stake)?,
            full_step_fee: field.number("fullStepFee", &file.full_step_fee)?,
            jobs: JobParameters {
                beaconDelay: field.number("beaconDelay", &jobs.beacon_delay)?,
                minCommitWindow: field.number("minCommitWindow", &jobs.min_commit_window)?,
                maxCommitWindow: field.number("maxCommitWindow", &jobs.max_commit_window)?,
                minRevealWindow: field.number("minRevealWindow", &jobs.min_reveal_window)?,
                maxRevealWindow: field.number("maxRevealWindow", &jobs.max_reveal_window)?,
                revealGrace: field.number("revealGrace", &jobs.reveal_grace)?,
                drawBountyDelay: field.number("drawBountyDelay", &jobs.draw_bounty_delay)?,
                minSeatFee: field.number("minSeatFee", &jobs.min_seat_fee)?,
                minDispatchFee: field.number("minDispatchFee", &jobs.min_dispatch_fee)?,
                minAdvanceReserve: field.number("minAdvanceReserve", &jobs.min_advance_reserve)?,
                callbackGasPrice: field.number("callbackGasPrice", &jobs.callback_gas_price)?,
                maxCallbackGas: field.number("maxCallbackGas", &jobs.max_callback_gas)?,
                maxInputBytes: field.number("maxInputBytes", &jobs.max_input_bytes)?,
                maxResultBytes: field.number("maxResultBytes", &jobs.max_result_bytes)?,
                lockMultiplierBps: field.number("lockMultiplierBps", &jobs.lock_multiplier_bps)?,
                protocolFeeBps: field.number("protocolFeeBps", &jobs.protocol_fee_bps)?,
                noAgreementShareBps: field.number("noAgreementShareBps", &jobs.no_agreement_share_bps)?,
            },
            court: CourtParameters {
                committeeSize: field.number("court.committeeSize", &court.committee_size)?,
                quorum: field.number("court.quorum", &court.quorum)?,
                challengeWindow: field.number("court.challengeWindow", &court.challenge_window)?,
                commitWindow: field.number("court.commitWindow", &court.commit_window)?,
                revealWindow: field.number("court.revealWindow", &court.reveal_window)?,
                bond: field.number("court.bond", &court.bond)?,
            },
        })
    }
}

struct Field<'a> {
    file: &'a str,
}

impl Field<'_> {
    fn number<T: std::str::FromStr>(&self, field: &str, text: &str) -> Result<T> {
        text.parse().map_err(|_| Error::File {
            name: self.file.to_owned(),
            reason: format!("{field} is {text:?}, which is no decimal number in range"),
        })
    }
}

/// Contracts in the order of their creation.
struct Plan {
    deployer: Address,
    next_nonce: u64,
}

impl Plan {
    fn address(&mut self) -> Address {
        let address = self.deployer.create(self.next_nonce);
        self.next_nonce += 1;
        address
    }
}

/// Deploys every contract from `sender`'s account and returns where they are. The account must send nothing else meanwhile.
/// Nothing is sent if it cannot pay for all of them.
pub async fn deploy(sender: &Sender, parameters: &DeploymentParameters) -> Result<Deployment> {
    let provider = sender.provider();
    let read = |error| Error::from_rpc("reading the deployer's nonce", error);
    let next_nonce = provider.get_transaction_count(sender.address()).await.map_err(read)?;
    let block = provider.get_block_number().await.map_err(|error| Error::from_rpc("reading the head", error))?;

    let mut plan = Plan { deployer: sender.address(), next_nonce };
    let deployment = Deployment {
        chain_id: sender.chain_id(),
        deployed_at_block: block + 1,
        model_registry: plan.address(),
        executor_registry: plan.address(),
        staking: plan.address(),
        reputation: plan.address(),
        slashing: plan.address(),
        sortition: plan.address(),
        beacon: plan.address(),
        agreement_verifier: plan.address(),
        vif_verifier: plan.address(),
        job_registry: plan.address(),
        calibration_list: plan.address(),
        court: plan.address(),
    };
    let mut steps = Vec::new();
    for (creation, arguments, expected) in self::steps(&deployment, sender.address(), parameters) {
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

fn steps(at: &Deployment, deployer: Address, with: &DeploymentParameters) -> Vec<(Creation, Vec<u8>, Address)> {
    let epoch_length = U256::from(with.epoch_length);
    // Room for job registries of other tiers.
    let job_registries = [at.job_registry, Address::ZERO, Address::ZERO];
    // Registries of other tiers, whose jobs a court would judge.
    let court_clients = [Address::ZERO; 3];
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
        (
            creation::JOB_REGISTRY,
            (
                with.jobs.clone(),
                (
                    at.model_registry,
                    at.executor_registry,
                    at.staking,
                    at.slashing,
                    at.sortition,
                    at.beacon,
                    at.agreement_verifier,
                ),
                at.court,
            )
                .abi_encode_params(),
            at.job_registry,
        ),
        (creation::CALIBRATION_LIST, deployer.abi_encode(), at.calibration_list),
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
                    at.agreement_verifier,
                    at.calibration_list,
                ),
                court_clients,
            )
                .abi_encode_params(),
            at.court,
        ),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_presets_parse() {
        assert_eq!(DeploymentParameters::devnet().unwrap().jobs.beaconDelay, 1);
        assert!(DeploymentParameters::production().unwrap().epoch_length > 600);
    }

    #[test]
    fn a_number_out_of_range_is_named() {
        let text = include_str!("../../contracts/parameters/devnet.json")
            .replace("\"beaconDelay\": \"1\"", "\"beaconDelay\": \"70000\"");
        let error = DeploymentParameters::parse("test.json", &text).unwrap_err().to_string();
        assert!(error.contains("test.json") && error.contains("beaconDelay") && error.contains("70000"), "{error}");
    }

    #[test]
    fn constructor_arguments_have_the_types_of_the_artifacts() {
        let zero = Address::ZERO;
        let at = Deployment {
            chain_id: 1,
            deployed_at_block: 0,
            job_registry: zero,
            model_registry: zero,
            executor_registry: zero,
            staking: zero,
            slashing: zero,
            reputation: zero,
            sortition: zero,
            beacon: zero,
            agreement_verifier: zero,
            vif_verifier: zero,
            calibration_list: zero,
            court: zero,
        };
        // `address[3]` is three words.
        let words = |part: &str| match part.trim_matches(['(', ')']) {
            "" => 0,
            part => part.rsplit_once('[').map_or(1, |(_, length)| length.trim_end_matches(']').parse().unwrap()),
        };
        for (creation, arguments, _) in steps(&at, zero, &DeploymentParameters::devnet().unwrap()) {
            // All arguments are static, so each word of the encoding is one elementary type of the constructor.
            let types = creation.constructor_types().unwrap().join(",");
            let words: usize = types.split(',').map(words).sum();
            assert_eq!(arguments.len(), words * 32, "{}({types})", creation.name);
        }
    }
}
