//! The unfinished record of one connection, whatever frames it.

use super::framed::Framed;
use super::kind::Framing;
use super::limit::RecordLimit;
use super::lines::LineCarry;
use super::sized::{Length, SizedCarry};

/// What came of a record that is not whole yet.
#[derive(Debug)]
pub(crate) enum Carry {
    Line(LineCarry),
    Sized(SizedCarry),
}

impl Carry {
    /// For a connection that has just been made.
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Lines => Carry::Line(LineCarry::default()),
            Framing::LengthPrefixed => Carry::Sized(SizedCarry::new(Length::Prefixed)),
            Framing::Fixed(bytes) => Carry::Sized(SizedCarry::new(Length::Fixed(bytes))),
        }
    }

    /// The bytes to leave free in front of the next read.
    #[inline]
    pub(crate) fn gap(&self) -> usize {
        match self {
            Carry::Line(carry) => carry.gap(),
            Carry::Sized(carry) => carry.gap(),
        }
    }

    /// The memory that the unfinished record holds.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        match self {
            Carry::Line(carry) => carry.capacity(),
            Carry::Sized(carry) => carry.capacity(),
        }
    }

    /// Takes in a read: `buffer[..gap]` is free, `buffer[gap..gap + n]` is what has arrived.
    #[inline]
    pub(crate) fn take(&mut self, buffer: &mut [u8], n: usize, limit: RecordLimit) -> Framed {
        match self {
            Carry::Line(carry) => carry.take(buffer, n, limit),
            Carry::Sized(carry) => carry.take(buffer, n, limit),
        }
    }

    /// The connection has ended: `buffer[..gap + 1]` is free. A last line counts without its line
    /// end; a record that is shorter than its length is none, and counts as rejected.
    pub(crate) fn finish(&mut self, buffer: &mut [u8]) -> Framed {
        match self {
            Carry::Line(carry) => carry.finish(buffer),
            Carry::Sized(carry) => carry.finish(),
        }
    }

    /// Gives up the unfinished record as if it had passed the limit. `None` where too little of it
    /// has come to know where it ends: then it stays. For where all carries together hold too much.
    pub(crate) fn give_up(&mut self) -> Option<Framed> {
        match self {
            Carry::Line(carry) => Some(carry.give_up()),
            Carry::Sized(carry) => carry.give_up(),
        }
    }
}
