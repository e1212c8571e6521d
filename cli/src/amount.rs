//! Amounts of INFER as people write them.

use alloy::primitives::{U256, utils::Unit};

/// Decimals of INFER, and how an amount in a smaller unit ends.
const UNITS: [(&str, Unit); 2] = [("gwei", Unit::GWEI), ("wei", Unit::WEI)];

/// Reads an amount and returns it in wei: `100` and `0.5` are INFER, `20gwei` and `7wei` are what they say.
pub(crate) fn parse(text: &str) -> Result<U256, String> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), *unit)))
        .unwrap_or((text, Unit::ETHER));
    let decimals = usize::from(unit.get());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || number.ends_with('.') {
        return Err("an amount is a decimal number of INFER, for instance 100 or 0.5; or 20gwei, 7wei".to_owned());
    }
    if fraction.len() > decimals {
        return Err(format!("at most {decimals} digits can follow the point"));
    }
    U256::from_str_radix(&format!("{whole}{fraction:0<decimals$}"), 10)
        .map_err(|_| "the amount is too large".to_owned())
}

/// As [`parse`], for amounts that contracts hold in 128 bits.
pub(crate) fn parse_u128(text: &str) -> Result<u128, String> {
    parse(text)?.try_into().map_err(|_| "the amount is too large".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn amounts_are_infer_unless_they_say_otherwise() {
        for (text, wei) in [
            ("0", 0),
            ("100", 100_000_000_000_000_000_000_u128),
            ("0.5", 500_000_000_000_000_000),
            ("0.000000000000000001", 1),
            ("00.10", 100_000_000_000_000_000),
            ("1.5gwei", 1_500_000_000),
            ("20 gwei", 20_000_000_000),
            ("7wei", 7),
        ] {
            assert_eq!(parse(text), Ok(U256::from(wei)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0x10", "1.5wei", "gwei", "1 INFER", "1_000", "١"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse("0.0000000000000000001").unwrap_err().contains("18 digits"));
    }

    #[test]
    fn amounts_too_large_are_refused_rather_than_wrapped() {
        let wei = format!("{}wei", U256::MAX);
        assert_eq!(parse(&wei), Ok(U256::MAX));
        assert!(parse(&U256::MAX.to_string()).is_err());
        assert_eq!(parse_u128(&format!("{}wei", u128::MAX)), Ok(u128::MAX));
        assert!(parse_u128(&wei).is_err());
    }
}
