//! A frame in a file that is in memory.

use bytes::Bytes;

use super::header::{Header, Salt, crc, u32_at};
use super::{CRC_BYTES, Flaw, Frame, HEADER_BYTES};

/// The frame at `at`, and where it ends; none if that is the end of the file.
pub(super) fn frame_at(
    file: &Bytes,
    at: usize,
    salt: Salt,
) -> Result<Option<(Frame, usize)>, Flaw> {
    let rest = &file[at..];
    if rest.is_empty() {
        return Ok(None);
    }
    let Some(header) = rest.first_chunk::<HEADER_BYTES>() else {
        return Err(Flaw::CutInHeader { bytes: rest.len() });
    };
    let Header { kind, sequence, synced, payload_bytes } = Header::from_bytes(header, salt)?;
    let payload_end = HEADER_BYTES + payload_bytes as usize;
    let needed = payload_end + CRC_BYTES;
    if rest.len() < needed {
        return Err(Flaw::Cut { needed, bytes: rest.len() });
    }
    if crc(u32_at(header, 28), &rest[HEADER_BYTES..payload_end]) != u32_at(rest, payload_end) {
        return Err(Flaw::Payload);
    }
    let payload = file.slice(at + HEADER_BYTES..at + payload_end);
    Ok(Some((Frame { kind, sequence, synced, payload }, at + needed)))
}
