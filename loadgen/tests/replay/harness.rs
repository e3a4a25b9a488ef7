//! Files to replay.

use std::fs;
use std::path::Path;

use loadgen::Replay;
use tempfile::TempDir;

/// A folder of its own with a file in it.
pub(crate) struct Recorded {
    pub(crate) folder: TempDir,
    pub(crate) content: Vec<u8>,
}

impl Recorded {
    pub(crate) fn of(content: impl Into<Vec<u8>>) -> Self {
        let recorded = Self { folder: TempDir::new().unwrap(), content: content.into() };
        fs::write(recorded.path(), &recorded.content).unwrap();
        recorded
    }

    pub(crate) fn path(&self) -> Box<Path> {
        self.folder.path().join("access.log").into()
    }

    pub(crate) fn replay(&self) -> Replay {
        Replay::of(&*self.path())
    }

    pub(crate) fn lines(&self) -> Vec<&[u8]> {
        self.content.split_inclusive(|&byte| byte == b'\n').collect()
    }

    /// What a connection is to get: line n goes to connection n modulo their number.
    pub(crate) fn share(&self, connection: usize, connections: usize) -> Vec<u8> {
        self.lines().into_iter().skip(connection).step_by(connections).flatten().copied().collect()
    }
}

/// Lines of different lengths, some empty, some with `\r`; together larger than a chunk.
pub(crate) fn many_lines() -> Vec<u8> {
    let line = |nth: usize| match nth % 7 {
        0 => "\n".to_owned(),
        1 => format!("{nth} as Windows ends it\r\n"),
        _ => format!("{nth} {}\n", "to be or not to be, ".repeat(nth % 13)),
    };
    (0..100_000).map(line).collect::<String>().into_bytes()
}
