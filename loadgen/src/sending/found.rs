//! What all threads of a run have to say at its end, put together.

use std::time::Duration;

use super::conducted::Conducted;
use super::lane::LaneReport;
use super::standing::Standing;
use crate::latency::Latency;
use crate::load::Load;
use crate::schedule::{ENDLESS, Pace};
use crate::stop::Stop;
use crate::summary::{Behind, MUCH_TOO_LATE_MS, SCHEMA_VERSION, Summary, WarmUp, reason_not_valid};
use crate::time;
use crate::wall_watch::WallWatch;

pub(super) struct Found {
    pub(super) standing: Standing,
    pub(super) latency: Latency,
    pub(super) conducted: Conducted,
    pub(super) reports: Vec<LaneReport>,
}

impl Found {
    pub(super) fn summary(mut self, load: &Load, stop: &Stop) -> Summary {
        let Standing { sent, elapsed, .. } = self.standing;
        let (warm_up, warm_up_time) = self.standing.warm_up;
        let measured_s = elapsed.saturating_sub(warm_up_time).as_secs_f64();
        let per_s = |amount: f64| if measured_s > 0.0 { amount / measured_s } else { 0.0 };
        let asked_per_s = self.asked_per_s(load, measured_s);
        let reason = self.reason(load, stop);
        let measured = Some(&self.latency).filter(|latency| latency.records() > 0);
        let mut marks: Vec<_> =
            self.reports.iter_mut().flat_map(|report| report.sent.drain(..)).collect();
        marks.sort_by_key(|mark| mark.source);
        Summary {
            schema_version: SCHEMA_VERSION,
            records: sent.lines,
            bytes: sent.bytes,
            seconds: elapsed.as_secs_f64(),
            warm_up: WarmUp { records: warm_up.lines, seconds: warm_up_time.as_secs_f64() },
            schedule: load.written_schedule(),
            rate_asked_lines_per_s: asked_per_s,
            rate_held_lines_per_s: per_s((sent.lines - warm_up.lines) as f64),
            mb_per_s: per_s((sent.bytes - warm_up.bytes) as f64 / 1e6),
            lag_ms: measured.map(Latency::corrected),
            raw_lag_ms: measured.map(Latency::raw),
            connections: self.standing.connections_in_all,
            connections_lost: self.standing.connections_lost,
            connections_stalled: self.reports.iter().map(|r| r.stalled.len() as u64).sum(),
            acknowledged: None,
            sent: marks,
            interrupted: stop.is_stopped(),
            given_up: self.conducted.given_up.is_some(),
            valid: reason.is_none(),
            reason,
        }
    }

    /// In the mean over what is measured; nothing where lines have no moment.
    fn asked_per_s(&self, load: &Load, measured_s: f64) -> Option<f64> {
        let Standing { due, due_in_warm_up, .. } = self.standing;
        match load.schedule.pace {
            Pace::Constant { lines_per_s } if load.replay.is_none() => Some(lines_per_s),
            _ if !load.is_timed() || due == ENDLESS || measured_s == 0.0 => None,
            _ => Some((due - due_in_warm_up) as f64 / measured_s),
        }
    }

    /// Why the run is not valid, if it is not.
    fn reason(&self, load: &Load, stop: &Stop) -> Option<String> {
        if let Some(sentence) = &self.conducted.given_up {
            return Some(sentence.clone());
        }
        let is_set = |step_ms: &i64| WallWatch::is_elsewhere(*step_ms) && load.carries_moments();
        if let Some(step_ms) = self.conducted.wall_step_ms.filter(is_set) {
            return Some(format!(
                "the wall clock was set by {step_ms} ms while the run went on: what its lines say \
                 of the time is not what other programs see; run it again"
            ));
        }
        let (came, asked) = (self.standing.connections_in_all, load.connections as u64);
        if came < asked && self.standing.due == 0 && !stop.is_stopped() {
            return Some(format!(
                "the schedule never started: it waits for {asked} clients, and {came} came; ask for \
                 fewer --connections, or for more time"
            ));
        }
        if !load.is_timed() {
            return None;
        }
        if self.latency.records() == 0 && !stop.is_stopped() {
            return Some(self.nothing_measured(load));
        }
        reason_not_valid(&load.written_schedule(), &self.behind(load))
    }

    fn nothing_measured(&self, load: &Load) -> String {
        match self.standing.due {
            0 => format!(
                "nothing was measured: {} has no line in {}; ask for more of either",
                load.written_schedule(),
                time::written(Duration::from_millis(self.standing.elapsed.as_millis() as u64))
            ),
            due => format!(
                "nothing was measured: all {due} lines belong to the warm-up of {}; ask for a \
                 shorter one, or for more",
                time::written(load.warm_up)
            ),
        }
    }

    /// Whether the other side has ended all connections. Senders whose lines are acknowledged dial again.
    fn are_all_gone(&self) -> bool {
        let Standing { acknowledged, connections, connections_lost, spent, .. } = self.standing;
        acknowledged.is_none() && connections_lost > 0 && connections == 0 && spent == 0
    }

    fn behind(&self, load: &Load) -> Behind {
        let in_lanes: u64 = self.reports.iter().map(|report| report.behind).sum();
        let (corrected, raw) = (self.latency.corrected(), self.latency.raw());
        // Lines that wait through a silence are late on request.
        let is_silent_at_times = load.faults.stall.is_some();
        let too_late = self.latency.raw_share_above_ms(MUCH_TOO_LATE_MS);
        Behind {
            due: self.standing.due,
            lines: in_lanes + self.standing.undealt,
            is_own_fault: raw.mean > corrected.mean / 2.0,
            have_readers_gone: self.standing.connections_lost > 0,
            are_all_gone: self.are_all_gone(),
            lag_ms: self.standing.lag.unwrap_or_default().as_secs_f64() * 1e3,
            too_late: if is_silent_at_times { 0.0 } else { too_late },
        }
    }
}
