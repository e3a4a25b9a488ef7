//! What a start has written of a file, held against what the file has.

use bytes::Bytes;

use super::unite::flaw_in;
use crate::frame::{Begin, Flaw, Misfit};

/// What this start has written of a file.
pub(super) struct Written {
    pub(super) bytes: u64,
    /// What the file says of itself.
    pub(super) begin: Begin,
}

impl Written {
    /// What is in the file, without what somebody has put behind it; or the first byte that is not what was written,
    /// and what is wrong there. A write that has failed may have left a part of a frame at the end.
    pub(super) fn in_file(&self, mut content: Vec<u8>) -> Result<Bytes, (u64, String)> {
        let found = content.len() as u64;
        if found < self.bytes {
            let written = self.bytes;
            return Err((
                found,
                format!("{written} bytes were written, and the file ends after {found}"),
            ));
        }
        content.truncate(usize::try_from(self.bytes).unwrap_or(usize::MAX));
        let content = Bytes::from(content);
        match flaw_in(&content, &self.begin) {
            Ok(None | Some((_, Flaw::Cut { .. } | Flaw::CutInHeader { .. }))) => Ok(content),
            Ok(Some((at, flaw))) => Err((at, flaw.to_string())),
            Err(Misfit::Damaged(flaw)) => Err((0, flaw.to_string())),
            Err(Misfit::Foreign { reason, .. }) => Err((0, reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Header, write_frame};

    #[test]
    fn all_of_it_must_be_whole_but_for_a_write_that_has_failed() {
        let begin = Begin { job: "j".into(), directory: 7, of: "blocks".into(), number: 0 };
        let mut file = Vec::new();
        begin.write(&mut file, 0, 0).unwrap();
        let first = file.len();
        let header = Header::of(1, 0, 0, &[b"one"]).unwrap();
        write_frame(&mut file, begin.salt(), header, &[b"one"]).unwrap();
        let in_file = |bytes: usize, content: &[u8]| {
            let written = Written { bytes: bytes as u64, begin: begin.clone() };
            written.in_file(content.to_vec())
        };
        assert_eq!(in_file(file.len(), &file).unwrap(), file);
        assert_eq!(in_file(file.len(), &[&file[..], b"more"].concat()).unwrap(), file);
        for bytes in 0..file.len() {
            assert_eq!(in_file(bytes, &file[..bytes]).unwrap(), file[..bytes]);
            let (at, found) = in_file(file.len(), &file[..bytes]).unwrap_err();
            assert!(at == bytes as u64 && found.contains("ends after"), "{found}");
            let mut flipped = file.clone();
            flipped[bytes] ^= 1;
            let (at, _) = in_file(file.len(), &flipped).unwrap_err();
            assert_eq!(at as usize, if bytes < first { 0 } else { first });
        }
    }
}
