//! Events as JSON: amounts as decimal strings of wei, bytes and ids as hex, enumerations by name.

use alloy::hex;
use infera_contracts::IExecutorRegistry;
use serde_json::{Value, json};

use crate::{
    event::{
        CourtEvent, ExecutorRegistryEvent, IndexedEvent, InferaEvent, JobRegistryEvent, ModelRegistryEvent,
        SortitionEvent, StakingEvent,
    },
    fold::{JobTerms, VerificationProfile},
    names::{JobPhase, Offence, RefundReason, SeatOutcome, Verdict, VersionStatus},
};

impl InferaEvent {
    /// The event's name in its interface.
    pub fn name(&self) -> &'static str {
        self.named_arguments().0
    }

    /// The event's arguments by their names in the interface.
    pub fn arguments(&self) -> Value {
        self.named_arguments().1
    }

    fn named_arguments(&self) -> (&'static str, Value) {
        match self {
            Self::JobRegistry(event) => job_registry(event),
            Self::ModelRegistry(event) => model_registry(event),
            Self::ExecutorRegistry(event) => executor_registry(event),
            Self::Staking(event) => staking(event),
            Self::Court(event) => court(event),
            Self::Sortition(SortitionEvent::WeightChanged(e)) => {
                ("WeightChanged", json!({ "key": e.key, "executorId": e.executorId, "weight": e.weight }))
            }
        }
    }
}

impl IndexedEvent {
    /// The event and its place, as the API serves it.
    pub fn to_json(&self) -> Value {
        let (name, arguments) = self.event.named_arguments();
        json!({
            "block": self.block, "timestamp": self.timestamp, "logIndex": self.log_index, "transaction": self.transaction,
            "transactionIndex": self.transaction_index, "contract": self.source.name(), "address": self.address,
            "name": name, "arguments": arguments,
        })
    }
}

fn decimal(amount: impl ToString) -> String {
    amount.to_string()
}

fn job_registry(event: &JobRegistryEvent) -> (&'static str, Value) {
    match event {
        JobRegistryEvent::JobRequested(e) => (
            "JobRequested",
            json!({
                "jobId": e.jobId, "requester": e.requester, "modelId": e.modelId, "terms": JobTerms::from(&e.terms),
                "input": e.input, "parameters": e.parameters, "inputUri": e.inputUri,
            }),
        ),
        JobRegistryEvent::CommitteeDrawn(e) => (
            "CommitteeDrawn",
            json!({
                "jobId": e.jobId, "beacon": e.beacon, "committee": e.committee, "seatFee": decimal(e.seatFee),
                "commitDeadline": e.commitDeadline,
            }),
        ),
        JobRegistryEvent::SeatDeclined(e) => {
            ("SeatDeclined", json!({ "jobId": e.jobId, "executorId": e.executorId, "seat": e.seat }))
        }
        JobRegistryEvent::Committed(e) => (
            "Committed",
            json!({ "jobId": e.jobId, "executorId": e.executorId, "seat": e.seat, "commitment": e.commitment }),
        ),
        JobRegistryEvent::RevealPhaseOpened(e) => {
            ("RevealPhaseOpened", json!({ "jobId": e.jobId, "revealDeadline": e.revealDeadline }))
        }
        JobRegistryEvent::Revealed(e) => (
            "Revealed",
            json!({
                "jobId": e.jobId, "executorId": e.executorId, "seat": e.seat, "result": e.result, "vector": e.vector,
            }),
        ),
        JobRegistryEvent::RevealedSame(e) => (
            "RevealedSame",
            json!({ "jobId": e.jobId, "executorId": e.executorId, "seat": e.seat, "sameAs": e.sameAs }),
        ),
        JobRegistryEvent::JobResolved(e) => (
            "JobResolved",
            json!({
                "jobId": e.jobId, "centre": e.centre, "agreeing": e.agreeing, "resultHash": e.resultHash,
                "vectorHash": e.vectorHash, "refund": decimal(e.refund),
            }),
        ),
        JobRegistryEvent::JobRefunded(e) => (
            "JobRefunded",
            json!({ "jobId": e.jobId, "reason": RefundReason::from(e.reason), "refund": decimal(e.refund) }),
        ),
        JobRegistryEvent::CallbackExecuted(e) => {
            ("CallbackExecuted", json!({ "jobId": e.jobId, "target": e.target, "success": e.success }))
        }
        JobRegistryEvent::JobAdvanced(e) => (
            "JobAdvanced",
            json!({
                "jobId": e.jobId, "caller": e.caller, "phase": JobPhase::from(e.phase), "bounty": decimal(e.bounty),
            }),
        ),
        JobRegistryEvent::Credited(e) => {
            ("Credited", json!({ "account": e.account, "jobId": e.jobId, "amount": decimal(e.amount) }))
        }
        JobRegistryEvent::Withdrawn(e) => ("Withdrawn", json!({ "account": e.account, "amount": decimal(e.amount) })),
        JobRegistryEvent::NonceRevoked(e) => {
            ("NonceRevoked", json!({ "requester": e.requester, "nonce": decimal(e.nonce) }))
        }
    }
}

fn model_registry(event: &ModelRegistryEvent) -> (&'static str, Value) {
    match event {
        ModelRegistryEvent::ModelPublished(e) => {
            ("ModelPublished", json!({ "modelId": e.modelId, "publisher": e.publisher, "name": e.name }))
        }
        ModelRegistryEvent::VersionAdded(e) => (
            "VersionAdded",
            json!({
                "modelId": e.modelId, "version": e.version, "manifestHash": e.manifestHash, "task": e.task,
                "contentUri": e.contentUri,
            }),
        ),
        ModelRegistryEvent::RuntimeClassAdded(e) => (
            "RuntimeClassAdded",
            json!({
                "modelId": e.modelId, "version": e.version, "runtimeClass": e.runtimeClass,
                "profile": VerificationProfile::from(&e.profile),
            }),
        ),
        ModelRegistryEvent::VersionStatusChanged(e) => (
            "VersionStatusChanged",
            json!({ "modelId": e.modelId, "version": e.version, "status": VersionStatus::from(e.status) }),
        ),
        ModelRegistryEvent::LatestAnnounced(e) => {
            ("LatestAnnounced", json!({ "modelId": e.modelId, "version": e.version, "activeAt": e.activeAt }))
        }
        ModelRegistryEvent::RoyaltyAnnounced(e) => (
            "RoyaltyAnnounced",
            json!({ "modelId": e.modelId, "receiver": e.receiver, "bps": e.bps, "activeAt": e.activeAt }),
        ),
    }
}

fn keys(keys: &IExecutorRegistry::Keys) -> Value {
    json!({
        "signer": keys.signer,
        "vrfX": hex::encode_prefixed(keys.vrfX.to_be_bytes::<32>()),
        "vrfY": hex::encode_prefixed(keys.vrfY.to_be_bytes::<32>()),
        "encryptionKey": keys.encryptionKey,
    })
}

fn executor_registry(event: &ExecutorRegistryEvent) -> (&'static str, Value) {
    match event {
        ExecutorRegistryEvent::ExecutorRegistered(e) => (
            "ExecutorRegistered",
            json!({
                "executorId": e.executorId, "owner": e.owner, "signer": e.signer, "keys": keys(&e.keys),
                "endpoint": e.endpoint, "region": e.region,
            }),
        ),
        ExecutorRegistryEvent::KeysChangeAnnounced(e) => (
            "KeysChangeAnnounced",
            json!({ "executorId": e.executorId, "keys": keys(&e.keys), "activeAt": e.activeAt }),
        ),
        ExecutorRegistryEvent::KeysChanged(e) => {
            ("KeysChanged", json!({ "executorId": e.executorId, "keys": keys(&e.keys) }))
        }
        ExecutorRegistryEvent::SignerRevoked(e) => {
            ("SignerRevoked", json!({ "executorId": e.executorId, "signer": e.signer }))
        }
        ExecutorRegistryEvent::OfferingChanged(e) => (
            "OfferingChanged",
            json!({
                "executorId": e.executorId, "modelId": e.modelId, "version": e.version, "runtimeClass": e.runtimeClass,
                "pool": e.pool,
                "offering": {
                    "pricePerUnit": decimal(e.offering.pricePerUnit), "capacity": e.offering.capacity,
                    "active": e.offering.active,
                },
            }),
        ),
        ExecutorRegistryEvent::PoolCreated(e) => {
            ("PoolCreated", json!({ "pool": e.pool, "admin": e.admin, "listsRequesters": e.listsRequesters }))
        }
        ExecutorRegistryEvent::PoolAdminNamed(e) => {
            ("PoolAdminNamed", json!({ "pool": e.pool, "nextAdmin": e.nextAdmin }))
        }
        ExecutorRegistryEvent::PoolAdminChanged(e) => ("PoolAdminChanged", json!({ "pool": e.pool, "admin": e.admin })),
        ExecutorRegistryEvent::PoolExecutorListed(e) => {
            ("PoolExecutorListed", json!({ "pool": e.pool, "executorId": e.executorId, "admitted": e.admitted }))
        }
        ExecutorRegistryEvent::PoolRequesterListed(e) => {
            ("PoolRequesterListed", json!({ "pool": e.pool, "requester": e.requester, "admitted": e.admitted }))
        }
    }
}

fn staking(event: &StakingEvent) -> (&'static str, Value) {
    match event {
        StakingEvent::Staked(e) => (
            "Staked",
            json!({
                "executorId": e.executorId, "from": e.from, "amount": decimal(e.amount), "stake": decimal(e.stake),
            }),
        ),
        StakingEvent::ExitRequested(e) => (
            "ExitRequested",
            json!({ "executorId": e.executorId, "amount": decimal(e.amount), "maturesAtEpoch": e.maturesAtEpoch }),
        ),
        StakingEvent::ExitCompleted(e) => (
            "ExitCompleted",
            json!({ "executorId": e.executorId, "amount": decimal(e.amount), "maturesAtEpoch": e.maturesAtEpoch }),
        ),
        StakingEvent::Delegated(e) => (
            "Delegated",
            json!({
                "executorId": e.executorId, "delegator": e.delegator, "amount": decimal(e.amount),
                "shares": decimal(e.shares),
            }),
        ),
        StakingEvent::UndelegationRequested(e) => (
            "UndelegationRequested",
            json!({
                "executorId": e.executorId, "delegator": e.delegator, "amount": decimal(e.amount),
                "shares": decimal(e.shares), "maturesAtEpoch": e.maturesAtEpoch,
            }),
        ),
        StakingEvent::UndelegationCompleted(e) => (
            "UndelegationCompleted",
            json!({
                "executorId": e.executorId, "delegator": e.delegator, "amount": decimal(e.amount),
                "maturesAtEpoch": e.maturesAtEpoch,
            }),
        ),
        StakingEvent::DelegatorPaid(e) => (
            "DelegatorPaid",
            json!({ "executorId": e.executorId, "delegator": e.delegator, "amount": decimal(e.amount) }),
        ),
        StakingEvent::CommissionAnnounced(e) => {
            ("CommissionAnnounced", json!({ "executorId": e.executorId, "bps": e.bps, "fromEpoch": e.fromEpoch }))
        }
        StakingEvent::EarningsDivided(e) => (
            "EarningsDivided",
            json!({
                "executorId": e.executorId, "toOwner": decimal(e.toOwner), "toDelegators": decimal(e.toDelegators),
            }),
        ),
        StakingEvent::GenerationStarted(e) => (
            "GenerationStarted",
            json!({ "executorId": e.executorId, "generation": e.generation, "left": decimal(e.left) }),
        ),
        StakingEvent::ReputationHalved(e) => {
            ("ReputationHalved", json!({ "executorId": e.executorId, "reputation": decimal(e.reputation) }))
        }
        StakingEvent::StrikesForgiven(e) => ("StrikesForgiven", json!({ "executorId": e.executorId })),
        StakingEvent::SlashedStakeBurned(e) => {
            ("SlashedStakeBurned", json!({ "prover": e.prover, "amount": decimal(e.amount) }))
        }
        StakingEvent::SeatLocked(e) => {
            ("SeatLocked", json!({ "executorId": e.executorId, "jobId": e.jobId, "amount": decimal(e.amount) }))
        }
        StakingEvent::SeatUnlocked(e) => {
            ("SeatUnlocked", json!({ "executorId": e.executorId, "jobId": e.jobId, "amount": decimal(e.amount) }))
        }
        StakingEvent::SeatSettled(e) => (
            "SeatSettled",
            json!({
                "executorId": e.executorId, "jobId": e.jobId, "outcome": SeatOutcome::from(e.outcome),
                "payment": decimal(e.payment), "reputationBefore": decimal(e.reputationBefore),
                "reputationAfter": decimal(e.reputationAfter),
            }),
        ),
        StakingEvent::Slashed(e) => (
            "Slashed",
            json!({
                "executorId": e.executorId, "jobId": e.jobId, "prover": e.prover, "offence": Offence::from(e.offence),
                "strike": e.strike, "percent": e.percent, "amount": decimal(e.amount), "reward": decimal(e.reward),
            }),
        ),
        StakingEvent::Ejected(e) => ("Ejected", json!({ "executorId": e.executorId })),
        StakingEvent::Reinstated(e) => ("Reinstated", json!({ "executorId": e.executorId })),
        StakingEvent::ProverRewardWithdrawn(e) => {
            ("ProverRewardWithdrawn", json!({ "prover": e.prover, "amount": decimal(e.amount) }))
        }
        StakingEvent::EarningsWithdrawn(e) => {
            ("EarningsWithdrawn", json!({ "executorId": e.executorId, "owner": e.owner, "amount": decimal(e.amount) }))
        }
    }
}

fn court(event: &CourtEvent) -> (&'static str, Value) {
    match event {
        CourtEvent::Challenged(e) => (
            "Challenged",
            json!({
                "courtJobId": e.courtJobId, "jobId": e.jobId, "executorId": e.executorId, "seat": e.seat,
                "registry": e.registry, "challenger": e.challenger, "bond": decimal(e.bond),
            }),
        ),
        CourtEvent::Decided(e) => (
            "Decided",
            json!({
                "courtJobId": e.courtJobId, "jobId": e.jobId, "executorId": e.executorId, "seat": e.seat,
                "verdict": Verdict::from(e.verdict),
            }),
        ),
        CourtEvent::VerdictUndelivered(e) => {
            ("VerdictUndelivered", json!({ "courtJobId": e.courtJobId, "registry": e.registry }))
        }
        CourtEvent::VerdictDelivered(e) => {
            ("VerdictDelivered", json!({ "courtJobId": e.courtJobId, "registry": e.registry }))
        }
        CourtEvent::Credited(e) => {
            ("Credited", json!({ "account": e.account, "courtJobId": e.courtJobId, "amount": decimal(e.amount) }))
        }
        CourtEvent::Withdrawn(e) => ("Withdrawn", json!({ "account": e.account, "amount": decimal(e.amount) })),
    }
}
