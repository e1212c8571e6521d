//! What is asked: a text, and the labels to choose from.

use std::path::PathBuf;

use alloy::primitives::Bytes;
use anyhow::{Context as _, bail, ensure};
use infera_protocol::{output::ZeroShotParameters, task::Task};

/// Most tokens that a model puts around a text: two special ones, and those of a label's template.
const TOKENS_AROUND_A_TEXT: usize = 32;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Question {
    #[command(flatten)]
    input: InputArguments,

    /// A label that the text may get, in words; give one --label each. None asks for the text's embedding
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
}

#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
struct InputArguments {
    /// The text
    #[arg(long)]
    text: Option<String>,

    /// File that holds the text
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
}

impl Question {
    pub(super) fn input(&self) -> anyhow::Result<Bytes> {
        let text = match (&self.input.text, &self.input.input_file) {
            (Some(text), _) => text.clone(),
            (None, Some(path)) => {
                std::fs::read_to_string(path).with_context(|| format!("cannot read the text in {}", path.display()))?
            }
            (None, None) => String::new(),
        };
        ensure!(!text.trim().is_empty(), "the text is empty: pass one with --text or --input-file");
        Ok(text.into_bytes().into())
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The parameters of a task, which the labels must fit.
    pub(super) fn parameters(&self, task: Task) -> anyhow::Result<Bytes> {
        match (task, self.labels.is_empty()) {
            (Task::ZeroShotClassification, false) => Ok(ZeroShotParameters::new(self.labels.clone())?.encode().into()),
            (Task::ZeroShotClassification, true) => bail!("the model chooses among labels: name each with --label"),
            (Task::Embedding, true) => Ok(Bytes::new()),
            (Task::Embedding, false) => bail!("the model makes embeddings and takes no --label"),
            (other, _) => bail!("this version of infera can't ask for {other}"),
        }
    }

    /// A bound on the tokens of the text and of each label: a token stands for one byte at least.
    pub(super) fn most_units(&self, input: &[u8]) -> u32 {
        let lengths = self.labels.iter().map(String::len).chain([input.len()]);
        let units = lengths.fold(0, |sum: usize, length| sum.saturating_add(length + TOKENS_AROUND_A_TEXT));
        u32::try_from(units).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn question(labels: &[&str]) -> Question {
        let input = InputArguments { text: Some("Fund the bridge".to_owned()), input_file: None };
        Question { input, labels: labels.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn labels_are_for_classification_only() {
        let parameters = question(&["a", "b"]).parameters(Task::ZeroShotClassification).unwrap();
        assert_eq!(ZeroShotParameters::decode(&parameters).unwrap().labels(), ["a", "b"]);
        assert!(question(&[]).parameters(Task::Embedding).unwrap().is_empty());
        assert!(question(&[]).parameters(Task::ZeroShotClassification).unwrap_err().to_string().contains("--label"));
        assert!(question(&["a"]).parameters(Task::Embedding).unwrap_err().to_string().contains("--label"));
    }

    #[test]
    fn every_byte_may_be_a_token() {
        assert_eq!(question(&["ab", "ü"]).most_units(b"text"), (2 + 32) + (2 + 32) + (4 + 32));
    }

    #[test]
    fn an_empty_text_is_refused() {
        let mut empty = question(&["a"]);
        empty.input.text = Some(" \n".to_owned());
        assert!(empty.input().unwrap_err().to_string().contains("--text"));
    }
}
