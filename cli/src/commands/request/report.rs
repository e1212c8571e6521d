//! What `infera request` prints.

use std::fmt::{self, Display};

use alloy::primitives::{Address, B256, Bytes, U256};
use infera_indexer::Wei;
use infera_protocol::output::{SCORES_PER_COSINE, ZeroShotResult};
use infera_sdk::RequestedJob;
use serde::Serialize;

use crate::output::write_fields;

/// A job that was requested.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    job: B256,
    requester: Address,
    nonce: U256,
    model: B256,
    version: u32,
    max_units: u32,
    escrow: Wei,
    transaction: B256,
    gas_used: u64,
}

impl Receipt {
    pub(super) fn new(job: &RequestedJob) -> Self {
        Self {
            job: job.id,
            requester: job.terms.requester,
            nonce: job.terms.nonce,
            model: job.terms.modelId,
            version: job.terms.version,
            max_units: job.terms.maxUnits,
            escrow: Wei(job.escrow),
            transaction: job.transaction,
            gas_used: job.gas_used,
        }
    }
}

impl Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the id, so that a script can take it.
        self.job.fmt(f)
    }
}

/// A label with its score.
#[derive(Debug, Serialize)]
struct Score {
    label: String,
    /// Cosine with the text, in parts per million.
    score: i32,
}

/// A job that was answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(flatten)]
    receipt: Receipt,
    /// None for an embedding.
    winner: Option<String>,
    /// In the order of the labels.
    scores: Vec<Score>,
    result: Bytes,
    /// Big-endian int16 elements.
    vector: Bytes,
    /// What the job cost, without gas.
    cost: Wei,
    /// Credited back.
    refund: Wei,
    resolved_in: B256,
}

impl Answer {
    pub(super) fn new(
        receipt: Receipt,
        labels: &[String],
        result: Bytes,
        vector: Bytes,
        resolved_in: B256,
        refund: U256,
    ) -> anyhow::Result<Self> {
        let (winner, scores) = if labels.is_empty() {
            (None, Vec::new())
        } else {
            let scored = ZeroShotResult::decode(&result)?;
            let scores = labels.iter().zip(scored.scores());
            let scores = scores.map(|(label, score)| Score { label: label.clone(), score: *score }).collect();
            (labels.get(usize::from(scored.winner())).cloned(), scores)
        };
        let (cost, refund) = (receipt.escrow.saturating_sub(Wei(refund)), Wei(refund));
        Ok(Self { receipt, winner, scores, result, vector, cost, refund, resolved_in })
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.scores.iter().map(|score| score.label.chars().count()).max().unwrap_or_default();
        for Score { label, score } in &self.scores {
            let mark = if self.winner.as_ref() == Some(label) { "  ← the best fit" } else { "" };
            writeln!(f, "{label:width$}  {}{mark}", Cosine(*score))?;
        }
        if self.winner.is_none() {
            writeln!(f, "{}", self.vector)?;
        }
        writeln!(f)?;
        write_fields(
            f,
            &[
                ("job", self.receipt.job.to_string()),
                ("cost", self.cost.to_string()),
                ("credited back", self.refund.to_string()),
            ],
        )
    }
}

/// A score as the cosine that it stands for, with all its digits.
struct Cosine(i32);

impl Display for Cosine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size, one) =
            (if self.0 < 0 { '-' } else { ' ' }, self.0.unsigned_abs(), SCORES_PER_COSINE.unsigned_abs());
        write!(f, "{sign}{}.{:06}", size / one, size % one)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            job: B256::repeat_byte(1),
            requester: Address::ZERO,
            nonce: U256::ZERO,
            model: B256::ZERO,
            version: 1,
            max_units: 10,
            escrow: Wei(U256::from(1_000_000_000_000_000_000_u64)),
            transaction: B256::ZERO,
            gas_used: 1,
        }
    }

    #[test]
    fn scores_are_shown_by_label_with_the_winner_marked() {
        let labels = ["fees".to_owned(), "security".to_owned()];
        let result = ZeroShotResult::from_scores(vec![-12_345, 512_000]).unwrap().encode();
        let refund = U256::from(400_000_000_000_000_000_u64);
        let answer = Answer::new(receipt(), &labels, result.into(), Bytes::new(), B256::ZERO, refund).unwrap();
        let text = answer.to_string();
        assert!(text.contains("fees      -0.012345\n"), "{text}");
        assert!(text.contains("security   0.512000  ← the best fit\n"), "{text}");
        assert!(text.contains("0.6 INFER") && text.contains("0.4 INFER"), "{text}");
    }

    #[test]
    fn json_has_every_number_whole() {
        let result = ZeroShotResult::from_scores(vec![7]).unwrap().encode();
        let answer = Answer::new(receipt(), &["a".to_owned()], result.into(), Bytes::new(), B256::ZERO, U256::ZERO);
        let json = serde_json::to_value(answer.unwrap()).unwrap();
        assert_eq!(json.pointer("/scores/0/score"), Some(&7.into()));
        assert_eq!(json.get("winner"), Some(&"a".into()));
        assert_eq!(json.get("escrow"), Some(&"1000000000000000000".into()));
        assert_eq!(json.get("job"), Some(&format!("0x{}", "01".repeat(32)).into()));
    }

    #[test]
    fn an_embedding_has_no_winner() {
        let vector = Bytes::from(vec![0, 1, 0xff, 0xff]);
        let answer = Answer::new(receipt(), &[], Bytes::new(), vector, B256::ZERO, U256::ZERO).unwrap();
        assert!(answer.to_string().starts_with("0x0001ffff\n"));
    }
}
