//! A file that is being replayed.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chunks::{Chunk, Chunks};
use super::index::{CHUNK_BYTES, Indexing};
use super::line_times::LineTimes;
use super::{Moments, Replay, cannot, check_kind, refusal};
use crate::error::Result;
use crate::stop::Stop;

/// A reading that takes longer tells this often how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// A file whose lines are known: how many, where they are, and when they are due.
pub(crate) struct Recording {
    chunks: Chunks,
    lines: u64,
    moments: Option<Arc<Moments>>,
}

impl Recording {
    /// Opens the file and reads it, as far as `most_lines` go. When that takes longer, sentences tell
    /// how far it is; a stop that is pulled ends it early, with the lines found by then.
    pub(crate) fn open(
        replay: &Replay,
        most_lines: Option<u64>,
        stop: &Stop,
        tell: impl FnMut(&str),
    ) -> Result<Self> {
        Self::open_in_chunks(replay, most_lines, CHUNK_BYTES, stop, tell)
    }

    fn open_in_chunks(
        replay: &Replay,
        most_lines: Option<u64>,
        chunk_bytes: usize,
        stop: &Stop,
        mut tell: impl FnMut(&str),
    ) -> Result<Self> {
        let path = &replay.path;
        check_kind(path)?;
        let file = File::open(path).map_err(cannot("replay", path))?;
        let file_bytes = file.metadata().map_err(cannot("replay", path))?.len();
        let times =
            replay.speed.map(|speed| (LineTimes::new(replay.time_column), Moments::new(speed)));
        let most_lines = most_lines.unwrap_or(u64::MAX);
        let indexing = Indexing { path, file: &file, file_bytes, most_lines, chunk_bytes, times };
        let mut told = Instant::now();
        let (index, moments) = indexing.run(|offset| {
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                let mb = |bytes: u64| bytes as f64 / 1e6;
                tell(&format!(
                    "looking for the lines of {}: {:.0} of {:.0} MB",
                    path.display(),
                    mb(offset),
                    mb(file_bytes)
                ));
            }
            !stop.is_stopped()
        })?;
        if index.lines() == 0 && !stop.is_stopped() {
            return Err(refusal(path, "has no line to replay".into()));
        }
        let lines = index.lines().min(most_lines);
        let chunks = Chunks::new(path, file, index);
        Ok(Self { chunks, lines, moments: moments.map(Arc::new) })
    }

    /// How many lines are to be sent.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// When they are due, if they have times of their own.
    pub(crate) fn moments(&self) -> Option<&Arc<Moments>> {
        self.moments.as_ref()
    }

    /// The chunk with a line, counted from 0; it must be one of those to be sent. Reads it unless
    /// somebody has lately, so it may take as long as the disk needs for a few MiB.
    pub(crate) fn chunk_with(&self, line: u64) -> Result<Arc<Chunk>> {
        self.chunks.with_line(line)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use tempfile::NamedTempFile;

    use super::*;

    const DAWN: &str = "2026-01-01T00:00:00Z";

    fn file_of(content: &[u8]) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        fs::write(&file, content).unwrap();
        file
    }

    fn open(replay: &Replay, most_lines: Option<u64>, chunk_bytes: usize) -> Result<Recording> {
        Recording::open_in_chunks(replay, most_lines, chunk_bytes, &Stop::new(), |_| {})
    }

    fn lines_of(recording: &Recording) -> Vec<Vec<u8>> {
        let line = |line| recording.chunk_with(line).unwrap().line(line).unwrap().to_vec();
        (0..recording.lines()).map(line).collect()
    }

    #[test]
    fn lines_come_out_as_they_are_wherever_chunks_end() {
        let long = "x".repeat(50);
        for content in [
            "a\n",
            "a",
            "\n",
            "\n\n\n",
            "a\r\n\r\nb\r\n",
            "to be\nor not\n\nto be, that is\nthe\nquestion",
            &format!("{long}\n{long}"),
            &format!("a\n{long}\n\n{long}b\nc\n"),
        ] {
            let file = file_of(content.as_bytes());
            let mut expected: Vec<_> =
                content.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
            if let Some(last) = expected.last_mut().filter(|last| last.last() != Some(&b'\n')) {
                last.push(b'\n');
            }
            for chunk_bytes in 1..content.len() + 2 {
                let recording = open(&Replay::of(file.path()), None, chunk_bytes).unwrap();
                assert_eq!(lines_of(&recording), expected, "{content:?} by {chunk_bytes}");
            }
        }
    }

    #[test]
    fn times_are_found_wherever_chunks_end() {
        let content = "5 a\n5 b\nno time\n7.5 c, which is longer than\n6 d\n\n8 e";
        let file = file_of(content.as_bytes());
        let replay = Replay { speed: Some(2.0), time_column: Some(1), ..Replay::of(file.path()) };
        // A time is read whole if a chunk has room for it.
        for chunk_bytes in 4..content.len() + 2 {
            let recording = open(&replay, None, chunk_bytes).unwrap();
            let moments = recording.moments().unwrap();
            let due_ms = |line| moments.due_at(line).as_millis();
            let due_ms: Vec<_> = (0..recording.lines()).map(due_ms).collect();
            assert_eq!(due_ms, [0, 0, 0, 1250, 1250, 1250, 1500], "by {chunk_bytes}");
        }
    }

    #[test]
    fn no_more_is_read_than_was_asked_for() {
        let file = file_of(b"a\nb\nc\nd\n");
        let recording = open(&Replay::of(file.path()), Some(3), 4).unwrap();
        assert_eq!(lines_of(&recording), [b"a\n", b"b\n", b"c\n"]);
        let recording = open(&Replay::of(file.path()), Some(9), 4).unwrap();
        assert_eq!(recording.lines(), 4);
        // The first line has a time; the second would be too long.
        let file = file_of(format!("{DAWN}\n").as_bytes());
        file.as_file().set_len(200 << 20).unwrap();
        let replay = Replay { speed: Some(1.0), ..Replay::of(file.path()) };
        assert_eq!(open(&replay, Some(1), 64).unwrap().lines(), 1);
    }

    #[test]
    fn a_stop_ends_the_reading() {
        let file = file_of(b"a\nb\nc\nd\n");
        let stop = Stop::new();
        stop.stop();
        let recording = Recording::open(&Replay::of(file.path()), None, &stop, |_| {}).unwrap();
        assert_eq!(recording.lines(), 0);
    }

    #[test]
    fn a_file_that_changes_is_refused_with_the_place() {
        let file = file_of("line\n".repeat(8).as_bytes());
        let writer = OpenOptions::new().write(true).open(file.path()).unwrap();
        let refusal =
            |recording: &Recording, line| recording.chunk_with(line).err().unwrap().to_string();
        let recording = open(&Replay::of(file.path()), None, 20).unwrap();
        writer.set_len(30).unwrap();
        assert!(recording.chunk_with(3).is_ok());
        let sentence = refusal(&recording, 4);
        let place =
            "was changed while it was replayed: from byte 20 on, its lines 5 to 8 had 20 bytes";
        assert!(sentence.contains(place), "{sentence}");

        fs::write(&file, "a\n".repeat(20)).unwrap();
        let sentence = refusal(&recording, 7);
        let place = "from byte 20 on, 20 bytes held 4 lines, and now 10;";
        assert!(sentence.contains(place), "{sentence}");
        assert!(recording.chunk_with(0).is_ok(), "it is still kept");
    }

    #[test]
    fn a_first_line_without_a_time_is_shown_harmlessly() {
        let file = file_of(format!("\x1b[2J\t\"{}\n{DAWN}\n", "x".repeat(100)).as_bytes());
        let replay = Replay { speed: Some(1.0), ..Replay::of(file.path()) };
        let sentence = open(&replay, None, 1024).err().unwrap().to_string();
        let shown = format!("It begins with \"\\u{{1b}}[2J\\t\\\"{};", "x".repeat(67) + "\"");
        assert!(sentence.contains(&shown), "{sentence}");
        assert!(sentence.contains("has no time as in [10/Oct/2000:13:55:36 -0700]"), "{sentence}");
        let replay = Replay { time_column: Some(2), ..replay };
        let sentence = open(&replay, None, 1024).err().unwrap().to_string();
        assert!(sentence.contains("in column 2, as tabs separate them. It"), "{sentence}");
    }

    #[test]
    #[ignore = "measures, and asserts nothing of speed"]
    fn speed_of_the_first_reading() {
        let line = |nth: u64, time: &str| format!("{time} {nth:08} {}\n", "x".repeat(80));
        let access = |nth: u64| {
            let (minute, second) = (nth / 60_000 % 60, nth / 1_000 % 60);
            line(nth, &format!("::1 - - [01/Jan/2026:00:{minute:02}:{second:02} +0000]"))
        };
        let rfc_3339 = |nth: u64| {
            let second = nth / 1_000_000 % 60;
            line(nth, &format!("2026-01-01T00:00:{second:02}.{:06}Z", nth % 1_000_000))
        };
        let epoch = |nth: u64| line(nth, &format!("1767225600.{nth:06}"));
        let forms: [(&str, &dyn Fn(u64) -> String); 3] =
            [("access log", &access), ("RFC 3339", &rfc_3339), ("epoch", &epoch)];
        for (form, line) in forms {
            let content: String = (0..1_000_000).map(line).collect();
            let file = file_of(content.as_bytes());
            for speed in [None, Some(1.0)] {
                let replay = Replay { speed, ..Replay::of(file.path()) };
                let start = Instant::now();
                let recording = open(&replay, None, CHUNK_BYTES).unwrap();
                let seconds = start.elapsed().as_secs_f64();
                println!(
                    "{form}, speed {speed:?}: {:.2} M lines/s, {:.2} GB/s",
                    recording.lines() as f64 / 1e6 / seconds,
                    content.len() as f64 / 1e9 / seconds
                );
            }
        }
    }
}
