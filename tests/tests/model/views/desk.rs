//! What the desk's views say, against the model.

use alloy::primitives::{Address, U256};
use infera_contracts::{IJobDesk, IJobRegistry};

use super::Comparison;
use crate::{
    model::{Model, nonce_of},
    script::Script,
    stage::Stage,
};

pub(super) async fn desk(
    stage: &Stage,
    model: &Model,
    script: &Script,
    everybody: &[Address],
    comparison: &mut Comparison,
) {
    let contract = IJobDesk::new(model.config.at.job_desk, &stage.network.chain.provider);
    for account in everybody {
        let theirs = contract.accountOf(*account).call().await.unwrap();
        comparison.same(|| format!("accountOf {account} at the desk"), model.desk.account(*account), theirs);
        let theirs = contract.creditOf(*account).call().await.unwrap();
        comparison.same(|| format!("creditOf {account} at the desk"), U256::from(model.desk.owed.of(*account)), theirs);
    }
    let theirs = contract.liabilities().call().await.unwrap();
    comparison.same(|| "liabilities of the desk".to_owned(), U256::from(model.desk.owed.liabilities), theirs);
    for subscribed in script.subscriptions() {
        let id = model.subscription_id(&subscribed.subscription);
        let theirs = contract.subscriptionIdOf(subscribed.subscription.clone()).call().await.unwrap();
        comparison.same(|| "subscriptionIdOf".to_owned(), id, theirs);
        let ours = U256::from(model.desk.ends.get(&id).copied().unwrap_or_default());
        let theirs = contract.endIntervalOf(id).call().await.unwrap();
        comparison.same(|| format!("endIntervalOf {id}"), ours, theirs);
        let theirs = contract.nonceOf(id, U256::from(1)).call().await.unwrap();
        comparison.same(|| format!("nonceOf {id}"), nonce_of(id, U256::from(1)), theirs);
    }
    let jobs = IJobRegistry::new(model.config.at.job_registry, &stage.network.chain.provider);
    for (requester, nonce) in &model.nonces {
        let used = jobs.nonceUsed(*requester, *nonce).call().await.unwrap();
        comparison.same(|| format!("nonceUsed by {requester}: {nonce}"), true, used);
    }
}
