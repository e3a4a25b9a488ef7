//! The records of the engine's streams.

use millstream::Key;

use super::{Flow, Stream};
use crate::functions::{mixed, times_written};
use crate::record::{Merge, Parts};

/// A record of the engine.
pub(super) trait Datum<'b>: Key<'b> {
    /// What `count_by_value` makes of it.
    type Tallied: Datum<'b>;

    fn parts(&self) -> Parts<'_>;
    fn merged(self, other: Self, merge: Merge) -> Self;
    fn tallied(self, times: u64) -> Self::Tallied;
    fn stream(flow: Flow<'b, Self>) -> Stream<'b>;
}

/// A record whose text borrows from the batch.
pub(super) trait Borrows<'b>: Datum<'b> {
    fn text(&self) -> &'b str;
}

impl<'b> Datum<'b> for &'b str {
    type Tallied = (&'b str, u64);

    fn parts(&self) -> Parts<'_> {
        (self, 0)
    }

    fn merged(self, other: Self, _merge: Merge) -> Self {
        self.max(other)
    }

    fn tallied(self, times: u64) -> Self::Tallied {
        (self, times)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Text(flow)
    }
}

impl<'b> Datum<'b> for u64 {
    type Tallied = u64;

    fn parts(&self) -> Parts<'_> {
        ("", *self)
    }

    fn merged(self, other: Self, merge: Merge) -> Self {
        merge.of(self, other)
    }

    fn tallied(self, times: u64) -> u64 {
        mixed(self, times)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Number(flow)
    }
}

impl<'b> Datum<'b> for (&'b str, u64) {
    type Tallied = Self;

    fn parts(&self) -> Parts<'_> {
        *self
    }

    fn merged(self, other: Self, merge: Merge) -> Self {
        (self.0.max(other.0), merge.of(self.1, other.1))
    }

    fn tallied(self, times: u64) -> Self {
        (self.0, mixed(self.1, times))
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Pair(flow)
    }
}

impl<'b> Datum<'b> for (u64, &'b str) {
    type Tallied = Self;

    fn parts(&self) -> Parts<'_> {
        (self.1, self.0)
    }

    fn merged(self, other: Self, merge: Merge) -> Self {
        (merge.of(self.0, other.0), self.1.max(other.1))
    }

    fn tallied(self, times: u64) -> Self {
        (mixed(self.0, times), self.1)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Label(flow)
    }
}

impl<'b> Datum<'b> for String {
    type Tallied = String;

    fn parts(&self) -> Parts<'_> {
        (self, 0)
    }

    fn merged(self, other: Self, _merge: Merge) -> Self {
        self.max(other)
    }

    fn tallied(self, times: u64) -> String {
        times_written(&self, times)
    }

    fn stream(flow: Flow<'b, Self>) -> Stream<'b> {
        Stream::Owned(flow)
    }
}

impl<'b> Borrows<'b> for &'b str {
    fn text(&self) -> &'b str {
        self
    }
}

impl<'b> Borrows<'b> for (&'b str, u64) {
    fn text(&self) -> &'b str {
        self.0
    }
}

impl<'b> Borrows<'b> for (u64, &'b str) {
    fn text(&self) -> &'b str {
        self.1
    }
}
