//! Tells once a second where the run stands.

use std::time::{Duration, Instant};

use super::lateness::Gauge;
use super::outgoing::Tally;
use super::standing::{Standing, Stands};
use crate::latency::Latency;
use crate::progress::{Event, Progress};
use crate::schedule::ENDLESS;

/// How often the run tells where it stands.
const TICK: Duration = Duration::from_secs(1);

/// What was told last, and the sum of all that was told.
pub(crate) struct Ticker<'a> {
    run: &'a dyn Stands,
    /// One for each lane.
    gauges: &'a [Gauge],
    warm_up: Duration,
    last: Instant,
    last_sent: Tally,
    last_elapsed: Duration,
    sum: Latency,
}

impl<'a> Ticker<'a> {
    pub(crate) fn new(run: &'a dyn Stands, gauges: &'a [Gauge], warm_up: Duration) -> Self {
        Self {
            run,
            gauges,
            warm_up,
            last: Instant::now(),
            last_sent: Tally::default(),
            last_elapsed: Duration::ZERO,
            sum: Latency::new(),
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.last.elapsed() >= TICK
    }

    /// Tells, if it is time.
    pub(crate) fn tick(&mut self, on_event: &mut impl FnMut(Event<'_>)) {
        if self.is_due() {
            self.tell(false, on_event);
        }
    }

    /// Tells for the last time, and gives the lateness of all lines.
    pub(crate) fn end(mut self, on_event: &mut impl FnMut(Event<'_>)) -> Latency {
        self.tell(true, on_event);
        self.sum
    }

    /// Whether anything has happened since it told last.
    fn is_new(&self, standing: &Standing, lag: &Latency) -> bool {
        standing.sent.bytes != self.last_sent.bytes
            || lag.records() > 0
            || standing.elapsed >= self.last_elapsed + TICK / 10
    }

    fn tell(&mut self, is_last: bool, on_event: &mut impl FnMut(Event<'_>)) {
        let now = Instant::now();
        let since_s = now.duration_since(self.last).as_secs_f64();
        let standing = self.run.standing(now);
        let mut lag = Latency::new();
        self.gauges.iter().for_each(|gauge| gauge.empty_into(&mut lag));
        self.sum.add(&lag);
        if is_last && !self.is_new(&standing, &lag) {
            return;
        }
        let rate = |now: u64, before: u64| {
            if since_s > 0.0 { (now - before) as f64 / since_s } else { 0.0 }
        };
        on_event(Event::Tick(&Progress {
            seconds: standing.elapsed.as_secs_f64(),
            interval_s: standing.elapsed.saturating_sub(self.last_elapsed).as_secs_f64(),
            records: standing.sent.lines,
            bytes: standing.sent.bytes,
            acknowledged: standing.acknowledged,
            due: Some(standing.due).filter(|&due| due != ENDLESS),
            lines_per_s: rate(standing.sent.lines, self.last_sent.lines),
            mb_per_s: rate(standing.sent.bytes, self.last_sent.bytes) / 1e6,
            lag_ms: standing.lag.map(|lag| lag.as_secs_f64() * 1e3),
            lag,
            connections: standing.connections,
            is_warm_up: standing.elapsed < self.warm_up,
            is_last,
        }));
        (self.last, self.last_sent, self.last_elapsed) = (now, standing.sent, standing.elapsed);
    }
}
