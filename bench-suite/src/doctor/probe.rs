//! What the machine does when it is asked to work: whether the same work takes the same time, and whether
//! two cores do twice as much as one.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// One piece of work; long enough that a clock's grain does not count.
const PIECE: Duration = Duration::from_millis(10);

/// Pieces one after the other.
const PIECES: usize = 60;

/// How steady the machine is, and how much of a core each core is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The time of the same work, again and again: how far the slowest twentieth lies above the middle,
    /// as a share of it.
    pub spread: f64,
    /// How many cores' worth of work all cores do at the same time, for each core: 1 where none is in
    /// another's way.
    pub worth_of_a_core: f64,
}

/// Works for about two seconds.
pub(super) fn probe(cores: usize) -> Probe {
    let rounds = calibrated();
    let alone = pieces(rounds);
    let started = Barrier::new(cores);
    let together: Vec<Vec<f64>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    started.wait();
                    pieces(rounds)
                })
            })
            .collect();
        let pieces = workers.into_iter().map(|worker| worker.join().expect("it only multiplies"));
        pieces.collect()
    });
    let together: Vec<f64> = together.into_iter().map(|pieces| at(&pieces, 0.5)).collect();
    let mean = together.iter().sum::<f64>() / together.len().max(1) as f64;
    Probe {
        spread: at(&alone, 0.95) / at(&alone, 0.5) - 1.0,
        worth_of_a_core: at(&alone, 0.5) / mean,
    }
}

/// So many rounds take a piece's time.
fn calibrated() -> u64 {
    let mut rounds = 1 << 16;
    loop {
        let took = work(rounds);
        if took >= PIECE.as_secs_f64() {
            return (rounds as f64 * PIECE.as_secs_f64() / took) as u64;
        }
        rounds *= 2;
    }
}

/// The seconds of each piece, sorted.
fn pieces(rounds: u64) -> Vec<f64> {
    let mut pieces: Vec<f64> = (0..PIECES).map(|_| work(rounds)).collect();
    pieces.sort_by(f64::total_cmp);
    pieces
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Works on several chains of numbers at once, so that whoever shares the core's units is in the way.
/// The seconds that it took.
fn work(rounds: u64) -> f64 {
    let started = Instant::now();
    let mut chains = [1u64, 2, 3, 4, 5, 6];
    for round in 0..rounds {
        for chain in &mut chains {
            *chain = chain.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round;
        }
    }
    black_box(chains);
    started.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_gives_numbers() {
        let probe = probe(1);
        assert!(probe.spread >= 0.0 && probe.worth_of_a_core > 0.0, "{probe:?}");
    }
}
