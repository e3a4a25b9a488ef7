//! Settings of how fast records may come in.

use super::Conf;
use crate::error::{Error, Result};
use crate::rate::{Pid, RateEstimator};
use crate::time::Duration;

/// What the settings say of the rate of each receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Records a second; infinite where there is no limit.
    pub(crate) max_rate: f64,
    /// With backpressure: the rate of the first batch, and the constants.
    pub(crate) backpressure: Option<(f64, Pid)>,
    pub(crate) batch_interval: Duration,
}

impl Conf {
    /// Whether receivers are held to a rate that is estimated, after each batch, from how long it took and how
    /// late it was; see [`RateEstimator`] for how. Off by default, as in the original. Memory is
    /// bounded either way, by [`memory_bytes`](Conf::memory_bytes), and so is what receivers take in for
    /// batches that are late: this is for a rate that is known, told in each batch's report, and for receivers
    /// of one's own, which nothing else slows down before memory is full.
    ///
    /// Each receiver has an estimate of its own. It stays when a receiver is started again, and is lost with
    /// the process: a job that is gone on with begins anew. Queues and files are not held back.
    ///
    /// The first batch is held to [`initial_rate`](Conf::initial_rate); where none is given, to the lowest rate
    /// that the estimator would ever set, [`Pid::min_rate`]. The second is held to what the first has shown.
    ///
    /// Cost: lines are counted as they arrive, and a burst after a quiet time is let in only as fast as the
    /// batches grow.
    ///
    /// ```
    /// use millstream::{Conf, StreamingContext, rate::Pid, secs};
    /// let conf = Conf::new("steady")
    ///     .backpressure(true)
    ///     .initial_rate(10_000)
    ///     .pid(Pid { min_rate: 1_000.0, ..Pid::default() })
    ///     .max_rate(500_000);
    /// let ssc = StreamingContext::new(conf, secs(1))?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn backpressure(mut self, on: bool) -> Self {
        self.backpressure = on;
        self
    }

    /// The constants of the estimator, for [`backpressure`](Conf::backpressure). The original's by default.
    pub fn pid(mut self, pid: Pid) -> Self {
        self.pid = pid;
        self
    }

    /// The most records a second that each receiver takes in; 0, the default, for no limit. It holds from the
    /// first record on, for single records and for many that are stored together, and with or without
    /// [`backpressure`](Conf::backpressure). No more than a twentieth of a second's may come at once after a
    /// pause. Queues and files are not held to it.
    ///
    /// A graceful stop is held to it too: what had arrived at a socket comes in as fast as it allows, batches go on
    /// meanwhile, and what has not come in within half of [`graceful_stop_timeout`](Conf::graceful_stop_timeout) is
    /// left unread, which a warning says. Over plain TCP that is lost, as what a sender sends later is; where lines are
    /// acknowledged it is sent again.
    ///
    /// ```
    /// # use millstream::Conf;
    /// let conf = Conf::new("polite").max_rate(100_000);
    /// ```
    pub fn max_rate(mut self, records_per_s: u64) -> Self {
        self.max_rate = records_per_s;
        self
    }

    /// With [`backpressure`](Conf::backpressure), the rate of each receiver for the first batch, before
    /// anything is known, in records a second. Left out, it is [`Pid::min_rate`].
    pub fn initial_rate(mut self, records_per_s: u64) -> Self {
        self.initial_rate = Some(records_per_s);
        self
    }

    /// What they say with batches every `batch_interval`. Fails where they are out of range.
    pub(crate) fn rates_for(&self, batch_interval: Duration) -> Result<Rates> {
        RateEstimator::new(batch_interval, self.pid)?;
        let refused = |got: String, want: &str| {
            let setting = "the initial rate, in records a second,";
            Err(Error::Setting { setting, got, want: want.into() })
        };
        match self.initial_rate {
            Some(0) => {
                return refused("0".into(), "1 or more; left out, it is the minimum rate");
            }
            Some(rate) if !self.backpressure => {
                let want = "left out without backpressure, which would adapt it; Conf::max_rate is for a \
                            rate that stays";
                return refused(rate.to_string(), want);
            }
            _ => {}
        }
        let initial = self.initial_rate.map_or(self.pid.min_rate, |rate| rate as f64);
        Ok(Rates {
            max_rate: if self.max_rate == 0 { f64::INFINITY } else { self.max_rate as f64 },
            backpressure: self.backpressure.then_some((initial, self.pid)),
            batch_interval,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::secs;

    #[test]
    fn the_first_batch_is_held_to_the_lowest_rate_where_no_other_is_given() {
        let rates = |conf: Conf| conf.rates_for(secs(1)).unwrap();
        let none = rates(Conf::new("t").max_rate(0));
        assert!(none.max_rate.is_infinite() && none.backpressure.is_none());
        let default = Pid::default();
        let first = rates(Conf::new("t").backpressure(true)).backpressure;
        assert_eq!(first, Some((100.0, default)));
        let given = rates(Conf::new("t").initial_rate(7).backpressure(true)).backpressure;
        assert_eq!(given, Some((7.0, default)));
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        let refused = |conf: Conf| conf.rates_for(secs(1)).unwrap_err().to_string();
        assert!(refused(Conf::new("t").backpressure(true).initial_rate(0)).contains("1 or more"));
        let alone = refused(Conf::new("t").initial_rate(500));
        assert!(alone.contains("500") && alone.contains("Conf::max_rate"), "{alone}");
        let pid = Pid { min_rate: -3.0, ..Pid::default() };
        assert!(refused(Conf::new("t").pid(pid)).contains("-3"));
    }
}
