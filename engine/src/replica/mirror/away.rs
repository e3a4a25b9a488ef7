//! A replica that is away: since when and why, and what is said of it.

use std::time::{Duration, Instant};

use super::broken::Broken;
use super::slow::Warn;
use crate::error::Error;
use crate::occasional::Occasional;

/// So many reasons are said in a minute.
const MOST_REASONS: usize = 8;

/// Knows of a replica's absence, and tells of it.
pub(super) struct Away {
    address: String,
    warn: Warn,
    cut: Option<Cut>,
    said: Occasional,
    /// The reasons that were said since then.
    said_reasons: Vec<String>,
    said_back: Occasional,
}

/// A link that is down.
struct Cut {
    since: Instant,
    /// Why it went down, and why it could not be had again the last time.
    first: String,
    latest: String,
    is_said: bool,
}

impl Cut {
    /// What broke it, and what keeps it down where that is something else.
    fn reason(&self) -> String {
        match self.first == self.latest {
            true => self.first.clone(),
            false => format!("{}, and then {}", self.first, self.latest),
        }
    }
}

impl Away {
    pub(super) fn new(address: String, warn: Warn) -> Away {
        let (said, said_back) = (Occasional::default(), Occasional::default());
        Away { address, warn, cut: None, said, said_reasons: Vec::new(), said_back }
    }

    /// It cannot be had, for one more reason.
    pub(super) fn is_cut(&mut self, broken: Broken) {
        let cut = self.cut.get_or_insert_with(|| Cut {
            since: Instant::now(),
            first: broken.reason.clone(),
            latest: String::new(),
            is_said: false,
        });
        cut.latest = broken.reason;
    }

    /// Says that it is away, if it is, and what is done now: once a minute, and at once where the reason is a new one.
    pub(super) fn say(&mut self, what_now: &str) {
        let Some(cut) = &mut self.cut else { return };
        if self.said.is_time() {
            self.said_reasons.clear();
        } else if self.said_reasons.len() >= MOST_REASONS || self.said_reasons.contains(&cut.latest)
        {
            return;
        }
        self.said_reasons.push(cut.latest.clone());
        cut.is_said = true;
        (self.warn)(format!(
            "the replica at {} cannot be had, for {} ms now: {}; {what_now}",
            self.address,
            cut.since.elapsed().as_millis(),
            cut.reason()
        ));
    }

    /// It is there, and says so where it was said that it is not.
    pub(super) fn is_back(&mut self, job_is_starting: bool) {
        let Some(cut) = self.cut.take() else { return };
        let (address, down_ms) = (&self.address, cut.since.elapsed().as_millis());
        if job_is_starting {
            // A cut while the job runs is another matter, and worth its own sentence at once.
            self.said = Occasional::default();
            if cut.is_said {
                (self.warn)(format!(
                    "the replica at {address} is there after {down_ms} ms; both copies have the same"
                ));
            }
        } else if cut.is_said || self.said_back.is_time() {
            (self.warn)(format!(
                "the link to the replica at {address} broke ({}), and is up again after {down_ms} ms; both \
                 copies have the same",
                cut.reason()
            ));
        }
    }

    /// That it was waited for in vain.
    pub(super) fn in_vain(&self, cure: &'static str) -> Error {
        let (since, reason) = match &self.cut {
            Some(cut) => (cut.since.elapsed(), cut.reason()),
            None => (Duration::ZERO, String::new()),
        };
        let reason = format!("for {} ms: {reason}", since.as_millis());
        Error::Replica { address: self.address.clone(), reason, cure }
    }
}
