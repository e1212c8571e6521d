//! Opening a commitment: with the answer, or by the seat that has sent the same one; the last opening with the resolution.

use std::collections::BTreeMap;

use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolCall,
};
use infera_contracts::IJobRegistry::{Answer, JobState, revealAndResolveCall, revealCall, revealSameCall};
use infera_sdk::RevealedAnswer;

use super::{ChainTime, Driver, passing};
use crate::{
    Result,
    broadcast::Purpose,
    journal::{JobRecord, StoredAnswer},
    outbox::Submission,
};

impl Driver {
    /// Opens this node's commitment; an answer that another seat has sent is not sent again.
    pub(super) async fn reveal(
        &mut self,
        job: &JobRecord,
        answer: StoredAnswer,
        state: &JobState,
        seat: Option<u8>,
        time: ChainTime,
    ) -> Result<()> {
        let Some(seat) = seat else { return Ok(()) };
        let salt = self.salt_secret.salt(job.id);
        let call = match self.same_as(job.id, state, &answer).await? {
            Some(same_as) => revealSameCall {
                jobId: job.id,
                seat,
                sameAs: same_as,
                resultHash: keccak256(&answer.result),
                vectorHash: keccak256(&answer.vector),
                salt,
            }
            .abi_encode(),
            None => {
                let (result, vector) = (answer.result.into(), answer.vector.into());
                revealCall { jobId: job.id, seat, result, vector, salt }.abi_encode()
            }
        };
        self.submit(job, Purpose::Reveal, call, time).await
    }

    /// A seat that has revealed this answer. None if there is none, or it is not known: sending the answer always works.
    async fn same_as(&self, job: B256, state: &JobState, answer: &StoredAnswer) -> Result<Option<u8>> {
        if state.revealed == 0 {
            return Ok(None);
        }
        match self.revealed(job, state).await {
            Ok(revealed) => Ok(revealed.into_iter().find(|(_, other)| is_same(other, answer)).map(|(seat, _)| seat)),
            Err(error) => {
                passing(error, &format!("job {job} is opened without a look at the other answers"))?;
                Ok(None)
            }
        }
    }

    /// Opens the last commitment and resolves at once. False if that cannot be sent.
    pub(super) async fn reveal_and_resolve(
        &mut self,
        job: &JobRecord,
        answer: &StoredAnswer,
        state: &JobState,
        seat: Option<u8>,
        time: ChainTime,
    ) -> Result<bool> {
        let Some(seat) = seat else { return Ok(false) };
        let mut revealed = match self.revealed(job.id, state).await {
            Ok(revealed) => revealed,
            Err(error) => {
                passing(error, &format!("job {} is opened without its resolution", job.id))?;
                return Ok(false);
            }
        };
        // Where another seat has sent the same answer, it is under that seat that the resolution has it.
        let same_as = revealed.iter().find(|(_, other)| is_same(other, answer)).map_or(seat, |(other, _)| *other);
        let own = RevealedAnswer { result: answer.result.clone().into(), vector: answer.vector.clone().into() };
        revealed.insert(seat, own.clone());
        let mut answers = each_once(revealed);
        let position = answers.iter().position(|other| other.result == own.result && other.vector == own.vector);
        let Some(position) = position else { return Ok(false) };
        if let Some(own) = answers.get_mut(position) {
            own.seat = same_as;
        }
        let call = revealAndResolveCall {
            terms: job.terms.clone(),
            seat,
            salt: self.salt_secret.salt(job.id),
            position: U256::from(position),
            answers,
        };
        let submission = self.outbox.submit(job.id, Purpose::Reveal, call.abi_encode().into(), time.now).await?;
        let is_refused = matches!(submission, Submission::Refused(_));
        self.report(job.id, Purpose::Reveal, submission);
        Ok(!is_refused)
    }

    /// The answers that were revealed on time, by seat.
    pub(super) async fn revealed(&self, job: B256, state: &JobState) -> Result<BTreeMap<u8, RevealedAnswer>> {
        let mut answers = self.client.answers(job).await?;
        answers.retain(|seat, _| state.revealed >> seat & 1 == 1);
        Ok(answers)
    }
}

fn is_same(revealed: &RevealedAnswer, answer: &StoredAnswer) -> bool {
    *revealed.result == *answer.result && *revealed.vector == *answer.vector
}

/// Every answer once, under the lowest seat that gave it: as a resolution takes them.
pub(super) fn each_once(revealed: BTreeMap<u8, RevealedAnswer>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for (seat, RevealedAnswer { result, vector }) in revealed {
        if !answers.iter().any(|answer| answer.result == result && answer.vector == vector) {
            answers.push(Answer { seat, result, vector });
        }
    }
    answers
}
