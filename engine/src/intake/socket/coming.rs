//! How connections come to a socket receiver, and go: at the end, for lack of what is to be shown, or because
//! nothing comes over them.

use std::time::Instant;

use super::SocketReceiver;
use crate::intake::connection::Connection;
use crate::intake::entrance::{Denial, Denied, Newcomer};
use crate::intake::link::Open;
use crate::intake::transport::Transport;
use crate::progress::Notice;

impl SocketReceiver {
    /// Brings in what has come about, once it has shown what is to be shown, and there is a place for it.
    pub(super) fn tend_link(&mut self, event: bool) {
        let open = Open {
            connections: self.connections_open() + self.entrance.shown(),
            newcomers: self.entrance.taken(),
        };
        for made in self.link.tend(event, open, &mut self.denials) {
            let id = made.id;
            match self.entrance.welcome(made) {
                Ok(Some(newcomer)) => self.take_in(newcomer),
                Ok(None) => {}
                Err(e) => {
                    let warning = format!("{}: connection {id} cannot be used: {e}", self.name);
                    self.around.progress.warn(warning);
                    self.link.came_to_nothing(id, &e.to_string());
                }
            }
        }
        for denied in self.entrance.look() {
            self.deny(denied);
        }
        while self.has_place()
            && let Some(newcomer) = self.entrance.next_shown()
        {
            self.take_in(newcomer);
        }
        if self.has_place() && !self.entrance.is_full() {
            self.link.has_places();
        }
        if let Some(sentence) = self.denials.sentence_if_due() {
            self.around.progress.warn(format!("{}: {sentence}", self.name));
        }
    }

    /// Connections that count as such.
    fn connections_open(&self) -> usize {
        self.connections.len() - self.entrance.turned_away()
    }

    fn has_place(&self) -> bool {
        (self.connections_open() as u64) < self.link.most_connections()
    }

    /// Whether somebody has shown enough and can come in.
    pub(super) fn is_waited_at_the_door(&self) -> bool {
        self.entrance.shown() > 0 && self.has_place()
    }

    fn take_in(&mut self, newcomer: Newcomer) {
        let Newcomer { id, transport, peer } = newcomer;
        let notice = Notice::Connected {
            source: self.name.clone(),
            connection: id as u64,
            peer: peer.to_string(),
        };
        let now = Instant::now();
        let connection = match &self.talks {
            None => Connection::new(transport, self.around.policy.framing(), now),
            Some(_) => Connection::of_numbered_lines(transport, now),
        };
        self.connections.insert(id, connection);
        self.link.has_come_about();
        if let Some(idle) = &mut self.idle {
            idle.forget_gone(&self.connections);
            idle.look_after(id, now);
        }
        self.around.progress.notice(&notice);
        self.begin_talk(id);
        self.queue(id);
    }

    /// Closes a connection that has not shown what it is to show. Where lines are acknowledged it is told why, as
    /// any sender that is refused; but where too many are told already, or it gives way.
    fn deny(&mut self, denied: Denied) {
        let Denied { newcomer, denial, why } = denied;
        let (id, peer) = (newcomer.id, newcomer.peer.ip());
        let is_told = !matches!(denial, Denial::NoHandshake | Denial::GaveWay);
        if self.talks.is_some() && is_told && self.entrance.may_turn_away() {
            self.entrance.turns_away();
            self.denials.count(denial, peer);
            return self.turn_away(newcomer, denial.told());
        }
        let Newcomer { mut transport, .. } = newcomer;
        self.deregister(id, &mut transport);
        transport.say_goodbye();
        if self.link.came_to_nothing(id, &why) {
            self.denials.count(denial, peer);
        }
    }

    pub(super) fn disconnect(&mut self, id: usize, reason: Option<String>) {
        let mut was_turned_away = false;
        if let Some(mut connection) = self.connections.remove(&id) {
            was_turned_away = connection.is_turned_away;
            if was_turned_away {
                self.entrance.has_turned_away();
            }
            self.unfinished.changed(id, connection.carried(), 0);
            self.deregister(id, connection.transport());
            connection.transport().say_goodbye();
        }
        if let Some(talks) = &mut self.talks {
            talks.lose(id);
        }
        if !was_turned_away {
            let notice =
                Notice::Disconnected { source: self.name.clone(), connection: id as u64, reason };
            self.around.progress.notice(&notice);
        }
        self.link.lost(id);
    }

    fn deregister(&self, id: usize, transport: &mut Transport) {
        if let Err(e) = self.poll.registry().deregister(transport.socket()) {
            let warning = format!("{}: connection {id} could not be deregistered: {e}", self.name);
            self.around.progress.warn(warning);
        }
    }

    /// Closes connections over which nothing has come for too long. What is held back here is not idle, nor is
    /// who waits for an answer.
    pub(super) fn close_idle(&mut self) {
        let now = self.looked_at;
        while let Some(id) = self.idle.as_mut().and_then(|idle| idle.take_due(now)) {
            let waits = self.talks.as_ref().is_some_and(|talks| talks.owes(id));
            let (Some(connection), Some(idle)) = (self.connections.get_mut(&id), &mut self.idle)
            else {
                continue;
            };
            let heard_at = if connection.queued || waits { now } else { connection.heard_at };
            if idle.is_too_long(heard_at, now) {
                let reason = idle.close();
                self.filling.lock().take_in(id, 0, &connection.reject_record());
                self.disconnect(id, Some(reason));
            } else {
                idle.look_after(id, heard_at);
            }
        }
        if let Some(sentence) = self.idle.as_mut().and_then(|idle| idle.sentence_if_due()) {
            self.around.progress.warn(format!("{}: {sentence}", self.name));
        }
    }
}
