//! What is told on stderr while the run goes on.

use std::io::{IsTerminal, Write, stderr};

use loadgen::{Event, Progress};

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
                let (dim, plain) = if self.dims { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
                // A dead terminal is no reason to end a run.
                write!(stderr(), "\r{dim}{}{plain}\x1b[K", line(progress)).ok();
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
        writeln!(stderr(), "{sentence}").ok();
    }

    /// Leaves the live line as it is and goes on below.
    pub(crate) fn leave_live_line(&mut self) {
        if std::mem::take(&mut self.has_live_line) {
            writeln!(stderr()).ok();
        }
    }
}

fn line(progress: &Progress) -> String {
    let Progress { seconds, records, lines_per_s, mb_per_s, connections, .. } = progress;
    let lag = progress.lag_ms.map(|lag_ms| format!("  lag {lag_ms:.1} ms")).unwrap_or_default();
    let plural = if *connections == 1 { "" } else { "s" };
    format!(
        "{seconds:6.1} s  {lines_per_s:>12.0} lines/s  {mb_per_s:>8.1} MB/s  {records} lines  \
         {connections} connection{plural}{lag}"
    )
}
