//! One binding per interface. Each lives in a module of its own, because file-level Solidity structs repeat in several ABIs.

/// Declares the binding of one interface and re-exports it.
macro_rules! interface {
    ($module:ident, $name:ident, $path:literal) => {
        #[allow(missing_docs, reason = "documented in the Solidity interface")]
        #[allow(
            clippy::all,
            clippy::expect_used,
            clippy::panic,
            clippy::unwrap_used,
            clippy::indexing_slicing,
            unreachable_pub,
            unused_qualifications
        )]
        mod $module {
            alloy::sol!(
                #[sol(rpc, all_derives, extra_derives(serde::Serialize, serde::Deserialize))]
                $name,
                $path
            );
        }
        pub use $module::$name;
    };
}

interface!(agreement_verifier, IAgreementVerifier, "artifacts/IAgreementVerifier.json");
interface!(beacon, IBeacon, "artifacts/IBeacon.json");
interface!(calibration_list, ICalibrationList, "artifacts/ICalibrationList.json");
interface!(court, ICourt, "artifacts/ICourt.json");
interface!(executor_registry, IExecutorRegistry, "artifacts/IExecutorRegistry.json");
interface!(consumer, IInferaConsumer, "artifacts/IInferaConsumer.json");
interface!(job_desk, IJobDesk, "artifacts/IJobDesk.json");
interface!(job_registry, IJobRegistry, "artifacts/IJobRegistry.json");
interface!(model_registry, IModelRegistry, "artifacts/IModelRegistry.json");
interface!(payment_channels, IPaymentChannels, "artifacts/IPaymentChannels.json");
interface!(policy_registry, IPolicyRegistry, "artifacts/IPolicyRegistry.json");
interface!(proposal_router, ProposalRouter, "artifacts/ProposalRouter.json");
interface!(reputation, IReputation, "artifacts/IReputation.json");
interface!(reward_distributor, IRewardDistributor, "artifacts/IRewardDistributor.json");
interface!(single_job_registry, ISingleJobRegistry, "artifacts/ISingleJobRegistry.json");
interface!(slashing, ISlashing, "artifacts/ISlashing.json");
interface!(sortition, ISortition, "artifacts/ISortition.json");
interface!(staking, IStaking, "artifacts/IStaking.json");
interface!(vif_verifier, IVifVerifier, "artifacts/IVifVerifier.json");
