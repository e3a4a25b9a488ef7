//! Lines of a file, sent as they are, as fast as asked or at the speed at which they were written.
//!
//! A file may be larger than memory, so it is read twice: once at the start, to find where its lines
//! are (`index`) and when they were written (`line_times`, which finds times in one of the forms of
//! `form`, and `moments`, which keeps them), and then in chunks of whole lines as they are due
//! (`chunks`).

mod chunks;
mod form;
mod index;
mod line_times;
mod moments;
mod recording;

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

pub(crate) use chunks::Chunk;
pub(crate) use moments::Moments;
pub(crate) use recording::Recording;

/// A file whose lines are to be sent, in order and each once.
///
/// Every line goes out as it is, `\r` and empty lines included; a last line without a newline gets
/// one. What is appended after the start is not sent.
///
/// The file is read once before the first line is sent, at several GB/s from memory and else as fast
/// as the disk goes. A replay costs 16 bytes of memory for each 4 MiB of the file; up to 64 MiB of
/// what was read last, with 4 bytes for each line of it, which all connections share; and with a
/// [`speed`](Self::speed) 8 bytes for each line whose time is not that of the line before it. A line
/// has at most 64 MiB, and a connection that sends a long one holds it in memory.
///
/// ```
/// use std::{env, fs, io, net::TcpStream, process, thread};
///
/// use loadgen::{Load, Replay, Stop, listen, serve};
///
/// let path = env::temp_dir().join(format!("replay-{}.log", process::id()));
/// fs::write(&path, "2026-01-01T00:00:00.00Z begin\n2026-01-01T00:00:00.05Z end\n")?;
/// let replay = Replay { speed: Some(1.0), ..Replay::of(&path) };
/// let load = Load { replay: Some(replay), ..Load::default() };
///
/// let listener = listen("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let reader = thread::spawn(move || io::read_to_string(TcpStream::connect(address)?));
/// let summary = serve(listener, &load, &Stop::new(), |_event| {})?;
///
/// assert!(summary.records == 2 && summary.seconds >= 0.05);
/// assert_eq!(reader.join().unwrap()?, fs::read_to_string(&path)?);
/// # fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The file; a regular one, because it is read at any place and more than once.
    pub path: PathBuf,
    /// Sends at the file's own speed, times this: the first line is due at once, and every other so
    /// much later as it was written later, divided by this. Without it, the load's schedule says
    /// when lines are due.
    ///
    /// The first line decides where lines have their time and in which form, whichever of these it
    /// has first:
    ///
    /// * a stamp of this crate: when the line was due;
    /// * a number of seconds (with a fraction or without), milliseconds, microseconds or nanoseconds
    ///   since the epoch, as its first column: which of them, its magnitude says;
    /// * the time of an access log, as in `[10/Oct/2000:13:55:36 -0700]`;
    /// * a time after RFC 3339, as in `2026-01-01T00:00:00.123Z`; there may be a space for the `T`, a
    ///   comma for the point, and without an offset it is taken for UTC.
    ///
    /// The last two may stand anywhere in the first 512 bytes. A line without such a time, or with
    /// one before that of the line before it, is due together with that line. Times count to the
    /// microsecond.
    pub speed: Option<f64>,
    /// With a speed: in which column the time is, counted from 1, in a form as above or as a number
    /// of any magnitude. If the first line has a tab, tabs separate columns; else commas, if it has
    /// one; else spaces. Quotes mean nothing, and the column must lie in the line's first 4096
    /// bytes.
    pub time_column: Option<usize>,
}

impl Replay {
    /// The lines of a file, when the load's schedule says.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), speed: None, time_column: None }
    }

    /// Refuses values that make no sense, in terms of the flags that set them, and a file that is
    /// not there or is none to replay.
    pub fn check(&self) -> Result<()> {
        if let Some(speed) = self.speed
            && !(speed.is_finite() && speed > 0.0)
        {
            return Err(Error::Usage(format!(
                "--speed {speed} is not possible: it must be above 0; 1 is the file's own speed, and \
                 2 twice that"
            )));
        }
        match (self.time_column, self.speed) {
            (Some(0), _) => {
                return Err(Error::Usage(
                    "--time-column 0 is not possible: columns are counted from 1".into(),
                ));
            }
            (Some(column), None) => {
                return Err(Error::Usage(format!(
                    "--time-column {column} goes with --speed only: without it the lines' times are \
                     not looked at"
                )));
            }
            _ => {}
        }
        check_kind(&self.path)
    }
}

/// Refuses what is no regular file, before it is opened: to open a pipe waits for its other end.
fn check_kind(path: &Path) -> Result<()> {
    let kind = fs::metadata(path).map_err(cannot("replay", path))?.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else {
        "a device or a socket"
    };
    Err(refusal(
        path,
        format!(
            "is {what} and no file: a replay reads its lines at any place and more than once, so \
             write them to a file first"
        ),
    ))
}

fn cannot(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::File { doing, path: path.to_owned(), error: source }
}

fn refusal(path: &Path, what: String) -> Error {
    Error::Replay { path: path.to_owned(), what }
}
