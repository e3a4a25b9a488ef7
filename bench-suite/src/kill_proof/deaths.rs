//! Ends the job at random moments, again and again, and lets it go on.

use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::ValueEnum;
use loadgen::time::written;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use super::copies::Copies;
use super::life::{Job, Life, Recovered};
use crate::senders::{Senders, Sent};
use crate::stderr;
use crate::turns::median;

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// SIGKILL: at once, wherever it is
    Kill,
    /// SIGTERM: it drains what it has received, and says whether it could
    Term,
}

/// What is aimed at before a recovery has been seen.
const FIRST_GUESS_MS: f64 = 30.0;

/// A recovery is aimed at as if it took so much longer than the middle one: then its end is hit too.
const BEYOND_THE_MIDDLE: f64 = 1.2;

/// How long a life goes on after its recovery.
const WORKING_MS: std::ops::Range<u64> = 20..600;

/// How long a graceful stop may take: time enough, and two times too short for what is under way.
const STOPS_WITHIN_MS: [u64; 3] = [5000, 30, 1];

/// How long the last life works before everything is drained.
const LAST_LIFE: Duration = Duration::from_millis(500);

/// Progress is told after so many.
const TOLD_EVERY: u64 = 20;

/// How the lives have ended.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Deaths {
    /// How many, but for the last life, which is drained.
    pub(super) deaths: u64,
    /// Of these, how many came before the job had recovered from the one before.
    pub(super) during_recovery: u64,
    /// How long recoveries took that came to an end, from the start of the process.
    pub(super) recoveries: u64,
    pub(super) recovery_median_ms: f64,
    pub(super) recovery_max_ms: f64,
    /// Of stops by SIGTERM: those that said that all was processed.
    pub(super) drained: u64,
    /// Those that said that it was not: the time for it was too short.
    pub(super) not_drained: u64,
    /// The longest.
    pub(super) stop_max_ms: f64,
}

/// Ends as many lives as asked, and then drains the last; the senders end before it does.
pub(super) struct Killer<'a> {
    pub(super) job: &'a Job,
    pub(super) signal: Signal,
    pub(super) deaths: u64,
    pub(super) seed: u64,
}

impl Killer<'_> {
    /// Gives how they ended, and what was sent meanwhile.
    pub(super) fn run(
        &self,
        senders: Senders,
        mut copies: Option<&mut Copies>,
    ) -> Result<(Deaths, Sent)> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut deaths = Deaths::default();
        let mut recoveries: Vec<Recovered> = Vec::new();
        while deaths.deaths < self.deaths {
            let stop_within = STOPS_WITHIN_MS[rng.random_range(0..STOPS_WITHIN_MS.len())];
            let mut life = self.job.begin(Duration::from_millis(stop_within))?;
            let behind = deaths.during_recovery * 3 <= deaths.deaths;
            let aims_at_recovery = behind || rng.random_bool(0.2);
            let recovered = if aims_at_recovery {
                let seen = recoveries.iter().map(|took| as_ms(took.from_begun));
                let typical_ms = median(seen).unwrap_or(FIRST_GUESS_MS);
                let moment = rng.random_range(0.0..typical_ms * BEYOND_THE_MIDDLE);
                life.recovered_within(Duration::from_secs_f64(moment / 1e3))?
            } else {
                let recovered = life.recovered()?;
                sleep(Duration::from_millis(rng.random_range(WORKING_MS)));
                Some(recovered)
            };
            recoveries.extend(recovered);
            let had_recovered = self.end(life, &mut deaths)? || recovered.is_some();
            if let Some(copies) = &mut copies {
                copies.a_life_has_ended(had_recovered, &mut rng)?;
            }
            deaths.deaths += 1;
            deaths.during_recovery += u64::from(!had_recovered);
            if deaths.deaths.is_multiple_of(TOLD_EVERY) {
                stderr::tell(format_args!(
                    "kill-proof: {} of {} ended, {} of them before they had recovered",
                    deaths.deaths, self.deaths, deaths.during_recovery
                ));
            }
        }
        let stop_within = Duration::from_secs(10);
        let mut life = self.job.begin(stop_within)?;
        recoveries.push(life.recovered()?);
        sleep(LAST_LIFE);
        let sent = senders.end()?;
        let stopped = life.stop()?;
        ensure!(
            stopped.drained,
            "the last life was to drain everything within {}, and has not",
            written(stop_within)
        );
        let from_start = || recoveries.iter().map(|took| as_ms(took.from_start));
        deaths.recoveries = recoveries.len() as u64;
        deaths.recovery_median_ms = median(from_start()).unwrap_or_default();
        deaths.recovery_max_ms = from_start().fold(0.0, f64::max);
        Ok((deaths, sent))
    }

    /// Ends a life. Says whether it had recovered and nobody had heard that.
    fn end(&self, life: Life, deaths: &mut Deaths) -> Result<bool> {
        match self.signal {
            Signal::Kill => life.kill(),
            Signal::Term => {
                let stopped = life.stop()?;
                match stopped.drained {
                    true => deaths.drained += 1,
                    false => deaths.not_drained += 1,
                }
                deaths.stop_max_ms = deaths.stop_max_ms.max(as_ms(stopped.took));
                Ok(false)
            }
        }
    }
}

fn as_ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl fmt::Display for Deaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>12}", "deaths", self.deaths)?;
        writeln!(f, "{:<28}{:>12}", "  before it had recovered", self.during_recovery)?;
        if self.drained + self.not_drained > 0 {
            writeln!(f, "{:<28}{:>12}", "  all processed, and said so", self.drained)?;
            writeln!(f, "{:<28}{:>12}", "  no time for that, said so", self.not_drained)?;
            writeln!(f, "{:<28}{:>9.0} ms", "longest stop", self.stop_max_ms)?;
        }
        writeln!(f, "{:<28}{:>9.0} ms", "recovery, in the middle", self.recovery_median_ms)?;
        writeln!(f, "{:<28}{:>9.0} ms", "recovery, the longest", self.recovery_max_ms)
    }
}
