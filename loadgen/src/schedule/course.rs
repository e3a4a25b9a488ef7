//! How many lines a pace comes to, as a function of time and the other way round.

use std::f64::consts::TAU;
use std::time::Duration;

use super::Pace;

/// A sine in so many straight pieces is off by at most 0.13 % of its height.
const SINE_PIECES: usize = 64;

/// A pace as straight pieces: in each, the rate goes evenly from one value to another, so the
/// number of lines is a parabola that can be solved.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pieces: Vec<Piece>,
    /// Whether it begins again after the last piece; else the last goes on for ever.
    repeats: bool,
}

/// A stretch of time in which the rate changes evenly.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start_s: f64,
    /// Lines due before it.
    start_lines: f64,
    seconds: f64,
    from: f64,
    to: f64,
}

impl Course {
    /// Nothing where there is no schedule.
    pub(super) fn of(pace: &Pace) -> Option<Self> {
        let ever = f64::INFINITY;
        let s = |time: Duration| time.as_secs_f64();
        let (stretches, repeats) = match *pace {
            Pace::Max => return None,
            Pace::Constant { lines_per_s } => (vec![(ever, lines_per_s, lines_per_s)], false),
            Pace::Ramp { from, to, over } => (vec![(s(over), from, to), (ever, to, to)], false),
            Pace::Steps { ref lines_per_s, each } => {
                let last = lines_per_s.len().saturating_sub(1);
                let seconds = |nth| if nth == last { ever } else { s(each) };
                let step = |(nth, &rate)| (seconds(nth), rate, rate);
                (lines_per_s.iter().enumerate().map(step).collect(), false)
            }
            Pace::Sine { low, high, period } => {
                let at = |nth: usize| {
                    let sine = (nth as f64 / SINE_PIECES as f64 * TAU).sin();
                    (low + high) / 2.0 + (high - low) / 2.0 * sine
                };
                let seconds = s(period) / SINE_PIECES as f64;
                let piece = |nth| (seconds, at(nth), at(nth + 1));
                ((0..SINE_PIECES).map(piece).collect(), true)
            }
            Pace::Square { low, high, period } => {
                let half = s(period) / 2.0;
                (vec![(half, low, low), (half, high, high)], true)
            }
            Pace::Bursts { base, peak, length, every } => {
                (vec![(s(every) - s(length), base, base), (s(length), peak, peak)], true)
            }
        };
        Some(Self { pieces: joined(stretches), repeats })
    }

    /// Lines due after so many seconds, with the part of the next that has passed.
    pub(super) fn lines_by(&self, elapsed_s: f64) -> f64 {
        let round = self.round();
        let (rounds, rest_s) = whole_and_rest(elapsed_s, round.map(|round| round.seconds));
        let nth = self.pieces.partition_point(|piece| piece.start_s <= rest_s).saturating_sub(1);
        round.map_or(0.0, |round| rounds * round.lines) + self.pieces[nth].lines_by(rest_s)
    }

    /// When so many lines are due, in seconds; infinite if they never are.
    pub(super) fn time_of(&self, lines: f64) -> f64 {
        let round = self.round();
        let (rounds, rest) = whole_and_rest(lines, round.map(|round| round.lines));
        // The last piece that starts with fewer: those in which nothing is due are passed over.
        let nth = self.pieces.partition_point(|piece| piece.start_lines < rest).saturating_sub(1);
        round.map_or(0.0, |round| rounds * round.seconds) + self.pieces[nth].time_of(rest)
    }

    /// What one time through all pieces comes to, if they begin again.
    fn round(&self) -> Option<Round> {
        let last = self.pieces.last().filter(|_| self.repeats)?;
        let seconds = last.start_s + last.seconds;
        Some(Round { seconds, lines: last.lines_by(seconds) })
    }
}

#[derive(Clone, Copy)]
struct Round {
    seconds: f64,
    lines: f64,
}

/// How many whole rounds there are in an amount, and what is left of it.
fn whole_and_rest(amount: f64, round: Option<f64>) -> (f64, f64) {
    let rounds = round.map_or(0.0, |round| (amount / round).floor());
    (rounds, amount - rounds * round.unwrap_or(0.0))
}

fn joined(stretches: Vec<(f64, f64, f64)>) -> Vec<Piece> {
    let (mut start_s, mut start_lines) = (0.0, 0.0);
    let join = |(seconds, from, to)| {
        let piece = Piece { start_s, start_lines, seconds, from, to };
        start_s += seconds;
        start_lines = piece.lines_by(start_s);
        piece
    };
    stretches.into_iter().map(join).collect()
}

impl Piece {
    fn lines_by(&self, elapsed_s: f64) -> f64 {
        let into_s = elapsed_s - self.start_s;
        if into_s == f64::INFINITY {
            return if self.to > 0.0 { f64::INFINITY } else { self.start_lines };
        }
        self.start_lines + into_s * (self.from + self.growth_per_s() * into_s / 2.0)
    }

    /// Solves the parabola, in the form that does not cancel.
    fn time_of(&self, lines: f64) -> f64 {
        let lines = lines - self.start_lines;
        if lines <= 0.0 {
            return self.start_s;
        }
        let growth = self.growth_per_s();
        let root = (self.from * self.from + 2.0 * growth * lines).max(0.0).sqrt();
        self.start_s + 2.0 * lines / (self.from + root)
    }

    fn growth_per_s(&self) -> f64 {
        if self.seconds.is_finite() { (self.to - self.from) / self.seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(pace: &str) -> Course {
        Course::of(&pace.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_pace_comes_to_the_area_below_its_rate() {
        for (pace, seconds, lines) in [
            ("10", 3.0, 30.0),
            ("ramp:0..100/10s", 5.0, 125.0),
            ("ramp:0..100/10s", 12.0, 700.0),
            ("ramp:100..0/10s", 20.0, 500.0),
            ("steps:10,20,5/2s", 3.0, 40.0),
            ("steps:10,20,5/2s", 10.0, 90.0),
            ("sine:0..100/8s", 8.0, 400.0),
            ("sine:0..100/8s", 20.0, 1000.0 + 100.0 * 4.0 / std::f64::consts::PI),
            ("square:0..10/2s", 3.5, 15.0),
            ("bursts:1..101/1s/10s", 25.0, 225.0),
        ] {
            let got = course(pace).lines_by(seconds);
            assert!((got / lines - 1.0).abs() < 1e-3, "{pace} for {seconds} s: {got}, not {lines}");
        }
    }

    #[test]
    fn time_and_lines_are_inverse_to_each_other() {
        for pace in [
            "1M",
            "0.1",
            "ramp:0..1k/10s",
            "ramp:1k..10/3s",
            "steps:10,0,20/1s",
            "sine:0..1k/7s",
            "square:0..100k/300ms",
            "bursts:10..10k/10ms/1s",
        ] {
            let course = course(pace);
            let mut before = 0.0;
            for lines in (1..100).chain((1000..1_000_000).step_by(9973)) {
                let time_s = course.time_of(f64::from(lines));
                assert!(time_s >= before, "{pace}: line {lines} at {time_s} s");
                before = time_s;
                let back = course.lines_by(time_s);
                assert!((back - f64::from(lines)).abs() < 1e-3, "{pace}: {lines} came back {back}");
            }
        }
    }

    #[test]
    fn what_never_comes_has_no_time() {
        assert_eq!(course("ramp:100..0/10s").time_of(501.0), f64::INFINITY);
        assert_eq!(course("steps:100,0/1s").time_of(101.0), f64::INFINITY);
    }
}
