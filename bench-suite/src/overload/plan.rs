//! What is done, and for how long; and what would show nothing.

use std::time::Duration;

use loadgen::time::written;

use super::Options;
use crate::strain::check_budget;

/// How many batches each of both jobs must be sent too much for, at least.
const LEAST_BATCHES: u32 = 1;

/// The second job's batches are so many times as long, if it has some of them even so.
const LONGER: u32 = 5;
const SOME_BATCHES: u32 = 6;

/// How long it is looked what the job can do, once it has found that out itself in as long; less in a short run, but
/// for some batches.
const TO_CALIBRATE: Duration = Duration::from_secs(5);
const CALIBRATED_BATCHES: u32 = 2;

/// How soon all must be done once nothing more comes, beside what windows of raw records hold on to.
const TO_DRAIN: Duration = Duration::from_secs(30);
pub(super) const WINDOW_BATCHES: u32 = 4;

/// What `--times` may be.
const MOST_TIMES: f64 = 1000.0;

/// What is done.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) looks: Duration,
    /// For how long each job is sent too much.
    pub(super) each: Duration,
    /// How often the second one's batches are cut.
    pub(super) long_batch: millstream::Duration,
}

impl Plan {
    /// Fails with a sentence where nothing would be shown.
    pub(super) fn of(options: &Options) -> Result<Self, String> {
        check_budget(options.memory)?;
        let (batch, each) = (options.batch.to_std(), options.run_for / 2);
        if each < batch * LEAST_BATCHES {
            return Err(format!(
                "--for {} is too short for batches of {}: two jobs are sent too much, one after the other, for a \
                 batch each at least; give --for {} or more",
                written(options.run_for),
                written(batch),
                written(batch * LEAST_BATCHES * 2)
            ));
        }
        if options.work > batch {
            return Err(format!(
                "--work {}: no batch of {} would have a record",
                written(options.work),
                written(batch)
            ));
        }
        let times = (each / SOME_BATCHES).as_millis() / batch.as_millis().max(1);
        let longer = u32::try_from(times).unwrap_or(LONGER).clamp(1, LONGER);
        Ok(Plan {
            looks: (options.run_for / 4).min(TO_CALIBRATE).max(batch * CALIBRATED_BATCHES),
            each,
            long_batch: options.batch * i64::from(longer),
        })
    }
}

/// How soon all must be done once nothing more comes.
pub(super) fn to_drain(batch: millstream::Duration) -> Duration {
    TO_DRAIN + batch.to_std() * WINDOW_BATCHES
}

/// How many times as much, as it is written.
pub(super) fn times(text: &str) -> Result<f64, String> {
    let times = text.parse::<f64>().ok().filter(|times| *times > 0.0 && *times <= MOST_TIMES);
    times.ok_or_else(|| format!("it must be a number above 0, and {MOST_TIMES} at most"))
}

#[cfg(test)]
mod tests {
    use millstream::millis;

    use super::*;
    use crate::flags::given;

    fn plan(flags: &str) -> Result<Plan, String> {
        Plan::of(&given(flags.split_whitespace()).map_err(|e| e.to_string())?)
    }

    #[test]
    fn what_would_show_nothing_is_refused_with_a_sentence() {
        for (flags, said) in [
            ("--for 3s --batch 20s", "--for 40s"),
            ("--for 0s", "10ms"),
            ("--for 18446744073709551615s", "too long"),
            ("--memory 1", "64MiB"),
            ("--times 0", "above 0"),
            ("--times NaN", "above 0"),
            ("--times inf", "above 0"),
            ("--work 2s", "no batch of 1s"),
        ] {
            let e = plan(flags).unwrap_err();
            assert!(e.contains(said), "{flags}: {e}");
        }
    }

    #[test]
    fn the_shortest_run_looks_for_some_batches_and_a_long_one_has_long_batches() {
        let short = plan("--for 3s").unwrap();
        assert_eq!((short.looks, short.long_batch), (Duration::from_secs(2), millis(1000)));
        let long = plan("").unwrap();
        assert_eq!((long.looks, long.long_batch), (Duration::from_secs(5), millis(5000)));
        assert_eq!(plan("--for 24s").unwrap().long_batch, millis(2000));
    }
}
