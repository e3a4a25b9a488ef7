//! Whether a run could have gone on for ever.

use std::fmt;

use loadgen::Objective;

use super::{Axis, Point, Run};
use crate::job::Summary;
use crate::role::LoadDone;

/// So much less than what was offered may be taken in, for the edges of the time that is measured.
const RATE_TOLERANCE: f64 = 0.01;

/// A scheduling delay that grows by less than this share of the batch interval while it is measured
/// counts as one that does not.
const GROWTH_TOLERANCE: f64 = 0.05;

/// Why a run could not have gone on for ever.
#[derive(Clone, Debug, PartialEq)]
pub enum Unsustained {
    /// Batches failed.
    Failed {
        /// So many.
        batches: u64,
    },
    /// 95 % of the batches are within a processing time that is longer than the interval.
    Processing {
        /// That time.
        p95_ms: f64,
        /// The batch interval.
        interval_ms: i64,
    },
    /// From batch to batch the next one waited longer.
    DelayGrows {
        /// So much longer a second.
        ms_per_s: f64,
    },
    /// Less was taken in than was offered: the engine held the sender back.
    HeldBack {
        /// Lines a second that were taken in.
        taken_lines_per_s: f64,
        /// Those that were offered.
        offered_lines_per_s: f64,
    },
    /// Less was sent than was asked for, although the engine had room for it.
    GeneratorLate {
        /// Lines a second that were sent.
        sent_lines_per_s: f64,
        /// Those that were asked for.
        asked_lines_per_s: f64,
    },
    /// Not all that was sent came out.
    Lost {
        /// Lines sent.
        sent: u64,
        /// Lines in the batches.
        processed: u64,
    },
    /// What was asked for beside.
    Objective {
        /// The sentence about it.
        sentence: String,
    },
}

/// Judges a run. In the order in which it is told: no batch failed; 95 % of the batches were done within
/// the interval; the scheduling delay did not grow; what was offered was taken in; all of it came out; and
/// the objectives are met. An objective about a figure that there is not is an error.
pub fn sustained(
    point: &Point,
    run: &Run,
    objectives: &[Objective],
) -> loadgen::Result<Result<(), Unsustained>> {
    let Run { job, load } = run;
    let interval_ms = point.batch_ms;
    if job.failed > 0 {
        return Ok(Err(Unsustained::Failed { batches: job.failed }));
    }
    // Batches in memory follow one another at once: there is no interval to keep and nobody to hold back.
    if point.from_memory_bytes.is_some() {
        return missed(run, objectives).map(|missed| missed.map_or(Ok(()), Err));
    }
    if job.processing_p95_ms > interval_ms as f64 {
        let p95_ms = job.processing_p95_ms;
        return Ok(Err(Unsustained::Processing { p95_ms, interval_ms }));
    }
    if let Some(slope) = job.scheduling_delay_slope_ms {
        let measured_s = job.measured_batches as f64 * interval_ms as f64 / 1e3;
        let tolerated = GROWTH_TOLERANCE * interval_ms as f64;
        if slope.at_least_per_s() > 0.0 && slope.per_s * measured_s > tolerated {
            return Ok(Err(Unsustained::DelayGrows { ms_per_s: slope.per_s }));
        }
    }
    if let Some(offered) = Axis::Rate.number_of(point)
        && job.lines_per_s < offered * (1.0 - RATE_TOLERANCE)
        && !is_one_line_less(job, offered)
    {
        if let Some(load) = load.as_ref().filter(|load| is_generators_fault(load)) {
            return Ok(Err(Unsustained::GeneratorLate {
                sent_lines_per_s: load.sent.rate_held_lines_per_s,
                asked_lines_per_s: offered,
            }));
        }
        return Ok(Err(Unsustained::HeldBack {
            taken_lines_per_s: job.lines_per_s,
            offered_lines_per_s: offered,
        }));
    }
    if let Some(load) = load
        && load.sent.records != job.records
    {
        let (sent, processed) = (load.sent.records, job.records);
        return Ok(Err(Unsustained::Lost { sent, processed }));
    }
    missed(run, objectives).map(|missed| missed.map_or(Ok(()), Err))
}

/// The first objective that is not met.
fn missed(run: &Run, objectives: &[Objective]) -> loadgen::Result<Option<Unsustained>> {
    for objective in objectives {
        let met = objective.judge(&run.job.figures())?;
        if !met.is_met {
            return Ok(Some(Unsustained::Objective { sentence: met.sentence }));
        }
    }
    Ok(None)
}

/// Whether what was taken in is what was offered but for one line, which is much of a low rate.
fn is_one_line_less(job: &Summary, offered_lines_per_s: f64) -> bool {
    let measured_s = job.measured_batches as f64 * job.batch_interval_ms as f64 / 1e3;
    (offered_lines_per_s - job.lines_per_s) * measured_s <= 1.0
}

/// Whether the generator itself is to blame for most of the lateness of its lines.
pub(crate) fn is_generators_fault(load: &LoadDone) -> bool {
    let means = load.sent.raw_lag_ms.zip(load.sent.lag_ms).map(|(raw, all)| (raw.mean, all.mean));
    !load.sent.valid && means.is_some_and(|(raw, all)| raw > all / 2.0)
}

impl fmt::Display for Unsustained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsustained::Failed { batches } => write!(f, "{batches} batches failed"),
            Unsustained::Processing { p95_ms, interval_ms } => write!(
                f,
                "a twentieth of the batches took {p95_ms:.1} ms or more, and the interval is \
                 {interval_ms} ms"
            ),
            Unsustained::DelayGrows { ms_per_s } => {
                write!(f, "batches waited longer and longer: {ms_per_s:.1} ms more each second")
            }
            Unsustained::HeldBack { taken_lines_per_s, offered_lines_per_s } => write!(
                f,
                "the sender was held back: {:.4} of {:.4} M lines/s were taken in",
                taken_lines_per_s / 1e6,
                offered_lines_per_s / 1e6
            ),
            Unsustained::GeneratorLate { sent_lines_per_s, asked_lines_per_s } => write!(
                f,
                "the load generator sent {:.4} of {:.4} M lines/s, and the engine had room for more",
                sent_lines_per_s / 1e6,
                asked_lines_per_s / 1e6
            ),
            Unsustained::Lost { sent, processed } => {
                write!(f, "of {sent} lines that were sent, {processed} were processed")
            }
            Unsustained::Objective { sentence } => f.write_str(sentence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Slope;

    fn judged(rate: &str, change: impl FnOnce(&mut Run)) -> Result<(), Unsustained> {
        let point = Point { rate: rate.into(), batch_ms: 100, ..Point::default() };
        let job = Summary {
            records: 1000,
            batch_interval_ms: 100,
            measured_batches: 50,
            lines_per_s: 99_500.0,
            processing_p95_ms: 60.0,
            ..Summary::default()
        };
        let mut load = LoadDone::default();
        load.sent.records = 1000;
        let mut run = Run { job, load: Some(load) };
        change(&mut run);
        sustained(&point, &run, &["processing.p95<80ms".parse().unwrap()]).unwrap()
    }

    fn generator_is_late(run: &mut Run) {
        run.job.lines_per_s = 91_000.0;
        let sent = &mut run.load.as_mut().unwrap().sent;
        (sent.valid, sent.rate_held_lines_per_s) = (false, 91_000.0);
        let late = loadgen::Percentiles { mean: 400.0, ..Default::default() };
        (sent.lag_ms, sent.raw_lag_ms) = (Some(late), Some(late));
    }

    #[test]
    fn what_keeps_up_is_sustained() {
        assert_eq!(judged("100k", |_| ()), Ok(()));
        assert_eq!(judged("max", |run| run.job.lines_per_s = 5.0), Ok(()));
        let level = Slope { per_s: 0.5, error_per_s: 0.4 };
        assert_eq!(judged("max", |run| run.job.scheduling_delay_slope_ms = Some(level)), Ok(()));
        let tiny = Slope { per_s: 0.1, error_per_s: 0.01 };
        assert_eq!(judged("max", |run| run.job.scheduling_delay_slope_ms = Some(tiny)), Ok(()));
    }

    #[test]
    fn each_way_to_fall_behind_is_told_with_its_numbers() {
        let growing = Slope { per_s: 8.0, error_per_s: 0.5 };
        type Change = Box<dyn FnOnce(&mut Run)>;
        let cases: Vec<(Change, &str)> = vec![
            (Box::new(|run| run.job.failed = 3), "3 batches failed"),
            (Box::new(|run| run.job.processing_p95_ms = 120.0), "took 120.0 ms or more"),
            (Box::new(move |run| run.job.scheduling_delay_slope_ms = Some(growing)), "8.0 ms more"),
            (Box::new(|run| run.job.lines_per_s = 98_000.0), "0.0980 of 0.1000 M lines/s"),
            (Box::new(generator_is_late), "the load generator sent 0.0910 of 0.1000 M lines/s"),
            (Box::new(|run| run.job.records = 999), "of 1000 lines that were sent, 999"),
            (Box::new(|run| run.job.processing_p95_ms = 90.0), "processing.p95<80ms missed"),
        ];
        for (change, says) in cases {
            let sentence = judged("100k", change).unwrap_err().to_string();
            assert!(sentence.contains(says), "{sentence}");
        }
    }

    #[test]
    fn batches_in_memory_have_no_interval_to_keep_but_may_fail_or_miss_an_objective() {
        let point = Point { from_memory_bytes: Some(1 << 20), batch_ms: 1, ..Point::default() };
        let job = Summary { measured_batches: 9, processing_p95_ms: 50.0, ..Summary::default() };
        let run = Run { job, load: None };
        let judged = |objective: &str| sustained(&point, &run, &[objective.parse().unwrap()]);
        assert_eq!(judged("processing.p95<60ms").unwrap(), Ok(()));
        assert!(judged("processing.p95<40ms").unwrap().is_err());
        let failed = Run { job: Summary { failed: 1, ..run.job.clone() }, load: None };
        let judged = sustained(&point, &failed, &[]).unwrap();
        assert_eq!(judged, Err(Unsustained::Failed { batches: 1 }));
    }

    #[test]
    fn one_line_less_of_a_low_rate_is_no_lack() {
        let point = Point { rate: "10".into(), batch_ms: 1000, ..Point::default() };
        let job = |lines_per_s| Summary {
            batch_interval_ms: 1000,
            measured_batches: 8,
            lines_per_s,
            ..Summary::default()
        };
        let judged = |job| sustained(&point, &Run { job, load: None }, &[]).unwrap();
        assert_eq!(judged(job(9.875)), Ok(()));
        assert!(judged(job(9.75)).is_err());
    }

    #[test]
    fn an_objective_about_no_figure_is_an_error() {
        let run = Run { job: Summary::default(), load: None };
        let objective = "speed<5".parse().unwrap();
        assert!(sustained(&Point::default(), &run, &[objective]).is_err());
    }
}
