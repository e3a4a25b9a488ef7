//! When each line of a recording is due.

use std::time::Duration;

/// No line is due later, in microseconds: 73 thousand years.
const LATEST_US: u64 = 1 << 61;

/// The due times of lines, from the first line's on, by their numbers.
///
/// Lines that are due together, as all those of a log's second, cost nothing but the first: only
/// steps are kept, with eight bytes each.
#[derive(Debug)]
pub(crate) struct Moments {
    speed: f64,
    /// The time of the first line, as it was written.
    first_us: Option<i64>,
    lines: u64,
    last_due_us: u64,
    blocks: Vec<Block>,
    steps: Vec<Step>,
}

/// Steps that are near enough to each other to be counted from the first of them.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// The first line of the block, and when it is due.
    line: u64,
    due_us: u64,
    /// The first of its steps.
    step: usize,
}

/// A line that is due later than the one before, as a distance from the beginning of its block.
#[derive(Clone, Copy, Debug)]
struct Step {
    lines: u32,
    us: u32,
}

impl Moments {
    pub(crate) fn new(speed: f64) -> Self {
        let (blocks, steps) = (Vec::new(), Vec::new());
        Self { speed, first_us: None, lines: 0, last_due_us: 0, blocks, steps }
    }

    /// Adds the next line, with the time at which it was written, if it has one.
    pub(crate) fn push(&mut self, written_us: Option<i64>) {
        let first_us = *self.first_us.get_or_insert(written_us.unwrap_or(0));
        let since_us = written_us.map_or(0, |us| us.saturating_sub(first_us).max(0));
        let due_us = ((since_us as f64 / self.speed) as u64).clamp(self.last_due_us, LATEST_US);
        let line = self.lines;
        self.lines += 1;
        let Some(block) = self.blocks.last() else {
            self.blocks.push(Block { line, due_us, step: 0 });
            return;
        };
        if due_us == self.last_due_us {
            return;
        }
        self.last_due_us = due_us;
        match (u32::try_from(line - block.line), u32::try_from(due_us - block.due_us)) {
            (Ok(lines), Ok(us)) => self.steps.push(Step { lines, us }),
            _ => self.blocks.push(Block { line, due_us, step: self.steps.len() }),
        }
    }

    /// How many lines are due by now.
    pub(crate) fn due(&self, elapsed: Duration) -> u64 {
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let next = self.blocks.partition_point(|block| block.due_us <= elapsed_us);
        let Some(nth) = next.checked_sub(1) else { return 0 };
        let block = self.blocks[nth];
        let steps = self.steps_of(nth);
        let due = steps.partition_point(|step| block.due_us + u64::from(step.us) <= elapsed_us);
        match (steps.get(due), self.blocks.get(next)) {
            (Some(step), _) => block.line + u64::from(step.lines),
            (None, Some(block)) => block.line,
            (None, None) => self.lines,
        }
    }

    /// When a line is due; [`Duration::MAX`] if there is none with this number.
    pub(crate) fn due_at(&self, line: u64) -> Duration {
        let next = self.blocks.partition_point(|block| block.line <= line);
        let Some(nth) = next.checked_sub(1).filter(|_| line < self.lines) else {
            return Duration::MAX;
        };
        let block = self.blocks[nth];
        let steps = self.steps_of(nth);
        let step = steps.partition_point(|step| block.line + u64::from(step.lines) <= line);
        let since_us = step.checked_sub(1).map_or(0, |step| steps[step].us);
        Duration::from_micros(block.due_us + u64::from(since_us))
    }

    fn steps_of(&self, block: usize) -> &[Step] {
        let end = self.blocks.get(block + 1).map_or(self.steps.len(), |block| block.step);
        &self.steps[self.blocks[block].step..end]
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Computes each line's due time by itself.
    fn naive(written_us: &[Option<i64>], speed: f64) -> Vec<Duration> {
        let first_us = written_us[0].unwrap();
        let mut latest_us = 0.0f64;
        let mut due = Vec::new();
        for written in written_us {
            if let Some(us) = written {
                latest_us = latest_us.max(((us - first_us) as f64 / speed).floor());
            }
            due.push(Duration::from_micros(latest_us as u64));
        }
        due
    }

    fn check(written_us: &[Option<i64>], speed: f64) {
        let mut moments = Moments::new(speed);
        written_us.iter().for_each(|&us| moments.push(us));
        let due = naive(written_us, speed);
        for (line, &expected) in due.iter().enumerate() {
            assert_eq!(moments.due_at(line as u64), expected, "line {line}");
            let by_then = due.partition_point(|&other| other <= expected) as u64;
            assert_eq!(moments.due(expected), by_then, "line {line}");
            assert_eq!(moments.due(expected + Duration::from_nanos(999)), by_then);
            if let Some(before) = expected.checked_sub(Duration::from_nanos(1)) {
                let before_that = due.partition_point(|&other| other < expected) as u64;
                assert_eq!(moments.due(before), before_that, "line {line}");
            }
        }
        assert_eq!(moments.due(Duration::MAX), due.len() as u64);
        assert_eq!(moments.due_at(due.len() as u64), Duration::MAX);
    }

    #[test]
    fn lines_are_due_when_a_naive_computation_says() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        // The farthest jumps do not fit into a block.
        for most_us in [3, 1_000_000, 20_000_000_000] {
            for speed in [1.0, 2.0, 0.5, 10.0, 1.7] {
                let mut us = 1_767_225_600_000_000;
                let mut written = vec![Some(us)];
                for _ in 0..2_000 {
                    written.push(match random.random_range(0..10) {
                        0 => None,
                        1 => Some(us - random.random_range(0..most_us)),
                        2..5 => Some(us),
                        _ => {
                            us += random.random_range(0..most_us);
                            Some(us)
                        }
                    });
                }
                check(&written, speed);
            }
        }
    }

    #[test]
    fn times_beyond_all_bounds_stay_in_order() {
        let mut moments = Moments::new(1e-300);
        [i64::MIN, 0, 1, i64::MAX].into_iter().for_each(|us| moments.push(Some(us)));
        assert_eq!(moments.due(Duration::ZERO), 1);
        assert_eq!(moments.due_at(3), Duration::from_micros(LATEST_US));
        assert!(moments.due_at(2) <= moments.due_at(3));
    }
}
