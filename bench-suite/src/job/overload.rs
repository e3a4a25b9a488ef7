//! Flags for a job that is offered more than it can do.

use clap::{Args, ValueEnum};
use millstream::{Conf, Overrun};

/// What multiplies a number, largest first.
const SUFFIXES: [(&str, f64); 4] = [("G", 1e9), ("M", 1e6), ("k", 1e3), ("K", 1e3)];

/// What the engine is told of rates and of batches that overrun.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "More than can be done")]
pub struct Overload {
    /// Hold each receiver to the rate that batches keep up with, as estimated from how long they took and how
    /// late they were; the first batch is let in at 100 lines a second. Memory is bounded either way (--memory)
    #[arg(long, conflicts_with = "from_memory")]
    pub backpressure: bool,
    /// The most lines a second that each receiver takes in, such as 100k; the sender is held back. 0 for no
    /// limit
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = records_per_s,
          conflicts_with = "from_memory")]
    pub max_rate: u64,
    /// What becomes of the batches that are due while another one runs longer than its interval
    #[arg(long, value_name = "POLICY", value_enum, default_value_t = Policy::Queue,
          conflicts_with = "from_memory")]
    pub overrun: Policy,
    /// With --overrun queue: how many batches may wait; where more are due, the oldest are merged
    /// [default: 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000),
          conflicts_with = "from_memory")]
    pub max_backlog: Option<u64>,
}

/// [`Overrun`], as a flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Each has its turn, one after the other, and a stream that is behind makes up for it
    #[default]
    Queue,
    /// One batch, at the last due time, takes all that has come
    Coalesce,
    /// None; the next batch comes at the next due time, and takes all that has come
    Skip,
}

impl Policy {
    /// As it is given.
    pub(super) fn name(self) -> &'static str {
        match self {
            Policy::Queue => "queue",
            Policy::Coalesce => "coalesce",
            Policy::Skip => "skip",
        }
    }
}

impl Overload {
    pub(super) fn told_to(&self, conf: Conf) -> Conf {
        let policy = match self.overrun {
            Policy::Queue => Overrun::Queue,
            Policy::Coalesce => Overrun::Coalesce,
            Policy::Skip => Overrun::Skip,
        };
        let conf = conf.backpressure(self.backpressure).max_rate(self.max_rate).overrun(policy);
        match self.max_backlog {
            Some(batches) => conf.max_backlog(batches),
            None => conf,
        }
    }
}

/// A whole number of lines a second, as in `100k`.
fn records_per_s(text: &str) -> Result<u64, String> {
    let (number, times) = SUFFIXES
        .iter()
        .find_map(|(suffix, times)| Some((text.strip_suffix(suffix)?, *times)))
        .unwrap_or((text, 1.0));
    let rate = number.parse::<f64>().ok().map(|number| (number * times).round());
    let rate = rate.filter(|rate| (0.0..1e18).contains(rate));
    let is_none = rate == Some(0.0) && number.parse() != Ok(0.0);
    rate.filter(|_| !is_none).map(|rate| rate as u64).ok_or_else(|| {
        format!("{text:?} is not a rate: write lines a second such as 500, 1.5k, 100k or 2M")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        let rates = [("0", 0), ("500", 500), ("1.5k", 1500), ("100K", 100_000), ("2M", 2_000_000)];
        for (text, rate) in rates {
            assert_eq!(records_per_s(text), Ok(rate));
        }
        for text in ["", "k", "-1", "0.1", "ten", "NaN", "inf", "1kk", "100 k"] {
            assert!(records_per_s(text).unwrap_err().contains(text), "{text}");
        }
    }
}
