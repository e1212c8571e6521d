//! The comparison of the answers, and what follows from it.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256, keccak256};
use infera_contracts::IJobRegistry::{self, Answer, Terms, revealAndResolveCall};
use infera_protocol::{commitment::reveal_hash, comparison};

use super::{
    Model,
    job::{CallbackStatus, Phase, RefundReason, bit, has, seats_of},
    outcome::{Refusal, Result, ensure},
};

impl Model {
    pub(super) fn reveal_and_resolve(&mut self, from: Address, call: &revealAndResolveCall) -> Result<()> {
        let (id, seat) = (self.id_of(&call.terms), call.seat);
        let own = usize::try_from(call.position).ok().and_then(|position| call.answers.get(position));
        let Some(own) = own else { return Err(Refusal::of(IJobRegistry::AnswerMismatch { jobId: id, seat })) };
        let (result_hash, vector_hash) = self.hashes_of(&own.result, &own.vector)?;
        let executorId = self.open(id, seat, result_hash, vector_hash, call.salt)?;
        if own.seat == seat {
            let (result, vector) = (own.result.clone(), own.vector.clone());
            self.emit_job(IJobRegistry::Revealed { jobId: id, executorId, seat, result, vector });
        } else {
            self.emit_job(IJobRegistry::RevealedSame { jobId: id, executorId, seat, sameAs: own.seat });
        }
        self.resolve(from, &call.terms, &call.answers)
    }

    pub(super) fn resolve(&mut self, from: Address, terms: &Terms, answers: &[Answer]) -> Result<()> {
        let id = self.id_of(terms);
        let job = self.job(id);
        let phase = job.phase;
        ensure(phase == Phase::Revealing, || IJobRegistry::WrongPhase { jobId: id, phase: phase as u8 })?;
        let complete = job.revealed == job.committed;
        let not_before = |time: u64| IJobRegistry::NotBefore { jobId: id, time: U256::from(time) };
        ensure(complete || self.time > job.deadline, || not_before(job.deadline))?;
        let enough = job.revealed.count_ones() >= u32::from(terms.quorum);
        ensure(enough, || IJobRegistry::MissingAnswers { jobId: id, seats: job.revealed })?;

        let given = self.answers_by_seat(id, answers)?;
        let by_seat: Vec<_> = given
            .values()
            .map(|answer| comparison::Answer { result: &answer.result, vector: &answer.vector })
            .collect();
        let cluster = comparison::cluster(&self.config.profile, &by_seat);
        let cluster = cluster.filter(|cluster| cluster.size() >= usize::from(terms.quorum));
        let Some(cluster) = cluster else {
            let end = self.end_of_grace(id);
            ensure(complete || self.time > end, || not_before(end))?;
            self.refund(from, id, terms, RefundReason::NoAgreement, true);
            return Ok(());
        };

        let seats: Vec<u8> = given.keys().copied().collect();
        let centre = seats[cluster.centre];
        let winner = given[&centre].clone();
        let agreeing = cluster.members.iter().fold(0, |agreeing, member| agreeing | bit(seats[*member]));
        let calls_back = !terms.callbackTarget.is_zero();
        let job = self.job_mut(id);
        job.end(Phase::Resolved, centre);
        job.agreeing = agreeing;
        if calls_back {
            job.callback = CallbackStatus::Delivered;
        }
        let royalty = (self.config.royalty_receiver, self.config.royalty_bps);
        let refund = self.close(from, id, terms, Some(royalty), true);
        self.emit_job(IJobRegistry::JobResolved {
            jobId: id,
            centre,
            agreeing,
            resultHash: keccak256(&winner.result),
            vectorHash: keccak256(&winner.vector),
            refund: U256::from(refund),
        });
        if calls_back {
            self.call_back(id, terms);
        }
        Ok(())
    }

    /// The answer of every revealed seat: each answer is sent once, as it was revealed, in ascending order of the lowest seats
    /// that gave it.
    fn answers_by_seat<'a>(&mut self, id: B256, answers: &'a [Answer]) -> Result<BTreeMap<u8, &'a Answer>> {
        let job = self.job_mut(id);
        let mut left = job.revealed;
        let mut by_seat = BTreeMap::new();
        for answer in answers {
            let hash = reveal_hash(keccak256(&answer.result), keccak256(&answer.vector));
            let seat = answer.seat;
            let mismatch = || IJobRegistry::AnswerMismatch { jobId: id, seat };
            ensure(has(left, seat) && job.seats[usize::from(seat)] == hash, mismatch)?;
            let lowest_left = left.trailing_zeros() as u8;
            let givers: Vec<u8> = seats_of(left).filter(|giver| job.seats[usize::from(*giver)] == hash).collect();
            if let [_, others @ ..] = &givers[..]
                && answers.len() == 1
            {
                // One record of the one answer is enough.
                others.iter().for_each(|other| job.seats[usize::from(*other)] = B256::ZERO);
            }
            ensure(givers.contains(&lowest_left), mismatch)?;
            for giver in givers {
                left &= !bit(giver);
                by_seat.insert(giver, answer);
            }
        }
        ensure(left == 0, || IJobRegistry::MissingAnswers { jobId: id, seats: left })?;
        Ok(by_seat)
    }
}
