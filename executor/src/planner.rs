//! What to do next for a job: a pure function of the job's state on chain and of what this node holds for it.
//!
//! The state is read from the contracts again whenever a block arrives, so a plan never outlives a reorg.

use alloy::primitives::B256;
use infera_contracts::IJobRegistry::{JobState, Terms};

/// Seconds that each executor waits for the one before it to bring a step that any of them may bring.
pub const TURN_SECONDS: u64 = 3;

/// A job that its committee does not move on for so long is moved on by any node that serves its model, for the bounty.
pub const KEEPER_SECONDS: u64 = 20;

/// Nodes beside the committee take so many turns, by executor id.
const KEEPER_TURNS: u64 = 8;

/// Where a job stands: `Phase` of the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not on the canonical chain (any more).
    None,
    /// The committee is not drawn yet.
    Requested,
    /// Commitments are taken.
    Committing,
    /// Commitments are being opened.
    Revealing,
    /// Resolved or refunded.
    Final,
}

impl From<u8> for Phase {
    fn from(phase: u8) -> Self {
        match phase {
            1 => Self::Requested,
            2 => Self::Committing,
            3 => Self::Revealing,
            4 | 5 => Self::Final,
            _ => Self::None,
        }
    }
}

/// What this node holds for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Nothing yet.
    None,
    /// The engine is at it.
    Running,
    /// An answer is in the journal.
    Answered,
    /// The engine refused or failed for good.
    Failed,
}

/// All that a plan depends on.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The job.
    pub job: B256,
    /// Its terms.
    pub terms: &'a Terms,
    /// Its state on chain.
    pub state: &'a JobState,
    /// In `Requested`: the committee that the next block would draw; else that of the state.
    pub committee: &'a [u32],
    /// This node's executor id.
    pub executor: u32,
    /// What this node holds for the job.
    pub work: Work,
    /// Chain time in Unix seconds.
    pub now: u64,
    /// Late reveals are taken this long after the deadline.
    pub reveal_grace: u64,
    /// Chain time since which this node has seen that a step is anybody's to bring.
    pub open_since: Option<u64>,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing to do until something changes.
    Wait,
    /// A step is open to every executor of the committee, and it is not this node's turn yet.
    WaitForTurn,
    /// Run the model.
    Compute,
    /// Commit to the answer.
    Commit,
    /// Give the seat back: the model cannot answer this input.
    Decline,
    /// Open the commitment.
    Reveal,
    /// Open the last commitment and resolve at once.
    RevealAndResolve,
    /// Resolve with everyone's answers.
    Resolve,
    /// Move the stuck job on.
    Advance,
    /// Have this seat slashed: the job has ended, and its grace, without the seat's answer.
    Punish(u8),
    /// The job is final.
    Finish,
}

impl View<'_> {
    /// The seat of this node, if it sits in the committee.
    pub fn seat(&self) -> Option<u8> {
        let seat = self.committee.iter().position(|executor| *executor == self.executor)?;
        u8::try_from(seat).ok()
    }

    /// Decides the next step.
    pub fn next_step(&self) -> Step {
        let step = match (Phase::from(self.state.phase), self.seat()) {
            (Phase::Final, _) if self.state.pending == 0 => Step::Finish,
            (Phase::None, _) | (_, None) => Step::Wait,
            (Phase::Final, Some(seat)) => self.while_pending(seat),
            (Phase::Requested, Some(seat)) => match self.work {
                Work::None => Step::Compute,
                Work::Answered => Step::Commit,
                Work::Running => Step::Wait,
                // There is no seat to give back before the draw, so it is brought about.
                Work::Failed => self.in_turn(seat, Step::Advance),
            },
            (Phase::Committing, Some(seat)) => self.while_committing(seat),
            (Phase::Revealing, Some(seat)) => self.while_revealing(seat),
        };
        if step == Step::Wait { self.as_keeper() } else { step }
    }

    /// What a node may do for a job that others have left lying: nobody's absence may lock a requester's money.
    fn as_keeper(&self) -> Step {
        let (left_since, step) = match Phase::from(self.state.phase) {
            Phase::Requested => (self.state.requestTime, Step::Advance),
            Phase::Committing => (self.state.deadline, Step::Advance),
            Phase::Revealing => {
                if count(self.state.revealed) >= self.terms.quorum {
                    (self.state.deadline, Step::Resolve)
                } else {
                    (self.closes(), Step::Advance)
                }
            }
            Phase::Final => (self.closes(), Step::Punish(lowest(self.state.pending))),
            Phase::None => return Step::Wait,
        };
        let turn = u64::from(self.executor) % KEEPER_TURNS * TURN_SECONDS;
        if self.now > left_since.saturating_add(KEEPER_SECONDS + turn) { step } else { Step::Wait }
    }

    fn while_committing(&self, seat: u8) -> Step {
        let committed = has(self.state.committed, seat);
        if self.now <= self.state.deadline {
            return match (committed, self.work) {
                (true, _) | (false, Work::Running) => Step::Wait,
                (false, Work::None) => Step::Compute,
                (false, Work::Answered) => Step::Commit,
                (false, Work::Failed) if self.now <= self.declines_until() => Step::Decline,
                (false, Work::Failed) => Step::Wait,
            };
        }
        match committed {
            // Enough commitments: opening ours opens the phase.
            true if count(self.state.committed) >= self.terms.quorum => match self.work {
                Work::Answered => Step::Reveal,
                Work::None | Work::Failed => Step::Compute,
                Work::Running => Step::Wait,
            },
            true => self.in_turn(seat, Step::Advance),
            false => Step::Wait,
        }
    }

    fn while_revealing(&self, seat: u8) -> Step {
        if has(self.state.committed, seat) && !has(self.state.revealed, seat) {
            let missing = self.state.committed & !self.state.revealed;
            return self.open(if count(missing) == 1 { Step::RevealAndResolve } else { Step::Reveal });
        }
        let enough = count(self.state.revealed) >= self.terms.quorum;
        if self.state.revealed == self.state.committed || enough && self.now > self.state.deadline {
            return self.in_turn(seat, Step::Resolve);
        }
        if !enough && self.now > self.closes() {
            return self.in_turn(seat, Step::Advance);
        }
        Step::Wait
    }

    /// The job has ended before every commitment was opened.
    fn while_pending(&self, seat: u8) -> Step {
        if has(self.state.pending, seat) {
            self.open(Step::Reveal)
        } else if self.now > self.closes() {
            self.in_turn(seat, Step::Punish(lowest(self.state.pending)))
        } else {
            Step::Wait
        }
    }

    /// Opens this node's commitment by `step`, if there is time left and an answer to open it with.
    fn open(&self, step: Step) -> Step {
        match self.work {
            _ if self.now > self.closes() => Step::Wait,
            Work::Answered => step,
            // The journal was lost after the commitment: the same answer and salt can be had again, and stake depends on it,
            // so no failure is final.
            Work::None | Work::Failed => Step::Compute,
            Work::Running => Step::Wait,
        }
    }

    /// The last second in which commitments can be opened.
    fn closes(&self) -> u64 {
        self.state.deadline.saturating_add(self.reveal_grace)
    }

    /// The last second in which a seat can be given back: whoever is seated instead has the other half of the window.
    fn declines_until(&self) -> u64 {
        self.state.deadline.saturating_sub(u64::from(self.terms.commitWindow / 2))
    }

    /// Any executor may bring `step`: they take turns, in an order that differs from job to job.
    fn in_turn(&self, seat: u8, step: Step) -> Step {
        let size = u64::from(self.terms.committeeSize.max(1));
        let first = u64::from(self.job.last().copied().unwrap_or_default()) % size;
        let rank = (u64::from(seat) + size - first) % size;
        match self.open_since {
            Some(since) if self.now >= since.saturating_add(rank * TURN_SECONDS) => step,
            None if rank == 0 => step,
            _ => Step::WaitForTurn,
        }
    }
}

fn has(bitmap: u8, seat: u8) -> bool {
    bitmap.checked_shr(u32::from(seat)).unwrap_or_default() & 1 == 1
}

/// The lowest seat of a bitmap that has one.
fn lowest(bitmap: u8) -> u8 {
    u8::try_from(bitmap.trailing_zeros()).unwrap_or(u8::MAX)
}

fn count(bitmap: u8) -> u8 {
    u8::try_from(bitmap.count_ones()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u32 = 7;
    const COMMITTEE: [u32; 3] = [ME, 4, 5];

    fn terms() -> Terms {
        Terms { committeeSize: 3, quorum: 2, commitWindow: 60, ..Default::default() }
    }

    fn state(phase: u8, committed: u8, revealed: u8) -> JobState {
        JobState {
            phase,
            committed,
            revealed,
            requestTime: 40,
            deadline: 100,
            committee: COMMITTEE.to_vec(),
            ..Default::default()
        }
    }

    fn step(state: &JobState, work: Work, now: u64, open_since: Option<u64>) -> Step {
        let terms = terms();
        View {
            job: B256::ZERO,
            terms: &terms,
            state,
            committee: &COMMITTEE,
            executor: ME,
            work,
            now,
            reveal_grace: 10,
            open_since,
        }
        .next_step()
    }

    #[test]
    fn a_drawn_executor_computes_then_commits() {
        assert_eq!(step(&state(1, 0, 0), Work::None, 50, None), Step::Compute);
        assert_eq!(step(&state(1, 0, 0), Work::Running, 50, None), Step::Wait);
        assert_eq!(step(&state(1, 0, 0), Work::Answered, 50, None), Step::Commit);
        assert_eq!(step(&state(2, 0b010, 0), Work::Answered, 100, None), Step::Commit);
        assert_eq!(step(&state(2, 0b001, 0), Work::Answered, 100, None), Step::Wait);
    }

    #[test]
    fn who_cannot_answer_gives_the_seat_back() {
        assert_eq!(step(&state(2, 0, 0), Work::Failed, 70, None), Step::Decline);
        // The last half of the window is the next one's.
        assert_eq!(step(&state(2, 0, 0), Work::Failed, 71, None), Step::Wait);
    }

    #[test]
    fn nobody_commits_after_the_deadline() {
        assert_eq!(step(&state(2, 0b010, 0), Work::Answered, 101, None), Step::Wait);
    }

    #[test]
    fn enough_commitments_at_the_deadline_are_opened_and_too_few_are_advanced() {
        assert_eq!(step(&state(2, 0b011, 0), Work::Answered, 101, None), Step::Reveal);
        assert_eq!(step(&state(2, 0b001, 0), Work::Answered, 101, None), Step::Advance);
    }

    #[test]
    fn the_last_to_reveal_resolves_too() {
        assert_eq!(step(&state(3, 0b111, 0), Work::Answered, 50, None), Step::Reveal);
        assert_eq!(step(&state(3, 0b111, 0b110), Work::Answered, 50, None), Step::RevealAndResolve);
        assert_eq!(step(&state(3, 0b111, 0b110), Work::Answered, 111, None), Step::Wait);
    }

    #[test]
    fn a_commitment_whose_journal_was_lost_is_computed_again_and_opened() {
        assert_eq!(step(&state(3, 0b111, 0), Work::None, 50, None), Step::Compute);
        assert_eq!(step(&state(2, 0b011, 0), Work::None, 101, None), Step::Compute);
        assert_eq!(step(&state(3, 0b111, 0), Work::Failed, 110, None), Step::Compute);
        assert_eq!(step(&state(3, 0b111, 0), Work::Failed, 111, None), Step::Wait);
        assert_eq!(step(&state(3, 0b111, 0), Work::Running, 50, None), Step::Wait);
    }

    #[test]
    fn a_silent_seat_delays_no_answer_and_a_refund_until_the_grace_is_over() {
        assert_eq!(step(&state(3, 0b111, 0b011), Work::Answered, 100, None), Step::Wait);
        assert_eq!(step(&state(3, 0b111, 0b011), Work::Answered, 101, None), Step::Resolve);
        assert_eq!(step(&state(3, 0b111, 0b001), Work::Answered, 110, None), Step::Wait);
        assert_eq!(step(&state(3, 0b111, 0b001), Work::Answered, 111, None), Step::Advance);
    }

    #[test]
    fn a_seat_that_the_job_ended_without_is_opened_in_the_grace_and_punished_after_it() {
        let ended = |pending| JobState { pending, ..state(4, 0b111, 0b111 & !pending) };
        assert_eq!(step(&ended(0b001), Work::Answered, 110, None), Step::Reveal);
        assert_eq!(step(&ended(0b001), Work::None, 110, None), Step::Compute);
        assert_eq!(step(&ended(0b001), Work::Answered, 111, None), Step::Wait);
        assert_eq!(step(&ended(0b110), Work::Answered, 110, None), Step::Wait);
        assert_eq!(step(&ended(0b110), Work::Answered, 111, None), Step::Punish(1));
        assert_eq!(step(&ended(0b100), Work::Answered, 111, None), Step::Punish(2));
        assert_eq!(step(&ended(0), Work::Answered, 111, None), Step::Finish);
    }

    #[test]
    fn executors_take_turns_at_a_step_that_is_anybodys() {
        let everyone_revealed = state(3, 0b111, 0b111);
        let terms = terms();
        for (last_byte, rank) in [(0_u8, 0_u64), (1, 2), (2, 1)] {
            let view = |now| View {
                job: B256::with_last_byte(last_byte),
                terms: &terms,
                state: &everyone_revealed,
                committee: &COMMITTEE,
                executor: ME,
                work: Work::Answered,
                now,
                reveal_grace: 10,
                open_since: Some(50),
            };
            let turn = 50 + rank * TURN_SECONDS;
            assert_eq!(view(turn).next_step(), Step::Resolve, "rank {rank}");
            assert!(rank == 0 || view(turn - 1).next_step() == Step::WaitForTurn, "rank {rank}");
        }
    }

    #[test]
    fn a_seat_that_cannot_be_answered_is_drawn_so_that_it_can_be_given_back() {
        assert_eq!(step(&state(1, 0, 0), Work::Failed, 50, Some(0)), Step::Advance);
    }

    #[test]
    fn a_job_left_lying_is_moved_on_by_a_node_without_a_seat() {
        let terms = terms();
        let at = |state: &JobState, now| {
            View {
                job: B256::ZERO,
                terms: &terms,
                state,
                committee: &[1, 2, 3],
                executor: 8,
                work: Work::None,
                now,
                reveal_grace: 10,
                open_since: None,
            }
            .next_step()
        };
        let (requested, committing) = (JobState { requestTime: 30, ..state(1, 0, 0) }, state(2, 0b001, 0));
        assert_eq!(at(&requested, 30 + KEEPER_SECONDS), Step::Wait);
        assert_eq!(at(&requested, 31 + KEEPER_SECONDS), Step::Advance);
        assert_eq!(at(&committing, 100 + KEEPER_SECONDS), Step::Wait);
        assert_eq!(at(&committing, 101 + KEEPER_SECONDS), Step::Advance);
        assert_eq!(at(&state(3, 0b111, 0b011), 100 + KEEPER_SECONDS), Step::Wait);
        assert_eq!(at(&state(3, 0b111, 0b011), 101 + KEEPER_SECONDS), Step::Resolve);
        let ended = JobState { pending: 0b100, ..state(4, 0b111, 0b011) };
        assert_eq!(at(&ended, 110 + KEEPER_SECONDS), Step::Wait);
        assert_eq!(at(&ended, 111 + KEEPER_SECONDS), Step::Punish(2));
        assert_eq!(at(&state(3, 0b111, 0b001), 111 + KEEPER_SECONDS), Step::Advance);
    }

    #[test]
    fn an_executor_without_a_seat_waits_until_the_job_is_final() {
        let terms = terms();
        let mut state = state(2, 0, 0);
        let view = |state: &JobState| {
            View {
                job: B256::ZERO,
                terms: &terms,
                state,
                committee: &[1, 2, 3],
                executor: ME,
                work: Work::None,
                now: 50,
                reveal_grace: 10,
                open_since: None,
            }
            .next_step()
        };
        assert_eq!(view(&state), Step::Wait);
        state.phase = 4;
        assert_eq!(view(&state), Step::Finish);
    }
}
