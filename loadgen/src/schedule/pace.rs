//! How the rate goes over time, as people write it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::rate;
use crate::time;

/// The shortest time in which a rate may change.
const SHORTEST: Duration = Duration::from_millis(1);

/// No machine has memory for more, and numbers of lines stay far from their limits.
const HIGHEST_LINES_PER_S: f64 = 1e10;

/// How many lines are due per second, over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Pace {
    /// As many as the readers take: no schedule, and so no lag behind it.
    #[default]
    Max,
    /// Always so many.
    Constant {
        /// Above zero and finite, as all rates here; those of other paces may be zero at times.
        lines_per_s: f64,
    },
    /// From one rate to another, and on with that.
    Ramp {
        /// At the start.
        from: f64,
        /// At the end, and afterwards.
        to: f64,
        /// How long it takes.
        over: Duration,
    },
    /// One rate after the other, and on with the last.
    Steps {
        /// One after the other.
        lines_per_s: Vec<f64>,
        /// How long each is kept.
        each: Duration,
    },
    /// Up and down like a sine, drawn in 64 straight pieces a period; it starts in the middle,
    /// upwards.
    Sine {
        /// At the lowest.
        low: f64,
        /// At the highest.
        high: f64,
        /// From one height to the next.
        period: Duration,
    },
    /// The first half of each period so few, the second so many.
    Square {
        /// In the first half.
        low: f64,
        /// In the second.
        high: f64,
        /// How long both take.
        period: Duration,
    },
    /// So few, and at the end of each period for a while so many.
    Bursts {
        /// Between bursts.
        base: f64,
        /// In a burst.
        peak: f64,
        /// How long a burst is.
        length: Duration,
        /// From one burst to the next.
        every: Duration,
    },
}

impl Pace {
    /// Whether it makes sense; else why not, without the name of a flag.
    pub(super) fn possible(&self) -> std::result::Result<(), String> {
        let (rates, times) = self.parts();
        if let Some(rate) = rates.iter().find(|rate| !rate.is_finite() || **rate < 0.0) {
            return Err(format!("{rate} is not a rate"));
        }
        if let Some(rate) = rates.iter().find(|rate| **rate > HIGHEST_LINES_PER_S) {
            return Err(format!(
                "{} lines per second is more than the {} that can be counted; write max for all it \
                 can",
                rate::written(*rate),
                rate::written(HIGHEST_LINES_PER_S)
            ));
        }
        if rates.iter().all(|rate| *rate == 0.0) && *self != Self::Max {
            return Err("no line would ever be due; one rate must be above 0".into());
        }
        if let Some(time) = times.iter().find(|time| **time < SHORTEST) {
            let (time, least) = (time::written(*time), time::written(SHORTEST));
            return Err(format!("the time must be at least {least}, and {time} is given"));
        }
        match *self {
            Self::Sine { low, high, .. }
            | Self::Square { low, high, .. }
            | Self::Bursts { base: low, peak: high, .. }
                if low > high =>
            {
                Err("the first rate must be the lower one".into())
            }
            Self::Bursts { length, every, .. } if length >= every => Err(format!(
                "a burst of {} must be shorter than the {} from one to the next",
                time::written(length),
                time::written(every)
            )),
            _ => Ok(()),
        }
    }

    /// All its rates and all its times.
    fn parts(&self) -> (Vec<f64>, Vec<Duration>) {
        match *self {
            Self::Max => (vec![], vec![]),
            Self::Constant { lines_per_s } => (vec![lines_per_s], vec![]),
            Self::Ramp { from, to, over } => (vec![from, to], vec![over]),
            Self::Steps { ref lines_per_s, each } => (lines_per_s.clone(), vec![each]),
            Self::Sine { low, high, period } | Self::Square { low, high, period } => {
                (vec![low, high], vec![period])
            }
            Self::Bursts { base, peak, length, every } => (vec![base, peak], vec![length, every]),
        }
    }
}

impl FromStr for Pace {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let Some((kind, rest)) = text.split_once(':') else {
            return Ok(match rate::read(text)? {
                0.0 => Self::Max,
                lines_per_s => Self::Constant { lines_per_s },
            });
        };
        let pace = read(kind, rest)
            .map_err(|why| Error::Usage(format!("{text:?} is no schedule: {why}")))?;
        let refuse = |why| Error::Usage(format!("{text:?} is not possible: {why}"));
        pace.possible().map_err(refuse)?;
        Ok(pace)
    }
}

/// What is written behind a kind and a colon.
fn read(kind: &str, rest: &str) -> Result<Pace> {
    let mut parts = rest.split('/');
    let rates = parts.next().unwrap_or_default();
    let times = parts.map(read_time).collect::<Result<Vec<_>>>()?;
    let range = || {
        let (from, to) = rates.split_once("..").ok_or_else(|| how_to_write(kind))?;
        Ok::<_, Error>((rate::read(from)?, rate::read(to)?))
    };
    match (kind, &times[..]) {
        ("ramp", &[over]) => range().map(|(from, to)| Pace::Ramp { from, to, over }),
        ("steps", &[each]) => {
            let lines_per_s = rates.split(',').map(rate::read).collect::<Result<_>>()?;
            Ok(Pace::Steps { lines_per_s, each })
        }
        ("sine", &[period]) => range().map(|(low, high)| Pace::Sine { low, high, period }),
        ("square", &[period]) => range().map(|(low, high)| Pace::Square { low, high, period }),
        ("bursts", &[length, every]) => {
            range().map(|(base, peak)| Pace::Bursts { base, peak, length, every })
        }
        _ => Err(how_to_write(kind)),
    }
}

fn how_to_write(kind: &str) -> Error {
    let example = match kind {
        "ramp" => "ramp:10k..200k/30s",
        "steps" => "steps:10k,50k,20k/10s",
        "sine" => "sine:50k..150k/20s",
        "square" => "square:10k..100k/10s",
        "bursts" => "bursts:10k..1M/100ms/5s",
        _ => {
            return Error::Usage(format!(
                "there is no kind {kind:?}; there are ramp, steps, sine, square and bursts, \
                 each also behind poisson:"
            ));
        }
    };
    Error::Usage(format!("write it as in {example}"))
}

fn read_time(text: &str) -> Result<Duration> {
    humantime::parse_duration(text)
        .map_err(|_| Error::Usage(format!("{text:?} is not a time: write it as in 30s or 100ms")))
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range =
            |kind, low, high| format!("{kind}:{}..{}", rate::written(low), rate::written(high));
        match *self {
            Self::Max => f.write_str("max"),
            Self::Constant { lines_per_s } => f.write_str(&rate::written(lines_per_s)),
            Self::Ramp { from, to, over } => {
                write!(f, "{}/{}", range("ramp", from, to), time::written(over))
            }
            Self::Steps { ref lines_per_s, each } => {
                let rates: Vec<_> = lines_per_s.iter().map(|&rate| rate::written(rate)).collect();
                write!(f, "steps:{}/{}", rates.join(","), time::written(each))
            }
            Self::Sine { low, high, period } => {
                write!(f, "{}/{}", range("sine", low, high), time::written(period))
            }
            Self::Square { low, high, period } => {
                write!(f, "{}/{}", range("square", low, high), time::written(period))
            }
            Self::Bursts { base, peak, length, every } => {
                let bursts = range("bursts", base, peak);
                write!(f, "{bursts}/{}/{}", time::written(length), time::written(every))
            }
        }
    }
}
