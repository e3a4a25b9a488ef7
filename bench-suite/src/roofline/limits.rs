//! What must not be exceeded, beside what must be reached: how late short batches are, and what memory
//! is taken.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::aligned::aligned;
use crate::footprint::Footprint;
use crate::part::Part;
use crate::promptness::{self, Figure};
use crate::stderr;

/// How long the footprint may take.
const FOOTPRINT_LIMIT: Duration = Duration::from_secs(300);

/// A further record of a batch may add so much to its allocations, which is none.
const MOST_ALLOCATIONS_A_RECORD: f64 = 0.001;

const MOST_STATE_BYTES_A_KEY: f64 = 64.0;
const MOST_LARGE_STATE_MIB: f64 = 1024.0;

/// All that was measured, and what of it is held against a target.
#[derive(Serialize)]
pub(super) struct Limits {
    pub(super) judged: Vec<Figure>,
    promptness: promptness::Figures,
    footprint: Footprint,
    /// Why the times are worth nothing, if they are not.
    pub(super) not_valid: Option<String>,
}

/// Measures them.
pub(super) fn measure(options: &promptness::Options) -> Result<Limits> {
    stderr::tell(format_args!(
        "beside the rows: what memory is taken, about a minute; how late short batches are, about {} min",
        (promptness_time(options).as_secs() + 30) / 60
    ));
    let mut part = Part::start("footprint", &["role", "footprint"].map(String::from))?;
    let footprint: Footprint = part.hear(FOOTPRINT_LIMIT)?;
    drop(part);
    stderr::tell(format_args!(
        "a batch allocates {} times with few records and {} times with many; a key's state takes \
         {:.1} bytes",
        footprint.allocations_of_few, footprint.allocations_of_many, footprint.state_bytes_a_key
    ));
    let promptness = promptness::measure(options)?;
    let mut judged = promptness.judged();
    judged.extend(of_footprint(&footprint));
    let not_valid = promptness.reason_not_valid();
    Ok(Limits { judged, promptness, footprint, not_valid })
}

/// About as long as short batches, and those at a high rate, are measured.
fn promptness_time(options: &promptness::Options) -> Duration {
    let beside = Duration::from_secs(35);
    (2 * options.run_for + beside) * u32::try_from(options.runs).unwrap_or(u32::MAX)
}

fn of_footprint(footprint: &Footprint) -> [Figure; 3] {
    [
        Figure {
            what: "word count, allocations for a further record of a batch",
            measured: footprint.allocations_a_record(),
            target: MOST_ALLOCATIONS_A_RECORD,
            unit: "",
        },
        Figure {
            what: "word-count state, a short key with its count, tables full",
            measured: footprint.state_bytes_a_key,
            target: MOST_STATE_BYTES_A_KEY,
            unit: "bytes",
        },
        Figure {
            what: "word-count state, ten million keys",
            measured: footprint.large_state_bytes as f64 / f64::from(1 << 20),
            target: MOST_LARGE_STATE_MIB,
            unit: "MiB",
        },
    ]
}

impl Limits {
    /// The table, and a sentence.
    pub(super) fn told(&self) -> String {
        let head = ["figure", "measured", "at most", "of it", "met"];
        let cells = |figure: &Figure| {
            let Figure { what, measured, target, unit } = figure;
            [
                (*what).into(),
                format!("{measured:.3} {unit}").trim_end().into(),
                format!("{target} {unit}").trim_end().into(),
                format!("{:.2}", measured / target),
                if figure.is_met() { "yes" } else { "NO" }.into(),
            ]
        };
        let mut told = aligned(head, self.judged.iter().map(cells));
        if let Some(reason) = &self.not_valid {
            told += &format!("\nThe times could not be judged: {reason}.\n");
        }
        told
    }

    pub(super) fn are_met(&self) -> bool {
        self.judged.iter().all(Figure::is_met)
    }
}
