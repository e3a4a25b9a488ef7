//! How long a conversation may take to begin, and how long one that is over is still listened to.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{ConnectionId, Reads, Reception};

/// A greeting must be whole so soon after its connection.
pub(super) const GREETS_WITHIN: Duration = Duration::from_secs(10);

/// What a sender that is refused has sent is read for so long, so that no reset costs it the reason.
pub(super) const LINGERS_FOR: Duration = Duration::from_secs(2);

impl Reception {
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
}

/// The first of those whose time is over.
fn pop_due(queue: &mut VecDeque<(Instant, ConnectionId)>, now: Instant) -> Option<ConnectionId> {
    let &(_, id) = queue.front().filter(|(until, _)| *until <= now)?;
    queue.pop_front();
    Some(id)
}
