//! A time as people write it: `500ms`, `1m30s`.

use std::time::Duration;

/// In one word, which a flag can take and which reads as the same.
///
/// ```
/// assert_eq!(loadgen::time::written(std::time::Duration::from_secs(90)), "1m30s");
/// ```
pub fn written(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_a_word_as_it_is_read() {
        for time in ["0s", "1ns", "500ms", "1m30s", "2days3h"] {
            assert_eq!(written(humantime::parse_duration(time).unwrap()), time);
        }
    }
}
