//! What the court's views say, against the model.

use alloy::primitives::{Address, U256};
use infera_contracts::{ICalibrationList, ICourt, IJobRegistry::Terms};

use super::Comparison;
use crate::{model::Model, stage::Stage};

/// Of a case, if the job is a court's.
pub(super) async fn case(stage: &Stage, model: &Model, terms: &Terms, comparison: &mut Comparison) {
    if terms.requester != model.config.at.court {
        return;
    }
    let contract = ICourt::new(model.config.at.court, &stage.network.chain.provider);
    let id = model.id_of(terms);
    let case = model.court.case(id);
    let (job, seat) = (case.jobId, case.seat);
    let name = |view: &str| format!("{view} of the case {id}");
    comparison.same(|| name("caseOf"), case.clone(), contract.caseOf(id).call().await.unwrap());
    let about = model.court.about.get(&(job, seat)).copied().unwrap_or_default();
    comparison.same(|| name("caseAbout"), about, contract.caseAbout(job, seat).call().await.unwrap());
    let until = U256::from(model.court.open_again_until(job, seat));
    comparison.same(|| name("openAgainUntil"), until, contract.openAgainUntil(job, seat).call().await.unwrap());
    let theirs = contract.lowestSeatFee(job, seat, case.seatFee).call().await.unwrap();
    comparison.same(|| name("lowestSeatFee"), model.lowest_seat_fee(job, seat, case.seatFee), theirs);
    let theirs = contract.excludedFrom(id).call().await.unwrap();
    comparison.same(|| name("excludedFrom"), model.excluded_from(id), theirs);
}

pub(super) async fn court(stage: &Stage, model: &Model, everybody: &[Address], comparison: &mut Comparison) {
    let (at, provider) = (&model.config.at, &stage.network.chain.provider);
    let contract = ICourt::new(at.court, provider);
    for account in everybody {
        let theirs = contract.creditOf(*account).call().await.unwrap();
        let ours = U256::from(model.court.owed.of(*account));
        comparison.same(|| format!("creditOf {account} at the court"), ours, theirs);
    }
    let theirs = contract.liabilities().call().await.unwrap();
    comparison.same(|| "liabilities of the court".to_owned(), U256::from(model.court.owed.liabilities), theirs);
    let list = ICalibrationList::new(at.calibration_list, provider);
    let theirs = list.isCalibrated(model.config.model, 1, model.config.class).call().await.unwrap();
    comparison.same(|| "isCalibrated".to_owned(), model.court.calibrated, theirs);
}
