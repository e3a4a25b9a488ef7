//! What a socket receiver does about conversations, where it has any.

use std::time::{Duration as StdDuration, Instant};

use mio::Events;

use super::{SocketReceiver, do_early};
use crate::intake::acknowledged::{Round, Talks};
use crate::intake::assignment::Stored;
use crate::intake::connection::Connection;
use crate::intake::entrance::Newcomer;

/// How long a sender that takes no answers may hold up a stop.
const LAST_ANSWERS_WITHIN: StdDuration = StdDuration::from_secs(1);

impl SocketReceiver {
    /// A connection has come about.
    pub(super) fn begin_talk(&mut self, id: usize) {
        let (Some(talks), Some(connection)) = (&mut self.talks, self.connections.get_mut(&id))
        else {
            return;
        };
        if let Err(e) = talks.connect(id, connection.transport(), self.poll.registry()) {
            self.disconnect(id, Some(e.to_string()));
        }
    }

    /// Tells a newcomer that is denied why, and nothing else. For listeners of progress it is no connection, so
    /// that a flood of such is a number in one sentence.
    pub(super) fn turn_away(&mut self, newcomer: Newcomer, reason: &str) {
        let Newcomer { id, transport, .. } = newcomer;
        self.connections.insert(id, Connection::turned_away(transport, Instant::now()));
        self.begin_talk(id);
        if let Some(talks) = &mut self.talks {
            talks.refuse(id, reason);
        }
        self.queue(id);
    }

    /// Hears and answers whoever is to be.
    pub(super) fn talk(&mut self) {
        let Some(talks) = &mut self.talks else { return };
        let Round { with_lines, over, is_waited_for } = talks.go_on(&mut self.connections);
        for (id, reason) in over {
            if self.connections.contains_key(&id) {
                self.disconnect(id, reason);
            }
        }
        with_lines.into_iter().for_each(|id| self.queue(id));
        if is_waited_for {
            let work = self.filling.lock().cut(Stored::EarlyWorkMayBegin);
            do_early(work);
        }
    }

    /// Goes on until all that was taken in is acknowledged. What still comes is read and dropped meanwhile:
    /// who closes a connection with bytes unread resets it, and takes back what it has just said.
    pub(super) fn end_talks(&mut self) {
        let mut events = Events::with_capacity(1024);
        let mut until = None;
        if let Some(talks) = &mut self.talks {
            talks.end_all(self.connections.keys().copied());
        }
        loop {
            self.talk();
            let Some(talks) = &self.talks else { return };
            if talks.all_is_durable() {
                until.get_or_insert_with(|| Instant::now() + LAST_ANSWERS_WITHIN);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let is_over = self.connections.is_empty() || left == Some(StdDuration::ZERO);
            if is_over || self.order.stop_wanted() == Some(false) {
                return;
            }
            let limit = if talks.is_busy() { Some(StdDuration::ZERO) } else { left };
            self.wait(&mut events, limit);
            self.note(&events);
        }
    }

    /// Whether a connection has lines to be read now; any has, where there are no conversations.
    pub(super) fn reads_lines(&self, id: usize) -> bool {
        self.talks.as_ref().is_none_or(|talks| talks.reads_lines(id))
    }

    /// No more will come on a connection. Says whether it is kept: until what came is acknowledged.
    pub(super) fn end_talk(&mut self, id: usize) -> bool {
        self.talks.as_mut().map(|talks: &mut Talks| talks.end(id)).is_some()
    }
}
