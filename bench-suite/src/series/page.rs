//! The README and the summary of a series that is done.

use anyhow::{Context, Result};
use jiff::Timestamp;

use super::{Kind, Series};
use crate::results::Page;

impl Series {
    /// Writes what was printed, and a README with a line that says what came out, beside the runs.
    pub(crate) fn keep_page(&self, headline: &str, summary: &str) -> Result<()> {
        let at: Timestamp =
            self.kept().begun.at.parse().context("a series has begun at no such time")?;
        let page = Page {
            title: match self.kept().asked.kind {
                Kind::Sweep => "Sweep",
                Kind::Search => "Search",
                Kind::Comparison => "Comparison",
            },
            at,
            command: &self.kept().asked.command,
            machine: &self.kept().begun.machine,
            checkup: &self.kept().begun.checkup,
            headline,
            data: "`series.json` what was asked for, `runs.ndjson` a line for each run with all that it \
                   measured",
            how: match self.kept().asked.kind {
                Kind::Comparison if self.is_from_memory() => {
                    "Both sides of a pair ran at the same time, each a process of its own, and worked in \
                     turn, a batch each."
                }
                _ if self.is_from_memory() => "Batches were in memory, with no network.",
                _ => {
                    "Load generator and workload ran as processes of their own on the same machine, over \
                     loopback."
                }
            },
            summary,
        };
        page.write_into(self.folder())
    }

    fn is_from_memory(&self) -> bool {
        let asked = &self.kept().asked;
        let points = asked.points.iter().chain(asked.sides.iter().map(|side| &side.point));
        points.take(1).any(|point| point.from_memory_bytes.is_some())
    }
}
