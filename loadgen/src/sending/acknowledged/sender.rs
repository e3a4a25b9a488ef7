//! One sender: it sends its lines from where the other side has got to, until all are acknowledged.

use std::time::{Duration, Instant};

use mio::event::Event;

use super::account::Account;
use super::answers::Answer;
use super::link::{Around, Link, Stage};
use super::share::Share;
use crate::error::Result;
use crate::faults::End;
use crate::lines::Source;
use crate::schedule::ENDLESS;
use crate::sending::grants::Grant;
use crate::sending::outgoing::Outgoing;
use crate::sending::room::Room;
use crate::sending::times::Times;
use crate::stamp::EndMark;

/// What there is to know of a sender's lines before the first is sent.
pub(super) struct Lines {
    /// Which of all senders it is, and which lines are its own.
    pub(super) share: Share,
    /// How many it has in all, if there is an end of them.
    pub(super) count: Option<u64>,
    /// Whether an end mark comes behind the last, with a number of its own.
    pub(super) has_mark: bool,
    /// How many a connection gets before it is ended on request.
    pub(super) most_per_connection: u64,
    /// How it is ended then.
    pub(super) end: End,
}

pub(super) struct Sender<'a> {
    source: &'a Source,
    lines: Lines,
    account: Account,
    /// The first line of which nothing was sent, over whichever connection.
    untouched: u64,
    outgoing: Outgoing,
    /// What a write has completed.
    done: Vec<Grant>,
    /// Up to which line the connection owes them.
    owed_to: u64,
    /// Whether the end mark is among what the connection owes, or has sent.
    is_marked: bool,
    link: Link,
}

impl<'a> Sender<'a> {
    pub(super) fn new(source: &'a Source, lines: Lines, outgoing: Outgoing, link: Link) -> Self {
        Self {
            source,
            lines,
            account: Account::default(),
            untouched: 0,
            outgoing,
            done: Vec::new(),
            owed_to: 0,
            is_marked: false,
            link,
        }
    }

    // ---- what it has come to ----

    pub(super) fn is_done(&self) -> bool {
        self.link.is_over()
    }

    /// Whether there is something to write and room for it.
    pub(super) fn can_write(&self) -> bool {
        self.is_sending() && self.outgoing.can_write()
    }

    /// Whether it is silent on request.
    pub(super) fn is_silent(&self) -> bool {
        self.outgoing.silent_until().is_some()
    }

    /// When it has had no room, or no connection.
    pub(super) fn room(&self) -> &Room {
        self.outgoing.room()
    }

    /// The schedule's number of the first line that it has not sent; [`ENDLESS`] if it has sent all.
    pub(super) fn first_unsent(&self) -> u64 {
        let unsent = self.account.first_unsent();
        match self.lines.count {
            Some(count) if unsent >= count => ENDLESS,
            _ => self.lines.share.number(unsent),
        }
    }

    /// How many of the schedule's first lines are its own, and not sent.
    pub(super) fn unsent_of_first(&self, lines: u64) -> u64 {
        self.lines.share.of_first(lines).saturating_sub(self.account.first_unsent())
    }

    /// What it has sent, as a checker is to find it.
    pub(super) fn sent(&self) -> Option<EndMark> {
        self.outgoing.feed.sent()
    }

    /// How many lines are not acknowledged, the end mark among them, and a sentence about it; for when
    /// it is certain how many there are.
    pub(super) fn unacknowledged(&self) -> Option<(u64, String)> {
        let acknowledged = self.account.acknowledged();
        let count = self.all()?.saturating_sub(acknowledged);
        let name = self.link.name();
        let sentence = match count {
            0 => return None,
            1 => format!("{name}: its line {acknowledged} is not acknowledged"),
            _ => {
                let last = acknowledged + count - 1;
                format!("{name}: its lines {acknowledged} to {last} are not acknowledged")
            }
        };
        Some((count, sentence))
    }

    /// When it is to be tended next, if the time comes by itself.
    pub(super) fn due(&self) -> Option<Instant> {
        [self.link_due(), self.outgoing.silent_until()].into_iter().flatten().min()
    }

    fn link_due(&self) -> Option<Instant> {
        let is_waited_for = !self.account.is_settled() || self.outgoing.room().is_full();
        self.link.due(is_waited_for)
    }

    /// Its numbers in all, that of the end mark included, once that is certain.
    fn all(&self) -> Option<u64> {
        self.account.had_before()?;
        self.lines.count.map(|count| count + u64::from(self.lines.has_mark))
    }

    fn is_sending(&self) -> bool {
        self.link.stage() == Some(Stage::Sending)
    }

    // ---- time passes ----

    /// Does what is due.
    pub(super) fn tend(&mut self, around: &mut Around<'_>) {
        if self.outgoing.silent_until().is_some_and(|ends| ends <= around.now) {
            self.outgoing.end_silence();
        }
        if self.link_due().is_some_and(|due| due <= around.now) {
            let lost = self.link.tend(around);
            self.listen(around);
            if let Some(reason) = lost {
                self.lose(&reason, around);
            }
        }
    }

    /// Owes what is due by now of the schedule's first lines.
    pub(super) fn owe(&mut self, due: u64) {
        let own = self.lines.share.of_first(due).min(self.lines.count.unwrap_or(ENDLESS));
        if self.is_sending() && own > self.owed_to {
            self.outgoing.feed.owe(self.lines.share.grant(self.owed_to, own));
            self.owed_to = own;
        }
    }

    /// No more lines are begun. Those of which a part was sent will be sent whole, again if need be.
    /// Gives the lines that are due and will not be sent.
    pub(super) fn end(&mut self, due: u64, around: &mut Around<'_>) -> Option<Grant> {
        if self.is_done() {
            return None;
        }
        if self.account.had_before().is_none() {
            self.link.finish(around);
            return None;
        }
        let own = self.lines.share.of_first(due).min(self.lines.count.unwrap_or(ENDLESS));
        self.lines.count = Some(self.untouched);
        self.outgoing.end_silences();
        if self.is_sending() {
            self.outgoing.feed.owe_only_before(self.untouched);
            self.owed_to = self.owed_to.min(self.untouched);
        }
        self.go_on(around);
        let unsent = self.lines.share.grant(self.untouched, own);
        Some(unsent).filter(|grant| grant.lines > 0 && grant.lines != ENDLESS)
    }

    // ---- the connection ----

    /// The system has news of its socket, which has had room since a time of the schedule.
    pub(super) fn look(
        &mut self,
        event: &Event,
        room_since: Duration,
        around: &mut Around<'_>,
    ) -> Result<()> {
        if event.is_writable() && self.is_sending() {
            self.outgoing.has_room(room_since);
        }
        let lost = self.link.look(event, around)?;
        self.listen(around);
        if let Some(reason) = lost {
            self.lose(&reason, around);
        }
        Ok(())
    }

    /// Does as it is told.
    fn listen(&mut self, around: &mut Around<'_>) {
        loop {
            let done = match self.link.next_answer() {
                Ok(None) => return,
                Ok(Some(Answer::Resume(next))) => self.resume(next, around),
                Ok(Some(Answer::Acknowledged(below))) => self.note(below, around),
                Ok(Some(Answer::Refused(reason))) => Err(format!("it is refused: {reason}")),
                Err(sentence) => Err(sentence),
            };
            if let Err(sentence) = done {
                return self.fail(&sentence, around);
            }
        }
    }

    fn resume(&mut self, next: u64, around: &mut Around<'_>) -> std::result::Result<(), String> {
        let is_first = self.account.had_before().is_none();
        let before = self.account.lines_acknowledged();
        let count = self.lines.count;
        let all = count.map(|count| count + u64::from(self.lines.has_mark));
        self.account.resume(next, all)?;
        around.news.acknowledged += self.account.lines_acknowledged() - before;
        if is_first {
            around.news.answered.push((self.lines.share.nth as usize, next));
            self.untouched = next;
        }
        self.link.begin_to_send(next, is_first && next > 0, around);
        let most_per_connection = self.lines.most_per_connection;
        // What is behind the last line is the end mark.
        let line = next.min(count.unwrap_or(ENDLESS));
        self.outgoing.feed.go_to(line, most_per_connection);
        self.outgoing.has_room(around.elapsed);
        (self.owed_to, self.is_marked) = (line, false);
        self.go_on(around);
        Ok(())
    }

    fn note(&mut self, below: u64, around: &mut Around<'_>) -> std::result::Result<(), String> {
        let before = self.account.lines_acknowledged();
        self.account.acknowledge(below)?;
        around.news.acknowledged += self.account.lines_acknowledged() - before;
        self.outgoing.feed.forget_before(below);
        self.link.is_well();
        self.go_on(around);
        Ok(())
    }

    /// Writes once what it owes, and gives the lines that were sent whole for the first time. Fails if
    /// a line cannot be had.
    pub(super) fn write(
        &mut self,
        times: &mut Times<'_>,
        around: &mut Around<'_>,
    ) -> Result<Grant> {
        let unsent = self.account.first_unsent();
        if let Some(stream) = self.link.stream() {
            let written = self.outgoing.write(stream, self.source, times, &mut self.done)?;
            // Which lines these are follows from their numbers.
            self.done.clear();
            match written {
                Ok(tally) => {
                    around.news.sent.bytes += tally.bytes;
                    if tally.bytes > 0 {
                        self.link.is_alive(around.now);
                    }
                    self.note_written(around);
                    self.go_on(around);
                }
                Err(error) => self.lose(&error.to_string(), around),
            }
        }
        Ok(self.lines.share.grant(unsent, self.account.first_unsent()))
    }

    fn note_written(&mut self, around: &mut Around<'_>) {
        let feed = &self.outgoing.feed;
        let (lines, again) = (self.account.lines(), self.account.lines_again());
        self.account.wrote(feed.sequence(), self.is_marked && !feed.has_more());
        self.untouched = self.untouched.max(feed.untouched());
        around.news.sent.lines += self.account.lines() - lines;
        around.news.sent_again += self.account.lines_again() - again;
    }

    /// After anything that may have brought it further: its own end, or that of the connection.
    fn go_on(&mut self, around: &mut Around<'_>) {
        if self.all().is_some_and(|all| self.account.acknowledged() >= all) {
            return self.link.finish(around);
        }
        if self.is_sending() && !self.outgoing.feed.has_more() {
            let is_last = self.lines.count == Some(self.outgoing.feed.sequence());
            if is_last && self.lines.has_mark && !self.is_marked {
                // Nothing is owed any more, so nothing comes back.
                self.outgoing.feed.cut();
                self.is_marked = true;
                return;
            }
            if !is_last && !self.outgoing.feed.is_spent() {
                return;
            }
            if !is_last && self.lines.end == End::Reset {
                self.outgoing.has_no_room(around.elapsed);
                return self.link.reset(around);
            }
            self.link.half_close();
        }
        if self.link.stage() == Some(Stage::Ending) && self.account.is_settled() {
            self.outgoing.has_no_room(around.elapsed);
            self.link.leave(around);
        }
    }

    /// It cannot go on; what it has begun and is not acknowledged stays so.
    fn fail(&mut self, sentence: &str, around: &mut Around<'_>) {
        self.lines.count = Some(self.untouched);
        self.link.fail(sentence, around);
    }

    fn lose(&mut self, reason: &str, around: &mut Around<'_>) {
        let open = self.untouched.saturating_sub(self.account.acknowledged());
        self.link.lose(reason, open, around);
        self.outgoing.has_no_room(around.elapsed);
    }
}
