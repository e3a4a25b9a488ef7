//! Lines that say where they come from, and the checker that proves a run whole.
//!
//! Whoever reads a generated stream, at the end of whatever pipeline, wants to know two things: is
//! every record here, once and unchanged, and how long was it under way. Both need records that
//! carry their origin. A record with a stamp is the line
//!
//! ```text
//! @SOURCE SEQUENCE INTENDED SENT BODY #CRC
//! ```
//!
//! * `SOURCE` and `SEQUENCE`: who has sent it, and which of that source's records it is, from 0.
//! * `INTENDED` and `SENT`: when it was due, and when the generator took it up, in microseconds
//!   since the Unix epoch. Latency counts from when a record was *due*: a generator that is late
//!   must not make its reader look fast.
//! * `BODY`: any bytes but a newline; it may be empty, and may contain ` #`.
//! * `CRC`: the CRC-32 of everything from `@` up to the space before `#`, in eight hexadecimal
//!   digits.
//!
//! The last line of each source is its end mark, which says how many records it has sent and the
//! digest of these, a sum that does not depend on their order, in 16 hexadecimal digits, or `-` if
//! the source does not know it:
//!
//! ```text
//! @SOURCE end RECORDS DIGEST #CRC
//! ```
//!
//! Numbers are decimal, without leading zeros, and below 2^64; hexadecimal digits are lower case.
//! There is one way to write a line, so a line that is written otherwise was changed on its way.
//!
//! The checksum finds what happens to a line, the sequences what happens to the lines of a source,
//! and the digest what both miss: records replaced by others that are intact.

// The words.
mod fields;
mod place;
// The lines.
mod end_mark;
mod record;
mod line;
// What is seen and found.
mod seen;
mod sentence;
mod verdict;
mod source;
mod checker;

pub use checker::Checker;
pub use end_mark::EndMark;
pub use line::StampedLine;
pub use place::Place;
pub(crate) use record::intended_us_of;
pub use record::{Stamp, body_of};
pub use verdict::Verdict;
