//! Readers that do not read.

use std::time::{Duration, Instant};

use super::standing::Standing;
use crate::load::Load;
use crate::schedule::ENDLESS;

/// After so long without a byte taken, it is worth a sentence.
const WARN: Duration = Duration::from_secs(5);

/// Watches whether anything that is due is taken by anybody.
pub(crate) struct Patience {
    /// How long to wait; nothing where the run has no end of its own to hold up.
    limit: Option<Duration>,
    /// A sentence is due after so long.
    warn: Duration,
    last_bytes: u64,
    last_moved: Instant,
    has_warned: bool,
}

impl Patience {
    pub(crate) fn new(load: &Load, now: Instant) -> Self {
        // Through a silence on request nobody can take anything.
        let silence = load.faults.stall.map_or(Duration::ZERO, |stall| stall.length);
        let limit = load.has_end().then_some(load.patience.saturating_add(silence));
        let warn = WARN.saturating_add(silence);
        Self { limit, warn, last_bytes: 0, last_moved: now, has_warned: false }
    }

    /// Says that nobody reads, once for each time that it happens.
    pub(crate) fn warns(&mut self, standing: &Standing, now: Instant) -> Option<String> {
        let waits = self.waits(standing, now);
        if waits < self.warn || self.has_warned {
            return None;
        }
        self.has_warned = true;
        Some(format!(
            "no reader has taken a byte for {} s, and lines are waiting: it has stopped reading, \
             or holds the sender back",
            waits.as_secs()
        ))
    }

    /// Why the run is to be given up, if it is.
    pub(crate) fn is_over(&mut self, standing: &Standing, now: Instant) -> Option<String> {
        let limit = self.limit?;
        let waits = self.waits(standing, now);
        (waits >= limit).then(|| {
            format!(
                "given up: no reader has taken a byte for {:.1} s, and {} of {} lines were still \
                 to be sent; --patience sets how long to wait",
                waits.as_secs_f64(),
                standing.due.saturating_sub(standing.sent.lines),
                standing.due,
            )
        })
    }

    /// For how long nothing has been taken that is due.
    fn waits(&mut self, standing: &Standing, now: Instant) -> Duration {
        let is_owed = standing.due == ENDLESS || standing.due > standing.sent.lines;
        if standing.sent.bytes != self.last_bytes || !is_owed || standing.connections == 0 {
            (self.last_bytes, self.last_moved) = (standing.sent.bytes, now);
            self.has_warned = false;
        }
        now.saturating_duration_since(self.last_moved)
    }
}
