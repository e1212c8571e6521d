//! Latency of one embedding on one thread, beside Python's sentence-transformers and beside what the machine could do.

mod floor;
pub mod python;
mod reference;

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use infera_engine::{Engine, EngineConfig};
use infera_protocol::{
    engine::{InferenceEngine, InferenceOutput, InferenceRequest},
    task::Task,
};

use crate::{
    bench::{Cell, Progress, Row, Statistics, Table, Unit},
    places::model_directory,
};
use floor::Floor;
use python::Python;
use reference::Reference;

/// The table's name.
pub const NAME: &str = "engine";

/// Tokens of the texts, the two special ones included. The model takes 256 at most.
const LENGTHS: [usize; 3] = [16, 64, 256];
/// Special tokens around every text.
const SPECIAL_TOKENS: usize = 2;
/// Calls of each side for a text in a round; the round's figure is their median.
const CALLS: usize = 20;
/// Calls of each side for a text before the first round.
const WARM_UP_CALLS: usize = 3;
/// Largest 1 − cos between the two sides' vectors: ours is rounded to int16, 1e-9 at most.
const MOST_DISTANCE: f64 = 1e-7;

/// Words of one token each.
const WORDS: &str =
    "the treasury pays for an audit of the bridge before the next upgrade and all who hold a stake read what was found";

/// What was measured for one text.
struct Measured {
    tokens: usize,
    /// Milliseconds of each round.
    ours: Vec<f64>,
    /// The same of sentence-transformers; empty without it.
    theirs: Vec<f64>,
    floor: f64,
}

/// Measures in `rounds` rounds, in each of which both sides embed every text, one text at a time. Blocks.
///
/// # Errors
/// If the model can't be loaded, or the two sides compute different vectors. A Python that does not run is no error: the
/// table says why there are no figures.
pub fn table(rounds: usize, python: &Python, progress: Progress<'_>) -> Result<Table> {
    let directory = model_directory()?;
    progress("loading the model");
    let engine = Engine::load(EngineConfig::new(&directory)).context("loading the model")?;
    let mut reference = python.start(|program| Reference::start(program, &directory));
    progress("measuring what the processor can do");
    let floor = Floor::measure(&directory)?;
    let texts: Vec<(usize, String)> = LENGTHS.into_iter().map(|length| (length, text_of(length))).collect();

    let mut measured = Vec::new();
    for (length, text) in &texts {
        let (_, ours) = embed(&engine, text, *length, WARM_UP_CALLS)?;
        if let Ok(reference) = &mut reference {
            let (_, theirs) = reference.embed(text, WARM_UP_CALLS)?;
            let distance = cosine_distance(ours.vector.elements(), &theirs);
            ensure!(
                distance < MOST_DISTANCE,
                "for {length} tokens the vectors differ by {distance:e} (1 - cos): the two sides do not compute the same"
            );
        }
        let floor = floor.milliseconds(*length);
        measured.push(Measured { tokens: *length, ours: Vec::new(), theirs: Vec::new(), floor });
    }
    for round in 1..=rounds {
        progress(&format!("round {round} of {rounds}"));
        for ((length, text), measured) in texts.iter().zip(&mut measured) {
            let mut ours = || -> Result<()> {
                measured.ours.push(median_of(&embed(&engine, text, *length, CALLS)?.0)?);
                Ok(())
            };
            let mut theirs = || -> Result<()> {
                if let Ok(reference) = &mut reference {
                    measured.theirs.push(median_of(&reference.embed(text, CALLS)?.0)?);
                }
                Ok(())
            };
            // Who begins alternates, so that neither side always finds the caches warm.
            if round % 2 == 1 {
                ours()?;
                theirs()?;
            } else {
                theirs()?;
                ours()?;
            }
        }
    }
    Ok(table_of(&measured, reference.map(|reference| reference.versions().to_owned()), &floor))
}

fn table_of(measured: &[Measured], versions: Result<String, String>, floor: &Floor) -> Table {
    let why_not = versions.as_ref().err().cloned().unwrap_or_default();
    let rows = measured.iter().map(|text| Row {
        name: format!("{} tokens", text.tokens),
        cells: vec![
            Cell::spread(&text.ours, Unit::Milliseconds, "no rounds"),
            Cell::spread(&text.theirs, Unit::Milliseconds, &why_not),
            Statistics::of_ratios(&text.theirs, &text.ours)
                .map_or(Cell::Nothing, |ratios| Cell::Spread(ratios, Unit::Ratio)),
            Cell::Figure(text.floor, Unit::Milliseconds),
        ],
    });
    let mut notes = vec![format!(
        "One text at a time on one thread, from text to vector. A round's figure is the median of {CALLS} calls; shown are \
         the median and the 10th to 90th percentile of the rounds."
    )];
    if let Ok(versions) = versions {
        notes.push(format!(
            "The rounds of the two sides alternate, and a ratio is of the same round: above 1, Infera is faster. Both \
             compute the same vectors (1 − cos below {MOST_DISTANCE:e}, checked at each run). Python runs {versions}."
        ));
    }
    Table {
        name: NAME,
        subject: "text",
        columns: vec!["Infera", "sentence-transformers", "how many times ours", "floor"],
        rows: rows.collect(),
        bound: floor.in_words(),
        notes,
    }
}

/// A text of so many tokens.
fn text_of(tokens: usize) -> String {
    WORDS.split(' ').cycle().take(tokens - SPECIAL_TOKENS).collect::<Vec<_>>().join(" ")
}

/// Embeds a text so many times, one after the other; returns the milliseconds of each call and the last answer.
fn embed(engine: &Engine, text: &str, tokens: usize, calls: usize) -> Result<(Vec<f64>, InferenceOutput)> {
    let request = InferenceRequest {
        model: engine.identity(),
        task: Task::Embedding,
        input: text.as_bytes().to_vec(),
        parameters: Vec::new(),
        max_units: u32::MAX,
    };
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..calls {
        let (took, output) = timed(engine, request.clone())?;
        ensure!(output.units as usize == tokens, "the text of {tokens} tokens has {}", output.units);
        times.push(took.as_secs_f64() * 1e3);
        last = Some(output);
    }
    Ok((times, last.context("no call was made")?))
}

/// The engine as a node has it: a request to its thread, an answer from there.
fn timed(engine: &Engine, request: InferenceRequest) -> Result<(Duration, InferenceOutput)> {
    let (sender, answer) = mpsc::sync_channel(1);
    let start = Instant::now();
    engine.infer(
        request,
        Box::new(move |outcome| {
            // Received below.
            let _ = sender.send(outcome);
        }),
    );
    let outcome = answer.recv().context("the engine ended")?;
    Ok((start.elapsed(), outcome.context("embedding a text")?))
}

fn median_of(samples: &[f64]) -> Result<f64> {
    Ok(Statistics::of(samples).context("no call was made")?.median)
}

/// 1 − cos, in double precision.
fn cosine_distance(ours: &[i16], theirs: &[f32]) -> f64 {
    if ours.len() != theirs.len() {
        return f64::INFINITY;
    }
    let (mut product, mut our_square, mut their_square) = (0.0, 0.0, 0.0);
    for (ours, theirs) in ours.iter().zip(theirs) {
        let (ours, theirs) = (f64::from(*ours), f64::from(*theirs));
        product += ours * theirs;
        our_square += ours * ours;
        their_square += theirs * theirs;
    }
    1.0 - product / (our_square.sqrt() * their_square.sqrt())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;

    fn engine() -> Engine {
        Engine::load(EngineConfig::new(model_directory().unwrap())).unwrap()
    }

    #[test]
    fn the_texts_have_the_lengths_that_they_are_named_after() {
        let engine = engine();
        for length in LENGTHS {
            let (times, output) = embed(&engine, &text_of(length), length, 2).unwrap();
            assert_eq!((times.len(), output.units as usize), (2, length));
        }
    }

    #[test]
    fn vectors_of_another_model_are_told_apart() {
        assert!(cosine_distance(&[3, 4], &[0.6, 0.8]) < 1e-7);
        assert!(cosine_distance(&[3, 4], &[0.8, 0.6]) > MOST_DISTANCE);
        assert_eq!(cosine_distance(&[3, 4], &[0.6]), f64::INFINITY);
    }

    #[test]
    fn without_python_the_table_says_why_and_keeps_our_figures() {
        let python = Python::Missing("no Python here".to_owned());
        let table = table(1, &python, &|_| {}).unwrap();
        assert_eq!(table.rows.len(), LENGTHS.len());
        for row in &table.rows {
            let [Cell::Spread(ours, _), Cell::NotMeasured(reason), Cell::Nothing, Cell::Figure(floor, _)] =
                &row.cells[..]
            else {
                panic!("{row:?}")
            };
            assert_eq!(reason, "no Python here");
            assert!(ours.median > 0.0 && *floor > 0.0, "{row:?}");
        }
    }
}
