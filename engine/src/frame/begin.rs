//! The first frame of a file, which says what the file belongs to.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::header::{Header, Salt};
use super::parse::frame_at;
use super::write::write_frame;
use super::{Flaw, VERSION};
use crate::durable;
use crate::error::Error;

/// The kind of the first frame of every file.
const BEGIN: u8 = 0;

/// What has to be read of a file to know its first frame.
pub(crate) const MOST_BEGIN_BYTES: u64 = 8 << 10;

/// What a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begin {
    /// The job's name.
    pub(crate) job: String,
    /// The number of the directory.
    pub(crate) directory: u64,
    /// Which of the directory's rows it is a part of.
    pub(crate) of: String,
    /// The file's number.
    pub(crate) number: u64,
}

/// Why a file is not the one that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It does not begin with a whole frame that says what it belongs to.
    Damaged(Flaw),
    /// It belongs to something else.
    Foreign {
        /// A sentence whose subject is the file.
        reason: String,
        /// What to do.
        cure: &'static str,
    },
}

impl Misfit {
    /// As an error, with what to do where it is damaged.
    pub(crate) fn of(self, file: &Path, cure_of_damage: &str) -> Error {
        let file = file.display().to_string();
        match self {
            Misfit::Damaged(flaw) => Error::Damaged {
                file,
                offset: 0,
                found: flaw.to_string(),
                cure: cure_of_damage.to_owned(),
            },
            Misfit::Foreign { reason, cure } => Error::Foreign { file, reason, cure },
        }
    }
}

/// How a file begins.
pub(crate) struct Beginning {
    pub(crate) begin: Begin,
    /// That of the first frame behind it.
    pub(crate) sequence: u64,
    /// All frames below this sequence were durable when the file got its name.
    pub(crate) synced: u64,
    /// Where the first frame behind it begins.
    pub(super) end: usize,
}

impl Beginning {
    /// Where the first frame behind it begins.
    pub(crate) fn end(&self) -> usize {
        self.end
    }
}

impl Begin {
    /// As it is written; there is only one way.
    fn to_payload(&self) -> Vec<u8> {
        durable::to_bytes(self).expect("text and numbers can be written down")
    }

    /// What the checksums of the file's further frames are begun with.
    pub(crate) fn salt(&self) -> Salt {
        Salt(crc32fast::hash(&self.to_payload()))
    }

    /// Writes the first frame of a file whose further ones begin with `sequence`, and which gets its
    /// name when all below `synced` are durable. Answers how many bytes it takes.
    pub(crate) fn write(
        &self,
        file: &mut (impl Write + ?Sized),
        sequence: u64,
        synced: u64,
    ) -> io::Result<u64> {
        let payload = self.to_payload();
        let parts = [&payload[..]];
        let header = Header::of(BEGIN, sequence, synced, &parts).ok_or(ErrorKind::InvalidInput)?;
        write_frame(file, Salt::NONE, header, &parts)
    }

    /// How a file begins, of which the first [`MOST_BEGIN_BYTES`] suffice.
    pub(crate) fn read(file: &Bytes) -> Result<Beginning, Misfit> {
        let (frame, end) = match frame_at(file, 0, Salt::NONE) {
            Ok(Some(found)) => found,
            Ok(None) => return Err(Misfit::Damaged(Flaw::CutInHeader { bytes: 0 })),
            Err(Flaw::Version(found)) => {
                return Err(Misfit::Foreign {
                    reason: format!(
                        "is of version {found} of the format, and this program has version {VERSION}"
                    ),
                    cure: "run the program that wrote it, or choose another directory",
                });
            }
            Err(flaw) => return Err(Misfit::Damaged(flaw)),
        };
        if frame.kind != BEGIN {
            let flaw = Flaw::Kind { expected: "a file's first frame", found: frame.kind };
            return Err(Misfit::Damaged(flaw));
        }
        let begin = durable::from_bytes(&frame.payload).map_err(|why| Misfit::Foreign {
            reason: format!(
                "says what it belongs to in a way that this program does not know: {why}"
            ),
            cure: "move it away, or choose another directory",
        })?;
        Ok(Beginning { begin, sequence: frame.sequence, synced: frame.synced, end })
    }

    /// Holds what was read against what is expected.
    pub(crate) fn expect(&self, expected: &Begin) -> Result<(), Misfit> {
        let foreign = |reason, cure| Err(Misfit::Foreign { reason, cure });
        if self.job != expected.job {
            let reason = format!("belongs to the job {:?}, not to {:?}", self.job, expected.job);
            return foreign(reason, "choose another directory for one of them");
        }
        if self.directory != expected.directory {
            let reason = "belongs to another directory of a job of this name".to_owned();
            return foreign(reason, "move it to where it belongs");
        }
        if (&self.of, self.number) != (&expected.of, expected.number) {
            let Begin { of, number, .. } = expected;
            let reason =
                format!("is file {} of {:?}, not {number} of {of:?}", self.number, self.of);
            return foreign(reason, "give it back its name");
        }
        Ok(())
    }
}
