//! Which window slides when: all of an operation take turns, for machines drift.

use anyhow::{Result, bail};

use super::Options;
use super::batches::Batches;
use super::calls::Calls;
use super::figures::{Figures, Gathered};
use super::operation::Operation;
use super::sliding::Sliding;
use crate::stderr;
use crate::usage;

/// How often each window has its turn: turns are short, so that what disturbs one disturbs all.
const ROUNDS: usize = 100;

/// After which of its turns a window's result is looked at.
const CHECKED_AFTER: [usize; 3] = [0, ROUNDS / 2, ROUNDS - 1];

/// Refuses options that each may be, and not together.
pub(super) fn refuse_what_cannot_be(options: &Options) -> Result<()> {
    if options.keys_per_batch > options.keys {
        bail!(
            "a batch of {} keys cannot be drawn from {}: give --keys at least as many as --keys-per-batch",
            options.keys_per_batch,
            options.keys
        );
    }
    Ok(())
}

pub(super) fn all(options: &Options) -> Result<Vec<Figures>> {
    let slides = options.slides.max(options.ratios.iter().copied().max().unwrap_or(1));
    let mut figures = Vec::new();
    for operation in Operation::ALL {
        stderr::tell(format_args!(
            "{}: windows of {:?} slides, {slides} slides each",
            operation.name(),
            options.ratios
        ));
        figures.extend(of(operation, slides, options)?);
    }
    Ok(figures)
}

/// All windows of one operation.
fn of(operation: Operation, slides: usize, options: &Options) -> Result<Vec<Figures>> {
    let &Options { keys, keys_per_batch, seed, parallelism, .. } = options;
    let batches = Batches { keys, keys_per_batch, seed };
    let start =
        |&ratio: &usize| Sliding::start(operation, ratio, batches, parallelism, Calls::counting());
    let mut windows = options.ratios.iter().map(start).collect::<Result<Vec<_>>>()?;
    for window in &mut windows {
        window.fill()?;
    }
    let mut gathered: Vec<Gathered> = windows.iter().map(|_| Gathered::default()).collect();
    for round in 0..ROUNDS {
        // As many in each round as go evenly, and one more in the first where they do not.
        let length = slides / ROUNDS + usize::from(round < slides % ROUNDS);
        for (window, gathered) in windows.iter_mut().zip(&mut gathered) {
            take_turn(window, gathered, length)?;
            if CHECKED_AFTER.contains(&round) {
                gathered.wrong |= !window.check()?;
            }
        }
    }
    windows.into_iter().try_for_each(Sliding::end)?;
    let all = options.ratios.iter().zip(&gathered);
    Ok(all.map(|(&ratio, gathered)| gathered.figures(operation, ratio)).collect())
}

fn take_turn(window: &mut Sliding, gathered: &mut Gathered, slides: usize) -> Result<()> {
    window.provide(slides);
    let before = usage::of_this_process()?.cpu_seconds;
    for _ in 0..slides {
        gathered.slides.push(window.slide()?);
    }
    gathered.cpu_seconds += usage::of_this_process()?.cpu_seconds - before;
    gathered.rounds.push(slides);
    Ok(())
}
