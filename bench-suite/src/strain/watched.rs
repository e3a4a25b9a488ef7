//! What is seen of a strained job's batches.

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::stderr;
use crate::strained::Told;

/// Of the memory for received data, what has none left: a slab is filled up, or has come back since.
const FULL_SHARE: f64 = 0.9;

/// What was seen of them.
pub(crate) struct Watched {
    /// Who watches, for what is told meanwhile.
    by: &'static str,
    pub(crate) records: u64,
    pub(crate) failed_batches: u64,
    /// Batches at whose end received data had all the memory that it may have: then nothing is read.
    pub(crate) batches_at_the_budget: u64,
    /// Of received data, states, windows and shuffles, after a batch.
    pub(crate) most_memory_bytes: u64,
    pub(crate) scheduling_delay: Times,
    pub(crate) processing: Times,
    pub(crate) total_delay: Times,
}

impl Watched {
    pub(crate) fn new(by: &'static str) -> Result<Self> {
        Ok(Watched {
            by,
            records: 0,
            failed_batches: 0,
            batches_at_the_budget: 0,
            most_memory_bytes: 0,
            scheduling_delay: Times::none()?,
            processing: Times::none()?,
            total_delay: Times::none()?,
        })
    }

    /// Notes how a batch went; that one has failed is told at once.
    pub(crate) fn see(&mut self, told: &Told) -> Result<()> {
        self.records += told.records;
        let is_full = told.memory_bytes as f64 >= FULL_SHARE * told.memory_limit_bytes as f64;
        self.batches_at_the_budget += u64::from(is_full);
        self.most_memory_bytes = self.most_memory_bytes.max(told.memory_bytes + told.held_bytes);
        if let Some(error) = told.errors.first() {
            self.failed_batches += 1;
            stderr::tell(format_args!("{}: a batch has failed: {error}", self.by));
        }
        self.scheduling_delay.note(told.scheduling_delay_ms)?;
        self.processing.note(told.processing_ms)?;
        self.total_delay.note(told.scheduling_delay_ms + told.processing_ms)
    }

    pub(crate) fn batches(&self) -> u64 {
        self.total_delay.0.len()
    }
}

/// One length of time of each batch, in whole microseconds.
pub(crate) struct Times(Histogram<u64>);

impl Times {
    fn none() -> Result<Self> {
        Ok(Times(Histogram::new(3)?))
    }

    fn note(&mut self, ms: f64) -> Result<()> {
        Ok(self.0.record((ms * 1e3) as u64)?)
    }

    /// So many of all are at most as long, in milliseconds; 0 where there is none.
    pub(crate) fn at_ms(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e3
    }

    pub(crate) fn max_ms(&self) -> f64 {
        self.0.max() as f64 / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_batches_are_kept_their_sums_their_most_and_how_late_they_were() {
        let mut watched = Watched::new("test").unwrap();
        assert_eq!((watched.batches(), watched.total_delay.max_ms()), (0, 0.0));
        for (nth, errors) in [(1, vec![]), (3, vec!["it broke".to_owned()]), (2, vec![])] {
            let told = Told {
                records: 10 * nth,
                scheduling_delay_ms: nth as f64,
                processing_ms: 0.25,
                memory_bytes: nth,
                memory_limit_bytes: 2,
                held_bytes: 4,
                errors,
            };
            watched.see(&told).unwrap();
        }
        assert_eq!((watched.batches(), watched.records, watched.failed_batches), (3, 60, 1));
        assert_eq!(watched.most_memory_bytes, 7);
        assert_eq!(watched.batches_at_the_budget, 2);
        let is_near = |ms: f64, expected: f64| (ms - expected).abs() < expected * 0.001;
        assert!(is_near(watched.scheduling_delay.at_ms(0.5), 2.0));
        assert!(is_near(watched.processing.max_ms(), 0.25));
        assert!(is_near(watched.total_delay.max_ms(), 3.25));
    }
}
