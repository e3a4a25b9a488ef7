//! The first 32 bytes of a frame, to bytes and back.

use super::{Flaw, HEADER_BYTES, MAGIC, MOST_PAYLOAD_BYTES, VERSION};

/// What the checksums of a file are begun with, so that a frame of one passes in no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Salt(pub(super) u32);

impl Salt {
    /// That of a frame that is to be read before anything is known of its file, or that has none.
    pub(crate) const NONE: Salt = Salt(0);
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(super) kind: u8,
    pub(super) sequence: u64,
    pub(super) synced: u64,
    pub(super) payload_bytes: u32,
}

impl Header {
    /// That of a frame with a payload of these parts; none if they are longer than a payload may be.
    pub(crate) fn of(kind: u8, sequence: u64, synced: u64, parts: &[&[u8]]) -> Option<Header> {
        let add = |sum: u32, part: &&[u8]| sum.checked_add(part.len().try_into().ok()?);
        let payload_bytes = parts.iter().try_fold(0, add)?;
        (payload_bytes <= MOST_PAYLOAD_BYTES).then_some(Header {
            kind,
            sequence,
            synced,
            payload_bytes,
        })
    }

    pub(super) fn to_bytes(self, salt: Salt) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.kind;
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.synced.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payload_bytes.to_le_bytes());
        let crc = crc(salt.0, &bytes[..28]);
        bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; HEADER_BYTES], salt: Salt) -> Result<Header, Flaw> {
        if bytes[0..4] != MAGIC {
            return Err(Flaw::NoFrame);
        }
        if crc(salt.0, &bytes[..28]).to_le_bytes() != bytes[28..32] {
            return Err(Flaw::Header);
        }
        if bytes[4] != VERSION {
            return Err(Flaw::Version(bytes[4]));
        }
        let header = Header {
            kind: bytes[5],
            sequence: u64_at(bytes, 8),
            synced: u64_at(bytes, 16),
            payload_bytes: u32_at(bytes, 24),
        };
        if header.payload_bytes > MOST_PAYLOAD_BYTES {
            return Err(Flaw::TooLong(header.payload_bytes));
        }
        Ok(header)
    }
}

/// The CRC-32 of `bytes`, begun with another one.
pub(super) fn crc(begun_with: u32, bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new_with_initial(begun_with);
    crc.update(bytes);
    crc.finalize()
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("it is four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("it is eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        kind: 7,
        sequence: 0x0102_0304_0506_0708,
        synced: 0x0102_0304_0506_0700,
        payload_bytes: 5,
    };

    #[test]
    fn it_is_laid_out_as_the_drawing_says() {
        let bytes = HEADER.to_bytes(Salt(9));
        let front = b"\xf5mlf\x01\x07\0\0\x08\x07\x06\x05\x04\x03\x02\x01";
        let middle = b"\x00\x07\x06\x05\x04\x03\x02\x01\x05\0\0\0";
        assert_eq!(bytes[..28], [&front[..], &middle[..]].concat());
        assert_eq!(u32_at(&bytes, 28), crc(9, &bytes[..28]));
        assert_eq!(Header::from_bytes(&bytes, Salt(9)), Ok(HEADER));
    }

    #[test]
    fn no_bit_of_it_can_change_and_it_passes_in_no_other_file() {
        let bytes = HEADER.to_bytes(Salt(9));
        for bit in 0..8 * HEADER_BYTES {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::from_bytes(&flipped, Salt(9)).is_err(), "bit {bit}");
        }
        for salt in (0..32).map(|bit| Salt(9 ^ 1 << bit)) {
            assert_eq!(Header::from_bytes(&bytes, salt), Err(Flaw::Header));
        }
    }

    #[test]
    fn another_version_and_a_length_beyond_the_limit_are_told_from_damage() {
        let mut bytes = HEADER.to_bytes(Salt::NONE);
        bytes[4] = 2;
        let sum = crc(0, &bytes[..28]);
        bytes[28..].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(Header::from_bytes(&bytes, Salt::NONE), Err(Flaw::Version(2)));
        let long = Header { payload_bytes: MOST_PAYLOAD_BYTES + 1, ..HEADER };
        let refused = Header::from_bytes(&long.to_bytes(Salt::NONE), Salt::NONE);
        assert_eq!(refused, Err(Flaw::TooLong(MOST_PAYLOAD_BYTES + 1)));
    }
}
