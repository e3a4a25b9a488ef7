//! What is in the way of more.

use std::fmt;

use crate::chart::digits;
use crate::series::{Point, Run, is_generators_fault};

/// From this share of the bytes on, nearly all were worked on before their batch's turn.
const NEARLY_ALL_EARLY: f64 = 0.9;
/// A turn that takes less of the interval is short.
const SHORT_TURN: f64 = 0.2;
/// A load generator that takes more of the processor time of both is in the way.
const MOST_FOR_THE_LOAD: f64 = 0.5;
/// Where less of the machine is busy, nothing is in the way of a load that is taken in.
const IDLE: f64 = 0.7;

/// What is in the way.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bottleneck {
    /// The load generator did not do what it was asked for, and it was its own fault.
    LoadNotValid { reason: String },
    /// The load generator takes most of the processors.
    LoadTakesMost { share: f64 },
    /// Nothing: what was offered was taken in, and the machine had time left.
    Nothing { busy_cores: f64, cores: usize },
    /// The batches were in memory: it is the work, and nothing else.
    Work,
    /// Receiving, and what is worked on while data comes in.
    Receiving { early: f64, turn: f64 },
    /// One of the stages at the batch's turn.
    Stage { name: String, ms: f64, turn_ms: f64 },
    /// The batch's turn, of whose stages nothing is told.
    Turn { share: f64 },
}

/// Of a run of this point on so many cores. The first rule that fits is the one.
pub(super) fn bottleneck(point: &Point, run: &Run, holds: bool, cores: usize) -> Bottleneck {
    let Run { job, load } = run;
    if point.from_memory_bytes.is_some() {
        return Bottleneck::Work;
    }
    let measured_s = job.measured_records as f64 / job.lines_per_s;
    if let Some(load) = load {
        if let Some(reason) = load.sent.reason.as_ref().filter(|_| is_generators_fault(load)) {
            return Bottleneck::LoadNotValid { reason: reason.clone() };
        }
        let load_cores = load.usage.cpu_seconds / load.sent.seconds;
        let busy_cores = job.measured_cpu_seconds / measured_s + load_cores;
        if holds && load.sent.rate_asked_lines_per_s.is_some() && busy_cores < IDLE * cores as f64 {
            return Bottleneck::Nothing { busy_cores, cores };
        }
        let share = load.usage.cpu_seconds / (load.usage.cpu_seconds + job.usage.cpu_seconds);
        if share > MOST_FOR_THE_LOAD {
            return Bottleneck::LoadTakesMost { share };
        }
    }
    let turn = job.processing_p50_ms / point.batch_ms as f64;
    if job.early_share > NEARLY_ALL_EARLY && turn < SHORT_TURN {
        return Bottleneck::Receiving { early: job.early_share, turn };
    }
    let longest = job.stages_ms.iter().max_by(|a, b| a.1.total_cmp(b.1));
    longest.map_or(Bottleneck::Turn { share: turn }, |(name, ms)| Bottleneck::Stage {
        name: name.clone(),
        ms: *ms,
        turn_ms: job.processing_p50_ms,
    })
}

impl fmt::Display for Bottleneck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: &f64| format!("{} %", digits(share * 100.0));
        match self {
            Bottleneck::LoadNotValid { reason } => write!(f, "The load generator: {reason}."),
            Bottleneck::LoadTakesMost { share } => write!(
                f,
                "The load generator took {} of the processor time of both; the engine itself may be able \
                 to do more.",
                percent(share)
            ),
            Bottleneck::Nothing { busy_cores, cores } => write!(
                f,
                "None at this load: what was offered was taken in, and {} of {cores} cores were busy, load \
                 generator included.",
                digits(*busy_cores)
            ),
            Bottleneck::Work => write!(
                f,
                "The work itself: batches came from memory, one right after the other, with no network and \
                 no waiting."
            ),
            Bottleneck::Receiving { early, turn } => write!(
                f,
                "Receiving, and the work that is done while data comes in: {} of the bytes were worked on \
                 before their batch's turn, and the turn takes {} of the interval.",
                percent(early),
                percent(turn)
            ),
            Bottleneck::Stage { name, ms, turn_ms } => write!(
                f,
                "{name}, the longest stage at a batch's turn: {} ms in the mean, where half of the turns \
                 take {} ms or less.",
                digits(*ms),
                digits(*turn_ms)
            ),
            Bottleneck::Turn { share } => write!(
                f,
                "The batch's turn, which takes {} of the interval; how long its stages took is not kept.",
                percent(share)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use loadgen::Percentiles;

    use super::*;
    use crate::report::made::ran;
    use crate::role::LoadDone;

    fn of(holds: bool, change: impl FnOnce(&mut Run)) -> Bottleneck {
        let point = Point::default();
        let run = ran(&point, 0, |run| {
            let mut load = LoadDone::default();
            load.usage.cpu_seconds = 5.0;
            load.sent.seconds = 20.0;
            load.sent.valid = true;
            run.load = Some(load);
            run.job.usage.cpu_seconds = 20.0;
            change(run);
        });
        bottleneck(&point, run.outcome.as_ref().unwrap(), holds, 2)
    }

    fn lag(run: &mut Run, own_ms: f64, all_ms: f64) {
        let sent = &mut run.load.as_mut().unwrap().sent;
        let percentiles = |mean| Some(Percentiles { mean, ..Percentiles::default() });
        (sent.raw_lag_ms, sent.lag_ms) = (percentiles(own_ms), percentiles(all_ms));
        (sent.valid, sent.reason) = (false, Some("the schedule was not held".into()));
    }

    #[test]
    fn a_load_generator_is_in_the_way_only_where_it_is_its_own_fault() {
        let own = of(true, |run| lag(run, 300.0, 400.0));
        assert_eq!(own.to_string(), "The load generator: the schedule was not held.");
        let readers = of(true, |run| lag(run, 10.0, 400.0));
        assert!(!matches!(readers, Bottleneck::LoadNotValid { .. }), "{readers}");
        let busy = of(true, |run| run.load.as_mut().unwrap().usage.cpu_seconds = 60.0);
        assert_eq!(busy, Bottleneck::LoadTakesMost { share: 0.75 });
    }

    #[test]
    fn where_the_machine_has_time_left_at_a_set_rate_nothing_is_in_the_way() {
        let asked = |run: &mut Run| {
            run.load.as_mut().unwrap().sent.rate_asked_lines_per_s = Some(1e6);
            (run.job.measured_records, run.job.measured_cpu_seconds) = (20_000_000, 10.0);
        };
        assert_eq!(of(true, asked), Bottleneck::Nothing { busy_cores: 0.75, cores: 2 });
        assert!(!matches!(of(false, asked), Bottleneck::Nothing { .. }));
    }

    #[test]
    fn a_short_turn_after_early_work_means_receiving_and_else_it_is_the_longest_stage() {
        let receiving = of(true, |run| run.job.early_share = 0.99);
        assert!(receiving.to_string().contains("99.0 % of the bytes"), "{receiving}");
        let stages = |run: &mut Run| {
            run.job.early_share = 0.99;
            run.job.processing_p50_ms = 500.0;
            run.job.stages_ms = [("slice".into(), 20.0), ("window".into(), 300.0)].into();
        };
        let stage = of(true, stages).to_string();
        assert!(
            stage.starts_with("window, the longest stage") && stage.contains("300 ms"),
            "{stage}"
        );
        assert_eq!(of(true, |_| ()), Bottleneck::Turn { share: 0.04 });
    }

    #[test]
    fn batches_from_memory_have_no_other_bottleneck_than_the_work() {
        let point = Point { from_memory_bytes: Some(1), ..Point::default() };
        let run = ran(&point, 0, |_| ()).outcome.unwrap();
        assert_eq!(bottleneck(&point, &run, true, 2), Bottleneck::Work);
    }
}
