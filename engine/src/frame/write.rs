//! A frame written from the parts of its payload, none of them copied.

use std::io::{self, ErrorKind, IoSlice, Write};

use smallvec::SmallVec;

use super::header::{Header, Salt, crc, u32_at};
use super::{CRC_BYTES, HEADER_BYTES};

/// Writes a frame, of whose payload these are the parts, in as few calls as the file allows. Answers
/// how many bytes it takes.
pub(crate) fn write_frame(
    file: &mut (impl Write + ?Sized),
    salt: Salt,
    header: Header,
    parts: &[&[u8]],
) -> io::Result<u64> {
    let bytes = HEADER_BYTES as u64 + u64::from(header.payload_bytes) + CRC_BYTES as u64;
    let header = header.to_bytes(salt);
    let sum = parts.iter().fold(u32_at(&header, 28), |sum, part| crc(sum, part)).to_le_bytes();
    let mut slices: SmallVec<[IoSlice<'_>; 8]> = SmallVec::with_capacity(parts.len() + 2);
    slices.push(IoSlice::new(&header));
    slices.extend(parts.iter().map(|part| IoSlice::new(part)));
    slices.push(IoSlice::new(&sum));
    write_all(file, &mut slices)?;
    Ok(bytes)
}

fn write_all(file: &mut (impl Write + ?Sized), mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
