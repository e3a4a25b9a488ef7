//! What a run came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::latency::Percentiles;
use crate::stamp::EndMark;

/// The form of [`Summary`] that this version writes.
pub const SCHEMA_VERSION: u32 = 2;

/// A run may lag its schedule by this share of its lines when the schedule ends, and this share of
/// them may have been sent much too late.
pub(crate) const SHARE_ALLOWED: f64 = 0.01;

/// A line that the generator itself, not its reader, held up for longer is much too late.
pub(crate) const MUCH_TOO_LATE_MS: u64 = 250;

/// What was sent, how fast, and whether that is what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The form of this summary: 2. It changes when a field changes its meaning or goes.
    pub schema_version: u32,
    /// Lines (or other records) sent: those whose last byte was handed to the operating system. End
    /// marks are none.
    pub records: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// How long that took, from the start of the schedule to its last line, or to the last line's
    /// acknowledgement; times without any client are left out.
    pub seconds: f64,
    /// What of this was the warm-up: its figures are in the totals above, and in none below.
    pub warm_up: WarmUp,
    /// The schedule, as it is written.
    pub schedule: String,
    /// The rate that was asked for, in the mean over the time; null for as fast as possible.
    pub rate_asked_lines_per_s: Option<f64>,
    /// The rate that was held: records by seconds.
    pub rate_held_lines_per_s: f64,
    /// Megabytes (millions of bytes) per second.
    pub mb_per_s: f64,
    /// How late lines were sent, from the moment at which they were due to the one at which their
    /// last byte was handed to the operating system; null without a schedule to be late for.
    pub lag_ms: Option<Percentiles>,
    /// The same without the time in which the reader had no room for them: what the generator itself
    /// is to blame for.
    pub raw_lag_ms: Option<Percentiles>,
    /// Connections that came about, in all.
    pub connections: u64,
    /// Of these, how many the other side ended before the run did, and how many targets were not
    /// there any more when they were dialled again.
    pub connections_lost: u64,
    /// Of these, how many stopped reading, so that their last line was never finished.
    pub connections_stalled: u64,
    /// What became of lines that are sent until they are acknowledged; left out where lines are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
    /// What each connection was sent, where lines are stamped: what a checker holds what arrived
    /// against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<EndMark>,
    /// Whether the run was stopped from outside.
    pub interrupted: bool,
    /// Whether the run was given up, because nobody read, or the other side would not have the lines.
    pub given_up: bool,
    /// Whether the schedule was held, within 1 % of the records that it asked for.
    pub valid: bool,
    /// If not, the sentence that says by how much.
    pub reason: Option<String>,
}

impl Summary {
    /// Every figure that an [`Objective`](crate::Objective) may be about, by its name; nothing where
    /// this run has none.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = vec![
            Figure::number("rate", Some(self.rate_held_lines_per_s)),
            Figure::number("mb_per_s", Some(self.mb_per_s)),
            Figure::number("records", Some(self.records as f64)),
            Figure::time("seconds", Some(self.seconds * 1e3)),
            Figure::number("connections_lost", Some(self.connections_lost as f64)),
            Figure::number("connections_stalled", Some(self.connections_stalled as f64)),
        ];
        let of_lines = |count: fn(&Acknowledged) -> u64| {
            self.acknowledged.as_ref().map(|acknowledged| count(acknowledged) as f64)
        };
        figures.extend([
            Figure::number("acknowledged", of_lines(|lines| lines.records)),
            Figure::number("not_acknowledged", of_lines(|lines| lines.not_acknowledged)),
            Figure::number("sent_again", of_lines(|lines| lines.sent_again)),
            Figure::number("breaks", of_lines(|lines| lines.breaks)),
        ]);
        for (prefix, percentiles) in [("lag", self.lag_ms), ("raw_lag", self.raw_lag_ms)] {
            for (name, ms) in percentiles.unwrap_or_default().named() {
                figures.push(Figure::time(format!("{prefix}.{name}"), percentiles.map(|_| ms)));
            }
        }
        figures
    }
}

/// What became of lines that are sent until they are acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Acknowledged {
    /// What the senders are called: each by this, a hyphen and its number.
    pub sender: String,
    /// How many of the lines sent were acknowledged. End marks are none.
    pub records: u64,
    /// How many were not when the run ended, end marks among them.
    pub not_acknowledged: u64,
    /// How many lines were sent once more, each as often as it was.
    pub sent_again: u64,
    /// How many connections ended that were not to.
    pub breaks: u64,
    /// How many lines the other side had from earlier runs. They are in no other figure.
    pub had_before: u64,
}

/// The first part of a run, whose lines count in no figure but the totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarmUp {
    /// Lines sent in it.
    pub records: u64,
    /// How long it was.
    pub seconds: f64,
}

/// How far a run was behind its schedule.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behind {
    /// Lines due when the schedule ended.
    pub(crate) due: u64,
    /// Of these, those not sent.
    pub(crate) lines: u64,
    /// Whether most of what lines waited was the generator's doing, and not for a reader's room.
    pub(crate) is_own_fault: bool,
    /// Whether readers have gone while the run went on.
    pub(crate) have_readers_gone: bool,
    /// Whether none is left, for the other side has ended all connections.
    pub(crate) are_all_gone: bool,
    /// How long the first of them had waited.
    pub(crate) lag_ms: f64,
    /// The share of the lines that the generator itself sent much too late.
    pub(crate) too_late: f64,
}

/// Why a run with this backlog at the end of its schedule is not valid, if it is not.
pub(crate) fn reason_not_valid(schedule: &str, behind: &Behind) -> Option<String> {
    let share = behind.lines as f64 / behind.due as f64;
    let allowed = SHARE_ALLOWED * 100.0;
    // Where no line was asked for, 0 / 0 is not a number, and greater than nothing.
    if share > SHARE_ALLOWED {
        let less = format!(", or ask for less than {schedule}");
        let (culprit, less) = match (behind.is_own_fault, behind.have_readers_gone) {
            _ if behind.are_all_gone => ("the other side had ended all connections by then", ""),
            (true, _) => {
                ("the generator did not get to them, so give it more of the machine", &*less)
            }
            (false, false) => ("the readers had no room for them, so read faster", &*less),
            (false, true) => {
                ("the readers had gone, or had no room for them, so read faster", &*less)
            }
        };
        return Some(format!(
            "the schedule was not held: at its end {} of {} lines were still to be sent ({:.1} %, \
             and {allowed:.0} % are allowed), {:.0} ms behind; {culprit}{less}",
            behind.lines,
            behind.due,
            share * 100.0,
            behind.lag_ms,
        ));
    }
    (behind.too_late > SHARE_ALLOWED).then(|| {
        format!(
            "the schedule was not held: {:.1} % of the lines were sent more than {MUCH_TOO_LATE_MS} \
             ms too late although their readers had room ({allowed:.0} % are allowed); give the \
             generator more of the machine, or ask for less than {schedule}",
            behind.too_late * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_percent_behind_is_allowed_and_no_more() {
        let behind = Behind { due: 1000, lines: 10, ..Behind::default() };
        assert_eq!(reason_not_valid("1k", &behind), None);
        assert_eq!(reason_not_valid("1k", &Behind::default()), None);
        let more = Behind { lines: 11, lag_ms: 11.0, ..behind };
        let reason = reason_not_valid("1k", &more).unwrap();
        assert!(reason.contains("11 of 1000 lines") && reason.contains("11 ms behind"), "{reason}");
        assert!(reason.contains("the readers had no room"), "{reason}");
        let reason = reason_not_valid("1k", &Behind { have_readers_gone: true, ..more }).unwrap();
        assert!(reason.contains("the readers had gone, or had no room for them"), "{reason}");
        let reason = reason_not_valid("1k", &Behind { is_own_fault: true, ..more }).unwrap();
        assert!(reason.contains("the generator did not get to them"), "{reason}");
        let gone = Behind { are_all_gone: true, is_own_fault: true, ..more };
        let reason = reason_not_valid("1k", &gone).unwrap();
        assert!(reason.ends_with("; the other side had ended all connections by then"), "{reason}");
    }

    #[test]
    fn lines_that_the_generator_held_up_are_told() {
        let behind = Behind { due: 1000, too_late: 0.02, ..Behind::default() };
        let reason = reason_not_valid("1k", &behind).unwrap();
        assert!(reason.contains("2.0 % of the lines were sent more than 250 ms too late"));
        assert!(reason.contains("give the generator more of the machine"), "{reason}");
    }
}
