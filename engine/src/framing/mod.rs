//! From bytes that arrive in pieces to whole records that lie in one piece.
//!
//! The receiver does no work per line. After each read it looks for the end of the last whole
//! record: what is before it goes into the block as it is, what is after it is the beginning of an
//! unfinished record, which the connection's [`Carry`] keeps until the rest comes. The next read
//! leaves a gap of the carry's length in front of itself, and the carry is copied there once the
//! record is whole. So each byte of an unfinished record is copied at most twice, however small the
//! pieces.
//!
//! Whatever lies in a block is whole records with what frames them: a newline behind each line, its
//! length in front of each record that has one. Records are looked at one by one only where the
//! block is worked on, by [`RecordsOf`] and in [`crate::text`].

mod carry;
mod framed;
mod kept;
mod kind;
mod limit;
mod lines;
mod records;
mod sized;

pub(crate) use carry::Carry;
pub(crate) use framed::Framed;
pub use kind::Framing;
pub(crate) use limit::RecordLimit;
pub(crate) use lines::cut_len;
pub(crate) use records::RecordsOf;
