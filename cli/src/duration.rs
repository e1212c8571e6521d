//! Durations as people write them.

use std::time::Duration;

/// Milliseconds of each unit. `ms` stands before the units whose name it ends with.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Reads `500ms`, `1s`, `2m` or `1h`; more than nothing.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let duration = UNITS
        .iter()
        .find_map(|(name, milliseconds)| Some((text.strip_suffix(name)?, milliseconds)))
        .filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|(number, milliseconds)| number.parse::<u64>().ok()?.checked_mul(*milliseconds))
        .map(Duration::from_millis)
        .ok_or("a duration is a whole number with its unit, for instance 500ms, 1s or 2m")?;
    if duration.is_zero() { Err("must be more than nothing".to_owned()) } else { Ok(duration) }
}

/// Reads a duration of whole seconds, as contracts count them.
pub(crate) fn parse_seconds(text: &str) -> Result<u32, String> {
    let duration = parse(text)?;
    if duration.subsec_nanos() != 0 {
        return Err("the chain counts in whole seconds".to_owned());
    }
    u32::try_from(duration.as_secs()).map_err(|_| "the duration is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, milliseconds) in [("500ms", 500), ("1s", 1_000), ("2m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "1", "1.5s", "-1s", "+1s", "0s", "1 s", "1d", "99999999999999999999h"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn windows_are_whole_seconds() {
        assert_eq!(parse_seconds("90s"), Ok(90));
        assert_eq!(parse_seconds("2000ms"), Ok(2));
        assert!(parse_seconds("1500ms").is_err());
        assert!(parse_seconds("9999999h").is_err());
    }
}
