//! How often something took how long: the counts behind a histogram of Prometheus.

use std::time::Duration;

use serde_json::{Value, json};

/// Counts of times by length, and their sum. The bounds never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The largest times of the buckets, in milliseconds, ascending.
    bounds_ms: &'static [u64],
    /// One count a bucket, and one for what is longer than all bounds.
    counts: Vec<u64>,
    sum: Duration,
}

impl Histogram {
    /// A histogram without times. `bounds_ms`: the largest times of the buckets, in milliseconds, ascending.
    pub fn new(bounds_ms: &'static [u64]) -> Self {
        Self { bounds_ms, counts: vec![0; bounds_ms.len() + 1], sum: Duration::ZERO }
    }

    /// Counts one time.
    pub fn add(&mut self, took: Duration) {
        let bucket = self.bounds_ms.partition_point(|bound| Duration::from_millis(*bound) < took);
        self.counts[bucket] += 1;
        self.sum += took;
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean of all times; `None` without any.
    pub fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.count()).ok().filter(|count| *count > 0)?;
        Some(self.sum / count)
    }

    /// `le`: the bounds in seconds; `counts`: by bucket, not added up, the last for what is longer; `sum` in seconds.
    pub fn as_json(&self) -> Value {
        let seconds = |ms: &u64| Duration::from_millis(*ms).as_secs_f64();
        let bounds: Vec<f64> = self.bounds_ms.iter().map(seconds).collect();
        json!({ "le": bounds, "counts": self.counts, "sum": self.sum.as_secs_f64() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times_ms: &[u64]) -> Histogram {
        let mut histogram = Histogram::new(&[10, 100]);
        times_ms.iter().for_each(|ms| histogram.add(Duration::from_millis(*ms)));
        histogram
    }

    #[test]
    fn a_time_is_in_the_first_bucket_that_it_does_not_exceed() {
        let told = of(&[0, 10, 11, 100, 101, 60_000]).as_json();
        assert_eq!(told, json!({ "le": [0.01, 0.1], "counts": [2, 2, 2], "sum": 60.222 }));
    }

    #[test]
    fn the_mean_is_of_all_times_and_there_is_none_without_any() {
        assert_eq!(of(&[]).mean(), None);
        assert_eq!(of(&[3000, 4001]).mean(), Some(Duration::from_micros(3_500_500)));
    }
}
