//! An executor, folded from the events about it.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};
use infera_contracts::IExecutorRegistry;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::{
    event::{ExecutorRegistryEvent, IndexedEvent, InferaEvent, SortitionEvent, StakingEvent},
    names::SeatOutcome,
    wei::Wei,
};

/// Score of an executor that has no history.
const INITIAL_REPUTATION: u64 = 500_000;

/// An executor's hot keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keys {
    /// Commits and reveals.
    pub signer: Address,
    /// secp256k1 key of the VRF, affine x.
    pub vrf_x: B256,
    /// Affine y.
    pub vrf_y: B256,
    /// X25519 key.
    pub encryption_key: B256,
}

impl From<&IExecutorRegistry::Keys> for Keys {
    fn from(keys: &IExecutorRegistry::Keys) -> Self {
        Self {
            signer: keys.signer,
            vrf_x: keys.vrfX.into(),
            vrf_y: keys.vrfY.into(),
            encryption_key: keys.encryptionKey,
        }
    }
}

/// What an executor asks for serving one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferingRecord {
    /// The model.
    pub model_id: B256,
    /// Its version.
    pub version: u32,
    /// The runtime class.
    pub runtime_class: B256,
    /// 0 is the public pool.
    pub pool: u64,
    /// Wei per unit.
    pub price_per_unit: Wei,
    /// Jobs it takes at a time.
    pub capacity: u16,
    /// False once withdrawn.
    pub active: bool,
    /// Weight in the draw from the epoch after it was set; 0 until the first.
    pub weight: u64,
}

/// Stake on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exit {
    /// What leaves of the own stake and was not paid out.
    pub own: Wei,
    /// The same of the delegated stake.
    pub delegated: Wei,
    /// From this epoch on it can be paid out and no longer slashed.
    pub matures_at_epoch: u64,
}

/// How many seats ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcomes {
    /// In the winning cluster.
    pub success: u64,
    /// Drawn, but did not commit.
    pub miss: u64,
    /// Revealed an answer outside the cluster.
    pub outlier: u64,
    /// Committed, but did not reveal.
    pub silent: u64,
    /// Nothing to reward or blame.
    pub neutral: u64,
}

/// An executor's public record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutorRecord {
    /// Number in the registry, from 1.
    pub id: u32,
    /// Cold key; names the executor.
    pub owner: Address,
    /// Keys that act now.
    pub keys: Keys,
    /// Keys that were announced, and the Unix second from which they may act.
    pub announced_keys: Option<(Keys, u64)>,
    /// Whether the signer was revoked.
    pub signer_revoked: bool,
    /// Where it serves.
    pub endpoint: String,
    /// Where it stands.
    pub region: String,
    /// What it serves, in the order first offered.
    pub offerings: Vec<OfferingRecord>,
    /// Active own stake.
    pub stake: Wei,
    /// Active stake that others delegated.
    pub delegated: Wei,
    /// Stake on its way out, in the order it matures.
    pub exits: Vec<Exit>,
    /// Score in [0, 1e6] at the last settlement, without the drift since.
    pub reputation: u64,
    /// Whether it is barred from draws until a full exit.
    pub ejected: bool,
    /// Seats locked and not settled yet.
    pub seats_in_flight: u64,
    /// How its seats ended.
    pub outcomes: Outcomes,
    /// Everything earned.
    pub earned: Wei,
    /// What of it was paid out.
    pub withdrawn: Wei,
    /// Everything lost to slashing.
    pub slashed: Wei,
    /// Offences that cost stake.
    pub strikes: u64,
}

impl OfferingRecord {
    /// Names the offering and its draw: keccak256(abi.encode(modelId, version, runtimeClass, pool)).
    pub fn key(&self) -> B256 {
        keccak256((self.model_id, self.version, self.runtime_class, self.pool).abi_encode())
    }
}

impl Record for ExecutorRecord {
    fn begin(event: &IndexedEvent) -> Option<Self> {
        let InferaEvent::ExecutorRegistry(ExecutorRegistryEvent::ExecutorRegistered(e)) = &event.event else {
            return None;
        };
        Some(Self {
            id: e.executorId,
            owner: e.owner,
            keys: Keys::from(&e.keys),
            announced_keys: None,
            signer_revoked: false,
            endpoint: e.endpoint.clone(),
            region: e.region.clone(),
            offerings: Vec::new(),
            stake: Wei::ZERO,
            delegated: Wei::ZERO,
            exits: Vec::new(),
            reputation: INITIAL_REPUTATION,
            ejected: false,
            seats_in_flight: 0,
            outcomes: Outcomes::default(),
            earned: Wei::ZERO,
            withdrawn: Wei::ZERO,
            slashed: Wei::ZERO,
            strikes: 0,
        })
    }

    fn apply(&mut self, event: &IndexedEvent) {
        match &event.event {
            InferaEvent::ExecutorRegistry(event) => self.apply_registry(event),
            InferaEvent::Staking(event) => self.apply_staking(event),
            InferaEvent::Sortition(SortitionEvent::WeightChanged(e)) => {
                if let Some(offering) = self.offerings.iter_mut().find(|offering| offering.key() == e.key) {
                    offering.weight = e.weight;
                }
            }
            // A job's events name the executor, but its record changes with the settlement.
            InferaEvent::JobRegistry(_) | InferaEvent::ModelRegistry(_) | InferaEvent::Court(_) => {}
        }
    }
}

impl ExecutorRecord {
    fn apply_registry(&mut self, event: &ExecutorRegistryEvent) {
        match event {
            ExecutorRegistryEvent::ExecutorRegistered(_)
            | ExecutorRegistryEvent::PoolCreated(_)
            | ExecutorRegistryEvent::PoolAdminNamed(_)
            | ExecutorRegistryEvent::PoolAdminChanged(_)
            | ExecutorRegistryEvent::PoolExecutorListed(_)
            | ExecutorRegistryEvent::PoolRequesterListed(_) => {}
            ExecutorRegistryEvent::KeysChangeAnnounced(e) => {
                self.announced_keys = Some((Keys::from(&e.keys), e.activeAt));
            }
            ExecutorRegistryEvent::KeysChanged(e) => {
                self.keys = Keys::from(&e.keys);
                self.announced_keys = None;
                self.signer_revoked = false;
            }
            ExecutorRegistryEvent::SignerRevoked(e) => {
                self.signer_revoked = true;
                // An announced change that names the revoked signer is dropped with it.
                self.announced_keys = self.announced_keys.take().filter(|(keys, _)| keys.signer != e.signer);
            }
            ExecutorRegistryEvent::OfferingChanged(e) => {
                let mut offering = OfferingRecord {
                    model_id: e.modelId,
                    version: e.version,
                    runtime_class: e.runtimeClass,
                    pool: e.pool,
                    price_per_unit: U256::from(e.offering.pricePerUnit).into(),
                    capacity: e.offering.capacity,
                    active: e.offering.active,
                    weight: 0,
                };
                let key = offering.key();
                match self.offerings.iter_mut().find(|known| known.key() == key) {
                    Some(known) => {
                        offering.weight = known.weight;
                        *known = offering;
                    }
                    None => self.offerings.push(offering),
                }
            }
        }
    }

    fn apply_staking(&mut self, event: &StakingEvent) {
        match event {
            StakingEvent::Staked(e) => self.stake = e.stake.into(),
            StakingEvent::ExitRequested(e) => {
                self.stake = self.stake.saturating_sub(e.amount.into());
                self.change_exit(e.maturesAtEpoch, |exit| exit.own += e.amount.into());
            }
            StakingEvent::ExitCompleted(e) => {
                self.change_exit(e.maturesAtEpoch, |exit| exit.own = Wei::ZERO);
            }
            StakingEvent::Delegated(e) => self.delegated += e.amount.into(),
            StakingEvent::UndelegationRequested(e) => {
                self.delegated = self.delegated.saturating_sub(e.amount.into());
                self.change_exit(e.maturesAtEpoch, |exit| exit.delegated += e.amount.into());
            }
            StakingEvent::UndelegationCompleted(e) => {
                self.change_exit(e.maturesAtEpoch, |exit| {
                    exit.delegated = exit.delegated.saturating_sub(e.amount.into());
                });
            }
            StakingEvent::GenerationStarted(_) => self.delegated = Wei::ZERO,
            StakingEvent::ReputationHalved(e) => self.reputation = e.reputation.saturating_to(),
            // What they pay and forgive is told by other events, or not part of the record.
            StakingEvent::DelegatorPaid(_)
            | StakingEvent::CommissionAnnounced(_)
            | StakingEvent::EarningsDivided(_)
            | StakingEvent::StrikesForgiven(_) => {}
            StakingEvent::SeatLocked(_) => self.seats_in_flight += 1,
            StakingEvent::SeatUnlocked(_) => self.seats_in_flight = self.seats_in_flight.saturating_sub(1),
            StakingEvent::SeatSettled(e) => {
                self.seats_in_flight = self.seats_in_flight.saturating_sub(1);
                self.reputation = e.reputationAfter.saturating_to();
                self.earned += e.payment.into();
                match SeatOutcome::from(e.outcome) {
                    SeatOutcome::Success => self.outcomes.success += 1,
                    SeatOutcome::Miss => self.outcomes.miss += 1,
                    SeatOutcome::Outlier => self.outcomes.outlier += 1,
                    SeatOutcome::Silent => self.outcomes.silent += 1,
                    SeatOutcome::Neutral => self.outcomes.neutral += 1,
                    SeatOutcome::Unknown(_) => {}
                }
            }
            StakingEvent::Slashed(e) => {
                self.slashed += e.amount.into();
                self.strikes += 1;
                self.cut_stake(e.percent, e.amount.into());
            }
            StakingEvent::Ejected(_) => self.ejected = true,
            StakingEvent::Reinstated(_) => {
                self.ejected = false;
                self.reputation = INITIAL_REPUTATION;
            }
            StakingEvent::EarningsWithdrawn(e) => self.withdrawn += e.amount.into(),
            StakingEvent::ProverRewardWithdrawn(_) | StakingEvent::SlashedStakeBurned(_) => {}
        }
    }

    /// Changes the exit with this maturity, begun if there is none.
    fn change_exit(&mut self, matures_at_epoch: u64, change: impl FnOnce(&mut Exit)) {
        let at = self.exits.partition_point(|exit| exit.matures_at_epoch < matures_at_epoch);
        if self.exits.get(at).is_none_or(|exit| exit.matures_at_epoch != matures_at_epoch) {
            self.exits.insert(at, Exit { own: Wei::ZERO, delegated: Wei::ZERO, matures_at_epoch });
        }
        if let Some(exit) = self.exits.get_mut(at) {
            change(exit);
        }
        self.drop_empty_exits();
    }

    fn drop_empty_exits(&mut self) {
        self.exits.retain(|exit| exit.own != Wei::ZERO || exit.delegated != Wei::ZERO);
    }

    /// Staking cuts the percentage, rounded up, from each part: active own and delegated stake, and the exits that have not
    /// matured. Those are the newest, and together they make up the amount.
    fn cut_stake(&mut self, percent: u8, amount: Wei) {
        let mut left = amount;
        let mut cut = |part: &mut Wei| {
            let hundred = U256::from(100);
            let lost = Wei(part.0.saturating_mul(U256::from(percent).min(hundred)).div_ceil(hundred)).min(left);
            *part = part.saturating_sub(lost);
            left = left.saturating_sub(lost);
        };
        cut(&mut self.stake);
        cut(&mut self.delegated);
        for exit in self.exits.iter_mut().rev() {
            cut(&mut exit.own);
            cut(&mut exit.delegated);
        }
        self.drop_empty_exits();
    }
}
