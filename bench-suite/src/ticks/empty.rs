//! Batches without records: what a word count over a socket that nobody writes to takes from the
//! tick to the end of its output, which is called all the same.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use millstream::progress::{BatchReport, Listener};
use millstream::{Clock, Conf, ManualClock, Running, Stop, StreamingContext, Time, millis, secs};
use serde::{Deserialize, Serialize};

use super::Lateness;
use super::lateness::Noted;

/// Batches that are not measured, while everything gets its memory.
const WARM_UP: usize = 100;

/// How often batches are cut under the system's clock.
const INTERVAL: millstream::Duration = millis(10);

/// A batch that takes longer than this is not waited for.
const PATIENCE: millstream::Duration = secs(60);

/// From when to the end of the output.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct EmptyBatches {
    /// Under a clock that is moved by hand, from that move: another thread is woken in it.
    pub from_advance: Lateness,
    /// Under the system's clock, in batches of 10 ms, from the end of the driver's wait.
    pub from_tick: Lateness,
    /// The same from the moment at which the batch was due: how late the timer is counts too.
    pub from_due: Lateness,
}

/// Measures so many batches under either clock.
pub fn empty_batches(batches: usize) -> Result<EmptyBatches> {
    let (from_tick, from_due) = by_the_system(batches)?;
    Ok(EmptyBatches { from_advance: by_hand(batches)?, from_tick, from_due })
}

/// When outputs have ended.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<Vec<(Time, Instant)>>>);

impl Ends {
    fn lock(&self) -> MutexGuard<'_, Vec<(Time, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A word count whose output notes when it ends.
fn start(conf: Conf, interval: millstream::Duration, ends: &Ends) -> Result<Running> {
    let ends = ends.clone();
    // The last batch is cut off, which is no news.
    let conf = conf.warnings_on_stderr(false);
    let running = StreamingContext::new(conf, interval)?.start(move |s| {
        let ends = ends.clone();
        let words = s.listen_text_stream("127.0.0.1:0").words();
        words.map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b).for_each_rdd(
            move |rdd, time| {
                let distinct = rdd.count();
                assert_eq!(distinct, 0, "nobody writes to the socket");
                ends.lock().push((time, Instant::now()));
            },
        );
        Ok(())
    })?;
    Ok(running)
}

fn by_hand(batches: usize) -> Result<Lateness> {
    let (clock, ends) = (ManualClock::at(Time::default()), Ends::default());
    let running = start(Conf::new("empty batches").clock(clock.clone()), secs(1), &ends)?;
    let mut noted = Noted::new();
    for number in 0..WARM_UP + batches {
        let moved = Instant::now();
        clock.advance(secs(1));
        running.wait_for_batch(clock.now(), PATIENCE)?;
        let (_, ended) = ends.lock().pop().context("every batch has an output")?;
        if number >= WARM_UP {
            noted.note(ended - moved);
        }
    }
    running.stop(Stop::Now)?;
    Ok(noted.lateness())
}

/// From the tick, and from due.
fn by_the_system(batches: usize) -> Result<(Lateness, Lateness)> {
    let (clock, ends, begins) = (Clock::system(), Ends::default(), Begins::default());
    // A moment on both clocks, to compare them.
    let (zero, zero_since_epoch) = (Instant::now(), clock.since_epoch());
    let conf = Conf::new("empty batches").clock(clock.clone()).listener(begins.clone());
    let running = start(conf, INTERVAL, &ends)?;
    let batches = WARM_UP + batches;
    let last = running.zero() + INTERVAL * i64::try_from(batches)?;
    let patience = INTERVAL * i64::try_from(batches)? + PATIENCE;
    running.wait_for_batch(last, patience)?;
    running.stop(Stop::Now)?;
    let (mut from_tick, mut from_due) = (Noted::new(), Noted::new());
    let begins = begins.0.lock().unwrap_or_else(PoisonError::into_inner);
    for ((time, ended), (begun, delay)) in ends.lock().iter().zip(&*begins).skip(WARM_UP) {
        anyhow::ensure!(time == begun, "the reports come in the order of the batches");
        let since_epoch = zero_since_epoch + (*ended - zero);
        let due = Duration::from_millis(u64::try_from(time.as_millis())?);
        from_due.note(since_epoch.saturating_sub(due));
        from_tick.note(since_epoch.saturating_sub(due + *delay));
    }
    Ok((from_tick.lateness(), from_due.lateness()))
}

/// How long after its time each batch has begun.
#[derive(Clone, Default)]
struct Begins(Arc<Mutex<Vec<(Time, Duration)>>>);

impl Listener for Begins {
    fn batch_completed(&self, report: &BatchReport) {
        let delay = Duration::from_secs_f64(report.scheduling_delay_ms / 1e3);
        let mut begins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begins.push((report.batch_time(), delay));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_from_due_holds_what_is_measured_from_the_tick() {
        let measured = empty_batches(20).unwrap();
        for lateness in [measured.from_advance, measured.from_tick, measured.from_due] {
            assert!(lateness.moments >= 20 && lateness.p50_us > 0.0, "{lateness:?}");
        }
        assert!(measured.from_due.p50_us >= measured.from_tick.p50_us, "{measured:?}");
    }
}
