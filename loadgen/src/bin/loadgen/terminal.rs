//! What is told on stderr while the run goes on.

use std::io::{IsTerminal, Write, stderr};

use loadgen::{Event, Progress};

use crate::numbers::{counted, grouped, rate};

/// A line that is written over once a second on a terminal, and plain lines elsewhere.
pub(crate) struct Terminal {
    quiet: bool,
    rewrites: bool,
    dims: bool,
    /// Whether the cursor stands behind a line that is to be written over.
    has_live_line: bool,
}

impl Terminal {
    pub(crate) fn new(quiet: bool) -> Self {
        let rewrites = stderr().is_terminal();
        let dims = rewrites && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { quiet, rewrites, dims, has_live_line: false }
    }

    /// Tells an event: notes always, where the run stands unless told to be quiet.
    pub(crate) fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Tick(_) if self.quiet => {}
            Event::Tick(progress) if self.rewrites => {
                // A dead terminal is no reason to end a run.
                stderr().write_all(written_over(&line(progress), self.dims).as_bytes()).ok();
                self.has_live_line = true;
            }
            Event::Tick(progress) => self.say(&line(progress)),
            Event::Note(sentence) => self.say(&format!("loadgen: {sentence}")),
        }
    }

    /// Says a sentence unless told to be quiet.
    pub(crate) fn say_unless_quiet(&mut self, sentence: &str) {
        if !self.quiet {
            self.say(sentence);
        }
    }

    /// Says a sentence on a line of its own.
    pub(crate) fn say(&mut self, sentence: &str) {
        self.leave_live_line();
        // Nobody reads stderr if this fails, so there is nobody to tell; the exit code says how the run went.
        writeln!(stderr(), "{sentence}").ok();
    }

    /// Leaves the live line as it is and goes on below.
    pub(crate) fn leave_live_line(&mut self) {
        if std::mem::take(&mut self.has_live_line) {
            // If this fails nobody sees the line that it was to end.
            writeln!(stderr()).ok();
        }
    }
}

/// A line in place of the one that the cursor stands in. A terminal that is too narrow cuts it at its
/// right edge: if it wrapped it, the next line would be written over the last row only. All of this
/// goes out in one write, so that a terminal is never left without its wrap.
fn written_over(line: &str, dims: bool) -> String {
    let (dim, plain) = if dims { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    format!("\r\x1b[?7l\x1b[K{dim}{line}{plain}\x1b[?7h")
}

fn line(progress: &Progress) -> String {
    let Progress { seconds, mb_per_s, .. } = progress;
    let rate = rate(progress.lines_per_s);
    let lines = counted(progress.records, "line");
    let acknowledged = progress.acknowledged.map(|lines| grouped(&lines.to_string()));
    let acknowledged = acknowledged.map(|lines| format!(", {lines} acknowledged"));
    let acknowledged = acknowledged.unwrap_or_default();
    let connections = counted(progress.connections as u64, "connection");
    let lag = progress.lag_ms.map(|lag_ms| format!("  lag {lag_ms:.1} ms")).unwrap_or_default();
    format!(
        "{seconds:6.1} s  {rate:>12} lines/s  {mb_per_s:>8.1} MB/s  {lines}{acknowledged}  \
         {connections}{lag}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_line_does_not_wrap() {
        for (dims, written) in [
            (false, "\r\x1b[?7l\x1b[Kso far\x1b[?7h"),
            (true, "\r\x1b[?7l\x1b[K\x1b[2mso far\x1b[0m\x1b[?7h"),
        ] {
            assert_eq!(written_over("so far", dims), written);
        }
    }

    #[test]
    fn one_line_of_a_slow_run_is_told_as_it_is() {
        let progress = Progress {
            seconds: 2.0,
            records: 1,
            lines_per_s: 0.5,
            connections: 1,
            ..Progress::default()
        };
        let words =
            |progress: &Progress| line(progress).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&progress), "2.0 s 0.500 lines/s 0.0 MB/s 1 line 1 connection");
        let progress = Progress { records: 2_000, acknowledged: Some(1_500), ..progress };
        assert_eq!(
            words(&progress),
            "2.0 s 0.500 lines/s 0.0 MB/s 2 000 lines, 1 500 acknowledged 1 connection"
        );
    }
}
