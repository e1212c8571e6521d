//! Zero-shot classification: the label whose vector is nearest to the text's.

use infera_protocol::output::ZeroShotParameters;

use crate::limits::{MAX_LABEL_BYTES, MAX_LABELS, MAX_PARAMETERS_BYTES};

/// Reads and checks the labels of a request; the error says what the requester did wrong.
pub(crate) fn labels(parameters: &[u8]) -> Result<Vec<String>, String> {
    if parameters.len() > MAX_PARAMETERS_BYTES {
        let size = parameters.len();
        return Err(format!("the parameters have {size} bytes, at most {MAX_PARAMETERS_BYTES} are allowed"));
    }
    let parameters = ZeroShotParameters::decode(parameters).map_err(|error| error.to_string())?;
    let labels = parameters.labels();
    if labels.len() > MAX_LABELS {
        return Err(format!("there are {} labels, at most {MAX_LABELS} are allowed", labels.len()));
    }
    for (index, label) in labels.iter().enumerate() {
        if label.trim().is_empty() {
            return Err(format!("label {index} is empty"));
        }
        if label.len() > MAX_LABEL_BYTES {
            let size = label.len();
            return Err(format!("label {index} has {size} bytes, at most {MAX_LABEL_BYTES} are allowed"));
        }
    }
    Ok(labels.to_vec())
}

/// The cosine of two unit vectors: their product, summed in double precision, element by element in order.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy::sol_types::SolValue;

    use super::*;

    fn encoded(labels: &[&str]) -> Vec<u8> {
        labels.iter().map(ToString::to_string).collect::<Vec<_>>().abi_encode()
    }

    #[test]
    fn labels_within_the_limits_are_read_back() {
        let longest = "x".repeat(MAX_LABEL_BYTES);
        let most = vec![longest.as_str(); MAX_LABELS];
        assert_eq!(encoded(&most).len(), MAX_PARAMETERS_BYTES);
        assert_eq!(labels(&encoded(&most)).unwrap(), most);
    }

    #[test]
    fn bad_labels_are_refused_with_what_is_wrong() {
        let longer = "x".repeat(MAX_LABEL_BYTES + 1);
        let cases: [(Vec<u8>, &str); 6] = [
            (encoded(&[]), "0 labels"),
            (encoded(&["a"; MAX_LABELS + 1]), "there are 65 labels, at most 64"),
            (encoded(&["fees", " "]), "label 1 is empty"),
            (encoded(&[&longer]), "label 0 has 513 bytes, at most 512"),
            (vec![1, 2, 3], "not the canonical bytes of zero-shot parameters"),
            (vec![0; MAX_PARAMETERS_BYTES + 1], "bytes, at most"),
        ];
        for (parameters, expected) in cases {
            let error = labels(&parameters).unwrap_err();
            assert!(error.contains(expected), "{error:?} lacks {expected:?}");
        }
    }
}
