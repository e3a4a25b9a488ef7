//! The constants of the rate estimator.

use crate::error::{Error, Result};

/// The constants of a [`RateEstimator`](super::RateEstimator). The defaults are Spark's.
///
/// ```
/// use millstream::{Conf, rate::Pid};
/// let conf = Conf::new("steady").pid(Pid { min_rate: 1000.0, ..Pid::default() });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pid {
    /// Of the difference between the last rate and that of the last batch, the share that is made good at
    /// once: with 1, the new rate is that of the last batch. 1.0 by default.
    pub proportional: f64,
    /// Of the records that the delay of the last batch has left waiting, by its rate, the share that the next
    /// interval is to make good. 0.2 by default.
    pub integral: f64,
    /// How much of a trend is carried on: the more, the sooner the rate follows, and the more it swings. 0.0 by
    /// default.
    pub derivative: f64,
    /// The lowest rate, in records a second. 100.0 by default.
    pub min_rate: f64,
}

impl Default for Pid {
    fn default() -> Self {
        Pid { proportional: 1.0, integral: 0.2, derivative: 0.0, min_rate: 100.0 }
    }
}

impl Pid {
    /// Fails where a constant is out of its range.
    pub(crate) fn check(&self) -> Result {
        let gains = [
            ("the proportional constant of the rate estimator", self.proportional),
            ("the integral constant of the rate estimator", self.integral),
            ("the derivative constant of the rate estimator", self.derivative),
        ];
        let refused = |setting, got: f64, want: &str| {
            Err(Error::Setting { setting, got: got.to_string(), want: want.into() })
        };
        for (setting, gain) in gains {
            if !gain.is_finite() || gain < 0.0 {
                return refused(setting, gain, "0 or more, and finite");
            }
        }
        if !self.min_rate.is_finite() || self.min_rate <= 0.0 {
            let setting = "the minimum rate of the rate estimator, in records a second,";
            return refused(setting, self.min_rate, "more than 0, and finite");
        }
        Ok(())
    }
}
