//! What can be wrong where a frame should be.

use std::fmt;

use super::{HEADER_BYTES, MOST_PAYLOAD_BYTES, VERSION};

/// Why there is no whole frame of the row at a place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The file ends in a header.
    CutInHeader {
        /// What there is of it.
        bytes: usize,
    },
    /// The file ends in a payload, or its checksum.
    Cut {
        /// What the frame takes.
        needed: usize,
        /// What there is of it.
        bytes: usize,
    },
    /// What is there does not begin as a frame does.
    NoFrame,
    /// The header is not what its checksum was made of, or the frame is another file's.
    Header,
    /// The payload is not what its checksum was made of.
    Payload,
    /// A frame of another version of the format.
    Version(u8),
    /// A length beyond the limit.
    TooLong(u32),
    /// Another frame than the next of the row.
    Sequence {
        /// That of the next.
        expected: u64,
        /// That of this one.
        found: u64,
    },
    /// A kind of frame that does not belong there.
    Kind {
        /// What was expected.
        expected: &'static str,
        /// What is there.
        found: u8,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::CutInHeader { bytes } => {
                write!(
                    f,
                    "a frame's header of {HEADER_BYTES} bytes was expected, and the file ends after {bytes}"
                )
            }
            Flaw::Cut { needed, bytes } => {
                write!(f, "a frame of {needed} bytes was expected, and the file ends after {bytes}")
            }
            Flaw::NoFrame => {
                write!(f, "a frame was expected, and what is there does not begin as one does")
            }
            Flaw::Header => {
                write!(f, "the checksum of the frame's header is not that of its content")
            }
            Flaw::Payload => {
                write!(f, "the checksum of the frame's payload is not that of its content")
            }
            Flaw::Version(found) => {
                write!(f, "a frame of version {VERSION} was expected, and it is of version {found}")
            }
            Flaw::TooLong(found) => write!(
                f,
                "a payload of at most {MOST_PAYLOAD_BYTES} bytes was expected, and it is to have {found}"
            ),
            Flaw::Sequence { expected, found } => {
                write!(f, "frame {expected} was expected, and it is frame {found}")
            }
            Flaw::Kind { expected, found } => {
                write!(f, "{expected} was expected, and it is a frame of kind {found}")
            }
        }
    }
}
