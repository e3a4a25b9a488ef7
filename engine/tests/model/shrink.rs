//! A failing case made small: whatever can go while it still fails goes.

use std::time::{Duration, Instant};

use crate::case::Case;
use crate::smaller::smaller;

/// Shrinking ends after this, with what it has.
const PATIENCE: Duration = Duration::from_secs(20);

/// The smallest case found for which `fails` says why, and what it says. `case` fails because of
/// `reason`.
pub(crate) fn shrink(
    mut case: Case,
    mut reason: String,
    fails: impl Fn(&Case) -> Option<String>,
) -> (Case, String) {
    let started = Instant::now();
    loop {
        let found = smaller(&case)
            .take_while(|_| started.elapsed() < PATIENCE)
            .find_map(|less| fails(&less).map(|why| (less, why)));
        match found {
            Some(less) => (case, reason) = less,
            None => return (case, reason),
        }
    }
}
