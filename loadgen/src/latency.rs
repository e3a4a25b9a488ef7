//! How late records were, in two ways.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Latencies are kept to three digits, up to an hour; longer ones count as an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// The latencies of the same records, counted twice: from the moment at which a record was due, and
/// from the moment at which it was sent.
///
/// A reader that stalls holds up the sender, and a sender that begins to count when it sends does
/// not see it: the records that had to wait count as quick ones. This is called coordinated
/// omission. So the first figure, the corrected one, is what a user of the system would see; the
/// second, the raw one, is what is left without the waiting.
///
/// ```
/// let mut latency = loadgen::Latency::new();
/// latency.record_us(1_000_000, 200, 1);
/// assert!((latency.corrected().max - 1000.0).abs() < 1.0);
/// assert_eq!(latency.raw().max, 0.2);
/// ```
#[derive(Clone, Debug)]
pub struct Latency {
    corrected_us: Histogram<u64>,
    raw_us: Histogram<u64>,
}

/// A distribution of latencies in milliseconds: so many of 100 records were at most so late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Percentiles {
    /// Half of them.
    pub p50: f64,
    /// 90 of 100.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1000.
    #[serde(rename = "p99.9")]
    pub p99_9: f64,
    /// 9999 of 10 000.
    #[serde(rename = "p99.99")]
    pub p99_99: f64,
    /// None was later.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

impl Latency {
    /// Without a record.
    pub fn new() -> Self {
        let empty =
            || Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order");
        Self { corrected_us: empty(), raw_us: empty() }
    }

    /// Notes so many records with the same latencies, in microseconds.
    pub fn record_us(&mut self, corrected_us: u64, raw_us: u64, records: u64) {
        self.corrected_us.saturating_record_n(corrected_us, records);
        self.raw_us.saturating_record_n(raw_us, records);
    }

    /// Whether two latencies count as the same.
    pub(crate) fn is_same(&self, one_us: u64, other_us: u64) -> bool {
        self.corrected_us.equivalent(one_us, other_us)
    }

    /// Adds the records of another.
    pub fn add(&mut self, other: &Self) {
        let same = "both have the same bounds";
        self.corrected_us.add(&other.corrected_us).expect(same);
        self.raw_us.add(&other.raw_us).expect(same);
    }

    /// Forgets all records.
    pub fn clear(&mut self) {
        self.corrected_us.reset();
        self.raw_us.reset();
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.corrected_us.len()
    }

    /// From the moment at which a record was due.
    pub fn corrected(&self) -> Percentiles {
        Percentiles::of_us(&self.corrected_us)
    }

    /// From the moment at which it was sent.
    pub fn raw(&self) -> Percentiles {
        Percentiles::of_us(&self.raw_us)
    }

    /// The histograms, corrected and raw, in microseconds.
    pub fn histograms_us(&self) -> (&Histogram<u64>, &Histogram<u64>) {
        (&self.corrected_us, &self.raw_us)
    }

    /// The share of the records whose raw latency is above so many milliseconds.
    pub(crate) fn raw_share_above_ms(&self, ms: u64) -> f64 {
        if self.raw_us.is_empty() {
            return 0.0;
        }
        let up_to = self.raw_us.count_between(0, ms * 1000);
        1.0 - up_to as f64 / self.raw_us.len() as f64
    }
}

impl Percentiles {
    fn of_us(histogram: &Histogram<u64>) -> Self {
        let at = |share| histogram.value_at_quantile(share) as f64 / 1e3;
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            p99_99: at(0.9999),
            max: histogram.max() as f64 / 1e3,
            mean: histogram.mean() / 1e3,
        }
    }

    /// By their names in a summary, with the values.
    pub fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("p50", self.p50),
            ("p90", self.p90),
            ("p99", self.p99),
            ("p99.9", self.p99_9),
            ("p99.99", self.p99_99),
            ("max", self.max),
            ("mean", self.mean),
        ]
    }
}
