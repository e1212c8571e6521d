//! What a model does with an input.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A task, by the number that the model registry stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(u8)]
pub enum Task {
    /// The output vector of the input text. The result bytes are empty: the vector is the result.
    Embedding = 1,
    /// The label that fits the input text best; result and parameters are [`crate::output::ZeroShotResult`] and
    /// [`crate::output::ZeroShotParameters`], the output vector is the text's embedding.
    ZeroShotClassification = 2,
}

/// A task number that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown task {0}: this version knows 1 (embedding) and 2 (zero-shot classification)")]
pub struct UnknownTask(pub u8);

impl TryFrom<u8> for Task {
    type Error = UnknownTask;

    fn try_from(number: u8) -> Result<Self, UnknownTask> {
        match number {
            1 => Ok(Self::Embedding),
            2 => Ok(Self::ZeroShotClassification),
            other => Err(UnknownTask(other)),
        }
    }
}

impl From<Task> for u8 {
    fn from(task: Task) -> Self {
        task as Self
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedding => "embedding",
            Self::ZeroShotClassification => "zero-shot classification",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_task_survives_its_number_and_its_json() {
        for (task, number, json) in
            [(Task::Embedding, 1, "\"embedding\""), (Task::ZeroShotClassification, 2, "\"zero_shot_classification\"")]
        {
            assert_eq!(u8::from(task), number);
            assert_eq!(Task::try_from(number), Ok(task));
            assert_eq!(serde_json::to_string(&task).unwrap(), json);
            assert_eq!(serde_json::from_str::<Task>(json).unwrap(), task);
        }
    }

    #[test]
    fn an_unknown_number_is_named() {
        for number in [0, 3, 255] {
            let error = Task::try_from(number).unwrap_err();
            assert!(error.to_string().starts_with(&format!("unknown task {number}:")), "{error}");
        }
    }
}
