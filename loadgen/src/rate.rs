//! A rate as people write it: `100k`, `2M`, `1.5k`, `max`.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// How many lines to send in a second, over all connections.
///
/// ```
/// use loadgen::Rate;
///
/// assert_eq!("1.5k".parse::<Rate>()?, Rate::LinesPerS(1500.0));
/// assert_eq!("0".parse::<Rate>()?, Rate::Max);
/// assert_eq!(Rate::LinesPerS(2_000_000.0).to_string(), "2M");
/// # Ok::<(), loadgen::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Rate {
    /// As fast as the readers read.
    #[default]
    Max,
    /// So many lines per second: above zero and finite.
    LinesPerS(f64),
}

/// Letters that multiply, largest first. A small `m` is left out: it means a thousandth elsewhere.
const SUFFIXES: [(char, f64); 4] = [('G', 1e9), ('M', 1e6), ('k', 1e3), ('K', 1e3)];

impl Rate {
    /// The number, or nothing for [`Rate::Max`].
    pub fn lines_per_s(self) -> Option<f64> {
        match self {
            Self::Max => None,
            Self::LinesPerS(lines_per_s) => Some(lines_per_s),
        }
    }

    /// The rate for a number, where 0 means [`Rate::Max`].
    pub fn from_lines_per_s(lines_per_s: f64) -> Result<Self, Error> {
        if lines_per_s == 0.0 {
            Ok(Self::Max)
        } else if lines_per_s.is_finite() && lines_per_s > 0.0 {
            Ok(Self::LinesPerS(lines_per_s))
        } else {
            Err(not_a_rate(&lines_per_s.to_string()))
        }
    }
}

impl FromStr for Rate {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self, Error> {
        if written == "max" {
            return Ok(Self::Max);
        }
        let (number, unit) = SUFFIXES
            .iter()
            .find_map(|&(suffix, unit)| Some((written.strip_suffix(suffix)?, unit)))
            .unwrap_or((written, 1.0));
        let number: f64 = number.parse().map_err(|_| not_a_rate(written))?;
        Self::from_lines_per_s(number * unit).map_err(|_| not_a_rate(written))
    }
}

fn not_a_rate(written: &str) -> Error {
    Error::Usage(format!(
        "--rate {written} is not a rate: write lines per second such as 500, 1.5k, 100k or 2M, \
         or max (or 0) for all it can"
    ))
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::LinesPerS(lines_per_s) = *self else {
            return f.write_str("max");
        };
        match SUFFIXES.iter().find(|&&(_, unit)| lines_per_s >= unit) {
            Some((suffix, unit)) => write!(f, "{}{suffix}", lines_per_s / unit),
            None => write!(f, "{lines_per_s}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_and_without_a_suffix() {
        for (written, lines_per_s) in [
            ("1", 1.0),
            ("0.5", 0.5),
            ("1.5k", 1_500.0),
            ("100k", 100_000.0),
            ("100K", 100_000.0),
            ("2M", 2_000_000.0),
            ("1G", 1e9),
        ] {
            assert_eq!(written.parse::<Rate>().unwrap(), Rate::LinesPerS(lines_per_s), "{written}");
        }
    }

    #[test]
    fn zero_and_max_mean_all_it_can() {
        assert_eq!("0".parse::<Rate>().unwrap(), Rate::Max);
        assert_eq!("0k".parse::<Rate>().unwrap(), Rate::Max);
        assert_eq!("max".parse::<Rate>().unwrap(), Rate::Max);
    }

    #[test]
    fn refuses_what_is_no_rate_and_quotes_it() {
        for written in ["", "k", "-1", "-1k", "ten", "1m", "inf", "NaN", "1kk", "100 k"] {
            let refusal = written.parse::<Rate>().unwrap_err();
            assert!(refusal.to_string().starts_with(&format!("--rate {written} is not a rate")));
            assert_eq!(refusal.exit_code(), 2);
        }
    }

    #[test]
    fn is_written_as_it_is_read() {
        for written in ["max", "0.5", "500", "1.5k", "100k", "2M", "3G"] {
            assert_eq!(written.parse::<Rate>().unwrap().to_string(), written);
        }
    }
}
