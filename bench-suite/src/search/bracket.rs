//! Closing in on the highest rate that holds.

/// What is known of it so far: the highest rate that held, and the lowest that failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    pub(super) held: Option<f64>,
    pub(super) failed: Option<f64>,
    /// Wide enough: so much more than what held may fail, as a share.
    pub(super) within: f64,
    /// Lines a second; no lower rate is tried.
    pub(super) floor: f64,
    /// From one rate to the next while only one side is known: the further it is off, the longer.
    step: f64,
}

const FIRST_STEP: f64 = 1.3;
const LONGEST_STEP: f64 = 10.0;

/// At lower rates batches are empty, and a run says nothing.
const LEAST_LINES_PER_BATCH: f64 = 4.0;

impl Bracket {
    /// For batches of so many milliseconds.
    pub(super) fn new(within: f64, batch_ms: i64) -> Self {
        let floor = rounded(LEAST_LINES_PER_BATCH * 1e3 / batch_ms as f64);
        Bracket { held: None, failed: None, within, floor, step: FIRST_STEP }
    }

    /// The rate to try next, where the first one is `first`; nothing once the bracket is narrow enough, or
    /// nothing holds.
    pub(super) fn next(&self, first: f64) -> Option<f64> {
        let next = match (self.held, self.failed) {
            (None, None) => first.max(self.floor),
            (Some(held), None) => held * self.step,
            (None, Some(failed)) => (failed / self.step).max(self.floor),
            (Some(held), Some(failed)) if failed <= held * (1.0 + self.within) => return None,
            (Some(held), Some(failed)) => (held * failed).sqrt(),
        };
        let next = rounded(next);
        let is_new = Some(next) != self.held && Some(next) != self.failed;
        is_new.then_some(next)
    }

    /// What a rate did.
    pub(super) fn tried(&mut self, lines_per_s: f64, held: bool) {
        if self.held.is_some() || self.failed.is_some() {
            self.step = (self.step * self.step).min(LONGEST_STEP);
        }
        if held {
            self.held = Some(self.held.map_or(lines_per_s, |held| held.max(lines_per_s)));
        } else {
            self.failed = Some(self.failed.map_or(lines_per_s, |failed| failed.min(lines_per_s)));
        }
    }
}

/// To four digits, which is more than a machine holds still for.
fn rounded(lines_per_s: f64) -> f64 {
    let digits = lines_per_s.log10().floor() - 3.0;
    let unit = 10f64.powf(digits);
    (lines_per_s / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(first: f64, limit: f64, within: f64) -> (Bracket, usize) {
        let mut bracket = Bracket::new(within, 4000);
        let mut tries = 0;
        while let Some(rate) = bracket.next(first) {
            bracket.tried(rate, rate <= limit);
            tries += 1;
            assert!(tries < 100, "{bracket:?}");
        }
        (bracket, tries)
    }

    #[test]
    fn it_closes_in_from_wherever_it_begins() {
        for limit in [1.5, 480.0, 495_123.0, 5e7] {
            for off_by in [0.001, 0.5, 0.95, 1.2, 40.0] {
                let (bracket, tries) = search(limit * off_by, limit, 0.05);
                let (held, failed) = (bracket.held.unwrap(), bracket.failed.unwrap());
                assert!(held <= limit && limit < failed, "{limit} {off_by}: {bracket:?}");
                assert!(failed / held <= 1.051, "{limit} {off_by}: {bracket:?}");
                assert!(tries <= 16, "{limit} {off_by}: {tries}");
            }
        }
        assert!(search(0.9 * 5e6, 5e6, 0.05).1 <= 6);
        assert!(search(5e6, 0.0, 0.05).1 <= 12, "nothing holds");
    }

    #[test]
    fn where_nothing_holds_it_ends() {
        let (bracket, _) = search(1e6, 0.0, 0.05);
        assert_eq!((bracket.held, bracket.failed), (None, Some(1.0)));
        assert_eq!(Bracket::new(0.05, 50).next(1.0), Some(80.0), "four lines a batch");
    }
}
