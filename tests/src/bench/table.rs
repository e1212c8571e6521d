//! A table of figures, as Markdown and as JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::bench::Statistics;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Millionths of a second.
    Microseconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Units of EVM gas.
    Gas,
    /// How many in a second.
    PerSecond,
    /// Memory or room on a disk, in units of 2^20 bytes.
    Mebibytes,
    /// How many times.
    Ratio,
}

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Median and spread of several measurements.
    Spread(Statistics, Unit),
    /// One figure.
    Figure(f64, Unit),
    /// No figure, and why.
    NotMeasured(String),
    /// Nothing belongs here.
    Nothing,
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// One cell for each of the table's columns.
    pub cells: Vec<Cell>,
}

/// What one benchmark measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name in `--only`, in JSON and in the book's markers.
    pub name: &'static str,
    /// Heading of the rows' names.
    pub subject: &'static str,
    /// Headings of the cells.
    pub columns: Vec<&'static str>,
    /// The lines.
    pub rows: Vec<Row>,
    /// What keeps the figures from being better: the physical floor, in a sentence.
    pub bound: String,
    /// What a reader must know to judge the figures.
    pub notes: Vec<String>,
}

impl Unit {
    fn number(self, value: f64) -> String {
        match self {
            // What rounds to 10 has a digit more.
            Self::Milliseconds if value < 9.995 => format!("{value:.2}"),
            Self::Milliseconds => format!("{value:.1}"),
            Self::Seconds | Self::Ratio => format!("{value:.2}"),
            Self::Microseconds => format!("{value:.1}"),
            Self::Gas | Self::PerSecond | Self::Mebibytes => grouped(value),
        }
    }

    /// What follows the number: gas needs nothing, its tables hold nothing else.
    fn suffix(self) -> &'static str {
        match self {
            Self::Microseconds => " µs",
            Self::Milliseconds => " ms",
            Self::Seconds => " s",
            Self::Gas => "",
            Self::PerSecond => "/s",
            Self::Mebibytes => " MiB",
            Self::Ratio => " ×",
        }
    }

    fn text(self, value: f64) -> String {
        format!("{}{}", self.number(value), self.suffix())
    }

    /// Name in JSON.
    fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "microseconds",
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Gas => "gas",
            Self::PerSecond => "perSecond",
            Self::Mebibytes => "mebibytes",
            Self::Ratio => "ratio",
        }
    }
}

/// A whole number with a comma between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Cell {
    /// The spread of `samples`, or the reason why there are none.
    pub fn spread(samples: &[f64], unit: Unit, if_none: &str) -> Self {
        Statistics::of(samples)
            .map_or_else(|| Self::NotMeasured(if_none.to_owned()), |statistics| Self::Spread(statistics, unit))
    }

    /// `12.3 ms (10.1–15.0)`: the median, and the 10th to the 90th percentile.
    fn text(&self) -> String {
        match self {
            Self::Spread(Statistics { median, p10, p90, .. }, unit) => {
                let (figure, low, high) = (unit.text(*median), unit.number(*p10), unit.number(*p90));
                // A spread that can't be seen is none.
                if low == high { figure } else { format!("{figure} ({low}–{high})") }
            }
            Self::Figure(value, unit) => unit.text(*value),
            Self::NotMeasured(reason) => format!("not measured: {reason}"),
            Self::Nothing => "–".to_owned(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Spread(statistics, unit) => json!({
                "unit": unit.name(),
                "count": statistics.count,
                "median": statistics.median,
                "p10": statistics.p10,
                "p90": statistics.p90,
            }),
            Self::Figure(value, unit) => json!({ "unit": unit.name(), "value": value }),
            Self::NotMeasured(reason) => json!({ "notMeasured": reason }),
            Self::Nothing => Value::Null,
        }
    }
}

impl Table {
    /// The table with its bound and notes, for people and for the book.
    pub fn markdown(&self) -> String {
        let heading = std::iter::once(self.subject).chain(self.columns.iter().copied()).map(str::to_owned).collect();
        let lines: Vec<Vec<String>> = std::iter::once(heading)
            .chain(self.rows.iter().map(|row| {
                std::iter::once(row.name.clone()).chain(row.cells.iter().map(Cell::text)).collect::<Vec<_>>()
            }))
            .collect();
        let widths: Vec<usize> = (0..=self.columns.len())
            .map(|column| lines.iter().filter_map(|line| line.get(column)).map(|text| text.chars().count()).max())
            .map(Option::unwrap_or_default)
            .collect();
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                // Names stand to the left, figures to the right.
                let _ = if column == 0 { write!(text, "| {cell:<width$} ") } else { write!(text, "| {cell:>width$} ") };
            }
            text.push_str("|\n");
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let end = if column == 0 { '-' } else { ':' };
                    let _ = write!(text, "|{}{end}", "-".repeat(width + 1));
                }
                text.push_str("|\n");
            }
        }
        let _ = write!(text, "\n**What bounds it.** {}\n", self.bound);
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }

    /// The table for programs: figures are not rounded.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let cells =
                    self.columns.iter().zip(&row.cells).map(|(column, cell)| ((*column).to_owned(), cell.json()));
                json!({ "name": row.name, "cells": cells.collect::<Map<_, _>>() })
            })
            .collect();
        json!({ "name": self.name, "rows": rows, "bound": self.bound, "notes": self.notes })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::*;

    fn table() -> Table {
        let spread = Statistics { count: 5, median: 12.34, p10: 9.876, p90: 1234.5 };
        let row = |name: &str, cells| Row { name: name.to_owned(), cells };
        Table {
            name: "example",
            subject: "what",
            columns: vec!["time", "gas"],
            rows: vec![
                row("long name", vec![Cell::Spread(spread, Unit::Milliseconds), Cell::Figure(1_234_567.0, Unit::Gas)]),
                row("b", vec![Cell::NotMeasured("no reason".to_owned()), Cell::Nothing]),
            ],
            bound: "Light.".to_owned(),
            notes: vec!["A note.".to_owned()],
        }
    }

    #[test]
    fn markdown_is_aligned_for_people_and_complete_for_the_book() {
        let expected = "\
| what      |                    time |       gas |
|-----------|------------------------:|----------:|
| long name |   12.3 ms (9.88–1234.5) | 1,234,567 |
| b         | not measured: no reason |         – |

**What bounds it.** Light.

- A note.
";
        assert_eq!(table().markdown(), expected);
    }

    #[test]
    fn json_keeps_figures_unrounded_with_their_units() {
        let json = table().json();
        assert_eq!(json["rows"][0]["cells"]["time"]["p10"], json!(9.876));
        assert_eq!(json["rows"][0]["cells"]["time"]["unit"], "milliseconds");
        assert_eq!(json["rows"][1]["cells"]["time"]["notMeasured"], "no reason");
        assert_eq!(json["rows"][1]["cells"]["gas"], Value::Null);
    }

    #[test]
    fn a_spread_is_shown_where_there_is_one() {
        for samples in [&[2.0][..], &[2.0, 2.0, 2.001]] {
            assert_eq!(Cell::spread(samples, Unit::Ratio, "").text(), "2.00 ×");
        }
        assert_eq!(Cell::spread(&[1.0, 2.0], Unit::Seconds, "").text(), "1.50 s (1.10–1.90)");
        assert_eq!(Cell::spread(&[], Unit::Ratio, "no samples").text(), "not measured: no samples");
    }

    #[test]
    fn milliseconds_lose_a_decimal_where_they_gain_a_digit() {
        for (value, text) in [(0.1234, "0.12"), (9.994, "9.99"), (9.996, "10.0"), (123.45, "123.5")] {
            assert_eq!(Unit::Milliseconds.number(value), text);
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (value, text) in [(0.0, "0"), (999.0, "999"), (1000.0, "1,000"), (21_000.4, "21,000"), (1e6, "1,000,000")] {
            assert_eq!(grouped(value), text);
        }
    }
}
