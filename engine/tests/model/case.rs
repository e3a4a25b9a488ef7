//! A case: a program, its input and how it runs. All of it comes from one seed.

use std::fmt;

use crate::fault::{Fault, MOST_TIMES};
use crate::generate;
use crate::input::{self, Batches, MOST_BATCHES};
use crate::naive::expected;
use crate::program::{Program, Source};
use crate::seed::Random;

/// How many lines of a batch are printed.
const MOST_LINES_SHOWN: usize = 30;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) program: Program,
    /// Lines by source, then by batch; every source has as many batches.
    pub(crate) input: Vec<Batches>,
    pub(crate) parallelism: usize,
    pub(crate) early_work: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) restart: Option<Restart>,
    /// Where bytes are cut into blocks and writes.
    pub(crate) cuts: u64,
}

/// The stream is stopped, and goes on from its snapshot in another context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Restart {
    /// Before this batch.
    pub(crate) before: usize,
    /// Of the context that goes on.
    pub(crate) parallelism: usize,
}

/// What may go wrong in a case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Nothing,
    /// Panics that retries get over.
    Passes,
    /// Records at which every attempt panics.
    Stays,
}

impl Case {
    /// A case over one or two sources, the first of kind `first` unless that is left to chance. One
    /// case in `restarted` has a restart.
    pub(crate) fn new(
        seed: u64,
        first: Option<Source>,
        trouble: Trouble,
        restarted: usize,
    ) -> Self {
        let mut random = Random::new(seed);
        loop {
            let case = Case::any(&mut random, first, trouble, restarted);
            if expected(&case).is_some() {
                return case;
            }
        }
    }

    /// A case whose streams may have too many records.
    fn any(random: &mut Random, first: Option<Source>, trouble: Trouble, restarted: usize) -> Self {
        // What owns itself has the fewest operators.
        let queues = [Source::TextQueue, Source::TextQueue, Source::TextQueue, Source::Queue];
        let mut sources = vec![first.unwrap_or_else(|| random.pick(&queues))];
        if random.one_in(2) {
            let others: &[Source] = match first {
                Some(Source::Socket) => &[Source::Socket, Source::TextQueue, Source::Queue],
                _ => &queues,
            };
            sources.push(random.pick(others));
        }
        let fault = fault(random, trouble);
        let marked = matches!(fault, Some(Fault::AtMarks { .. } | Fault::AlwaysAtMarks));
        let input = input::batches(random, sources.len(), marked);
        let batches = input[0].len();
        let restart = (batches > 1 && random.one_in(restarted)).then(|| Restart {
            before: 1 + random.below(batches - 1),
            parallelism: 1 + random.below(8),
        });
        Case {
            input,
            program: generate::program(random, sources, marked),
            parallelism: 1 + random.below(8),
            early_work: true,
            fault,
            restart,
            cuts: random.next(),
        }
    }

    pub(crate) fn batches(&self) -> usize {
        self.input[0].len()
    }
}

fn fault(random: &mut Random, trouble: Trouble) -> Option<Fault> {
    match trouble {
        Trouble::Nothing => None,
        Trouble::Stays => Some(match random.one_in(6) {
            true => Fault::InTransforms { batch: random.below(MOST_BATCHES / 2) },
            false => Fault::AlwaysAtMarks,
        }),
        Trouble::Passes => {
            let times = 1 + random.below(MOST_TIMES as usize) as u32;
            Some(match random.one_in(3) {
                true => Fault::InMerges { from: random.below(60) as u32, times },
                false => Fault::AtMarks { times },
            })
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let early = if self.early_work { "on" } else { "off" };
        writeln!(f, "{}parallelism {}, early work {early}", self.program, self.parallelism)?;
        if let Some(fault) = self.fault {
            writeln!(f, "fault: {fault:?}")?;
        }
        if let Some(Restart { before, parallelism }) = self.restart {
            writeln!(f, "restart before batch {before}, with parallelism {parallelism}")?;
        }
        for (source, batches) in self.input.iter().enumerate() {
            for (batch, lines) in batches.iter().enumerate() {
                let first = &lines[..lines.len().min(MOST_LINES_SHOWN)];
                write!(f, "source {source}, batch {batch}: {first:?}")?;
                match lines.len() - first.len() {
                    0 => writeln!(f)?,
                    more => writeln!(f, " and {more} more")?,
                }
            }
        }
        Ok(())
    }
}
