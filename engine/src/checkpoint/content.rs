//! What a file holds that is a checkpoint: frames with the name of each part and its bytes, and one
//! that says that these were all.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;

use bytes::{Bytes, BytesMut};

use super::Parts;
use crate::frame::{Begin, Flaw, Frame, Frames, Header, Misfit, write_frame};

/// The name of a part.
const NAME: u8 = 1;

/// Bytes of the part that was named last.
const DATA: u8 = 2;

/// The number of parts; the last frame.
const END: u8 = 3;

/// Why a file is no checkpoint.
pub(super) enum Misread {
    Damaged { offset: u64, found: String },
    Foreign(Misfit),
}

/// Writes a checkpoint, with no more than `most_bytes` of a part in a frame.
pub(super) fn write(
    file: &mut (impl Write + ?Sized),
    begin: &Begin,
    parts: &[(&str, &[u8])],
    most_bytes: usize,
) -> io::Result<()> {
    begin.write(file, 0, 0)?;
    let (salt, mut sequence) = (begin.salt(), 0);
    let mut frame = |kind, payload: &[u8]| {
        let header = Header::of(kind, sequence, 0, &[payload]).ok_or(ErrorKind::InvalidInput)?;
        sequence += 1;
        write_frame(file, salt, header, &[payload])
    };
    for (name, bytes) in parts {
        frame(NAME, name.as_bytes())?;
        for chunk in bytes.chunks(most_bytes) {
            frame(DATA, chunk)?;
        }
    }
    frame(END, &(parts.len() as u64).to_le_bytes())?;
    Ok(())
}

/// The parts of a checkpoint, if that is what the file is, from its first byte to its last.
pub(super) fn read(file: Bytes, expected: &Begin) -> Result<Parts, Misread> {
    let mut frames = Frames::of(file, expected).map_err(|misfit| match misfit {
        Misfit::Damaged(flaw) => Misread::Damaged { offset: 0, found: flaw.to_string() },
        foreign => Misread::Foreign(foreign),
    })?;
    let mut parts = Chunks::new();
    loop {
        let offset = frames.offset();
        let took = match frames.next() {
            Ok(Some(frame)) => take(frame, &mut parts),
            Ok(None) => Err("a frame was expected, and the file ends".to_owned()),
            Err(flaw) => Err(flaw.to_string()),
        };
        match took {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) if frames.is_at_end() => break,
            Ok(ControlFlow::Break(())) => {
                let found = "the end of the file was expected, and there is more".to_owned();
                return Err(Misread::Damaged { offset: frames.offset(), found });
            }
            Err(found) => return Err(Misread::Damaged { offset, found }),
        }
    }
    Ok(parts.into_iter().map(|(name, chunks)| (name, join(chunks))).collect())
}

type Chunks = Vec<(String, Vec<Bytes>)>;

/// Adds what is in a frame; breaks off after the last one.
fn take(frame: Frame, parts: &mut Chunks) -> Result<ControlFlow<()>, String> {
    let (Frame { kind, payload, .. }, count) = (frame, parts.len());
    match (kind, parts.last_mut()) {
        (NAME, _) => {
            let name = String::from_utf8(payload.into());
            let name = name.map_err(|e| format!("a name was expected: {e}"))?;
            parts.push((name, Vec::new()));
        }
        (DATA, Some((_, chunks))) => chunks.push(payload),
        (END, _) if payload[..] == (count as u64).to_le_bytes() => {
            return Ok(ControlFlow::Break(()));
        }
        (END, _) => return Err(format!("{count} parts are not as many as there were")),
        (found, _) => {
            let flaw = Flaw::Kind { expected: "a part of a checkpoint", found };
            return Err(flaw.to_string());
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// One slice of the file where it can be one.
fn join(chunks: Vec<Bytes>) -> Bytes {
    match <[Bytes; 1]>::try_from(chunks) {
        Ok([only]) => only,
        Err(chunks) => {
            let mut joined = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
            chunks.iter().for_each(|chunk| joined.extend_from_slice(chunk));
            joined.freeze()
        }
    }
}
