//! The last line of a source: how many records it has sent, and what they add up to.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::fields::{from_hex, push_decimal, seal, to_hex};

/// What stands in a line for a digest that is not known.
const UNKNOWN: &[u8] = b"-";

/// What a source says of itself when it has sent its last record.
///
/// A source that goes on where an earlier process has got to knows how many records there are, and
/// not what those of the other came to: it has no digest.
///
/// ```
/// use loadgen::{EndMark, Stamp};
///
/// let mut lines = Vec::new();
/// let mut mark = EndMark::new(3);
/// for sequence in 0..2 {
///     let stamp = Stamp { source: 3, sequence, intended_us: 1_000_000, sent_us: 1_000_250 };
///     mark.add(stamp.write(b"two words", &mut lines));
/// }
/// mark.write(&mut lines);
/// let lines = String::from_utf8(lines)?;
/// assert!(lines.lines().last().unwrap().starts_with("@3 end 2 "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct EndMark {
    /// The source that has ended.
    pub source: u64,
    /// How many records it has sent; their sequences are below this.
    pub records: u64,
    /// The digests of its records, added up, modulo 2^64: a checksum that does not depend on their
    /// order; nothing if the source does not know it. In JSON it is 16 hexadecimal digits, for many
    /// readers of JSON have no such numbers.
    #[serde(serialize_with = "as_hex", deserialize_with = "of_hex")]
    #[schemars(with = "Option<String>")]
    pub digest: Option<u64>,
}

impl EndMark {
    /// The mark of a source that has sent nothing yet.
    pub fn new(source: u64) -> Self {
        Self { source, records: 0, digest: Some(0) }
    }

    /// The mark of a source of which so many records were sent by others before.
    pub fn going_on(source: u64, records: u64) -> Self {
        Self { source, records, digest: None }
    }

    /// Counts one more record, of which [`Stamp::write`](super::Stamp::write) gave this digest.
    #[inline]
    pub fn add(&mut self, record_digest: u64) {
        self.records += 1;
        self.digest = self.digest.map(|sum| sum.wrapping_add(record_digest));
    }

    /// Appends the line of the mark, its newline included.
    pub fn write(&self, line: &mut Vec<u8>) {
        let start = line.len();
        line.push(b'@');
        push_decimal(self.source, line);
        line.extend_from_slice(b"end ");
        push_decimal(self.records, line);
        match self.digest {
            Some(digest) => line.extend_from_slice(&to_hex::<16>(digest)),
            None => line.extend_from_slice(UNKNOWN),
        }
        seal(line, start);
    }
}

/// The digest in a line's place for it; the outer nothing is that there is none of its form.
pub(super) fn read_digest(field: &[u8]) -> Option<Option<u64>> {
    match field {
        UNKNOWN => Some(None),
        digits if digits.len() == 16 => from_hex(digits).map(Some),
        _ => None,
    }
}

fn as_hex<S: Serializer>(digest: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match digest {
        Some(digest) => serializer.collect_str(&format_args!("{digest:016x}")),
        None => serializer.serialize_none(),
    }
}

fn of_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let digits = Some(text.as_bytes()).filter(|digits| digits.len() == 16);
    digits
        .and_then(from_hex)
        .map(Some)
        .ok_or_else(|| de::Error::custom(format!("{text:?} is no digest of 16 hexadecimal digits")))
}
