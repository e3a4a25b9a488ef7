//! Who is spoken to, and what comes of it: the conversations with all senders of a source.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::answers::Answers;
use super::greeting::{Greeting, TOO_EARLY};
use super::senders::{SenderName, Senders};

/// Numbers connections in the order in which they came about.
pub(crate) type ConnectionId = usize;

/// So many senders are remembered.
const MOST_SENDERS: usize = 1 << 16;

/// A greeting must be whole so soon after its connection.
const GREETS_WITHIN: Duration = Duration::from_secs(10);

/// What a sender that is refused has sent is read for so long, so that no reset costs it the reason.
const LINGERS_FOR: Duration = Duration::from_secs(2);

/// What is to be done with the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// They are given to [`Reception::hear`].
    Greeting,
    /// They are left where they are.
    Nothing,
    /// They are lines, to be numbered by [`Reception::take_in`].
    Lines,
    /// They are read, and dropped.
    Dropped,
}

/// What is to be done with a connection once it has been told all that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    GoOn,
    /// No more will be said. What comes is read until the other side has closed too.
    CloseOwnDirection,
    /// It is over; [`Reception::lose`] is next.
    Close,
}

/// The conversations of one source, and the numbers of its lines.
#[derive(Debug)]
pub(crate) struct Reception {
    senders: Senders,
    most_senders: usize,
    talks: HashMap<ConnectionId, Talk>,
    /// Which connection speaks for a name: of those that have greeted, the one that came about last.
    speakers: HashMap<SenderName, ConnectionId>,
    /// When greetings are late; those that have come are still in it.
    greeting_until: VecDeque<(Instant, ConnectionId)>,
    /// When senders that are refused are read no longer; those that have gone are still in it.
    lingering_until: VecDeque<(Instant, ConnectionId)>,
    /// Connections for which there is something to tell, or to be done.
    untold: Vec<ConnectionId>,
}

#[derive(Debug)]
struct Talk {
    stage: Stage,
    /// No more lines are taken in from it: its sender has none, or the engine wants none.
    is_ended: bool,
    answers: Answers,
    /// Lines below this are acknowledged to it, by any answer.
    acknowledged: u64,
    is_untold: bool,
}

#[derive(Debug)]
enum Stage {
    Greeting(Greeting),
    /// It speaks for the name, and not all that was taken in is durable.
    Waiting(SenderName),
    /// It speaks for the name, and knows the number of its first line.
    Sending(SenderName),
    Refused {
        until: Instant,
    },
}

impl Reception {
    /// For senders whose lines have come so far.
    pub(crate) fn new(senders: Senders) -> Self {
        Self {
            senders,
            most_senders: MOST_SENDERS,
            talks: HashMap::new(),
            speakers: HashMap::new(),
            greeting_until: VecDeque::new(),
            lingering_until: VecDeque::new(),
            untold: Vec::new(),
        }
    }

    /// How far the lines of each sender have come.
    #[cfg(test)]
    pub(crate) fn senders(&self) -> &Senders {
        &self.senders
    }

    // ---- what happens ----

    /// A connection has come about.
    pub(crate) fn connect(&mut self, id: ConnectionId, now: Instant) {
        let talk = Talk {
            stage: Stage::Greeting(Greeting::default()),
            is_ended: false,
            answers: Answers::default(),
            acknowledged: 0,
            is_untold: false,
        };
        self.talks.insert(id, talk);
        self.greeting_until.push_back((now + GREETS_WITHIN, id));
    }

    /// Bytes of a greeting have come.
    pub(crate) fn hear(&mut self, id: ConnectionId, bytes: &[u8], now: Instant) {
        let Some(Talk { stage: Stage::Greeting(greeting), .. }) = self.talks.get_mut(&id) else {
            return;
        };
        match greeting.hear(bytes) {
            Ok(None) => {}
            Ok(Some(name)) => self.greet(id, name, now),
            Err(reason) => self.refuse(id, reason, now),
        }
    }

    /// A connection is not to be listened to, for a reason that lies outside this conversation.
    pub(crate) fn turn_away(&mut self, id: ConnectionId, reason: String, now: Instant) {
        if self.reads(id) == Reads::Greeting {
            self.refuse(id, reason, now);
        }
    }

    /// Bytes have come before the answer to a greeting: lines that are numbered by nobody.
    pub(crate) fn came_too_early(&mut self, id: ConnectionId, now: Instant) {
        if let Some(Talk { stage: Stage::Waiting(name) | Stage::Sending(name), .. }) =
            self.talks.get(&id)
        {
            let name = name.clone();
            self.forget_speaker(&name, id);
            self.refuse(id, TOO_EARLY.into(), now);
        }
    }

    /// So many newlines have come on a connection whose lines are read. Gives whose lines end with
    /// them, and the number of the first: they are taken in now. Gives nothing where they are not to
    /// be.
    pub(crate) fn take_in(
        &mut self,
        id: ConnectionId,
        newlines: u64,
        now: Instant,
    ) -> Option<(SenderName, u64)> {
        let name = match self.talks.get(&id) {
            Some(Talk { stage: Stage::Sending(name), is_ended: false, .. }) => name.clone(),
            _ => return None,
        };
        let first = self.senders.take_in(&name, newlines);
        if first.is_none() {
            let reason = "there are no numbers left for further lines: send under another name";
            self.forget_speaker(&name, id);
            self.refuse(id, reason.into(), now);
        }
        first.map(|first| (name, first))
    }

    /// All lines of a sender that have lower numbers are durable.
    pub(crate) fn make_durable(&mut self, name: &SenderName, below: u64) {
        self.senders.make_durable(name, below);
        self.settle(name);
    }

    /// The sender will send no more: its direction of the connection is closed.
    pub(crate) fn end(&mut self, id: ConnectionId) {
        if let Some(talk) = self.talks.get_mut(&id) {
            talk.is_ended = true;
        }
    }

    /// No more is taken in from any connection; each is over once all that was is acknowledged.
    pub(crate) fn end_all(&mut self) {
        self.talks.values_mut().for_each(|talk| talk.is_ended = true);
    }

    /// A connection is gone.
    pub(crate) fn lose(&mut self, id: ConnectionId) {
        if let Some(Talk { stage: Stage::Waiting(name) | Stage::Sending(name), .. }) =
            self.talks.remove(&id)
        {
            self.forget_speaker(&name, id);
        }
    }

    /// Time has passed: greetings that are late are refused, and those that were refused long ago are
    /// over.
    pub(crate) fn look_at_the_time(&mut self, now: Instant) {
        while let Some(id) = pop_due(&mut self.greeting_until, now) {
            if self.reads(id) == Reads::Greeting {
                let within_s = GREETS_WITHIN.as_secs();
                self.refuse(id, format!("no greeting has come within {within_s} s"), now);
            }
        }
        while let Some(id) = pop_due(&mut self.lingering_until, now) {
            self.tell(id);
        }
    }

    /// When to look at the time, at the latest.
    pub(crate) fn due(&self) -> Option<Instant> {
        let fronts = [self.greeting_until.front(), self.lingering_until.front()];
        fronts.into_iter().flatten().map(|&(until, _)| until).min()
    }

    // ---- what is to be done ----

    /// What is to be done with what comes on a connection.
    pub(crate) fn reads(&self, id: ConnectionId) -> Reads {
        match self.talks.get(&id) {
            None => Reads::Dropped,
            Some(talk) if talk.is_ended => Reads::Dropped,
            Some(talk) => match talk.stage {
                Stage::Greeting(_) => Reads::Greeting,
                Stage::Waiting(_) => Reads::Nothing,
                Stage::Sending(_) => Reads::Lines,
                Stage::Refused { .. } => Reads::Dropped,
            },
        }
    }

    /// Whether a sender waits for something to be said.
    pub(crate) fn owes(&self, id: ConnectionId) -> bool {
        self.talks.get(&id).is_some_and(|talk| match &talk.stage {
            Stage::Greeting(_) => false,
            Stage::Waiting(_) => true,
            Stage::Sending(name) => !self.senders.is_settled(name) || !talk.answers.is_empty(),
            Stage::Refused { .. } => !talk.answers.is_empty(),
        })
    }

    /// Whether all that was taken in is durable.
    pub(crate) fn all_is_durable(&self) -> bool {
        self.senders.all_is_durable()
    }

    /// The connections for which there is something to tell, or to be done, since this was asked
    /// last.
    pub(crate) fn take_untold(&mut self) -> Vec<ConnectionId> {
        for id in &self.untold {
            self.talks.get_mut(id).into_iter().for_each(|talk| talk.is_untold = false);
        }
        std::mem::take(&mut self.untold)
    }

    /// Whether a connection is to be told now which number its first line has.
    pub(crate) fn resumes(&self, id: ConnectionId) -> bool {
        self.talks.get(&id).is_some_and(|talk| talk.answers.resumes())
    }

    /// The bytes that are to be written to a connection next; empty if there are none.
    pub(crate) fn unwritten(&mut self, id: ConnectionId) -> &[u8] {
        self.talks.get_mut(&id).map_or(&[], |talk| talk.answers.unwritten())
    }

    /// Notes that so many of them are written.
    pub(crate) fn wrote(&mut self, id: ConnectionId, bytes: usize) {
        self.talks.get_mut(&id).into_iter().for_each(|talk| talk.answers.wrote(bytes));
    }

    /// What is to be done with a connection now.
    pub(crate) fn then(&self, id: ConnectionId, now: Instant) -> Then {
        let Some(talk) = self.talks.get(&id) else { return Then::Close };
        match &talk.stage {
            Stage::Refused { until } if *until <= now => Then::Close,
            _ if !talk.answers.is_empty() => Then::GoOn,
            Stage::Refused { .. } if !talk.is_ended => Then::CloseOwnDirection,
            Stage::Refused { .. } => Then::Close,
            Stage::Greeting(_) if talk.is_ended => Then::Close,
            Stage::Sending(name) if talk.is_ended && self.senders.is_settled(name) => Then::Close,
            _ => Then::GoOn,
        }
    }

    // ---- how it comes to that ----

    fn greet(&mut self, id: ConnectionId, name: SenderName, now: Instant) {
        if !self.senders.admit(&name, self.most_senders) {
            let most = self.most_senders;
            let reason = format!(
                "{most} senders are known here, and {name} would be one more: use names again"
            );
            return self.refuse(id, reason, now);
        }
        let speaker = self.speakers.get(&name).copied();
        let older = speaker.map(|speaker| speaker.min(id));
        if let Some(older) = older {
            let reason = format!(
                "a newer connection has greeted as {name} and goes on in the place of this one: two \
                 senders must not share a name"
            );
            self.refuse(older, reason, now);
        }
        // The greeting of a connection that its sender has long given up may be read only now.
        if older == Some(id) {
            return;
        }
        self.speakers.insert(name.clone(), id);
        if let Some(talk) = self.talks.get_mut(&id) {
            talk.stage = Stage::Waiting(name.clone());
        }
        self.settle(&name);
    }

    /// Tells whoever speaks for a name what is durable.
    fn settle(&mut self, name: &SenderName) {
        let Some(&id) = self.speakers.get(name) else { return };
        let Some(talk) = self.talks.get_mut(&id) else { return };
        let durable = self.senders.durable(name);
        match &talk.stage {
            Stage::Waiting(_) if self.senders.is_settled(name) => {
                talk.stage = Stage::Sending(name.clone());
                talk.answers.resume(durable);
            }
            Stage::Sending(_) if durable > talk.acknowledged => talk.answers.acknowledge(durable),
            _ => return,
        }
        talk.acknowledged = durable;
        self.tell(id);
    }

    /// Whoever spoke for a name must be taken from it before.
    fn refuse(&mut self, id: ConnectionId, reason: String, now: Instant) {
        if let Some(talk) = self.talks.get_mut(&id) {
            let until = now + LINGERS_FOR;
            talk.stage = Stage::Refused { until };
            talk.answers.refuse(reason);
            self.lingering_until.push_back((until, id));
            self.tell(id);
        }
    }

    fn forget_speaker(&mut self, name: &SenderName, id: ConnectionId) {
        if self.speakers.get(name) == Some(&id) {
            self.speakers.remove(name);
            self.senders.release(name);
        }
    }

    fn tell(&mut self, id: ConnectionId) {
        if let Some(talk) = self.talks.get_mut(&id)
            && !std::mem::replace(&mut talk.is_untold, true)
        {
            self.untold.push(id);
        }
    }
}

/// The first of those whose time is over.
fn pop_due(queue: &mut VecDeque<(Instant, ConnectionId)>, now: Instant) -> Option<ConnectionId> {
    let &(_, id) = queue.front().filter(|(until, _)| *until <= now)?;
    queue.pop_front();
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rig {
        reception: Reception,
        now: Instant,
    }

    impl Rig {
        fn new() -> Self {
            Self { reception: Reception::new(Senders::default()), now: Instant::now() }
        }

        fn connect(&mut self, id: ConnectionId, said: &str) {
            self.reception.connect(id, self.now);
            self.reception.hear(id, said.as_bytes(), self.now);
        }

        /// All that a connection is told, if anything.
        fn told(&mut self, id: ConnectionId) -> String {
            let mut told = Vec::new();
            while let bytes = self.reception.unwritten(id).to_vec()
                && !bytes.is_empty()
            {
                self.reception.wrote(id, bytes.len());
                told.extend(bytes);
            }
            String::from_utf8(told).unwrap()
        }

        fn take_in(&mut self, id: ConnectionId, newlines: u64) -> Option<u64> {
            self.reception.take_in(id, newlines, self.now).map(|(_, first)| first)
        }

        fn sync(&mut self, name: &str, below: u64) {
            self.reception.make_durable(&SenderName::new(name).unwrap(), below);
        }

        fn then(&self, id: ConnectionId) -> Then {
            self.reception.then(id, self.now)
        }
    }

    #[test]
    fn a_session_from_the_greeting_to_its_end() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1 a\n");
        assert_eq!(rig.reception.take_untold(), [1]);
        assert_eq!(rig.told(1), "RESUME 0\n");
        assert_eq!(
            (rig.take_in(1, 2), rig.take_in(1, 0), rig.take_in(1, 1)),
            (Some(0), Some(2), Some(2))
        );
        assert_eq!((rig.told(1).as_str(), rig.reception.take_untold()), ("", vec![]));
        rig.sync("a", 2);
        rig.reception.end(1);
        assert_eq!(rig.told(1), "ACK 2\n");
        assert_eq!(rig.then(1), Then::GoOn, "a line is not durable yet");
        rig.sync("a", 3);
        assert_eq!((rig.reception.take_untold(), rig.then(1)), (vec![1], Then::GoOn));
        assert_eq!((rig.told(1).as_str(), rig.then(1)), ("ACK 3\n", Then::Close));
        rig.reception.lose(1);
        rig.connect(2, "MILLSTREAM 1 a\n");
        assert_eq!(rig.told(2), "RESUME 3\n");
    }

    #[test]
    fn resume_waits_until_what_was_taken_in_is_durable() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1 a\n");
        rig.take_in(1, 5);
        rig.reception.lose(1);
        rig.connect(2, "MILLSTREAM 1 a\n");
        assert_eq!((rig.told(2).as_str(), rig.reception.reads(2)), ("", Reads::Nothing));
        rig.sync("a", 3);
        assert_eq!((rig.told(2).as_str(), rig.take_in(2, 1)), ("", None));
        rig.sync("a", 5);
        assert_eq!((rig.told(2).as_str(), rig.reception.reads(2)), ("RESUME 5\n", Reads::Lines));
    }

    #[test]
    fn a_newer_connection_takes_over_and_the_older_one_is_told() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1 a\n");
        assert_eq!((rig.told(1).as_str(), rig.take_in(1, 4)), ("RESUME 0\n", Some(0)));
        rig.connect(2, "MILLSTREAM 1 a\n");
        assert_eq!((rig.take_in(1, 1), rig.reception.reads(1)), (None, Reads::Dropped));
        assert!(rig.told(1).starts_with("REFUSE a newer connection has greeted as a and goes on"));
        assert_eq!(rig.then(1), Then::CloseOwnDirection);
        rig.sync("a", 4);
        assert_eq!((rig.told(1).as_str(), rig.told(2).as_str()), ("", "RESUME 4\n"));
        // The end of the older one takes nothing from the newer.
        rig.reception.lose(1);
        assert_eq!(rig.take_in(2, 1), Some(4));
    }

    #[test]
    fn a_greeting_that_is_read_late_takes_nothing_from_a_newer_connection() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1");
        rig.connect(2, "MILLSTREAM 1 a\n");
        rig.reception.hear(1, b" a\n", rig.now);
        assert!(rig.told(1).starts_with("REFUSE a newer connection has greeted as a"));
        assert_eq!((rig.told(2).as_str(), rig.take_in(2, 1)), ("RESUME 0\n", Some(0)));
    }

    #[test]
    fn a_refused_sender_is_read_until_it_has_closed_and_not_for_ever() {
        let mut rig = Rig::new();
        rig.connect(1, "GET / HTTP/1.1\n");
        assert_eq!((rig.reception.reads(1), rig.then(1)), (Reads::Dropped, Then::GoOn));
        assert!(rig.told(1).starts_with("REFUSE the first line must be"));
        assert_eq!(rig.then(1), Then::CloseOwnDirection);
        rig.reception.end(1);
        assert_eq!(rig.then(1), Then::Close);

        rig.connect(2, "\n");
        assert_eq!((rig.reception.take_untold(), rig.then(2)), (vec![1, 2], Then::GoOn));
        rig.now = rig.reception.due().unwrap();
        rig.reception.look_at_the_time(rig.now);
        assert_eq!((rig.reception.take_untold(), rig.then(2)), (vec![1, 2], Then::Close));
    }

    #[test]
    fn who_is_turned_away_is_told_why_and_listened_to_no_more() {
        let mut rig = Rig::new();
        rig.connect(1, "");
        rig.reception.turn_away(1, "not you".into(), rig.now);
        rig.reception.hear(1, b"MILLSTREAM 1 a\n", rig.now);
        assert_eq!(rig.reception.reads(1), Reads::Dropped);
        assert_eq!(rig.told(1), "REFUSE not you\n");
        assert!(rig.reception.senders().all_is_durable() && rig.reception.speakers.is_empty());
    }

    #[test]
    fn who_has_lines_that_are_not_acknowledged_is_owed_something() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1 a\n");
        assert!(rig.reception.owes(1), "its first number");
        rig.told(1);
        assert!(!rig.reception.owes(1));
        let (name, first) = rig.reception.take_in(1, 2, rig.now).unwrap();
        assert!(rig.reception.owes(1), "an acknowledgement");
        rig.reception.make_durable(&name, first + 2);
        rig.told(1);
        assert!(!rig.reception.owes(1));
    }

    #[test]
    fn a_late_greeting_is_refused() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1");
        rig.connect(2, "MILLSTREAM 1 b\n");
        let until = rig.reception.due().unwrap();
        assert_eq!(until, rig.now + GREETS_WITHIN);
        rig.reception.look_at_the_time(until - Duration::from_millis(1));
        assert_eq!(rig.reception.reads(1), Reads::Greeting);
        rig.reception.look_at_the_time(until);
        assert_eq!(rig.told(1), "REFUSE no greeting has come within 10 s\n");
        let lingers = Some(until + LINGERS_FOR);
        assert_eq!((rig.reception.reads(2), rig.reception.due()), (Reads::Lines, lingers));
    }

    #[test]
    fn more_senders_than_are_remembered_are_refused() {
        let mut rig = Rig::new();
        rig.reception.most_senders = 2;
        // Names that come and go without a line leave nothing behind.
        for id in 0..10 {
            rig.connect(id, &format!("MILLSTREAM 1 idle-{id}\n"));
            assert_eq!(rig.told(id), "RESUME 0\n");
            rig.reception.lose(id);
        }
        for (id, name) in [(11, "a"), (12, "b")] {
            rig.connect(id, &format!("MILLSTREAM 1 {name}\n"));
            assert_eq!(rig.take_in(id, 1), Some(0));
            rig.sync(name, 1);
            rig.reception.lose(id);
        }
        rig.connect(13, "MILLSTREAM 1 c\n");
        assert!(
            rig.told(13).starts_with("REFUSE 2 senders are known here, and c would be one more")
        );
        rig.connect(14, "MILLSTREAM 1 a\n");
        assert_eq!(rig.told(14), "RESUME 1\n");
    }

    #[test]
    fn numbers_that_end_are_told() {
        let mut senders = Senders::default();
        senders.restore(SenderName::new("a").unwrap(), u64::MAX);
        let mut rig = Rig { reception: Reception::new(senders), now: Instant::now() };
        rig.connect(1, "MILLSTREAM 1 a\n");
        assert_eq!(rig.told(1), format!("RESUME {}\n", u64::MAX));
        assert_eq!(rig.take_in(1, 1), None);
        assert!(rig.told(1).starts_with("REFUSE there are no numbers left"));
    }

    #[test]
    fn an_orderly_end_of_the_engine_acknowledges_what_was_taken_in() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1 a\n");
        rig.connect(2, "MILLSTREAM 1");
        rig.take_in(1, 5);
        rig.reception.end_all();
        assert_eq!((rig.take_in(1, 1), rig.then(2)), (None, Then::Close));
        rig.sync("a", 5);
        assert_eq!(rig.told(1), "RESUME 0\nACK 5\n");
        assert_eq!(rig.then(1), Then::Close);
    }

    #[test]
    fn a_sender_that_ends_before_it_is_answered_is_answered_all_the_same() {
        let mut rig = Rig::new();
        rig.connect(1, "MILLSTREAM 1 a\n");
        rig.take_in(1, 5);
        rig.connect(2, "MILLSTREAM 1 a\n");
        rig.reception.end(2);
        assert_eq!(rig.then(2), Then::GoOn);
        rig.sync("a", 5);
        assert_eq!((rig.told(2).as_str(), rig.then(2)), ("RESUME 5\n", Then::Close));
    }
}
