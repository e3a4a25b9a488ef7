//! How far a conversation is, and what is to be done for it: read, written, closed.

use std::time::Instant;

use super::{ConnectionId, Reception};
use crate::intake::acknowledged::answers::Answers;
use crate::intake::acknowledged::greeting::Greeting;
use crate::intake::acknowledged::senders::SenderName;

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

#[derive(Debug)]
pub(super) struct Talk {
    pub(super) stage: Stage,
    /// No more lines are taken in from it: its sender has none, or the engine wants none.
    pub(super) is_ended: bool,
    pub(super) answers: Answers,
    /// Lines below this are acknowledged to it, by any answer.
    pub(super) acknowledged: u64,
    pub(super) is_untold: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
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
}
