//! A frame that arrives in parts: its header first, which says how long the rest is.

use super::header::{Header, Salt, crc, u32_at};
use super::{Flaw, HEADER_BYTES, MAGIC};

/// The header of a frame whose payload is still to come.
pub(crate) struct Arriving {
    header: Header,
    sum: u32,
}

impl Arriving {
    /// What every header begins with.
    pub(crate) const BEGINNING: [u8; 4] = MAGIC;

    /// Checks a header of no file's.
    pub(crate) fn of(bytes: &[u8; HEADER_BYTES]) -> Result<Arriving, Flaw> {
        let header = Header::from_bytes(bytes, Salt::NONE)?;
        Ok(Arriving { header, sum: u32_at(bytes, 28) })
    }

    pub(crate) fn kind(&self) -> u8 {
        self.header.kind
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.header.sequence
    }

    pub(crate) fn payload_bytes(&self) -> usize {
        self.header.payload_bytes as usize
    }

    /// Checks what has come behind the header: the payload, and its checksum.
    pub(crate) fn check(&self, payload: &[u8], sum: &[u8]) -> Result<(), Flaw> {
        match crc(self.sum, payload).to_le_bytes() == *sum {
            true => Ok(()),
            false => Err(Flaw::Payload),
        }
    }
}
