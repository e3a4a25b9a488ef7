//! What goes wrong on one connection on request.

use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use crate::faults::{Faults, Stall};
use crate::seed::{self, Purpose};

/// Before a silence, a write of at most so many bytes: the line breaks off in its middle, mostly.
const LAST_WORDS_BYTES: usize = 40;

/// A slow connection writes as often as this where it has a byte for each time.
const SLOW_WRITES_PER_S: u64 = 50;

/// Chops writes, slows them down and falls silent, at moments that the seed and the connection's number decide.
pub(crate) struct Mischief {
    random: Xoshiro256PlusPlus,
    chop_bytes: Option<usize>,
    bytes_per_s: Option<u64>,
    /// The part of the first pause that a slow connection makes, so that many do not write all at once.
    first_pause: f64,
    stall: Option<Stall>,
    next_silence: Option<Instant>,
    silent_until: Option<Instant>,
}

impl Mischief {
    pub(crate) fn new(faults: &Faults, seed: u64, connection: u64, now: Instant) -> Self {
        let mut random = seed::generator(seed, Purpose::Faults, connection);
        let first = |stall: Stall| now + stall.every.mul_f64(random.random_range(0.0..1.0));
        let next_silence = faults.stall.map(first);
        let first_pause =
            if faults.bytes_per_s.is_some() { random.random_range(0.0..1.0) } else { 1.0 };
        let Faults { chop_bytes, bytes_per_s, stall, .. } = *faults;
        Self {
            random,
            chop_bytes,
            bytes_per_s,
            first_pause,
            stall,
            next_silence,
            silent_until: None,
        }
    }

    /// How many bytes the next write may have.
    pub(crate) fn next_write_bytes(&mut self, at_most: usize) -> usize {
        let chopped = self.chop_bytes.map_or(at_most, |most| self.random.random_range(1..=most));
        let is_last = self.stall.is_some() && self.is_time();
        let last = if is_last { self.random.random_range(1..=LAST_WORDS_BYTES) } else { at_most };
        let slow =
            self.bytes_per_s.map_or(at_most, |rate| (rate / SLOW_WRITES_PER_S).max(1) as usize);
        at_most.min(chopped).min(last).min(slow)
    }

    /// Falls silent after a write of so many bytes if it is time, or if it is slow.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        if let Some(rate) = self.bytes_per_s {
            let part = std::mem::replace(&mut self.first_pause, 1.0);
            let pause = Duration::from_secs_f64(part * bytes as f64 / rate as f64);
            self.silent_until = Some(Instant::now() + pause);
        }
        if let (Some(stall), Some(begins)) = (self.stall, self.next_silence)
            && self.is_time()
        {
            let now = Instant::now();
            self.silent_until = Some(now + stall.length);
            // A connection with little to send may come to its silence late.
            self.next_silence = Some((begins + stall.every).max(now + stall.length));
        }
    }

    fn is_time(&self) -> bool {
        self.next_silence.is_some_and(|begins| begins <= Instant::now())
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.silent_until.is_some()
    }

    pub(crate) fn silent_until(&self) -> Option<Instant> {
        self.silent_until
    }

    pub(crate) fn end_silence(&mut self) {
        self.silent_until = None;
    }

    /// Ends the silence that there is, and lets no other come, nor is it slow any more.
    pub(crate) fn end_silences(&mut self) {
        (self.stall, self.bytes_per_s, self.silent_until) = (None, None, None);
    }
}
