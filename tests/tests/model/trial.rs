//! Runs a sequence on the model and on the contracts, and compares.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
};

use alloy::{
    primitives::Log,
    sol_types::{SolEventInterface, SolInterface},
};
use infera_contracts::{
    ICalibrationList::ICalibrationListEvents,
    ICourt::ICourtEvents,
    IExecutorRegistry::IExecutorRegistryEvents,
    IJobDesk::{IJobDeskErrors, IJobDeskEvents},
    IJobRegistry::IJobRegistryEvents,
    IPolicyRegistry::{IPolicyRegistryErrors, IPolicyRegistryEvents},
    ISingleJobRegistry::{ISingleJobRegistryErrors, ISingleJobRegistryEvents},
    ISortition::ISortitionEvents,
    IStaking::IStakingEvents,
    decode_revert,
};

use crate::{
    milestones::milestone,
    model::{Event, IVifs, Mutation, Outcome, Refusal, Verdict},
    operation::Operation,
    stage::Stage,
    views,
};

/// How often views are compared; results always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Views {
    /// All after every [`WHOLE_EVERY`] steps and after the last; the newest job's after each.
    Often,
    /// All after the last step.
    Last,
}

const WHOLE_EVERY: usize = 12;

/// Where model and contracts part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) step: usize,
    operation: Operation,
    what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "step {} is told differently: {:?}", self.step, self.operation)?;
        formatter.write_str(&self.what)
    }
}

/// How often what came of the steps: the names of events, errors and milestones.
pub(crate) type Seen = BTreeMap<String, usize>;

/// Runs a sequence from the stage's start. Counts what happened in `seen`.
pub(crate) fn run(
    stage: &Stage,
    operations: &[Operation],
    mutation: Option<Mutation>,
    views: Views,
    seen: &mut Seen,
) -> Result<(), Difference> {
    let (mut model, mut script) = stage.reset();
    model.mutate(mutation);
    let devnet = &stage.network.chain.devnet;
    // Of the latest block.
    let (mut number, mut now) = (devnet.head().number, stage.network.chain.now());
    let mut next = now;
    for (step, operation) in operations.iter().enumerate() {
        let differs = |what: String| Difference { step, operation: operation.clone(), what };
        match operation {
            Operation::Wait(moment) => {
                next = script.time(&model, *moment);
                continue;
            }
            Operation::Mine { blocks } => {
                for _ in 0..*blocks {
                    devnet.mine(1).unwrap();
                    let head = devnet.head();
                    model.learn_hash(head.number, head.hash);
                }
                (number, now) = (devnet.head().number, stage.network.chain.now());
            }
            Operation::Recode { target, code } => {
                stage.recode(script.target(*target), *code);
                model.codes.insert(script.target(*target), *code);
            }
            _ => {
                (number, now) = (number + 1, next.max(now + 1));
                model.begin(number, now);
                let transaction = script.transaction(&model, operation);
                let milestone = milestone(&model, &transaction);
                // A sum that overflows in the model is a difference too, and shrinks like one.
                let Ok(ours) = catch_unwind(AssertUnwindSafe(|| model.run(&transaction))) else {
                    return Err(differs("  the model panics\n".to_owned()));
                };
                let sent = stage.send(&transaction, transaction.call.to(&model.config), now);
                assert_eq!((sent.number, sent.time), (number, now), "the chain's block isn't the next one");
                let head = devnet.head();
                model.learn_hash(head.number, head.hash);
                note(seen, &sent.result);
                if let (Ok(_), Some(milestone)) = (&sent.result, milestone) {
                    *seen.entry(milestone.to_owned()).or_default() += 1;
                }
                if ours != sent.result {
                    return Err(differs(format!("  model:\n{}  contracts:\n{}", told(&ours), told(&sent.result))));
                }
                if let Ok(outcome) = &ours {
                    script.learn(outcome);
                    script.learn_of_singles(&model, outcome);
                }
            }
        }
        model.begin(number, now);
        if views == Views::Often {
            let whole = step % WHOLE_EVERY == WHOLE_EVERY - 1;
            let compared = if whole { views::differences } else { views::newest_differences };
            none_of(compared(stage, &model, &script)).map_err(differs)?;
        }
    }
    let Some(operation) = operations.last() else { return Ok(()) };
    none_of(views::differences(stage, &model, &script)).map_err(|what| Difference {
        step: operations.len() - 1,
        operation: operation.clone(),
        what,
    })
}

fn none_of(differences: Vec<String>) -> Result<(), String> {
    if differences.is_empty() { Ok(()) } else { Err(format!("  {}\n", differences.join("\n  "))) }
}

fn told(result: &Result<Outcome, Refusal>) -> String {
    match result {
        Ok(Outcome { events, output }) => {
            let mut text = String::new();
            for event in events {
                writeln!(text, "    {} of {}", event_in_words(event), event.from).unwrap();
            }
            writeln!(text, "    returns {output}").unwrap();
            text
        }
        Err(refusal) => format!("    reverts: {}\n", refusal_in_words(refusal)),
    }
}

fn refusal_in_words(Refusal(data): &Refusal) -> String {
    if let Ok(error) = IPolicyRegistryErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = IJobDeskErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = ISingleJobRegistryErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = IVifs::IVifsErrors::abi_decode(data) {
        format!("{error:?}")
    } else {
        decode_revert(data).to_string()
    }
}

fn event_in_words(event: &Event) -> String {
    let log = Log { address: event.from, data: event.data.clone() };
    if let Ok(event) = IJobRegistryEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = IStakingEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = IExecutorRegistryEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = IPolicyRegistryEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = ISortitionEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(Log { data: ICourtEvents::Decided(event), .. }) = ICourtEvents::decode_log(&log) {
        format!("{:?}: {event:?}", Verdict::numbered(event.verdict))
    } else if let Ok(event) = ICourtEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = IJobDeskEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = ICalibrationListEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = ISingleJobRegistryEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else if let Ok(event) = IVifs::IVifsEvents::decode_log(&log) {
        format!("{:?}", event.data)
    } else {
        format!("{event:?}")
    }
}

fn note(seen: &mut Seen, result: &Result<Outcome, Refusal>) {
    let mut count = |text: String| {
        let name = text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        *seen.entry(name.to_owned()).or_default() += 1;
    };
    match result {
        Ok(outcome) => outcome.events.iter().for_each(|event| count(event_in_words(event))),
        Err(refusal) => count(refusal_in_words(refusal)),
    }
}
