//! Results that are kept, read again and judged: a comparison, or two that were made apart.

use std::path::Path;

use anyhow::{Result, bail};

use super::Options;
use super::pairs::{Pair, Pairs};
use super::told::{Found, Terms};
use super::units::Unit;
use crate::outcome::refuse;
use crate::series::{Kept, Kind, Side};
use crate::turns::{DEFAULT_LEAST, LEAST_PAIRS, MOST_PAIRS, percent};

/// Two results may have so many pairs of runs, of one point or of many.
const MOST_STORED_PAIRS: usize = 10_000;

/// A comparison that is kept.
pub(super) fn again(options: &Options, folder: &Path) -> Result<Found> {
    let kept = Kept::read(folder)?;
    if kept.asked.kind != Kind::Comparison {
        bail!(
            "{} holds no comparison; to compare it with another result, name that one too",
            folder.display()
        );
    }
    Ok(of_comparison(options, &kept))
}

/// The same of its pairs so far, in what was read already.
pub(super) fn of_comparison(options: &Options, kept: &Kept) -> Found {
    let sides = [0, 1].map(|at| kept.asked.sides.get(at).map_or_else(String::new, told_side));
    let terms = Terms {
        least: options.least.or(kept.asked.least).unwrap_or(DEFAULT_LEAST),
        sets: options.sets,
        ran_in_turn: true,
    };
    found(options, sides, Pairs::of_comparison(kept), terms)
}

fn told_side(side: &Side) -> String {
    let build =
        side.build.as_ref().map_or("this build".into(), |build| build.display().to_string());
    let slow = match side.slow {
        0.0 => String::new(),
        slow => format!(", with {} % more work a line", percent(slow)),
    };
    format!("{build}: {}{slow}", side.point)
}

/// Two results that were made apart.
pub(super) fn both(options: &Options, a: &Path, b: &Path) -> Result<Found> {
    let (in_a, in_b) = (Kept::read(a)?, Kept::read(b)?);
    for (folder, kept) in [(a, &in_a), (b, &in_b)] {
        if kept.asked.kind == Kind::Comparison {
            refuse(format_args!(
                "{} holds a comparison, which has two sides already; compare two sweeps, or name it alone",
                folder.display()
            ));
        }
    }
    if let (Some(difference), false) =
        (in_a.begun.machine.unlike(&in_b.begun.machine), options.unlike)
    {
        refuse(format_args!(
            "the machines are unlike: {difference}. What they say does not compare; give --unlike to \
             compare it all the same"
        ));
    }
    if in_a.asked.how != in_b.asked.how && !options.unlike {
        refuse(format_args!(
            "{} and {} were measured in unlike ways: {}, and {}; give --unlike to compare them all the same",
            a.display(),
            b.display(),
            in_a.asked.how,
            in_b.asked.how
        ));
    }
    let mut pairs = Pairs::of_both(&in_a, &in_b);
    if pairs.points.is_empty() && options.unlike {
        pairs = Pairs::of_unlike(&in_a, &in_b);
    }
    if pairs.all.is_empty() && pairs.lost.is_empty() {
        refuse(format_args!(
            "{} and {} have no point in common that has run in both: the first of one is {}, of the \
             other {}. Give --unlike to compare one after the other all the same",
            a.display(),
            b.display(),
            in_a.asked.points.first().map_or("none".into(), ToString::to_string),
            in_b.asked.points.first().map_or("none".into(), ToString::to_string),
        ));
    }
    let side = |folder: &Path, kept: &Kept| {
        let machine = &kept.begun.machine;
        format!(
            "{}, version {}, commit {}",
            folder.display(),
            machine.version,
            machine.told_commit()
        )
    };
    let terms = Terms {
        least: options.least.unwrap_or(DEFAULT_LEAST),
        sets: options.sets,
        ran_in_turn: false,
    };
    Ok(found(options, [side(a, &in_a), side(b, &in_b)], pairs, terms))
}

fn found(options: &Options, sides: [String; 2], pairs: Pairs<'_>, terms: Terms) -> Found {
    let observations = Unit::of(&pairs).ratios(&pairs.all, Pair::cost).len();
    if pairs.all.len() > MOST_STORED_PAIRS || observations > MOST_PAIRS {
        refuse(format_args!(
            "there are {} pairs of runs, {observations} of them independent; at most {MOST_STORED_PAIRS} and \
             {MOST_PAIRS} can be judged: compare results of fewer points or turns",
            pairs.all.len()
        ));
    }
    if options.sets > 0 && pairs.points.len() > 1 {
        refuse(
            "--sets: sets are of the pairs of one point, and several are compared; leave it out",
        );
    }
    if options.sets > 0 && pairs.all.len() / options.sets < LEAST_PAIRS {
        refuse(format_args!(
            "--sets {}: of {} pairs there are at most {} sets, for each needs {LEAST_PAIRS}",
            options.sets,
            pairs.all.len(),
            pairs.all.len() / LEAST_PAIRS
        ));
    }
    Found::of(sides, pairs, terms)
}
