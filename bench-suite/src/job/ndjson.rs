//! JSON lines: for each batch the engine's report, and what the workload found; for each address listened on, it;
//! for all else that the engine says, a sentence.

use std::io::{self, Write};
use std::net::SocketAddr;

use millstream::printable::printable_json;
use millstream::progress::{BatchReport, Notice};
use serde::Serialize;

use super::Answer;
use super::in_flags::in_flags;

#[derive(Serialize)]
struct Batch<'a> {
    #[serde(flatten)]
    report: &'a BatchReport,
    result: Option<&'a Answer>,
}

/// What is no batch, under the name of its kind.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// Where lines are taken: the way to learn a port that was left to the system.
    Listening(SocketAddr),
    /// Something is wrong that is lived with.
    Warning(String),
    /// Something else that is worth a sentence.
    Notice(String),
}

/// Tells of a batch on stderr.
pub(super) fn batch(report: &BatchReport, answer: Option<&Answer>) -> io::Result<()> {
    tell(&Batch { report, result: answer })
}

/// Tells a notice on stderr.
pub(super) fn notice(notice: &Notice) -> io::Result<()> {
    said(notice).map_or(Ok(()), |said| tell(&said))
}

/// Tells of a warning on stderr that is not the engine's.
pub(super) fn warning(sentence: &str) {
    // Nobody reads stderr if this fails, so there is nobody to tell.
    drop(tell(&Said::Warning(sentence.to_owned())));
}

/// What is told of it. That connections come and properly go is not: there may be thousands a second.
fn said(notice: &Notice) -> Option<Said> {
    match notice {
        Notice::Listening { address, .. } => Some(Said::Listening(*address)),
        Notice::Warning { message } => Some(Said::Warning(in_flags(message))),
        Notice::Connected { .. } | Notice::Disconnected { reason: None, .. } => None,
        _ => Some(Said::Notice(notice.to_string())),
    }
}

/// JSON has what came from the network, but no orders to a terminal.
fn as_text(line: &impl Serialize) -> String {
    let json = serde_json::to_string(line).expect("a line has only plain fields");
    printable_json(&json).into_owned()
}

fn tell(line: &impl Serialize) -> io::Result<()> {
    let line = as_text(line);
    writeln!(io::stderr().lock(), "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(notice: &Notice) -> Option<String> {
        said(notice).map(|said| as_text(&said))
    }

    #[test]
    fn a_notice_is_a_line_with_one_field_by_its_kind() {
        let source = || "listener 127.0.0.1:7".to_owned();
        let address = "127.0.0.1:7".parse().unwrap();
        let listening = Notice::Listening { source: source(), address };
        assert_eq!(told(&listening).unwrap(), r#"{"listening":"127.0.0.1:7"}"#);
        let warning = Notice::Warning { message: "the \"disk\" is slow".into() };
        assert_eq!(told(&warning).unwrap(), r#"{"warning":"the \"disk\" is slow"}"#);
        let hostile = Notice::Warning { message: "\u{9b}2J\u{7f}\u{202e}".into() };
        assert_eq!(told(&hostile).unwrap(), r#"{"warning":"\u009b2J\u007f\u202e"}"#);
        let unfinished = Notice::Unfinished { source: source(), connections: 2 };
        assert!(told(&unfinished).unwrap().starts_with(r#"{"notice":"listener 127.0.0.1:7: 2 "#));
        assert!(told(&Notice::Stopping).unwrap().starts_with(r#"{"notice":"stopping: "#));
        let gone = Notice::Disconnected { source: source(), connection: 1, reason: None };
        assert_eq!(told(&gone), None);
    }
}
