//! What a deployment decides: the presets in `contracts/parameters`, which the Foundry script reads too.

use std::{collections::BTreeMap, str::FromStr};

use alloy::primitives::{Address, U256};
use infera_contracts::{
    ICourt::Parameters as CourtParameters, IJobRegistry::Parameters as JobParameters,
    IPaymentChannels::Parameters as ChannelParameters, ISingleJobRegistry::Parameters as SingleJobParameters,
};
use serde_json::Value;

use crate::{Error, Result};

/// All parameters of a deployment. Amounts in wei, times in seconds.
#[derive(Debug, Clone)]
pub struct DeploymentParameters {
    /// Length of an epoch: the unit in which weights are frozen and stake exits. Longer than a job, its challenge and its
    /// court; the deployment asserts it.
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
    /// From the announcement of a withdrawal from the job desk until it can be made.
    pub desk_thaw_period: u32,
    /// Who governs, and the rest of what the inequalities among the parameters need.
    pub governance: GovernanceParameters,
    /// Parameters of the payment channels.
    pub channels: ChannelParameters,
    /// Parameters of the job registry.
    pub jobs: JobParameters,
    /// Parameters of the court.
    pub court: CourtParameters,
    /// Parameters of the registry for jobs of one executor.
    pub single: SingleJobParameters,
}

/// Who governs, and what the inequalities among the parameters need beside the other contracts' parameters.
#[derive(Debug, Clone)]
pub struct GovernanceParameters {
    /// Replaces policies; a timelock on a network of strangers. Zero is the deployer.
    pub owner: Address,
    /// May pause new jobs. Zero is the deployer.
    pub guardian: Address,
    /// From the announcement of a change until it can be made; more than two epochs.
    pub change_delay: u32,
    /// Then, the time in which it can be made.
    pub change_window: u32,
    /// Longest pause of new jobs.
    pub maximum_pause: u32,
    /// From a pause to the next.
    pub pause_cool_down: u32,
    /// Time that stake outlasts the longest job by.
    pub epoch_margin: u32,
    /// The job registry's beacon delay, in seconds.
    pub beacon_seconds: u32,
    /// From the beacon to the last moment at which it can be read.
    pub draw_window: u32,
    /// From a reward root's publication until it pays.
    pub root_activation_delay: u32,
    /// Largest part of the reward reserve that an epoch may emit, in basis points.
    pub emission_share_bps: u16,
    /// Most that an epoch may emit, in wei.
    pub epoch_emission_cap: U256,
}

impl DeploymentParameters {
    /// The preset for development chains: short windows, small stakes.
    pub fn devnet() -> Result<Self> {
        Self::parse("the devnet preset", include_str!("../../contracts/parameters/devnet.json"))
    }

    /// The preset for a live network. Refuses to leave owner or guardian open: having deployed a network is no reason to
    /// govern it.
    pub fn production(owner: Option<Address>, guardian: Option<Address>) -> Result<Self> {
        let named = |account: Option<Address>| account.is_some_and(|account| !account.is_zero());
        if !named(owner) || !named(guardian) {
            return Err(Error::Invalid(
                "the production preset needs an owner and a guardian: name the account that may replace policies (a \
                 timelock or a multi-signature wallet) and the one that may pause new jobs"
                    .into(),
            ));
        }
        let preset = Self::parse("the production preset", include_str!("../../contracts/parameters/production.json"))?;
        Ok(preset.governed_by(owner, guardian))
    }

    /// The same with these accounts as owner and guardian, where they are given.
    #[must_use]
    pub fn governed_by(mut self, owner: Option<Address>, guardian: Option<Address>) -> Self {
        self.governance.owner = owner.unwrap_or(self.governance.owner);
        self.governance.guardian = guardian.unwrap_or(self.governance.guardian);
        self
    }

    /// Reads the JSON form, in which every value is a string, because JSON numbers lose precision above 2^53; `name` is what
    /// errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut fields = Fields::read(name, text)?;
        let parameters = Self {
            epoch_length: fields.take("epochLength")?,
            unbonding_epochs: fields.take("unbondingEpochs")?,
            key_change_delay: fields.take("keyChangeDelay")?,
            model_change_delay: fields.take("modelChangeDelay")?,
            minimum_stake: fields.take("minimumStake")?,
            full_step_fee: fields.take("fullStepFee")?,
            desk_thaw_period: fields.take("deskThawPeriod")?,
            governance: GovernanceParameters::take(&mut fields)?,
            channels: ChannelParameters {
                thawPeriod: fields.take("channels.thawPeriod")?,
                withdrawalPeriod: fields.take("channels.withdrawalPeriod")?,
                anchoringDelay: fields.take("channels.anchoringDelay")?,
                maximumBatch: fields.take("channels.maximumBatch")?,
                walletGas: fields.take("channels.walletGas")?,
            },
            jobs: JobParameters {
                beaconDelay: fields.take("jobs.beaconDelay")?,
                minCommitWindow: fields.take("jobs.minCommitWindow")?,
                maxCommitWindow: fields.take("jobs.maxCommitWindow")?,
                minRevealWindow: fields.take("jobs.minRevealWindow")?,
                maxRevealWindow: fields.take("jobs.maxRevealWindow")?,
                revealGrace: fields.take("jobs.revealGrace")?,
                drawBountyDelay: fields.take("jobs.drawBountyDelay")?,
                minSeatFee: fields.take("jobs.minSeatFee")?,
                minDispatchFee: fields.take("jobs.minDispatchFee")?,
                minAdvanceReserve: fields.take("jobs.minAdvanceReserve")?,
                callbackGasPrice: fields.take("jobs.callbackGasPrice")?,
                maxCallbackGas: fields.take("jobs.maxCallbackGas")?,
                maxInputBytes: fields.take("jobs.maxInputBytes")?,
                maxResultBytes: fields.take("jobs.maxResultBytes")?,
                lockMultiplierBps: fields.take("jobs.lockMultiplierBps")?,
                protocolFeeBps: fields.take("jobs.protocolFeeBps")?,
                noAgreementShareBps: fields.take("jobs.noAgreementShareBps")?,
            },
            court: CourtParameters {
                committeeSize: fields.take("court.committeeSize")?,
                quorum: fields.take("court.quorum")?,
                challengeWindow: fields.take("court.challengeWindow")?,
                commitWindow: fields.take("court.commitWindow")?,
                revealWindow: fields.take("court.revealWindow")?,
                bond: fields.take("court.bond")?,
            },
            single: SingleJobParameters {
                optimisticAllowed: fields.take::<u8>("single.optimisticAllowed")? != 0,
                beaconDelay: fields.take("single.beaconDelay")?,
                minWindow: fields.take("single.minWindow")?,
                maxWindow: fields.take("single.maxWindow")?,
                minChallengeWindow: fields.take("single.minChallengeWindow")?,
                maxChallengeWindow: fields.take("single.maxChallengeWindow")?,
                drawBountyDelay: fields.take("single.drawBountyDelay")?,
                minFee: fields.take("single.minFee")?,
                minDispatchFee: fields.take("single.minDispatchFee")?,
                minAdvanceReserve: fields.take("single.minAdvanceReserve")?,
                callbackGasPrice: fields.take("single.callbackGasPrice")?,
                maxCallbackGas: fields.take("single.maxCallbackGas")?,
                maxInputBytes: fields.take("single.maxInputBytes")?,
                maxResultBytes: fields.take("single.maxResultBytes")?,
                lockMultiplierBps: fields.take("single.lockMultiplierBps")?,
                protocolFeeBps: fields.take("single.protocolFeeBps")?,
            },
        };
        fields.end()?;
        Ok(parameters)
    }
}

impl GovernanceParameters {
    fn take(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            owner: fields.take("governance.owner")?,
            guardian: fields.take("governance.guardian")?,
            change_delay: fields.take("governance.changeDelay")?,
            change_window: fields.take("governance.changeWindow")?,
            maximum_pause: fields.take("governance.maximumPause")?,
            pause_cool_down: fields.take("governance.pauseCoolDown")?,
            epoch_margin: fields.take("governance.epochMargin")?,
            beacon_seconds: fields.take("governance.beaconSeconds")?,
            draw_window: fields.take("governance.drawWindow")?,
            root_activation_delay: fields.take("governance.rootActivationDelay")?,
            emission_share_bps: fields.take("governance.emissionShareBps")?,
            epoch_emission_cap: fields.take("governance.epochEmissionCap")?,
        })
    }
}

/// The file's values by their paths, less those that were taken.
struct Fields<'a> {
    file: &'a str,
    values: BTreeMap<String, String>,
}

impl<'a> Fields<'a> {
    fn read(file: &'a str, text: &str) -> Result<Self> {
        let mut fields = Self { file, values: BTreeMap::new() };
        let value: Value = serde_json::from_str(text).map_err(|error| fields.error(error.to_string()))?;
        fields.add("", value)?;
        Ok(fields)
    }

    fn add(&mut self, path: &str, value: Value) -> Result<()> {
        match value {
            Value::Object(members) => members.into_iter().try_for_each(|(name, member)| {
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                self.add(&path, member)
            }),
            Value::String(text) => {
                self.values.insert(path.to_owned(), text);
                Ok(())
            }
            other => Err(self.error(format!("{path} is {other}, but must be a string"))),
        }
    }

    fn take<T: FromStr>(&mut self, path: &str) -> Result<T> {
        let text = self.values.remove(path).ok_or_else(|| self.error(format!("{path} is missing")))?;
        text.parse().map_err(|_| self.error(format!("{path} is {text:?}, which is not in its range")))
    }

    /// Refuses what nobody asked for: a misspelt name would else be a silent default.
    fn end(self) -> Result<()> {
        match self.values.keys().next() {
            Some(path) => Err(self.error(format!("{path} is unknown"))),
            None => Ok(()),
        }
    }

    fn error(&self, reason: String) -> Error {
        Error::File { name: self.file.to_owned(), reason }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DEVNET: &str = include_str!("../../contracts/parameters/devnet.json");

    fn refusal(text: &str) -> String {
        DeploymentParameters::parse("test.json", text).unwrap_err().to_string()
    }

    #[test]
    fn both_presets_parse() {
        assert_eq!(DeploymentParameters::devnet().unwrap().jobs.beaconDelay, 1);
        let (owner, guardian) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let production = DeploymentParameters::production(Some(owner), Some(guardian)).unwrap();
        assert!(production.epoch_length > 600);
        assert_eq!((production.governance.owner, production.governance.guardian), (owner, guardian));
    }

    #[test]
    fn a_number_out_of_range_is_named() {
        let error = refusal(&DEVNET.replace("\"beaconDelay\": \"1\"", "\"beaconDelay\": \"70000\""));
        assert!(
            error.contains("test.json") && error.contains("jobs.beaconDelay") && error.contains("70000"),
            "{error}"
        );
    }

    #[test]
    fn what_is_missing_unknown_or_no_string_is_named() {
        assert!(refusal(&DEVNET.replace("thawPeriod", "thawperiod")).contains("channels.thawPeriod is missing"));
        assert!(refusal(&DEVNET.replacen('{', "{ \"extra\": \"1\",", 1)).contains("extra is unknown"));
        assert!(
            refusal(&DEVNET.replace("\"epochMargin\": \"600\"", "\"epochMargin\": 600")).contains("must be a string")
        );
    }
}
