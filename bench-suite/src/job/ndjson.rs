//! JSON lines: for each batch the engine's report, and what the workload found; for each address listened on, it.

use std::io::{self, Write};
use std::net::SocketAddr;

use millstream::progress::BatchReport;
use serde::Serialize;

use super::Answer;

#[derive(Serialize)]
struct Batch<'a> {
    #[serde(flatten)]
    report: &'a BatchReport,
    result: Option<&'a Answer>,
}

#[derive(Serialize)]
struct Listening {
    listening: SocketAddr,
}

/// Tells of a batch on stderr.
pub(super) fn batch(report: &BatchReport, answer: Option<&Answer>) -> io::Result<()> {
    tell(&Batch { report, result: answer })
}

/// Tells on stderr where lines are taken: the way to learn a port that was left to the system.
pub(super) fn listening(address: SocketAddr) -> io::Result<()> {
    tell(&Listening { listening: address })
}

fn tell(line: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(line).expect("a line has only plain fields");
    writeln!(io::stderr().lock(), "{line}")
}
