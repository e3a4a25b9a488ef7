//! The lines of one connection: which bytes come next, and how many lines they complete.

use std::io::Write;

use crate::lines::Text;
use crate::schedule::ENDLESS;

/// Rendering numbered lines costs memory per connection, so it goes by parts of this size.
const NUMBERED_PART_BYTES: usize = 64 << 10;

/// What one connection is owed, as bytes.
pub(crate) struct Feed {
    form: Form,
    /// Lines still to be completed, the one in progress included.
    owed: u64,
    /// The line of the text that comes next, or is in progress.
    line: usize,
}

enum Form {
    /// Straight from the text; `at` lies in `line`.
    Plain { at: usize },
    /// Rendered with numbers into `part`, of which `part[..at]` is sent; whole lines, all owed.
    Numbered { connection: u64, next: u64, part: Vec<u8>, at: usize },
}

impl Feed {
    pub(crate) fn new(text: &Text, connection: u64, numbered: bool) -> Self {
        let line = text.first_line(connection);
        let form = if numbered {
            Form::Numbered { connection, next: 0, part: Vec::new(), at: 0 }
        } else {
            Form::Plain { at: text.line_start(line) }
        };
        Self { form, owed: 0, line }
    }

    pub(crate) fn owe(&mut self, lines: u64) {
        self.owed = self.owed.saturating_add(lines);
    }

    /// Lines still owed; [`ENDLESS`] if there is no end of them.
    pub(crate) fn owed(&self) -> u64 {
        self.owed
    }

    /// The next bytes to send, at most so many, all of owed lines; empty if none is owed.
    pub(crate) fn next_bytes<'a>(&'a mut self, text: &'a Text, at_most: usize) -> &'a [u8] {
        if self.owed == 0 {
            return &[];
        }
        self.render_part(text);
        let (bytes, at) = match &self.form {
            Form::Plain { at } => {
                let lines = self.owed.min((text.lines() - self.line) as u64) as usize;
                (&text.as_bytes()[..text.line_start(self.line + lines)], *at)
            }
            Form::Numbered { part, at, .. } => (&part[..], *at),
        };
        &bytes[at..bytes.len().min(at.saturating_add(at_most))]
    }

    /// Notes that the first `sent` of the next bytes are sent; gives the lines this completed.
    pub(crate) fn advance(&mut self, text: &Text, sent: usize) -> u64 {
        let lines = match &mut self.form {
            Form::Plain { at } => {
                *at += sent;
                let line = text.line_at(*at);
                let lines = (line - self.line) as u64;
                self.line = line;
                if line == text.lines() {
                    (self.line, *at) = (0, 0);
                }
                lines
            }
            Form::Numbered { part, at, .. } => {
                let lines = memchr::memchr_iter(b'\n', &part[*at..*at + sent]).count() as u64;
                *at += sent;
                lines
            }
        };
        if self.owed != ENDLESS {
            self.owed -= lines;
        }
        lines
    }

    /// Owes no more than the rest of a line in progress. No bytes may be asked for afterwards but
    /// these.
    pub(crate) fn cut(&mut self, text: &Text) {
        let in_progress = match &mut self.form {
            Form::Plain { at } => *at > text.line_start(self.line),
            Form::Numbered { part, at, .. } => {
                let in_progress = *at > 0 && part[*at - 1] != b'\n';
                let rest = memchr::memchr(b'\n', &part[*at..]).filter(|_| in_progress);
                part.truncate(*at + rest.map_or(0, |newline| newline + 1));
                in_progress
            }
        };
        self.owed = u64::from(in_progress);
    }

    /// Numbers the next lines once the part before is sent. Plain lines need no rendering.
    fn render_part(&mut self, text: &Text) {
        let Form::Numbered { connection, next, part, at } = &mut self.form else { return };
        if *at < part.len() {
            return;
        }
        part.clear();
        *at = 0;
        let last = next.saturating_add(self.owed);
        while *next < last && part.len() < NUMBERED_PART_BYTES {
            write!(part, "{connection} {next} ").expect("writing into memory does not fail");
            part.extend_from_slice(text.line(self.line));
            self.line = (self.line + 1) % text.lines();
            *next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::TextOptions;

    fn text() -> Text {
        Text::render(&TextOptions { text_bytes: 1, ..TextOptions::default() }).unwrap()
    }

    /// Everything that is owed, taken `step` bytes at a time, with the lines counted on the way.
    fn drain(feed: &mut Feed, text: &Text, step: usize) -> (Vec<u8>, u64) {
        let (mut bytes, mut lines) = (Vec::new(), 0);
        while feed.owed() > 0 {
            let next = feed.next_bytes(text, step).to_vec();
            lines += feed.advance(text, next.len());
            bytes.extend(next);
        }
        (bytes, lines)
    }

    #[test]
    fn the_bytes_do_not_depend_on_how_they_are_taken() {
        let text = text();
        for numbered in [false, true] {
            let whole = {
                let mut feed = Feed::new(&text, 3, numbered);
                feed.owe(2 * text.lines() as u64 + 5);
                drain(&mut feed, &text, usize::MAX)
            };
            for step in [1, 7, 96, 100_000] {
                let mut feed = Feed::new(&text, 3, numbered);
                for lines in [1, 4, 2 * text.lines() as u64] {
                    feed.owe(lines);
                }
                assert!(drain(&mut feed, &text, step) == whole, "{numbered} {step}");
            }
            assert_eq!(whole.1, 2 * text.lines() as u64 + 5);
            assert_eq!(memchr::memchr_iter(b'\n', &whole.0).count() as u64, whole.1);
        }
    }

    #[test]
    fn after_a_cut_the_line_in_progress_is_finished_and_no_more() {
        let text = text();
        for numbered in [false, true] {
            for taken in [0, 1, 50, 97, 500, 70_000] {
                let mut feed = Feed::new(&text, 0, numbered);
                feed.owe(ENDLESS);
                let mut sent = Vec::new();
                while sent.len() < taken {
                    let next = feed.next_bytes(&text, taken - sent.len()).to_vec();
                    feed.advance(&text, next.len());
                    sent.extend(next);
                }
                feed.cut(&text);
                let (rest, _) = drain(&mut feed, &text, 10);
                sent.extend(&rest);
                assert!(sent.is_empty() || sent.ends_with(b"\n"));
                assert!(memchr::memchr_iter(b'\n', &rest).count() <= 1);
            }
        }
    }
}
