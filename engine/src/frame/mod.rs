//! The frame, of rows of which every durable file is made.
//!
//! ```text
//!      0       4         5      6      8          16        24       28
//!      ├───────┼─────────┼──────┼──────┼──────────┼─────────┼────────┼────────┤
//!      │ magic │ version │ kind │ zero │ sequence │ synced  │ length │ CRC-32 │   header
//!      ├───────┴─────────┴──────┴──────┴──────────┴─────────┴────────┼────────┤
//!      │ payload, length bytes                                       │ CRC-32 │
//!      └─────────────────────────────────────────────────────────────┴────────┘
//! ```
//!
//! Numbers are little endian. The header's CRC is begun with the salt of the file, the payload's with
//! the header's CRC. `docs/durable-files.md` says what each field means, and what becomes of what is
//! broken.

mod arriving;
mod begin;
mod flaw;
mod frames;
mod header;
mod parse;
mod write;

use std::io::{self, Write};

use bytes::Bytes;

pub(crate) use arriving::Arriving;
pub(crate) use begin::{Begin, Beginning, MOST_BEGIN_BYTES, Misfit};
pub(crate) use flaw::Flaw;
pub(crate) use frames::Frames;
pub(crate) use header::{Header, Salt};
pub(crate) use write::write_frame;

/// A frame's first bytes. F5 is in no UTF-8 text, so what is searched for is rarely found where it
/// is none.
const MAGIC: [u8; 4] = *b"\xf5mlf";

/// The version of the format.
const VERSION: u8 = 1;

pub(crate) const HEADER_BYTES: usize = 32;

/// What stands behind a payload.
pub(crate) const CRC_BYTES: usize = 4;

/// What a payload may have.
pub(crate) const MOST_PAYLOAD_BYTES: u32 = 1 << 30;

/// A frame as it was read, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// What the payload is.
    pub(crate) kind: u8,
    /// Its number in its row.
    pub(crate) sequence: u64,
    /// Who finds this frame knows that all frames of the row below this sequence were made durable.
    pub(crate) synced: u64,
    /// A slice of what was read, which it keeps in memory.
    pub(crate) payload: Bytes,
}

impl Frame {
    /// How many it takes.
    pub(crate) fn bytes(&self) -> usize {
        HEADER_BYTES + self.payload.len() + CRC_BYTES
    }

    /// Writes it to another file of its row.
    pub(crate) fn write(
        &self,
        file: &mut (impl Write + ?Sized),
        salt: Salt,
        synced: u64,
    ) -> io::Result<u64> {
        let parts = [&self.payload[..]];
        let header = Header::of(self.kind, self.sequence, synced, &parts);
        write_frame(file, salt, header.expect("its payload was read"), &parts)
    }
}
