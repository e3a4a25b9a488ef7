//! Lines of one connection that are written when they are due, or get a label.

use std::collections::VecDeque;

use super::grants::{Grant, Grants};
use super::taken_up::TakenUp;
use super::times::Times;
use crate::error::Result;
use crate::label::Label;
use crate::lines::{Hand, Place, Source};
use crate::schedule::ENDLESS;
use crate::stamp::{EndMark, Stamp};

/// Rendering costs memory per connection, so it goes by parts of this size.
const PART_BYTES: usize = 64 << 10;

/// The part of a connection's lines that is rendered, and what comes after it.
pub(super) struct Rendered {
    label: Label,
    connection: u64,
    /// The number on this connection of the next line to render.
    next: u64,
    part: Vec<u8>,
    /// What is sent of the part.
    at: usize,
    /// Where the first line begins that is not yet sent whole.
    begun: usize,
    /// The part's lines that are not yet sent whole.
    lines: VecDeque<Line>,
    grants: Grants,
    /// What the records sent come to, each counted once.
    sent: EndMark,
    /// When the lines of the part were taken up, in microseconds since the epoch.
    taken_up_us: u64,
    /// When those were that may have to be sent again, if any may.
    taken_up: Option<TakenUp>,
    /// Whether what ends the connection is in the part.
    is_ended: bool,
    hand: Hand,
}

/// A line of the part.
#[derive(Clone, Copy)]
struct Line {
    /// Where it ends.
    end: usize,
    /// Of a stamped line.
    digest: u64,
}

impl Rendered {
    pub(super) fn new(label: Label, connection: u64) -> Self {
        Self {
            label,
            connection,
            next: 0,
            part: Vec::new(),
            at: 0,
            begun: 0,
            lines: VecDeque::new(),
            grants: Grants::default(),
            sent: EndMark::new(connection),
            taken_up_us: 0,
            taken_up: None,
            is_ended: false,
            hand: Hand::default(),
        }
    }

    /// Whose lines may have to be sent again, and are then the same to the byte.
    pub(super) fn repeatable(label: Label, connection: u64) -> Self {
        Self { taken_up: Some(TakenUp::default()), ..Self::new(label, connection) }
    }

    /// Forgets what is rendered, and goes on with the line of this number on the connection. Lines
    /// that were never sent and lie before it were sent by others.
    pub(super) fn go_to(&mut self, sequence: u64) {
        self.part.clear();
        self.lines.clear();
        self.grants = Grants::default();
        (self.at, self.begun, self.is_ended) = (0, 0, false);
        self.next = sequence;
        if sequence > self.sent.records {
            self.sent = EndMark::going_on(self.connection, sequence);
        }
        self.forget_before(sequence);
    }

    /// Forgets when the lines before this one were taken up: they will not be sent again.
    pub(super) fn forget_before(&mut self, sequence: u64) {
        self.taken_up.iter_mut().for_each(|taken_up| taken_up.forget_before(sequence));
    }

    /// The number on the connection of the first line that is not sent whole.
    pub(super) fn sequence(&self) -> u64 {
        self.next - self.lines.len() as u64
    }

    /// The number on the connection of the next line to render.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Whether a part of a line is sent, and not all of it.
    pub(super) fn is_in_line(&self) -> bool {
        self.at > self.begun && !self.lines.is_empty()
    }

    /// Lines rendered and not yet sent whole, of those with lower numbers than this.
    pub(super) fn lines_before(&self, number: u64) -> u64 {
        self.grants.lines_before(number)
    }

    pub(super) fn has_more(&self) -> bool {
        self.at < self.part.len()
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.part[self.at..]
    }

    pub(super) fn sent(&self) -> Option<EndMark> {
        (self.label == Label::Stamp).then_some(self.sent)
    }

    /// Renders the next lines once the part before is sent; gives their number. `at_most` stays
    /// endless if it is.
    pub(super) fn refill(
        &mut self,
        owed: &mut Grants,
        at_most: u64,
        source: &Source,
        times: &mut Times<'_>,
    ) -> Result<u64> {
        if self.has_more() {
            return Ok(0);
        }
        self.part.clear();
        (self.at, self.begun) = (0, 0);
        let now_us = times.now_us();
        self.taken_up_us = now_us;
        let mut rendered = 0;
        while rendered < at_most && self.part.len() < PART_BYTES {
            let Some(grant) = owed.take(1) else { break };
            // Where many connections take lines in turns, a part would go through many chunks of a
            // file, and so would that of the next connection.
            if !source.is_near(grant.first, &self.hand) {
                owed.push_front(grant);
                break;
            }
            let again = self.taken_up.as_ref().and_then(|taken_up| taken_up.moment_us(self.next));
            let sent_us = again.unwrap_or(now_us);
            let due_us = times.due_us(grant.first, sent_us);
            self.render(source, grant.first, due_us, sent_us)?;
            self.grants.push(grant);
            rendered += 1;
        }
        self.hand.put_down();
        Ok(if at_most == ENDLESS { 0 } else { rendered })
    }

    fn render(&mut self, source: &Source, number: u64, due_us: u64, sent_us: u64) -> Result<()> {
        let (connection, sequence) = (self.connection, self.next);
        let place = Place { number, connection, sequence, due_ms: due_us / 1000 };
        let line = source.line(place, &mut self.hand)?;
        self.next += 1;
        let mut digest = 0;
        match self.label {
            Label::None => self.part.extend_from_slice(line),
            Label::Numbers => {
                let mut number = itoa::Buffer::new();
                for count in [connection, sequence] {
                    self.part.extend_from_slice(number.format(count).as_bytes());
                    self.part.push(b' ');
                }
                self.part.extend_from_slice(line);
            }
            Label::Stamp => {
                let body = line.strip_suffix(b"\n").unwrap_or(line);
                let stamp = Stamp { source: connection, sequence, intended_us: due_us, sent_us };
                digest = stamp.write(body, &mut self.part);
            }
        }
        self.lines.push_back(Line { end: self.part.len(), digest });
        Ok(())
    }

    /// Goes on by so many bytes; appends the lines that this completes to `done`.
    pub(super) fn advance(&mut self, bytes: usize, done: &mut Vec<Grant>) -> u64 {
        self.at += bytes;
        let mut lines = 0;
        while let Some(&line) = self.lines.front()
            && line.end <= self.at
        {
            if self.sequence() == self.sent.records {
                self.sent.add(line.digest);
            }
            self.lines.pop_front();
            self.begun = line.end;
            lines += 1;
        }
        let begun = self.sequence() + u64::from(self.is_in_line());
        self.taken_up.iter_mut().for_each(|taken_up| taken_up.note(begun, self.taken_up_us));
        let mut left = lines;
        while let Some(grant) = self.grants.take(left).filter(|grant| grant.lines > 0) {
            left -= grant.lines;
            done.push(grant);
        }
        lines
    }

    /// Takes back the lines that are not begun, and gives their number. Of what ends the connection
    /// nothing is taken back.
    pub(super) fn withdraw(&mut self, owed: &mut Grants) -> u64 {
        if self.is_ended {
            return 0;
        }
        let is_in_progress = self.at > self.begun;
        let kept = usize::from(is_in_progress);
        let withdrawn = self.lines.len().saturating_sub(kept) as u64;
        let end = self.lines.front().filter(|_| is_in_progress).map_or(self.at, |line| line.end);
        self.lines.truncate(kept);
        self.part.truncate(end);
        self.next -= withdrawn;
        for grant in self.grants.take_back(withdrawn).into_iter().rev() {
            owed.push_front(grant);
        }
        withdrawn
    }

    /// Appends what ends the connection to the line in progress.
    pub(super) fn end(&mut self) {
        self.is_ended = true;
        if self.label == Label::Stamp {
            let mut mark = self.sent;
            self.lines.iter().for_each(|line| mark.add(line.digest));
            mark.write(&mut self.part);
        }
    }

    /// Gives back all lines that are not sent whole.
    pub(super) fn give_back(&mut self, owed: &mut Grants) {
        let grants: Vec<Grant> = self.grants.drain().collect();
        grants.into_iter().rev().for_each(|grant| owed.push_front(grant));
        self.lines.clear();
    }
}
