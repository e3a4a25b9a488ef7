//! How the kernel finds out that the other end of a connection has vanished without a word.

use std::io;

use mio::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};

/// A connection that has been silent for so long is asked whether it is still there.
const SILENT_S: u32 = 30;

/// How long after that it is asked again, and how often before it is given up.
const ASKED_AGAIN_S: u32 = 10;
const ASKED_TIMES: u32 = 3;

/// Nor is it waited longer for something that was sent to arrive, after which nobody asks.
const UNANSWERED_MS: u32 = (SILENT_S + ASKED_AGAIN_S * ASKED_TIMES) * 1000;

/// Has the kernel ask after a connection. Without it one whose host has lost its power is kept until this machine
/// is started again.
pub(super) fn ask_after(stream: &TcpStream) -> io::Result<()> {
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    setsockopt(stream, sockopt::TcpKeepIdle, &SILENT_S)?;
    setsockopt(stream, sockopt::TcpKeepInterval, &ASKED_AGAIN_S)?;
    setsockopt(stream, sockopt::TcpKeepCount, &ASKED_TIMES)?;
    setsockopt(stream, sockopt::TcpUserTimeout, &UNANSWERED_MS)?;
    Ok(())
}
