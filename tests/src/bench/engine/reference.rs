//! Python's sentence-transformers with the same model, in a child process.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result};
use serde::{Deserialize, de::DeserializeOwned};

/// What the child runs.
const SCRIPT: &str = include_str!("reference.py");

/// A running child. It ends with its standard input, and so with this process.
pub(super) struct Reference {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    versions: String,
}

#[derive(Deserialize)]
struct Ready {
    versions: String,
}

#[derive(Deserialize)]
struct Answer {
    nanoseconds: Vec<f64>,
    vector: Vec<f32>,
}

impl Reference {
    /// Starts `python` and waits until it has loaded the model.
    pub(super) fn start(python: &Path, model_directory: &Path) -> Result<Self> {
        let mut child = Command::new(python)
            // Warnings nobody reads would fill the pipe.
            .args(["-W", "ignore", "-c", SCRIPT])
            .arg(model_directory)
            // One thread, and nothing that looks elsewhere for a model or a device.
            .envs([("OMP_NUM_THREADS", "1"), ("MKL_NUM_THREADS", "1"), ("TOKENIZERS_PARALLELISM", "false")])
            .envs([("HF_HUB_OFFLINE", "1"), ("CUDA_VISIBLE_DEVICES", "")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", python.display()))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (requests, answers) = pipes.context("the child has no pipes")?;
        let mut reference = Self { child, requests, answers: BufReader::new(answers), versions: String::new() };
        let ready: Ready = reference.answer()?;
        reference.versions = ready.versions;
        Ok(reference)
    }

    /// What it runs, in words.
    pub(super) fn versions(&self) -> &str {
        &self.versions
    }

    /// Embeds a text so many times, one after the other; returns the milliseconds of each call and the last vector.
    pub(super) fn embed(&mut self, text: &str, calls: usize) -> Result<(Vec<f64>, Vec<f32>)> {
        let request = serde_json::json!({ "text": text, "calls": calls });
        writeln!(self.requests, "{request}").context("asking sentence-transformers")?;
        let Answer { nanoseconds, vector } = self.answer()?;
        Ok((nanoseconds.iter().map(|nanoseconds| nanoseconds / 1e6).collect(), vector))
    }

    fn answer<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line).context("reading what sentence-transformers says")?;
        serde_json::from_str(&line).with_context(|| self.last_words())
    }

    /// The last line of the child's errors, once it says nothing useful any more.
    fn last_words(&mut self) -> String {
        // An error leaves nothing to do: it has ended already, or ends now.
        let _ = self.child.kill();
        let lines = self.child.stderr.take().map(|errors| BufReader::new(errors).lines().map_while(Result::ok));
        let last = lines.and_then(|lines| lines.filter(|line| !line.trim().is_empty()).last());
        last.unwrap_or_else(|| "it ended without a word".to_owned())
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
