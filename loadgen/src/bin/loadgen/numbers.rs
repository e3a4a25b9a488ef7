//! Numbers as people read them.

/// From here on whole numbers say enough of a rate.
const SMALL: f64 = 100.0;

/// Lines per second: whole, and where they are few to three digits, for there may be less than one.
pub(crate) fn rate(lines_per_s: f64) -> String {
    let is_small = lines_per_s > 0.0 && lines_per_s < SMALL;
    let decimals = if is_small { 2 - lines_per_s.log10().floor() as i32 } else { 0 };
    format!("{lines_per_s:.*}", decimals.max(0) as usize)
}

/// A number with its digits before the point in groups of three.
pub(crate) fn grouped(number: &str) -> String {
    let whole = number.find('.').unwrap_or(number.len());
    let mut grouped = String::new();
    for (nth, digit) in number.chars().enumerate() {
        if nth > 0 && nth < whole && (whole - nth).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// So many of something whose name takes an `s`: `1 line`, `2 lines`.
pub(crate) fn counted(count: u64, name: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {name}{plural}", grouped(&count.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits_by_three() {
        for (number, written) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1 000"),
            ("1234567", "1 234 567"),
            ("0.125", "0.125"),
        ] {
            assert_eq!(grouped(number), written);
        }
    }

    #[test]
    fn small_rates_have_three_digits() {
        for (lines_per_s, written) in [
            (0.0, "0"),
            (0.0125, "0.0125"),
            (0.5, "0.500"),
            (2.0, "2.00"),
            (12.34, "12.3"),
            (99.96, "100.0"),
            (100.4, "100"),
            (1e6, "1000000"),
        ] {
            assert_eq!(rate(lines_per_s), written);
        }
    }

    #[test]
    fn one_is_no_plural() {
        let lines = [0, 1, 2, 2001].map(|count| counted(count, "line"));
        assert_eq!(lines, ["0 lines", "1 line", "2 lines", "2 001 lines"]);
    }
}
