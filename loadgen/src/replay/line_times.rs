//! When the lines of a file were written.

use memchr::{memchr, memchr_iter};

use super::form::Form;

/// So much of a line is looked at.
pub(super) const HEAD_BYTES: usize = 4 << 10;

/// Finds the time of one line after the other.
///
/// The first line decides where times are and in which form. So a date in the middle of some later
/// line, of another kind, is not mistaken for its time, and no form is tried in vain a million times
/// a second.
pub(super) struct LineTimes {
    column: Option<usize>,
    found: Option<Found>,
    /// The text of a time and what it says: in many files a line has that of the line before.
    last: (Vec<u8>, Option<i64>),
}

/// Where times are, and in which form.
#[derive(Clone, Copy)]
struct Found {
    place: Place,
    form: Form,
}

#[derive(Clone, Copy)]
enum Place {
    NearStart,
    Column { nth: usize, separator: u8 },
}

impl LineTimes {
    /// The column is counted from 1; without one, times are near the beginning of lines.
    pub(super) fn new(column: Option<usize>) -> Self {
        Self { column, found: None, last: (Vec::new(), None) }
    }

    /// The time of the next line, in microseconds since the epoch.
    pub(super) fn next_us(&mut self, line: &[u8]) -> Option<i64> {
        let head = &line[..line.len().min(HEAD_BYTES)];
        let Found { place, form } = match self.found {
            Some(found) => found,
            None => *self.found.insert(self.look(head)?),
        };
        let text = place.text(form, head)?;
        if text != self.last.0 {
            self.last.0.clear();
            self.last.0.extend_from_slice(text);
            self.last.1 = form.read_us(text);
        }
        self.last.1
    }

    /// Looks for a time in any form.
    fn look(&self, head: &[u8]) -> Option<Found> {
        let place = match self.column {
            None => Place::NearStart,
            Some(nth) => Place::Column { nth, separator: separator_of(head) },
        };
        let has =
            |form: &Form| place.text(*form, head).is_some_and(|text| form.read_us(text).is_some());
        let form = Form::ALL.into_iter().find(has)?;
        Some(Found { place, form })
    }

    /// What was looked for, to be told where there is none.
    pub(super) fn sought(&self, head: &[u8]) -> String {
        let place = match self.column {
            None => "near its beginning".to_owned(),
            Some(nth) => {
                let separator = match separator_of(head) {
                    b'\t' => "tabs",
                    b',' => "commas",
                    _ => "spaces",
                };
                format!("in column {nth}, as {separator} separate them")
            }
        };
        format!(
            "no time as in [10/Oct/2000:13:55:36 -0700] or 2026-01-01T00:00:00Z, and no number of \
             seconds, milliseconds or microseconds since the epoch, {place}"
        )
    }
}

fn separator_of(head: &[u8]) -> u8 {
    let has = |separator: &u8| memchr(*separator, head).is_some();
    [b'\t', b','].into_iter().find(has).unwrap_or(b' ')
}

impl Place {
    /// The text of a time in this form.
    fn text(self, form: Form, head: &[u8]) -> Option<&[u8]> {
        match self {
            Self::NearStart => form.find(head),
            Self::Column { nth, separator } => {
                let column = column(head, nth, separator)?;
                // An access log's time has a space in it and a bracket before it.
                let quoted = column.iter().take_while(|byte| b"\"'[ ".contains(byte)).count();
                form.at_start(&column[quoted..])
            }
        }
    }
}

/// A line from its n-th column on, counted from 1; several spaces are as one.
fn column(line: &[u8], nth: usize, separator: u8) -> Option<&[u8]> {
    let begins = |&at: &usize| separator != b' ' || line.get(at).is_some_and(|byte| *byte != b' ');
    let mut starts = std::iter::once(0).chain(memchr_iter(separator, line).map(|at| at + 1));
    let start = starts.by_ref().filter(begins).nth(nth - 1)?;
    Some(&line[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seventh second of 2026, in microseconds.
    const SEVENTH: i64 = 1_767_225_607_000_000;

    fn us(column: Option<usize>, line: &str) -> Option<i64> {
        LineTimes::new(column).next_us(line.as_bytes())
    }

    #[test]
    fn times_are_known_in_many_forms() {
        for (line, expected) in [
            ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\"", 971_211_336_000_000),
            ("::1 - [x] [01/Jan/2026:01:00:07 +0100] \"GET / HTTP/1.0\" 200 5", SEVENTH),
            ("2026-01-01T00:00:07Z", SEVENTH),
            ("2026-01-01 00:00:07 a local time", SEVENTH),
            ("2026-01-01 00:00:07,250 INFO as Python has it", SEVENTH + 250_000),
            ("2026-01-01t01:00:07.000001999+01:00", SEVENTH + 1),
            ("2026-01-01T05:30:07+0530|x", SEVENTH),
            ("<34>1 2026-01-01T00:00:07.5Z host app", SEVENTH + 500_000),
            ("{\"user\": \"x-y\", \"time\": \"2025-12-31T23:00:07-01\"}", SEVENTH),
            ("1767225607 a", SEVENTH),
            ("1767225607.25,a", SEVENTH + 250_000),
            ("1767225607.1234567", SEVENTH + 123_456),
            ("1767225607250\ta", SEVENTH + 250_000),
            ("1767225607250.5", SEVENTH + 250_500),
            ("1767225607000001;a", SEVENTH + 1),
            ("1767225607000001999", SEVENTH + 1),
            ("@3 17 1767225607000000 1767225607000009 words #01234567", SEVENTH),
        ] {
            assert_eq!(us(None, line), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_lines_have_no_time() {
        for line in [
            "",
            "to be or not to be",
            "12345 a number too small to be a time",
            "1767225607x",
            "99999999999999999999999",
            "[10/Oct/2000:13:55 -0700]",
            "[31/Feb/2000:13:55:36 -0700]",
            "2026-02-30T00:00:00Z",
            "2026-01-01T25:00:00Z",
            "12026-01-01T00:00:00Z",
            "2026-01-01",
            "@3 end 2 0123456789abcdef #01234567",
        ] {
            assert_eq!(us(None, line), None, "{line}");
        }
        assert_eq!(us(None, &format!("{}2026-01-01T00:00:07Z", " ".repeat(600))), None);
    }

    #[test]
    fn a_column_can_be_chosen() {
        for (column, line, expected) in [
            (2, "k1\t1767225607\tx, y", Some(SEVENTH)),
            (2, "k1,1767225607 \t", None),
            (3, "a b,,1767225607250", Some(SEVENTH + 250_000)),
            (2, "\"a\",\"2026-01-01 00:00:07\",x", Some(SEVENTH)),
            (4, "::1 -  - [01/Jan/2026:00:00:07 +0000] x", Some(SEVENTH)),
            (1, "0.5,a", Some(500_000)),
            (1, "7", Some(7_000_000)),
            (2, "7", None),
            (2, "a 1 2026-01-01T00:00:07Z", Some(1_000_000)),
            (3, "1\t2\t", None),
        ] {
            assert_eq!(us(Some(column), line), expected, "{column} of {line}");
        }
    }

    #[test]
    fn the_first_line_decides_where_times_are() {
        let mut times = LineTimes::new(None);
        assert_eq!(times.next_us(b"no time"), None);
        assert_eq!(times.next_us(b"2026-01-01T00:00:07Z a"), Some(SEVENTH));
        assert_eq!(times.next_us(b"1767225609 b"), None);
        assert_eq!(times.next_us(b"[01/Jan/2026:00:00:09 +0000] c"), None);
        assert_eq!(times.next_us(b"d 2026-01-01T00:00:08Z"), Some(SEVENTH + 1_000_000));
        let mut times = LineTimes::new(Some(2));
        assert_eq!(times.next_us(b"a,8"), Some(8_000_000));
        assert_eq!(times.next_us(b"a\tb,9\t3"), Some(9_000_000));
    }
}
