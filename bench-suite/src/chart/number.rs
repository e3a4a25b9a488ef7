//! Numbers as people read them.

/// Short, with `k`, `M` or `G` where it is long, to three digits: as an axis has it.
pub fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = digits(value);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}{unit}")
}

/// With three digits, or as many as stand before the point: `0.00123`, `0.123`, `12.3`, `1230`.
pub fn digits(value: f64) -> String {
    let after_point = match value.abs() {
        v if v == 0.0 || v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        v => (2.0 - v.log10().floor()).min(6.0) as usize,
    };
    format!("{value:.after_point$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = [0.0, 0.0123, 0.5, 1.0, 12.34, 123.4, 1234.0, 12_340.0, 5e6, 1.25e9, -2.5];
        let wanted =
            ["0", "0.0123", "0.5", "1", "12.3", "123", "1234", "12.3k", "5M", "1.25G", "-2.5"];
        assert_eq!(written.map(short), wanted);
    }

    #[test]
    fn numbers_have_three_digits() {
        let written = [0.0, 0.00123, 0.9996, 9.996, 12.34, 99.96, 1234.4, 1e-9];
        assert_eq!(
            written.map(digits),
            ["0", "0.00123", "1.00", "10.0", "12.3", "100", "1234", "0.000000"]
        );
    }
}
