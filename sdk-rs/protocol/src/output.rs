//! Canonical result and parameter bytes of the tasks.
//!
//! A result is compared on chain and read by consumer contracts, so each task has one encoding and every other byte string
//! is malformed.

use alloy::sol_types::SolValue;

/// Score units in a cosine of 1: scores are parts per million.
pub const SCORES_PER_COSINE: i32 = 1_000_000;

/// The most labels that a zero-shot result can name with its 16-bit winner.
pub const MAX_LABELS: usize = 1 << 16;

/// Bytes of a machine word in the contract ABI.
const WORD: usize = 32;

/// Why bytes are not canonical, or a value has no encoding.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A byte string that the encoder would not have made.
    #[error("not the canonical bytes of {what}: {problem}")]
    NotCanonical {
        /// What the bytes should be.
        what: &'static str,
        /// What is wrong with them.
        problem: &'static str,
    },
    /// No score, no label, or more than [`MAX_LABELS`] can be told apart.
    #[error("{0} labels: zero-shot takes 1 to 65536")]
    LabelCount(usize),
    /// A cosine that is not a number, or so far outside [-1, 1] that its score does not fit 32 bits.
    #[error("a cosine of {0} has no score")]
    Cosine(f64),
}

/// The score of a cosine: parts per million, rounded half away from zero.
///
/// This is the edge where floats end: everything behind it is integers.
pub fn score_from_cosine(cosine: f64) -> Result<i32, OutputError> {
    let score = (cosine * f64::from(SCORES_PER_COSINE)).round();
    // Comparisons with NaN are false, so it is refused too.
    if score >= f64::from(i32::MIN) && score <= f64::from(i32::MAX) {
        Ok(score as i32)
    } else {
        Err(OutputError::Cosine(cosine))
    }
}

/// Result of [`crate::task::Task::ZeroShotClassification`]: one score per label, and the label with the highest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroShotResult {
    winner: u16,
    scores: Vec<i32>,
}

impl ZeroShotResult {
    const NAME: &'static str = "a zero-shot result";

    /// The result with these scores; the winner is the first of the highest.
    pub fn from_scores(scores: Vec<i32>) -> Result<Self, OutputError> {
        let highest = scores.iter().max();
        let winner = scores.iter().position(|score| Some(score) == highest).and_then(|index| u16::try_from(index).ok());
        match winner {
            Some(winner) => Ok(Self { winner, scores }),
            None => Err(OutputError::LabelCount(scores.len())),
        }
    }

    /// Index of the winning label.
    pub fn winner(&self) -> u16 {
        self.winner
    }

    /// One score per label, in the labels' order, in parts per million of cosine.
    pub fn scores(&self) -> &[i32] {
        &self.scores
    }

    /// The winner's score.
    pub fn best(&self) -> i32 {
        self.scores.get(usize::from(self.winner)).copied().unwrap_or_default()
    }

    /// `abi.encode(uint16 winner, int32[] scores)`.
    pub fn encode(&self) -> Vec<u8> {
        (self.winner, self.scores.as_slice()).abi_encode_params()
    }

    /// Reads [`Self::encode`]'s bytes and nothing else: also a winner that is not the first of the highest is malformed.
    pub fn decode(bytes: &[u8]) -> Result<Self, OutputError> {
        let malformed = |problem| OutputError::NotCanonical { what: Self::NAME, problem };
        let (words, rest) = bytes.as_chunks::<WORD>();
        let [winner, offset, count, elements @ ..] = words else {
            return Err(malformed("they are shorter than three words"));
        };
        if !rest.is_empty() || small(count) != Some(elements.len() as u64) {
            return Err(malformed("their length is not that of the scores"));
        }
        if small(offset) != Some(0x40) {
            return Err(malformed("the scores do not start after the second word"));
        }
        let scores = elements.iter().map(signed).collect::<Option<Vec<_>>>();
        let result = Self::from_scores(scores.ok_or(malformed("a score is no 32-bit integer"))?)?;
        if small(winner) != Some(u64::from(result.winner)) {
            return Err(malformed("the winner is not the first of the highest scores"));
        }
        Ok(result)
    }
}

/// Parameters of [`crate::task::Task::ZeroShotClassification`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroShotParameters {
    labels: Vec<String>,
}

impl ZeroShotParameters {
    const NAME: &'static str = "zero-shot parameters";

    /// Parameters with these labels, in the order in which the result scores them.
    pub fn new(labels: Vec<String>) -> Result<Self, OutputError> {
        if labels.is_empty() || labels.len() > MAX_LABELS {
            return Err(OutputError::LabelCount(labels.len()));
        }
        Ok(Self { labels })
    }

    /// The labels.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// `abi.encode(string[] labels)`.
    pub fn encode(&self) -> Vec<u8> {
        self.labels.abi_encode()
    }

    /// Reads [`Self::encode`]'s bytes and nothing else.
    ///
    /// Every byte is read once and in order, so no list of labels is larger than the bytes it comes from.
    pub fn decode(bytes: &[u8]) -> Result<Self, OutputError> {
        let malformed = |problem| OutputError::NotCanonical { what: Self::NAME, problem };
        let (words, rest) = bytes.as_chunks::<WORD>();
        let [start, count, words @ ..] = words else {
            return Err(malformed("they are shorter than two words"));
        };
        if !rest.is_empty() || small(start) != Some(0x20) {
            return Err(malformed("they are no abi.encode of one list"));
        }
        let count = small(count).and_then(|count| usize::try_from(count).ok());
        let (offsets, mut tail) = count
            .and_then(|count| words.split_at_checked(count))
            .ok_or(malformed("they are shorter than their list"))?;

        let mut labels = Vec::with_capacity(offsets.len());
        for offset in offsets {
            let position = (words.len() - tail.len()) * WORD;
            if small(offset) != Some(position as u64) {
                return Err(malformed("a label does not start where the one before it ends"));
            }
            let (label, after) = split_string(tail).ok_or(malformed("a label is no UTF-8 text padded with zeros"))?;
            labels.push(label);
            tail = after;
        }
        if !tail.is_empty() {
            return Err(malformed("they go on after the last label"));
        }
        Self::new(labels)
    }
}

/// Splits a string, its length before it and zeros after it, off the front of `words`.
fn split_string(words: &[[u8; WORD]]) -> Option<(String, &[[u8; WORD]])> {
    let (length, words) = words.split_first()?;
    let length = usize::try_from(small(length)?).ok()?;
    let (content, rest) = words.split_at_checked(length.div_ceil(WORD))?;
    let (text, padding) = content.as_flattened().split_at_checked(length)?;
    let text = str::from_utf8(text).ok()?;
    padding.iter().all(|byte| *byte == 0).then(|| (text.to_owned(), rest))
}

/// The word's value when it fits 64 bits.
fn small(word: &[u8; WORD]) -> Option<u64> {
    let (high, low) = word.split_last_chunk::<8>()?;
    high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*low))
}

/// The word's value when it is a sign-extended 32-bit integer.
fn signed(word: &[u8; WORD]) -> Option<i32> {
    let (high, low) = word.split_last_chunk::<4>()?;
    let value = i32::from_be_bytes(*low);
    let extension = if value < 0 { 0xff } else { 0 };
    high.iter().all(|byte| *byte == extension).then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_winner_is_the_first_of_the_highest_scores() {
        let result = ZeroShotResult::from_scores(vec![-5, 7, 3, 7]).unwrap();
        assert_eq!((result.winner(), result.best()), (1, 7));
        assert_eq!(ZeroShotResult::from_scores(vec![i32::MIN]).unwrap().winner(), 0);
    }

    #[test]
    fn the_winner_must_fit_16_bits() {
        assert_eq!(ZeroShotResult::from_scores(vec![]), Err(OutputError::LabelCount(0)));
        let mut scores = vec![0; MAX_LABELS];
        scores[MAX_LABELS - 1] = 1;
        assert_eq!(ZeroShotResult::from_scores(scores.clone()).unwrap().winner(), u16::MAX);
        scores.push(2);
        assert_eq!(ZeroShotResult::from_scores(scores), Err(OutputError::LabelCount(MAX_LABELS + 1)));
    }

    #[test]
    fn refuses_every_result_that_the_encoder_would_not_make() {
        let good = ZeroShotResult::from_scores(vec![1, -2, 1]).unwrap().encode();
        assert!(ZeroShotResult::decode(&good).is_ok());
        let mutated = |index: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[index] = byte;
            bytes
        };
        let empty = (0u16, Vec::<i32>::new()).abi_encode_params();
        for (bad, why) in [
            (good[..good.len() - 1].to_vec(), "cut short"),
            ([good.as_slice(), &[0; 32]].concat(), "a word too many"),
            (good[..64].to_vec(), "no scores"),
            (vec![], "nothing"),
            (mutated(31, 2), "the winner is the second of the highest"),
            (mutated(31, 1), "the winner is not the highest"),
            (mutated(31, 9), "the winner is no label"),
            (mutated(0, 1), "the winner has high bits"),
            (mutated(63, 0x60), "another offset"),
            (mutated(32, 1), "the offset has high bits"),
            (mutated(95, 2), "a count too low"),
            (mutated(64, 1), "a count with high bits"),
            (mutated(96, 0xff), "a positive score with high bits"),
            (mutated(128, 0), "a negative score without its sign"),
            (mutated(156, 0x7f), "a score of more than 32 bits"),
            (empty, "no labels"),
        ] {
            assert!(ZeroShotResult::decode(&bad).is_err(), "{why}");
        }
    }

    #[test]
    fn refuses_parameters_that_the_encoder_would_not_make() {
        let good = ZeroShotParameters::new(vec!["sport".into(), "".into(), "Währung".into()]).unwrap();
        let bytes = good.encode();
        assert_eq!(ZeroShotParameters::decode(&bytes).unwrap(), good);
        assert!(ZeroShotParameters::decode(&[bytes.as_slice(), &[0; 32]].concat()).is_err());
        assert!(ZeroShotParameters::decode(&bytes[..bytes.len() - 32]).is_err());
        let sport = bytes.windows(5).position(|window| window == b"sport").unwrap();
        let mut padded = bytes.clone();
        padded[sport + 5] = 1;
        assert!(ZeroShotParameters::decode(&padded).is_err(), "padding that is not zero");
        let mut invalid = bytes;
        invalid[sport] = 0xff;
        assert!(ZeroShotParameters::decode(&invalid).is_err(), "invalid UTF-8");
        assert_eq!(ZeroShotParameters::decode(&Vec::<String>::new().abi_encode()), Err(OutputError::LabelCount(0)));
        assert!(ZeroShotParameters::decode(b"sport, politics").is_err());
        let endless = [[0; 31].as_slice(), &[0x20], &[0xff; 32]].concat();
        assert!(ZeroShotParameters::decode(&endless).is_err(), "a count of 2^256 - 1");
    }

    #[test]
    fn scores_round_half_away_from_zero() {
        for (cosine, score) in [
            (1.0, 1_000_000),
            (-1.0, -1_000_000),
            (0.000_000_5, 1),
            (-0.000_000_5, -1),
            (0.000_000_49, 0),
            (0.123_456_7, 123_457),
        ] {
            assert_eq!(score_from_cosine(cosine), Ok(score), "{cosine}");
        }
        assert!(score_from_cosine(f64::NAN).is_err());
        assert!(score_from_cosine(f64::INFINITY).is_err());
        assert!(score_from_cosine(2148.0).is_err());
    }

    proptest! {
        #[test]
        fn results_survive_their_bytes(scores in prop::collection::vec(any::<i32>(), 1..40)) {
            let result = ZeroShotResult::from_scores(scores).unwrap();
            prop_assert_eq!(ZeroShotResult::decode(&result.encode()), Ok(result));
        }

        #[test]
        fn whatever_decodes_encodes_to_the_same_bytes(
            scores in prop::collection::vec(any::<i32>(), 1..4),
            index in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = ZeroShotResult::from_scores(scores).unwrap().encode();
            let position = index.index(bytes.len());
            bytes[position] = byte;
            if let Ok(result) = ZeroShotResult::decode(&bytes) {
                prop_assert_eq!(result.encode(), bytes);
            }
        }

        #[test]
        fn whatever_decodes_as_parameters_encodes_to_the_same_bytes(
            labels in prop::collection::vec(".{0,40}", 1..4),
            index in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = ZeroShotParameters::new(labels).unwrap().encode();
            let position = index.index(bytes.len());
            bytes[position] = byte;
            if let Ok(parameters) = ZeroShotParameters::decode(&bytes) {
                prop_assert_eq!(parameters.encode(), bytes);
            }
        }

        #[test]
        fn parameters_survive_their_bytes(labels in prop::collection::vec(any::<String>(), 1..10)) {
            let parameters = ZeroShotParameters::new(labels).unwrap();
            prop_assert_eq!(ZeroShotParameters::decode(&parameters.encode()), Ok(parameters));
        }
    }
}
