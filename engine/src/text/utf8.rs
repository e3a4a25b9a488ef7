//! The door to the one line that needs `unsafe`: text that was found to be UTF-8 once is not checked
//! again.

#![allow(unsafe_code)]

use bytes::Bytes;

use crate::scan::ascii::newlines_of_ascii;

/// Bytes that are UTF-8.
#[derive(Debug)]
pub(crate) struct Utf8(Bytes);

impl Utf8 {
    /// `bytes`, if they are UTF-8.
    pub(super) fn check(bytes: &Bytes) -> Option<Self> {
        simdutf8::basic::from_utf8(bytes).is_ok().then(|| Utf8(bytes.clone()))
    }

    /// `bytes`, if they are ASCII, with the number of newlines.
    pub(super) fn of_ascii(bytes: &Bytes) -> Option<(Self, u64)> {
        newlines_of_ascii(bytes).map(|newlines| (Utf8(bytes.clone()), newlines))
    }

    /// The safe twin is `std::str::from_utf8`, a pass over the block for every operator that
    /// reads it.
    pub(crate) fn as_str(&self) -> &str {
        debug_assert!(std::str::from_utf8(&self.0).is_ok());
        // SAFETY: a `Utf8` is only made of bytes that were found to be UTF-8, or ASCII, which is.
        // `Bytes` is immutable: nobody else can write what it refers to. Of a mapped file that rests on what
        // `disk/mapped.rs` says of its own.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}
