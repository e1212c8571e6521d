//! Canonical JSON (RFC 8785) without fractional numbers: sorted keys, no white space, one spelling for every value.

use serde::Serialize;
use serde_json::Value;

/// Largest integer that every JSON reader holds exactly: 2^53 − 1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A value that has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCanonical {
    /// A number is negative, fractional or above 2^53 − 1, so readers may disagree about it.
    #[error("the number {0} has no canonical form; use an integer from 0 to 2^53 - 1")]
    Number(String),
    /// Serialising the value failed.
    #[error("the value can't be written as JSON: {0}")]
    Unserializable(String),
}

/// The bytes that are hashed: the same for equal values, whatever order or white space they were written with.
///
/// Keys are compared byte by byte, which agrees with RFC 8785 for ASCII keys, the only ones used here.
///
/// # Errors
/// [`NotCanonical`] for numbers other than integers from 0 to 2^53 − 1.
pub fn to_canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    let value = serde_json::to_value(value).map_err(unserializable)?;
    let mut bytes = Vec::new();
    write(&value, &mut bytes)?;
    Ok(bytes)
}

fn write(value: &Value, bytes: &mut Vec<u8>) -> Result<(), NotCanonical> {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            bytes.push(b'{');
            for (index, (key, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write_scalar(key, bytes)?;
                bytes.push(b':');
                write(member, bytes)?;
            }
            bytes.push(b'}');
        }
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write(item, bytes)?;
            }
            bytes.push(b']');
        }
        Value::Number(number) if number.as_u64().is_none_or(|integer| integer > MAX_INTEGER) => {
            return Err(NotCanonical::Number(number.to_string()));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => write_scalar(value, bytes)?,
    }
    Ok(())
}

/// serde_json escapes strings as RFC 8785 asks: only the quote, the backslash and control characters.
fn write_scalar<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), NotCanonical> {
    serde_json::to_writer(bytes, value).map_err(unserializable)
}

fn unserializable(error: serde_json::Error) -> NotCanonical {
    NotCanonical::Unserializable(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth_and_white_space_is_gone() {
        let value = json!({"b": [1, {"z": true, "a": null}], "a": "x y"});
        assert_eq!(to_canonical_json(&value).unwrap(), br#"{"a":"x y","b":[1,{"a":null,"z":true}]}"#);
    }

    #[test]
    fn strings_escape_only_what_they_must() {
        let value = json!("quote \" backslash \\ newline \n bell \u{7} é 日 /");
        let canonical = r#""quote \" backslash \\ newline \n bell \u0007 é 日 /""#;
        assert_eq!(to_canonical_json(&value).unwrap(), canonical.as_bytes());
    }

    #[test]
    fn numbers_that_readers_may_disagree_about_are_refused() {
        assert_eq!(to_canonical_json(&json!(MAX_INTEGER)).unwrap(), b"9007199254740991");
        for value in [json!(1.5), json!(-1), json!(MAX_INTEGER + 1), json!(1e3)] {
            assert!(matches!(to_canonical_json(&value), Err(NotCanonical::Number(_))), "{value}");
        }
    }
}
