//! What each part of a graph needs of the others: how far back what it reads is read, and which work
//! can be done on blocks as they close.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Graph;
use super::parts::{Stage, Work};
use crate::block::SourceId;
use crate::intake::Committed;
use crate::pipe::Trace;
use crate::stage::EarlyStage;
use crate::time::Duration;

/// Stages beyond this many work at the batch's turn only.
const MOST_EARLY_STAGES: usize = Committed::BITS as usize;

/// What is done with the blocks of a source before their batch's turn.
pub(crate) struct Early<'b> {
    pub(crate) stages: Vec<(Committed, Arc<dyn EarlyStage<'b> + 'b>)>,
    /// Somebody else reads the blocks at the batch's turn, or later, so they must stay.
    pub(crate) keep_blocks: bool,
}

/// How long before the batch that runs lies the oldest batch that is read; `None` where nothing is
/// read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reaches {
    pub(crate) sources: Vec<Option<Duration>>,
    pub(crate) stages: Vec<Option<Duration>>,
}

impl<'b> Graph<'b> {
    /// The bit for early work of the stage that is made next; 0 where it may do none.
    pub(crate) fn early_bit(&self, upstream: &Trace, keeps_owned: bool) -> Committed {
        let number = self.stages.len();
        let early =
            self.early_allowed && upstream.per_block && keeps_owned && number < MOST_EARLY_STAGES;
        if early { 1 << number } else { 0 }
    }

    /// By source, whether anything that is made of a batch's records outlives the batch.
    pub(crate) fn outlived(&self, reaches: &Reaches) -> Vec<bool> {
        let mut kept = Reaches {
            sources: vec![None; self.sources.len()],
            stages: vec![None; self.stages.len()],
        };
        for (number, stage) in self.stages.iter().enumerate().rev() {
            let keeps = stage.work.kept().is_some() && reaches.stages[number].is_some();
            if keeps || kept.stages[number].is_some() {
                kept.note(&stage.upstream, Duration::ZERO);
            }
        }
        let windows = reaches.sources.iter().map(|back| back.is_some_and(|b| b > Duration::ZERO));
        kept.sources.iter().zip(windows).map(|(kept, window)| kept.is_some() || window).collect()
    }

    /// What the outputs need, directly and through stages.
    pub(crate) fn reaches(&self) -> Reaches {
        let mut reaches = Reaches {
            sources: vec![None; self.sources.len()],
            stages: vec![None; self.stages.len()],
        };
        for output in &self.outputs {
            reaches.note(&output.upstream, Duration::ZERO);
        }
        // A stage is made after what it reads, so this meets every reader before what it reads.
        for (number, stage) in self.stages.iter().enumerate().rev() {
            match (reaches.stages[number], &stage.work) {
                (None, _) => {}
                // It keeps its own results for as long as they are asked for.
                (Some(_), Work::Always(_)) => reaches.note(&stage.upstream, Duration::ZERO),
                (Some(back), _) => reaches.note(&stage.upstream, back),
            }
        }
        reaches
    }

    /// For each source, what is done with its blocks as they close.
    pub(crate) fn early(&self) -> Vec<Option<Early<'b>>> {
        let reaches = self.reaches();
        let read_later = |back: &Option<Duration>| back.is_some_and(|back| back > Duration::ZERO);
        let mut early: Vec<Early<'b>> = (reaches.sources.iter())
            .map(|back| Early { stages: Vec::new(), keep_blocks: read_later(back) })
            .collect();
        let needed = |(number, _): &(usize, &Stage<'b>)| reaches.stages[*number].is_some();
        for (number, stage) in self.stages.iter().enumerate().filter(needed) {
            // A union may read a source more than once; its stage takes a block in once.
            let sources: BTreeSet<SourceId> =
                stage.upstream.sources.iter().map(|needs| needs.id).collect();
            for source in sources {
                match &stage.work {
                    Work::Early(work) => early[source].stages.push((1 << number, work.clone())),
                    _ => early[source].keep_blocks = true,
                }
            }
        }
        for output in &self.outputs {
            for needs in &output.upstream.sources {
                early[needs.id].keep_blocks = true;
            }
        }
        early.into_iter().map(|early| (!early.stages.is_empty()).then_some(early)).collect()
    }
}

impl Reaches {
    fn note(&mut self, trace: &Trace, back: Duration) {
        for needs in &trace.sources {
            let reach = &mut self.sources[needs.id];
            *reach = Some(reach.unwrap_or(Duration::ZERO).max(back + needs.back));
        }
        for needs in &trace.stages {
            let reach = &mut self.stages[needs.id];
            *reach = Some(reach.unwrap_or(Duration::ZERO).max(back + needs.back));
        }
    }
}
