//! Small pieces of text.

use alloy::{
    hex,
    primitives::{Address, B256},
};

const SECONDS_PER_DAY: u64 = 86_400;

/// `12:00:05` in UTC.
pub(super) fn clock(timestamp: u64) -> String {
    let second = timestamp % SECONDS_PER_DAY;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// `2026-11-20` in UTC, by the proleptic Gregorian calendar.
pub(super) fn date(timestamp: u64) -> String {
    const DAYS_PER_ERA: u64 = 146_097;
    // Days since 0000-03-01, so that a leap day ends its year.
    let days = timestamp / SECONDS_PER_DAY + 719_468;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `0x12345678…`, enough to recognise a hash.
pub(super) fn short(hash: &B256) -> String {
    let [a, b, c, d, ..] = hash.0;
    format!("{}…", hex::encode_prefixed([a, b, c, d]))
}

/// `0x123456…abcd`, as wallets show an account.
pub(super) fn account(address: &Address) -> String {
    let [a, b, c, .., y, z] = address.0.0;
    format!("{}…{}", hex::encode_prefixed([a, b, c]), hex::encode([y, z]))
}

/// `1, 2 and 3`; `none` for nothing.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.as_slice() {
        [] => "none".into(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 executor`, `2 executors`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The first characters of readable text on one line; None for other bytes.
pub(super) fn preview(bytes: &[u8]) -> Option<String> {
    const LONGEST: usize = 80;
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())?;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().any(char::is_control) {
        return None;
    }
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => line.get(..end).map(|start| format!("“{start}…”")),
        None => Some(format!("“{line}”")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        for (timestamp, shown) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_709_164_800, "2024-02-29 00:00:00"),
            (1_795_176_205, "2026-11-20 12:03:25"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(format!("{} {}", date(timestamp), clock(timestamp)), shown);
        }
    }

    #[test]
    fn lists_and_numbers_read_well() {
        assert_eq!(list::<u8>([]), "none");
        assert_eq!(list([1]), "1");
        assert_eq!(list([1, 2, 3]), "1, 2 and 3");
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "seat") + &counted(2, "seat"), "1 seat2 seats");
    }

    #[test]
    fn a_preview_is_one_line_of_readable_text() {
        assert_eq!(preview(b"Fund the\n  bridge").unwrap(), "“Fund the bridge”");
        assert_eq!(preview(b"").or(preview(&[0xff, 0xfe])).or(preview(b"a\0b")), None);
        let long = preview("ä".repeat(200).as_bytes()).unwrap();
        assert_eq!(long.chars().count(), 83);
    }

    #[test]
    fn hashes_and_accounts_are_shortened() {
        assert_eq!(short(&B256::repeat_byte(0x1a)), "0x1a1a1a1a…");
        assert_eq!(account(&Address::repeat_byte(0x2b)), "0x2b2b2b…2b2b");
    }
}
