//! The figures that stand for repeated measurements.

use serde::Serialize;

/// Median and spread of some samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Statistics {
    /// Number of samples.
    pub count: usize,
    /// Half of the samples are below it.
    pub median: f64,
    /// A tenth of the samples is below it.
    pub p10: f64,
    /// Nine tenths of the samples are below it.
    pub p90: f64,
}

impl Statistics {
    /// The statistics of `samples`, in any order; `None` if there are none.
    pub fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            count: sorted.len(),
            median: percentile(&sorted, 0.5)?,
            p10: percentile(&sorted, 0.1)?,
            p90: percentile(&sorted, 0.9)?,
        })
    }

    /// The statistics of the quotients of two series that were measured in pairs, so that what disturbs both of a pair
    /// cancels out. `None` if there is no pair.
    pub fn of_ratios(numerators: &[f64], denominators: &[f64]) -> Option<Self> {
        let ratios: Vec<f64> = numerators.iter().zip(denominators).map(|(above, below)| above / below).collect();
        Self::of(&ratios)
    }
}

/// The value below which `fraction` of the samples lie, interpolated between the two nearest ranks (Hyndman and Fan's
/// type 7, as in NumPy).
fn percentile(sorted: &[f64], fraction: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = fraction * last as f64;
    let below = rank.floor();
    let (low, high) = (sorted.get(below as usize)?, sorted.get((below as usize + 1).min(last))?);
    Some(low + (high - low) * (rank - below))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn percentiles_lie_between_the_nearest_ranks_whatever_the_order() {
        let samples: Vec<f64> = [7, 1, 10, 3, 5, 0, 9, 2, 8, 6, 4].map(f64::from).to_vec();
        let statistics = Statistics::of(&samples).unwrap();
        assert_eq!(statistics, Statistics { count: 11, median: 5.0, p10: 1.0, p90: 9.0 });
        assert_eq!(Statistics::of(&[4.0, 1.0]).unwrap().median, 2.5);
    }

    #[test]
    fn one_sample_is_its_own_median_and_spread() {
        assert_eq!(Statistics::of(&[3.0]).unwrap(), Statistics { count: 1, median: 3.0, p10: 3.0, p90: 3.0 });
    }

    #[test]
    fn nothing_measured_has_no_statistics() {
        assert_eq!(Statistics::of(&[]), None);
        assert_eq!(Statistics::of_ratios(&[1.0], &[]), None);
    }

    #[test]
    fn a_disturbance_of_both_sides_does_not_change_their_ratio() {
        let ratios = Statistics::of_ratios(&[2.0, 20.0, 4.0], &[1.0, 10.0, 2.0]).unwrap();
        assert_eq!(ratios, Statistics { count: 3, median: 2.0, p10: 2.0, p90: 2.0 });
    }
}
