//! Random moments, by number.
//!
//! The n-th arrival of a Poisson process with rate 1 comes after a sum of n exponential gaps. To
//! find one without adding up all before it, arrivals are kept in blocks: the length of a block is
//! drawn at once (a sum of exponentials is gamma distributed), and the gaps within it are drawn
//! when they are asked for and stretched to that length, which makes them what they would have been:
//! shares of a sum do not depend on the sum.

use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt;
use rand_distr::{Exp1, Gamma};

use crate::seed::{self, Purpose};

/// Arrivals in a block: drawing them takes about a tenth of a millisecond, and their starts take
/// eight bytes a block, 40 MB for a day at a million a second.
const BLOCK: u64 = 16 << 10;

/// The process, shared by those who read it.
#[derive(Debug)]
pub(super) struct Poisson {
    seed: u64,
    /// When each block starts that was asked for, and those before it; in mean gaps.
    starts: Mutex<Vec<f64>>,
}

/// A block's arrivals.
#[derive(Clone, Debug)]
pub(super) struct Block {
    number: u64,
    ends: f64,
    moments: Arc<[f64]>,
}

/// The blocks that one reader has looked at last.
#[derive(Clone, Debug, Default)]
pub(super) struct Looked {
    /// A range of lines seldom lies in more than two blocks.
    blocks: [Option<Block>; 2],
}

impl Poisson {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, starts: Mutex::new(vec![0.0]) }
    }

    /// When an arrival comes, counted from 0, in mean gaps.
    pub(super) fn moment(&self, arrival: u64, looked: &mut Looked) -> f64 {
        let block = self.block(arrival / BLOCK, looked);
        block.moments[(arrival % BLOCK) as usize]
    }

    /// How many arrivals come until a moment.
    pub(super) fn arrivals_by(&self, moment: f64, looked: &mut Looked) -> u64 {
        let mut number = looked.blocks[0].as_ref().map_or(0, |block| block.number);
        while number > 0 && self.start(number) > moment {
            number -= 1;
        }
        while self.start(number + 1) <= moment {
            number += 1;
        }
        let block = self.block(number, looked);
        debug_assert!(moment < block.ends);
        number * BLOCK + block.moments.partition_point(|&arrival| arrival <= moment) as u64
    }

    fn block<'a>(&self, number: u64, looked: &'a mut Looked) -> &'a Block {
        let is_it = |block: &Option<Block>| block.as_ref().is_some_and(|b| b.number == number);
        if !is_it(&looked.blocks[0]) {
            looked.blocks.swap(0, 1);
            if !is_it(&looked.blocks[0]) {
                looked.blocks[0] = None;
            }
        }
        looked.blocks[0].get_or_insert_with(|| self.draw(number))
    }

    fn draw(&self, number: u64) -> Block {
        let (starts, ends) = (self.start(number), self.start(number + 1));
        let mut random = seed::generator(self.seed, Purpose::Arrivals, number);
        let mut sum = 0.0;
        let mut moments: Vec<f64> = (0..BLOCK)
            .map(|_| {
                sum += random.sample::<f64, _>(Exp1);
                sum
            })
            .collect();
        moments.iter_mut().for_each(|moment| *moment = starts + *moment / sum * (ends - starts));
        Block { number, ends, moments: moments.into() }
    }

    fn start(&self, number: u64) -> f64 {
        let lengths = Gamma::new(BLOCK as f64, 1.0).expect("both parameters are above zero");
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        while starts.len() <= number as usize {
            let last = starts.len() as u64 - 1;
            let mut random = seed::generator(self.seed, Purpose::ArrivalBlocks, last);
            let next = starts[last as usize] + random.sample(lengths);
            starts.push(next);
        }
        starts[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_counts_agree_and_do_not_depend_on_the_order_in_which_they_are_asked() {
        let (poisson, other) = (Poisson::new(7), Poisson::new(7));
        let (mut up, mut down) = (Looked::default(), Looked::default());
        let arrivals: Vec<u64> = (0..10).chain((0..40 * BLOCK).step_by(4099)).collect();
        let moments: Vec<f64> = arrivals.iter().map(|&n| poisson.moment(n, &mut up)).collect();
        for (&arrival, &moment) in arrivals.iter().zip(&moments).rev() {
            assert_eq!(other.moment(arrival, &mut down), moment);
            assert_eq!(other.arrivals_by(moment, &mut down), arrival + 1);
        }
        assert!(moments.is_sorted_by(|a, b| a <= b || b == &moments[0]));
        assert_ne!(Poisson::new(8).moment(0, &mut Looked::default()), moments[0]);
    }

    /// In windows of any length, the count has the window's length as mean and as variance.
    #[test]
    fn counts_scatter_as_a_poisson_process_at_every_scale() {
        let poisson = Poisson::new(1);
        let mut looked = Looked::default();
        for window in [1.0, 30.0, 5_000.0, 50_000.0] {
            let windows = 2_000;
            let mut before = 0;
            let counts: Vec<f64> = (1..=windows)
                .map(|nth| {
                    let by = poisson.arrivals_by(f64::from(nth) * window, &mut looked);
                    let count = by - before;
                    before = by;
                    count as f64
                })
                .collect();
            let mean = counts.iter().sum::<f64>() / f64::from(windows);
            let squares = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>();
            let dispersion = squares / f64::from(windows - 1) / mean;
            // Five standard deviations of the mean, and of the dispersion.
            let mean_off = (mean - window).abs() / (window / f64::from(windows)).sqrt();
            let dispersion_off = (dispersion - 1.0).abs() * (f64::from(windows) / 2.0).sqrt();
            assert!(mean_off < 5.0, "windows of {window}: {mean} in the mean");
            assert!(dispersion_off < 5.0, "windows of {window}: dispersion {dispersion}");
        }
    }
}
