//! The graph that a setup closure describes: sources, stages, outputs, and what each needs of the
//! others.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::batch::Batch;
use crate::block::SourceId;
use crate::error::{BoxError, Error, Result};
use crate::intake::Committed;
use crate::intake::polled::Poll;
use crate::pipe::Trace;
use crate::stage::{EarlyStage, Remembers};

/// Stages beyond this many work at the batch's turn only.
const MOST_EARLY_STAGES: usize = Committed::BITS as usize;

/// Where a source's records come from.
pub(crate) enum SourceKind {
    /// A connection that is dialled, `HOST:PORT`.
    Dial(String),
    /// Connections that are accepted, at this address.
    Listen(String),
    /// Nothing is received: it is asked at each batch's turn.
    Polled(Box<dyn Poll>),
}

pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) kind: SourceKind,
}

pub(crate) struct Stage<'b> {
    name: &'static str,
    upstream: Trace,
    pub(crate) node: Arc<dyn Remembers + 'b>,
    early: Option<Arc<dyn EarlyStage<'b> + 'b>>,
}

pub(crate) struct Output<'b> {
    pub(crate) name: &'static str,
    upstream: Trace,
    #[expect(clippy::type_complexity, reason = "said once, here")]
    pub(crate) run: Box<dyn FnMut(&Batch<'b>) -> Result<(), BoxError> + Send + 'b>,
}

/// What is done with the blocks of a source before their batch's turn.
pub(crate) struct Early<'b> {
    pub(crate) stages: Vec<(Committed, Arc<dyn EarlyStage<'b> + 'b>)>,
    /// Somebody else reads the blocks at the batch's turn, so they must stay.
    pub(crate) keep_blocks: bool,
}

/// What a setup closure has described.
pub(crate) struct Graph<'b> {
    pub(crate) sources: Vec<Source>,
    pub(crate) stages: Vec<Stage<'b>>,
    pub(crate) outputs: Vec<Output<'b>>,
    early_allowed: bool,
}

/// The graph while it is being described, shared by its streams.
pub(crate) type SharedGraph<'b> = Arc<Mutex<Graph<'b>>>;

impl<'b> Graph<'b> {
    pub(crate) fn new(early_allowed: bool) -> Self {
        Graph { sources: Vec::new(), stages: Vec::new(), outputs: Vec::new(), early_allowed }
    }

    /// Adds a source and gives its number.
    pub(crate) fn add_source(&mut self, name: Arc<str>, kind: SourceKind) -> SourceId {
        self.sources.push(Source { name, kind });
        self.sources.len() - 1
    }

    /// The number that the next stage will have, and its bit for early work; 0 where it may do
    /// none.
    pub(crate) fn next_stage(&self, upstream: &Trace, keeps_owned: bool) -> (usize, Committed) {
        let number = self.stages.len();
        let early =
            self.early_allowed && upstream.per_block && keeps_owned && number < MOST_EARLY_STAGES;
        (number, if early { 1 << number } else { 0 })
    }

    /// Adds the stage whose number [`Graph::next_stage`] gave.
    pub(crate) fn add_stage(
        &mut self,
        name: &'static str,
        upstream: Trace,
        node: Arc<dyn Remembers + 'b>,
        early: Option<Arc<dyn EarlyStage<'b> + 'b>>,
    ) {
        self.stages.push(Stage { name, upstream, node, early });
    }

    pub(crate) fn add_output(
        &mut self,
        name: &'static str,
        upstream: Trace,
        run: impl FnMut(&Batch<'b>) -> Result<(), BoxError> + Send + 'b,
    ) {
        self.outputs.push(Output { name, upstream, run: Box::new(run) });
    }

    /// Fails where nothing would run.
    pub(crate) fn check(&self) -> Result {
        if self.outputs.is_empty() { Err(Error::NoOutput) } else { Ok(()) }
    }

    /// The stages that some output needs; what no output needs is never run.
    fn needed_stages(&self) -> Vec<bool> {
        let mut needed = vec![false; self.stages.len()];
        let mut open: Vec<usize> =
            self.outputs.iter().flat_map(|output| output.upstream.stages.clone()).collect();
        while let Some(stage) = open.pop() {
            if !std::mem::replace(&mut needed[stage], true) {
                open.extend(&self.stages[stage].upstream.stages);
            }
        }
        needed
    }

    /// For each source, what is done with its blocks as they close.
    pub(crate) fn early(&self) -> Vec<Option<Early<'b>>> {
        let needed = self.needed_stages();
        let mut early: Vec<Early<'b>> =
            self.sources.iter().map(|_| Early { stages: Vec::new(), keep_blocks: false }).collect();
        for (number, stage) in self.stages.iter().enumerate().filter(|(number, _)| needed[*number])
        {
            // A union may read a source more than once; its stage takes a block in once.
            let sources: BTreeSet<SourceId> = stage.upstream.sources.iter().copied().collect();
            for source in sources {
                match &stage.early {
                    Some(work) => early[source].stages.push((1 << number, work.clone())),
                    None => early[source].keep_blocks = true,
                }
            }
        }
        for output in &self.outputs {
            for &source in &output.upstream.sources {
                early[source].keep_blocks = true;
            }
        }
        early.into_iter().map(|early| (!early.stages.is_empty()).then_some(early)).collect()
    }

    /// What was built, in a few lines.
    pub(crate) fn explain(&self) -> String {
        let needed = self.needed_stages();
        let early = self.early();
        let mut text = String::new();
        let mut line = |args: std::fmt::Arguments<'_>| {
            text.write_fmt(args).expect("a string can always be written to");
            text.push('\n');
        };
        for (id, source) in self.sources.iter().enumerate() {
            let blocks = match &early[id] {
                Some(early) if early.keep_blocks => {
                    "blocks worked on as they close, and kept for their batch's turn"
                }
                Some(_) => "blocks worked on as they close, and gone then",
                None => "blocks kept for their batch's turn",
            };
            match source.kind {
                SourceKind::Polled(_) => line(format_args!("source {id}: {}", source.name)),
                _ => line(format_args!("source {id}: {}; {blocks}", source.name)),
            }
        }
        for (number, stage) in self.stages.iter().enumerate() {
            let when = match (needed[number], &stage.early) {
                (false, _) => "never runs: no output needs it",
                (true, Some(_)) => "map side as blocks close, merge at the batch's turn",
                (true, None) => "at the batch's turn",
            };
            line(format_args!("stage {number}: {} => {}; {when}", stage.upstream.text, stage.name));
        }
        for (number, output) in self.outputs.iter().enumerate() {
            line(format_args!("output {number}: {} => {}", output.upstream.text, output.name));
        }
        line(format_args!(
            "operators joined by -> are one loop; => ends a loop, and what it ends in is kept for the batch"
        ));
        text
    }
}
