//! Who is spoken to, and what comes of it: the conversations with all senders of a source.
//!
//! What happens is told to the functions here. What is to be done then is asked of those in `talk.rs`;
//! what is late, `deadlines.rs` finds.

mod deadlines;
mod talk;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use deadlines::{GREETS_WITHIN, LINGERS_FOR};
pub(crate) use talk::{Reads, Then};
use talk::{Stage, Talk};

use super::answers::Answers;
use super::greeting::{Greeting, TOO_EARLY};
use super::senders::{SenderName, Senders};

/// Numbers connections in the order in which they came about.
pub(crate) type ConnectionId = usize;

/// So many senders are remembered.
const MOST_SENDERS: usize = 1 << 16;

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
