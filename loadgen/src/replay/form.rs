//! The forms in which lines tell their time.

use jiff::fmt::strtime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use memchr::memchr_iter;

use crate::stamp::intended_us_of;

/// How far into a line a time may begin that is not in its first column.
const NEAR_BYTES: usize = 512;

/// A number of fewer digits as the first column is an identifier or a count, and no time: as seconds
/// it would be one before 1973.
const FEWEST_EPOCH_DIGITS: usize = 9;

static RFC_3339: DateTimeParser = DateTimeParser::new();

/// A form of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// When a stamped line was due.
    Stamp,
    /// A number since the epoch.
    Epoch,
    /// `10/Oct/2000:13:55:36 -0700`
    AccessLog,
    /// `2026-01-01T00:00:00.123Z`
    Rfc3339,
}

impl Form {
    /// In the order in which they are looked for.
    pub(super) const ALL: [Self; 4] = [Self::Stamp, Self::Epoch, Self::AccessLog, Self::Rfc3339];

    /// The text of a time in this form, somewhere near the beginning of a line.
    pub(super) fn find(self, line: &[u8]) -> Option<&[u8]> {
        let near = &line[..line.len().min(NEAR_BYTES)];
        match self {
            Self::Stamp => self.at_start(line),
            Self::Epoch => {
                let is_long = |text: &&[u8]| digits(text) >= FEWEST_EPOCH_DIGITS;
                self.at_start(line).filter(is_long)
            }
            Self::AccessLog => {
                memchr_iter(b'[', near).find_map(|at| self.at_start(&line[at + 1..]))
            }
            Self::Rfc3339 => memchr_iter(b'-', near).find_map(|at| {
                let start = at.checked_sub(4)?;
                let is_cut = start > 0 && line[start - 1].is_ascii_digit();
                self.at_start(&line[start..]).filter(|_| !is_cut)
            }),
        }
    }

    /// The text of a time in this form, right at the beginning.
    pub(super) fn at_start(self, text: &[u8]) -> Option<&[u8]> {
        let length = match self {
            Self::Stamp if text.first() != Some(&b'@') => return None,
            // As far as the time at which it was due.
            Self::Stamp => memchr_iter(b' ', text).nth(2)? + 1,
            Self::Epoch => {
                let whole = digits(text);
                let fraction = match text.get(whole) {
                    Some(b'.') => 1 + digits(&text[whole + 1..]),
                    _ => 0,
                };
                let length = whole + fraction;
                let goes_on = text.get(length).is_some_and(|byte| !b" \t,;|\"'])}".contains(byte));
                if whole == 0 || goes_on {
                    return None;
                }
                length
            }
            Self::AccessLog => {
                if !has_shape(text, b"00/aaa/0000:00:00:00 +0000") {
                    return None;
                }
                26
            }
            Self::Rfc3339 => {
                if !has_shape(text, b"0000-00-00t00:00:00") {
                    return None;
                }
                let seconds = &text[19..];
                let fraction = match seconds.first() {
                    Some(b'.' | b',') => 1 + digits(&seconds[1..]),
                    _ => 0,
                };
                19 + fraction + offset_bytes(&seconds[fraction..])
            }
        };
        Some(&text[..length])
    }

    /// The time that the text of one says, in microseconds since the epoch; nothing if there is no
    /// such day or hour.
    pub(super) fn read_us(self, text: &[u8]) -> Option<i64> {
        match self {
            Self::Stamp => intended_us_of(text)?.try_into().ok(),
            Self::Epoch => read_epoch_us(text),
            Self::AccessLog => {
                let time = strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?;
                Some(time.to_timestamp().ok()?.as_microsecond())
            }
            Self::Rfc3339 => {
                let zoned = RFC_3339.parse_timestamp(text);
                let time = zoned.or_else(|_| {
                    RFC_3339.parse_datetime(text).and_then(|time| Offset::UTC.to_timestamp(time))
                });
                Some(time.ok()?.as_microsecond())
            }
        }
    }
}

/// Reads a number since the epoch. As seconds, the smallest number of each larger unit would be in
/// the year 5138, and in that unit it is in 1973.
fn read_epoch_us(text: &[u8]) -> Option<i64> {
    let (whole, fraction) = text.split_at(digits(text));
    let whole: u64 = std::str::from_utf8(whole).ok()?.parse().ok()?;
    let (unit_us, fraction_digits) = match whole {
        ..100_000_000_000 => (1_000_000, 6),
        100_000_000_000..100_000_000_000_000 => (1_000, 3),
        100_000_000_000_000..100_000_000_000_000_000 => (1, 0),
        _ => return (whole / 1_000).try_into().ok(),
    };
    let fraction = fraction.get(1..).unwrap_or_default().iter().chain(std::iter::repeat(&b'0'));
    let below =
        fraction.take(fraction_digits).fold(0, |us, digit| us * 10 + u64::from(digit - b'0'));
    (whole * unit_us + below).try_into().ok()
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// How long the offset from UTC is that a text begins with: `Z`, `+01:00` and the like, or none.
fn offset_bytes(text: &[u8]) -> usize {
    let has = |shape| has_shape(text, shape);
    match text.first() {
        Some(b'Z' | b'z') => 1,
        _ if has(b"+00:00") => 6,
        _ if has(b"+0000") => 5,
        _ if has(b"+00") => 3,
        _ => 0,
    }
}

/// Whether a text begins as a pattern says: `0` for a digit, `a` for a letter, `+` for a sign, `t` for
/// what is between date and time, all else for itself.
fn has_shape(text: &[u8], pattern: &[u8]) -> bool {
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        b'a' => byte.is_ascii_alphabetic(),
        b'+' => matches!(byte, b'+' | b'-'),
        b't' => matches!(byte, b'T' | b't' | b' '),
        _ => byte == shape,
    };
    text.len() >= pattern.len() && text.iter().zip(pattern).all(fits)
}
