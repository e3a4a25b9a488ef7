//! What the machine does when it is asked to work: whether it lets the work run, whether the same work
//! costs the same, and whether all cores at once do as much each as one alone.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// How steady the machine is, and how much of a core each core is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Of the time in which threads wanted to run, as many as there are cores at most, the share in which
    /// they did not.
    pub waited_share: f64,
    /// The processor time of the same work, again and again: how far its mean lies above what it takes when
    /// it is disturbed least, as a share of that.
    pub spread: f64,
    /// How much of the work that one core does alone each does while all do: 1 where none is in another's
    /// way.
    pub worth_of_a_core: f64,
}

/// How much is done.
pub(super) struct Effort {
    /// One core alone and all together take turns, so often: machines drift.
    pub(super) turns: usize,
    /// Pieces of work in each.
    pub(super) pieces: usize,
    /// How long a piece takes, about; long enough that the clocks' grain does not count.
    pub(super) piece: Duration,
    /// No further turn begins after this: where others are busy, everything takes longer.
    pub(super) at_most: Duration,
}

impl Effort {
    /// About a second and a half, with a hundred pieces of one core alone: enough that the quickest tenth
    /// are ten.
    pub(super) const USUAL: Effort = Effort {
        turns: 10,
        pieces: 10,
        piece: Duration::from_millis(7),
        at_most: Duration::from_secs(2),
    };
}

/// One piece of work, in seconds.
#[derive(Clone, Copy)]
struct Piece {
    wall: f64,
    cpu: f64,
}

/// Has this machine work.
pub(super) fn probe(cores: usize, effort: &Effort) -> Probe {
    let rounds = calibrated(effort.piece);
    let pieces = || (0..effort.pieces).map(|_| work(rounds)).collect::<Vec<Piece>>();
    let barrier = Barrier::new(cores);
    let goes_on = AtomicBool::new(true);
    // The work of one core of all, which wait for each other before and after.
    let together = || {
        barrier.wait();
        goes_on.load(Ordering::Relaxed).then(|| {
            let pieces = pieces();
            barrier.wait();
            pieces
        })
    };
    let (mut alone, mut at_once) = (Vec::new(), Vec::new());
    let started = Instant::now();
    thread::scope(|scope| {
        let others: Vec<_> = (1..cores)
            .map(|_| scope.spawn(|| std::iter::from_fn(together).collect::<Vec<_>>()))
            .collect();
        for turn in 0..effort.turns {
            if turn > 0 && started.elapsed() > effort.at_most {
                break;
            }
            alone.push(pieces());
            at_once.extend(together());
        }
        // The barrier hands it on, for the others wait there.
        goes_on.store(false, Ordering::Relaxed);
        barrier.wait();
        for other in others {
            let done = other.join().expect("it only multiplies");
            at_once.iter_mut().zip(done).for_each(|(turn, pieces)| turn.extend(pieces));
        }
    });
    judged(&alone, &at_once)
}

/// Of the turns of one core alone, and of all at once.
fn judged(alone: &[Vec<Piece>], at_once: &[Vec<Piece>]) -> Probe {
    let cpu = |pieces: &[Piece]| sorted(pieces.iter().map(|piece| piece.cpu));
    let worths = alone.iter().zip(at_once).map(|(alone, at_once)| {
        let at_once = cpu(at_once);
        at(&cpu(alone), 0.5) / (at_once.iter().sum::<f64>() / at_once.len() as f64)
    });
    let all = || alone.iter().chain(at_once).flatten();
    let wall: f64 = all().map(|piece| piece.wall).sum();
    let spent: f64 = all().map(|piece| piece.cpu).sum();
    let costs = cpu(&alone.concat());
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    Probe {
        waited_share: (1.0 - spent / wall).max(0.0),
        // Not the quickest of all, which may have had a clock rate of its own.
        spread: (mean / at(&costs, 0.1) - 1.0).max(0.0),
        worth_of_a_core: at(&sorted(worths), 0.5),
    }
}

/// So many rounds take a piece's time.
fn calibrated(piece: Duration) -> u64 {
    let mut rounds = 1 << 12;
    loop {
        let took = work(rounds).cpu;
        if took >= piece.as_secs_f64() {
            return (rounds as f64 * piece.as_secs_f64() / took) as u64;
        }
        rounds *= 2;
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Works on several chains of numbers at once, so that whoever shares the core's units is in the way.
fn work(rounds: u64) -> Piece {
    let (started, started_at) = (Instant::now(), thread_time());
    let mut chains = [1u64, 2, 3, 4, 5, 6];
    for round in 0..rounds {
        for chain in &mut chains {
            *chain = chain.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round;
        }
    }
    black_box(chains);
    let cpu = thread_time().zip(started_at).map(|(now, then)| now.saturating_sub(then));
    let wall = started.elapsed();
    Piece { wall: wall.as_secs_f64(), cpu: cpu.unwrap_or(wall).as_secs_f64() }
}

/// The processor time of this thread; nothing on a system that does not tell.
fn thread_time() -> Option<Duration> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok().map(Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(cpu_ms: &[f64]) -> Vec<Piece> {
        cpu_ms.iter().map(|ms| Piece { wall: ms / 1e3, cpu: ms / 1e3 }).collect()
    }

    #[test]
    fn spread_is_of_one_core_and_worth_of_all() {
        let alone = [pieces(&[10.0; 10]), pieces(&[[10.0; 9].as_slice(), &[15.0]].concat())];
        let at_once = vec![pieces(&[20.0; 20]), pieces(&[20.0; 20])];
        let Probe { waited_share, spread, worth_of_a_core } = judged(&alone, &at_once);
        assert_eq!(waited_share, 0.0);
        assert!((spread - 0.025).abs() < 1e-9, "{spread}");
        assert!((worth_of_a_core - 0.5).abs() < 1e-9, "{worth_of_a_core}");
        let half = [pieces(&[[10.0; 10], [15.0; 10]].concat())];
        assert!((judged(&half, &at_once[..1]).spread - 0.25).abs() < 1e-9);
    }

    #[test]
    fn time_without_a_core_is_waited() {
        let [mut alone, mut at_once] = [(); 2].map(|()| pieces(&[10.0; 4]));
        alone[0].wall = 0.020;
        at_once[1].wall = 0.020;
        let probe = judged(&[alone], &[at_once]);
        assert!((probe.waited_share - 0.2).abs() < 1e-9, "{probe:?}");
        assert_eq!((probe.spread, probe.worth_of_a_core), (0.0, 1.0));
    }

    #[test]
    fn a_probe_of_any_number_of_cores_gives_numbers() {
        let (piece, hour) = (Duration::from_micros(50), Duration::from_secs(3600));
        for (cores, at_most) in [(1, hour), (3, hour), (3, Duration::ZERO)] {
            let effort = Effort { turns: 2, pieces: 2, piece, at_most };
            let probe = probe(cores, &effort);
            let numbers = [probe.waited_share, probe.spread, probe.worth_of_a_core];
            assert!(numbers.iter().all(|number| number.is_finite() && *number >= 0.0), "{probe:?}");
        }
    }
}
