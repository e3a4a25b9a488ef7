//! The lines of one connection: which bytes come next, and which lines they complete.

use std::sync::Arc;

use super::grants::{Grant, Grants};
use super::rendered::Rendered;
use super::times::Times;
use crate::error::Result;
use crate::label::Label;
use crate::lines::{Source, Text};
use crate::schedule::ENDLESS;
use crate::stamp::EndMark;

/// What one connection is owed, as bytes.
pub(crate) struct Feed {
    form: Form,
    /// Lines that are not begun, or in the form of text in progress.
    owed: Grants,
    /// How many lines the connection may still have before it is to end.
    left: u64,
}

enum Form {
    /// Straight from the text.
    AsIs(Cursor),
    /// Written when they are due, or with a label.
    Rendered(Box<Rendered>),
}

/// A place in a text.
struct Cursor {
    text: Arc<Text>,
    /// The line that the connection begins with.
    first: usize,
    /// The line that comes next, or is in progress.
    line: usize,
    /// The byte that comes next; it lies in `line`.
    at: usize,
    /// The number of `line` on the connection.
    sequence: u64,
}

impl Feed {
    /// The feed of a connection with this number, which gets at most so many lines.
    pub(crate) fn new(source: &Source, label: Label, connection: u64, most_lines: u64) -> Self {
        let rendered = || Rendered::new(label, connection);
        Self::of(source, label, connection, most_lines, rendered)
    }

    /// The same of a connection whose lines may have to be sent again, on another one: they are the
    /// same to the byte then.
    pub(crate) fn repeatable(source: &Source, label: Label, connection: u64) -> Self {
        let rendered = || Rendered::repeatable(label, connection);
        Self::of(source, label, connection, ENDLESS, rendered)
    }

    fn of(
        source: &Source,
        label: Label,
        connection: u64,
        most_lines: u64,
        rendered: impl FnOnce() -> Rendered,
    ) -> Self {
        let form = match source.text() {
            Some(text) if label == Label::None => Form::AsIs(Cursor::new(text, connection)),
            _ => Form::Rendered(Box::new(rendered())),
        };
        Self { form, owed: Grants::default(), left: most_lines }
    }

    /// Owes nothing any more, and goes on with the line of this number, for at most so many lines.
    pub(crate) fn go_to(&mut self, sequence: u64, most_lines: u64) {
        match &mut self.form {
            Form::AsIs(cursor) => cursor.go_to(sequence),
            Form::Rendered(rendered) => rendered.go_to(sequence),
        }
        self.owed = Grants::default();
        self.left = most_lines;
    }

    /// Notes that the lines before this one will not have to be sent again.
    pub(crate) fn forget_before(&mut self, sequence: u64) {
        if let Form::Rendered(rendered) = &mut self.form {
            rendered.forget_before(sequence);
        }
    }

    /// The number on the connection of the first line that is not sent whole.
    pub(crate) fn sequence(&self) -> u64 {
        match &self.form {
            Form::AsIs(cursor) => cursor.sequence,
            Form::Rendered(rendered) => rendered.sequence(),
        }
    }

    /// The number of the first line of which nothing is sent.
    pub(crate) fn untouched(&self) -> u64 {
        let is_in_line = match &self.form {
            Form::AsIs(cursor) => cursor.is_in_line(),
            Form::Rendered(rendered) => rendered.is_in_line(),
        };
        self.sequence() + u64::from(is_in_line)
    }

    /// Owes no lines any more but those before this one.
    pub(crate) fn owe_only_before(&mut self, sequence: u64) {
        self.withdraw();
        let next = match &self.form {
            Form::AsIs(cursor) => cursor.sequence,
            Form::Rendered(rendered) => rendered.next(),
        };
        let mut kept = Vec::new();
        take(&mut self.owed, sequence.saturating_sub(next), &mut kept);
        self.owed = Grants::default();
        kept.into_iter().for_each(|grant| self.owed.push(grant));
    }

    pub(crate) fn owe(&mut self, grant: Grant) {
        self.owed.push(grant);
    }

    /// Lines still owed of those with lower numbers than this; [`ENDLESS`] if there is no end of
    /// them.
    pub(crate) fn owed_before(&self, number: u64) -> u64 {
        let in_progress = match &self.form {
            Form::AsIs(_) => 0,
            Form::Rendered(rendered) => rendered.lines_before(number),
        };
        self.owed.lines_before(number).saturating_add(in_progress)
    }

    /// Whether there are bytes to send.
    pub(crate) fn has_more(&self) -> bool {
        let has_part = matches!(&self.form, Form::Rendered(rendered) if rendered.has_more());
        has_part || (self.left > 0 && !self.owed.is_empty())
    }

    /// Whether the connection has had all lines that it may have.
    pub(crate) fn is_spent(&self) -> bool {
        self.left == 0 && !self.has_more()
    }

    /// The next bytes to send, at most so many, all of owed lines; empty if none is owed. Fails if a
    /// line cannot be had.
    pub(crate) fn next_bytes<'a>(
        &'a mut self,
        source: &'a Source,
        times: &mut Times<'_>,
        at_most: usize,
    ) -> Result<&'a [u8]> {
        let bytes = match &mut self.form {
            Form::AsIs(cursor) => cursor.rest(self.owed.lines().min(self.left)),
            Form::Rendered(rendered) => {
                self.left -= rendered.refill(&mut self.owed, self.left, source, times)?;
                rendered.rest()
            }
        };
        Ok(&bytes[..bytes.len().min(at_most)])
    }

    /// Notes that the first `sent` of the next bytes are sent; appends the lines that this completed
    /// to `done`, and gives their number.
    pub(crate) fn advance(&mut self, sent: usize, done: &mut Vec<Grant>) -> u64 {
        match &mut self.form {
            Form::AsIs(cursor) => {
                let lines = cursor.advance(sent);
                if self.left != ENDLESS {
                    self.left -= lines;
                }
                take(&mut self.owed, lines, done);
                lines
            }
            Form::Rendered(rendered) => rendered.advance(sent, done),
        }
    }

    /// Takes back the lines that are rendered and not begun: by the time the reader has room for
    /// them, what their stamps say of when they were sent would not be true.
    pub(crate) fn withdraw(&mut self) {
        if let Form::Rendered(rendered) = &mut self.form {
            let withdrawn = rendered.withdraw(&mut self.owed);
            if self.left != ENDLESS {
                self.left += withdrawn;
            }
        }
    }

    /// Owes no more than the rest of a line in progress, and what ends the connection. Gives back
    /// the lines that it will not get.
    pub(crate) fn cut(&mut self) -> Vec<Grant> {
        match &mut self.form {
            Form::AsIs(cursor) => {
                let in_progress = u64::from(cursor.is_in_line());
                let mut kept = Vec::new();
                take(&mut self.owed, in_progress, &mut kept);
                let returned = self.owed.drain().collect();
                kept.into_iter().for_each(|grant| self.owed.push(grant));
                self.left = in_progress;
                returned
            }
            Form::Rendered(rendered) => {
                rendered.withdraw(&mut self.owed);
                rendered.end();
                self.left = 0;
                self.owed.drain().collect()
            }
        }
    }

    /// All that it is owed, in progress or not, when it is not to get it.
    pub(crate) fn give_back(&mut self) -> Vec<Grant> {
        if let Form::Rendered(rendered) = &mut self.form {
            rendered.give_back(&mut self.owed);
        }
        self.owed.drain().collect()
    }

    /// What has been sent, if the lines are stamped.
    pub(crate) fn sent(&self) -> Option<EndMark> {
        match &self.form {
            Form::AsIs(_) => None,
            Form::Rendered(rendered) => rendered.sent(),
        }
    }
}

impl Cursor {
    /// At the first line of a connection.
    fn new(text: &Arc<Text>, connection: u64) -> Self {
        let first = text.first_line(connection);
        Self { text: text.clone(), first, line: first, at: text.line_start(first), sequence: 0 }
    }

    /// Goes to the line of this number on the connection.
    fn go_to(&mut self, sequence: u64) {
        let lines = self.text.lines() as u64;
        self.line = ((self.first as u64 + sequence % lines) % lines) as usize;
        self.at = self.text.line_start(self.line);
        self.sequence = sequence;
    }

    fn is_in_line(&self) -> bool {
        self.at > self.text.line_start(self.line)
    }

    /// What comes of so many lines, the one in progress among them, before the text begins anew.
    fn rest(&self, lines: u64) -> &[u8] {
        match lines.min((self.text.lines() - self.line) as u64) as usize {
            0 => &[],
            lines => &self.text.as_bytes()[self.at..self.text.line_start(self.line + lines)],
        }
    }

    /// Goes on by so many bytes, and gives the lines that this completes.
    fn advance(&mut self, bytes: usize) -> u64 {
        self.at += bytes;
        let line = self.text.line_at(self.at);
        let lines = (line - self.line) as u64;
        self.line = line;
        self.sequence = self.sequence.wrapping_add(lines);
        if line == self.text.lines() {
            (self.line, self.at) = (0, 0);
        }
        lines
    }
}

fn take(owed: &mut Grants, mut lines: u64, into: &mut Vec<Grant>) {
    while let Some(grant) = owed.take(lines).filter(|grant| grant.lines > 0) {
        lines -= grant.lines;
        into.push(grant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{Data, Distribution};
    use crate::schedule::{Schedule, Timetable, TimetableReader};
    use crate::stamp::StampedLine;

    const LABELS: [Label; 3] = [Label::None, Label::Numbers, Label::Stamp];

    fn sources() -> [Source; 2] {
        let churn = Distribution::Churn { every: 3 };
        [Distribution::default(), churn].map(|distribution| {
            Source::of(&Data { text_bytes: 1, distribution, ..Data::default() }).unwrap()
        })
    }

    fn lines(first: u64, lines: u64) -> Grant {
        Grant { first, stride: 1, lines }
    }

    /// Takes what is owed, `step` bytes at a time; the bytes and the lines that were completed.
    fn drain(feed: &mut Feed, source: &Source, step: usize, short: bool) -> (Vec<u8>, Vec<Grant>) {
        let timetable = Timetable::new(&Schedule::constant(1e3), None, 1);
        let mut reader = TimetableReader::new(&timetable);
        let (mut bytes, mut done) = (Vec::new(), Vec::new());
        while feed.has_more() {
            let mut times = Times::fixed(&mut reader);
            let next = feed.next_bytes(source, &mut times, step).unwrap().to_vec();
            feed.advance(next.len(), &mut done);
            bytes.extend(next);
            if short {
                feed.withdraw();
            }
        }
        (bytes, done)
    }

    #[test]
    fn the_bytes_do_not_depend_on_how_they_are_taken() {
        for source in &sources() {
            for label in LABELS {
                let total = 25_005;
                let whole = {
                    let mut feed = Feed::new(source, label, 3, ENDLESS);
                    feed.owe(lines(0, total));
                    drain(&mut feed, source, usize::MAX, false).0
                };
                assert_eq!(memchr::memchr_iter(b'\n', &whole).count() as u64, total);
                for (step, short, total) in [
                    (7, false, total),
                    (96, true, 1_000),
                    (100_000, false, total),
                    (100_000, true, total),
                ] {
                    let mut feed = Feed::new(source, label, 3, ENDLESS);
                    for (first, count) in [(0, 1), (1, 4), (5, total - 5)] {
                        feed.owe(lines(first, count));
                    }
                    let (bytes, done) = drain(&mut feed, source, step, short);
                    assert!(whole.starts_with(&bytes), "{label:?} {step} {short}");
                    let numbers = done.iter().flat_map(|g| (0..g.lines).map(|nth| g.number(nth)));
                    assert!(numbers.eq(0..total), "{label:?} {step} {short}");
                    assert_eq!(feed.sent().map_or(total, |sent| sent.records), total);
                }
            }
        }
    }

    fn is_ended_by_mark(sent: &[u8]) -> bool {
        let last = sent.strip_suffix(b"\n").and_then(|sent| sent.rsplit(|&b| b == b'\n').next());
        last.is_some_and(|line| matches!(StampedLine::read(line), StampedLine::End(_)))
    }

    #[test]
    fn after_a_cut_the_line_in_progress_is_finished_and_no_more() {
        for source in &sources() {
            for label in LABELS {
                for taken in [0, 1, 50, 97, 500, 70_000] {
                    let mut feed = Feed::new(source, label, 0, ENDLESS);
                    feed.owe(lines(0, 100_000));
                    let timetable = Timetable::new(&Schedule::constant(1e3), None, 1);
                    let mut reader = TimetableReader::new(&timetable);
                    let (mut sent, mut done) = (Vec::new(), Vec::new());
                    while sent.len() < taken {
                        let mut times = Times::fixed(&mut reader);
                        let next = feed.next_bytes(source, &mut times, taken - sent.len());
                        let next = next.unwrap().to_vec();
                        feed.advance(next.len(), &mut done);
                        sent.extend(next);
                    }
                    let returned = feed.cut();
                    // Whatever room there is for it, the end is not taken back.
                    let (rest, last) = drain(&mut feed, source, 10, taken % 2 == 0);
                    sent.extend(&rest);
                    assert!(sent.is_empty() || sent.ends_with(b"\n"));
                    assert_eq!(is_ended_by_mark(&sent), label == Label::Stamp);
                    let end_mark = usize::from(label == Label::Stamp);
                    assert!(memchr::memchr_iter(b'\n', &rest).count() <= 1 + end_mark);
                    let all = done.iter().chain(&last).chain(&returned).map(|g| g.lines);
                    assert_eq!(all.sum::<u64>(), 100_000);
                }
            }
        }
    }

    #[test]
    fn a_connection_gets_no_more_lines_than_it_may_have() {
        for source in &sources() {
            for label in LABELS {
                let mut feed = Feed::new(source, label, 0, 1000);
                feed.owe(Grant::endless());
                let (bytes, _) = drain(&mut feed, source, 10_000, true);
                assert_eq!(memchr::memchr_iter(b'\n', &bytes).count(), 1000);
                assert!(feed.is_spent() && feed.owed_before(ENDLESS) == ENDLESS);
            }
        }
    }
}
