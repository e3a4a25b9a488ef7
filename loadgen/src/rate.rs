//! A rate as people write it: `500`, `1.5k`, `100k`, `2M`.

use crate::error::{Error, Result};

/// Letters that multiply, largest first. A small `m` is left out: it means a thousandth elsewhere.
const SUFFIXES: [(char, f64); 4] = [('G', 1e9), ('M', 1e6), ('k', 1e3), ('K', 1e3)];

/// Lines per second: a number that is finite and not negative.
pub(crate) fn read(written: &str) -> Result<f64> {
    let (number, unit) = SUFFIXES
        .iter()
        .find_map(|&(suffix, unit)| Some((written.strip_suffix(suffix)?, unit)))
        .unwrap_or((written, 1.0));
    let lines_per_s = number.parse().map(|number: f64| number * unit);
    match lines_per_s {
        Ok(lines_per_s) if lines_per_s.is_finite() && lines_per_s >= 0.0 => Ok(lines_per_s),
        _ => Err(Error::Usage(format!(
            "{written:?} is not a rate: write lines per second such as 500, 1.5k, 100k or 2M"
        ))),
    }
}

/// The shortest form that reads as the same.
pub(crate) fn written(lines_per_s: f64) -> String {
    match SUFFIXES.iter().find(|&&(_, unit)| lines_per_s >= unit) {
        Some((suffix, unit)) => format!("{}{suffix}", lines_per_s / unit),
        None => lines_per_s.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_and_without_a_suffix() {
        for (written, lines_per_s) in [
            ("0", 0.0),
            ("1", 1.0),
            ("0.5", 0.5),
            ("1.5k", 1_500.0),
            ("100k", 100_000.0),
            ("100K", 100_000.0),
            ("2M", 2_000_000.0),
            ("1G", 1e9),
        ] {
            assert_eq!(read(written).unwrap(), lines_per_s, "{written}");
        }
    }

    #[test]
    fn refuses_what_is_no_rate_and_quotes_it() {
        for written in ["", "k", "-1", "-1k", "ten", "1m", "inf", "NaN", "1kk", "100 k"] {
            let refusal = read(written).unwrap_err();
            assert!(refusal.to_string().starts_with(&format!("{written:?} is not a rate")));
            assert_eq!(refusal.exit_code(), 2);
        }
    }

    #[test]
    fn is_written_as_it_is_read() {
        for rate in ["0", "0.5", "500", "1.5k", "100k", "2M", "3G"] {
            assert_eq!(written(read(rate).unwrap()), rate);
        }
    }
}
