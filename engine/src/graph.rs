//! The graph that a setup closure describes: sources, stages, outputs, and what each needs of the
//! others.

use std::any::{Any, TypeId};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::batch::Batch;
use crate::block::SourceId;
use crate::conf::Unparsed;
use crate::error::{BoxError, Error, Result};
use crate::framing::Framing;
use crate::intake::Committed;
use crate::intake::polled::Poll;
use crate::pipe::Trace;
use crate::spill::Overflow;
use crate::stage::window::Fill;
use crate::stage::{EarlyStage, Remembers, Stateful};
use crate::storage::StorageLevel;
use crate::time::Duration;
use crate::writer::{Jobs, Writer};

/// Stages beyond this many work at the batch's turn only.
const MOST_EARLY_STAGES: usize = Committed::BITS as usize;

/// Where a source's records come from.
pub(crate) enum SourceKind {
    /// A connection that is dialled, `HOST:PORT`. Its records are text where no framing is given.
    Dial(String, Option<Framing>),
    /// Connections that are accepted, at this address.
    Listen(String, Option<Framing>),
    /// Connections that are accepted, at this address, of senders whose lines are acknowledged.
    Acknowledged(String),
    /// Nothing is received: it is asked at each batch's turn.
    Polled(Box<dyn Poll>),
}

pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) kind: SourceKind,
    /// Where its blocks wait.
    pub(crate) level: StorageLevel,
}

pub(crate) struct Stage<'b> {
    pub(crate) name: &'static str,
    pub(crate) upstream: Trace,
    /// How often it works.
    pub(crate) slide: Duration,
    pub(crate) node: Arc<dyn Remembers + 'b>,
    pub(crate) work: Work<'b>,
}

/// When and how a stage works.
pub(crate) enum Work<'b> {
    /// When somebody asks for its result.
    WhenAsked,
    /// Its map side as blocks close, the rest when somebody asks.
    Early(Arc<dyn EarlyStage<'b> + 'b>),
    /// Whenever it is due, for the next batches build on it.
    Always(Kept<'b>),
}

/// What a stage keeps from batch to batch.
pub(crate) struct Kept<'b> {
    pub(crate) stateful: Arc<dyn Stateful<'b> + 'b>,
    /// Has the stage take the batch in, unless somebody has asked for its result already. Panics
    /// with the stage's failure.
    pub(crate) take_in: Box<dyn Fn(&Batch<'b>) + Send + Sync + 'b>,
}

impl<'b> Work<'b> {
    pub(crate) fn kept(&self) -> Option<&Kept<'b>> {
        match self {
            Work::Always(kept) => Some(kept),
            Work::WhenAsked | Work::Early(_) => None,
        }
    }
}

pub(crate) struct Output<'b> {
    pub(crate) name: &'static str,
    pub(crate) upstream: Trace,
    /// How often it runs.
    pub(crate) slide: Duration,
    #[expect(clippy::type_complexity, reason = "said once, here")]
    pub(crate) run: Box<dyn FnMut(&Batch<'b>) -> Result<(), BoxError> + Send + 'b>,
}

/// Something that outlives batches, under the name by which a snapshot knows it.
pub(crate) struct Operator {
    pub(crate) name: String,
    /// Whether a user has named it.
    named: bool,
    /// Its stage; none for a window of raw records.
    pub(crate) stage: Option<usize>,
    /// The stage whose state is written under its name. None for a window of raw records, which the
    /// sources' inputs make good, and for one that reads what another window keeps.
    pub(crate) keeps: Option<usize>,
}

/// Slices that a further window of the same stream and function can read too.
pub(crate) struct SharedSlices<'b> {
    pub(crate) of: SlicesOf,
    pub(crate) slices: Arc<dyn Any + Send + Sync>,
    pub(crate) fill: Arc<dyn Fill<'b> + 'b>,
    pub(crate) stage: usize,
}

/// What slices are made of: where this is the same, they are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlicesOf {
    /// The stream's number.
    pub(crate) stream: usize,
    /// What is brought together: its pairs by key, its records as a whole, ..
    pub(crate) what: &'static str,
    /// The type of the function that does it, which captures nothing.
    pub(crate) function: TypeId,
}

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

/// What a setup closure has described.
pub(crate) struct Graph<'b> {
    pub(crate) batch_interval: Duration,
    pub(crate) sources: Vec<Source>,
    pub(crate) stages: Vec<Stage<'b>>,
    pub(crate) outputs: Vec<Output<'b>>,
    pub(crate) operators: Vec<Operator>,
    pub(crate) shared: Vec<SharedSlices<'b>>,
    /// What remembers something of a batch without being a stage.
    pub(crate) notes: Vec<Arc<dyn Remembers + 'b>>,
    /// What file outputs give their folders to, and where those arrive; none without such an
    /// output.
    writer: Option<Writer>,
    /// How the folders of file outputs are named, and which output writes them.
    folders: BTreeMap<PathBuf, usize>,
    jobs: Option<Jobs>,
    early_allowed: bool,
    unparsed: Unparsed,
    streams: usize,
    /// Where persisted records go that memory has no room for.
    pub(crate) overflow: Option<Overflow>,
    /// How often windows slide.
    slides: BTreeSet<Duration>,
    /// The first thing that was described and cannot be.
    refused: Option<Error>,
}

/// The graph while it is being described, shared by its streams.
pub(crate) type SharedGraph<'b> = Arc<Mutex<Graph<'b>>>;

impl<'b> Graph<'b> {
    pub(crate) fn new(batch_interval: Duration, early_allowed: bool, unparsed: Unparsed) -> Self {
        Graph {
            batch_interval,
            sources: Vec::new(),
            stages: Vec::new(),
            outputs: Vec::new(),
            operators: Vec::new(),
            shared: Vec::new(),
            notes: Vec::new(),
            writer: None,
            folders: BTreeMap::new(),
            jobs: None,
            early_allowed,
            unparsed,
            streams: 0,
            overflow: None,
            slides: BTreeSet::new(),
            refused: None,
        }
    }

    /// What becomes of records that do not parse.
    pub(crate) fn unparsed(&self) -> Unparsed {
        self.unparsed
    }

    /// A number that no other stream of the graph has.
    pub(crate) fn next_stream(&mut self) -> usize {
        self.streams += 1;
        self.streams
    }

    /// There is a stream with this slide.
    pub(crate) fn note_slide(&mut self, slide: Duration) {
        self.slides.insert(slide);
    }

    /// The slides of streams that are longer than the batch interval.
    pub(crate) fn longer_slides(&self) -> Vec<Duration> {
        self.slides.iter().copied().filter(|slide| *slide > self.batch_interval).collect()
    }

    /// Adds a source and gives its number.
    pub(crate) fn add_source(
        &mut self,
        name: Arc<str>,
        kind: SourceKind,
        level: StorageLevel,
    ) -> SourceId {
        self.sources.push(Source { name, kind, level });
        self.sources.len() - 1
    }

    /// The sources that are asked at each batch's turn.
    pub(crate) fn polled(&mut self) -> impl Iterator<Item = &mut Box<dyn Poll>> {
        self.sources.iter_mut().filter_map(|source| match &mut source.kind {
            SourceKind::Polled(poll) => Some(poll),
            SourceKind::Dial(..) | SourceKind::Listen(..) | SourceKind::Acknowledged(..) => None,
        })
    }

    /// The names of the sources, by their number.
    pub(crate) fn source_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.sources.iter().map(|source| &*source.name)
    }

    /// The source of this number, if it has this name: a program may have changed since both were written
    /// down.
    pub(crate) fn source(&mut self, id: SourceId, name: &str) -> Option<&mut Source> {
        self.sources.get_mut(id).filter(|source| *source.name == *name)
    }

    /// The bit for early work of the stage that is made next; 0 where it may do none.
    pub(crate) fn early_bit(&self, upstream: &Trace, keeps_owned: bool) -> Committed {
        let number = self.stages.len();
        let early =
            self.early_allowed && upstream.per_block && keeps_owned && number < MOST_EARLY_STAGES;
        if early { 1 << number } else { 0 }
    }

    /// Adds something that outlives batches, named for what it is and its place among the others.
    pub(crate) fn add_operator(
        &mut self,
        kind: &str,
        stage: Option<usize>,
        keeps: Option<usize>,
    ) -> usize {
        let number = self.operators.len();
        let name = format!("{kind}-{number}");
        self.operators.push(Operator { name, named: false, stage, keeps });
        number
    }

    /// Gives an operator a name of its own, once.
    pub(crate) fn name_operator(&mut self, number: usize, name: String) {
        let operator = &mut self.operators[number];
        let argument = |what, got, want| Error::Argument { operation: "named", what, got, want };
        if name.is_empty() {
            self.refuse(argument("the name", "empty".into(), "at least one character"));
        } else if operator.named {
            let got = format!("{name:?}, after {:?}", operator.name);
            self.refuse(argument("a second name", got, "left out: an operator has one name"));
        } else {
            operator.name = name;
            operator.named = true;
        }
    }

    pub(crate) fn add_output(&mut self, output: Output<'b>) {
        self.outputs.push(output);
    }

    /// Something in the description is wrong. The first such error is what the start fails with.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// The way to the one thread that writes files, for the output that is added next. `folders` is
    /// how those that it writes are named; they must be its own.
    pub(crate) fn writer(&mut self, folders: String) -> Writer {
        let second = self.outputs.len();
        // `q` and `./q` are one folder.
        let parts = Path::new(&folders).components().filter(|part| *part != Component::CurDir);
        match self.folders.entry(parts.collect()) {
            Entry::Occupied(there) => {
                let first = *there.get();
                self.refuse(Error::SameFolders { folders, first, second });
            }
            Entry::Vacant(place) => {
                place.insert(second);
            }
        }
        self.log_writer()
    }

    /// The way to the one thread that writes files.
    pub(crate) fn log_writer(&mut self) -> Writer {
        let jobs = &mut self.jobs;
        let new = || {
            let (writer, arriving) = Writer::new();
            *jobs = Some(arriving);
            writer
        };
        self.writer.get_or_insert_with(new).clone()
    }

    /// What that thread has to do, if there is an output that writes files.
    pub(crate) fn take_jobs(&mut self) -> Option<Jobs> {
        self.jobs.take()
    }

    /// Fails where the description is wrong, or nothing would run.
    pub(crate) fn check(&self) -> Result {
        if let Some(error) = &self.refused {
            return Err(error.clone());
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = self.operators.iter().find(|operator| !names.insert(&operator.name)) {
            return Err(Error::SameName { name: twice.name.clone() });
        }
        if self.outputs.is_empty() { Err(Error::NoOutput) } else { Ok(()) }
    }

    /// Fails where there is a source that gives what nobody could write down to the log.
    pub(crate) fn check_logged(&self) -> Result {
        for Source { name, kind, .. } in &self.sources {
            if let SourceKind::Polled(poll) = kind
                && let Some(instead) = poll.instead_when_logged()
            {
                return Err(Error::Unloggable { source_name: name.to_string(), instead });
            }
        }
        Ok(())
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
/// Where a source is now that was once in the place `id` and called `name`, by the `names` that there are now:
/// there, if it is still called so, or else where the only one of this name is.
pub(crate) fn place_of<'n>(
    names: impl Iterator<Item = &'n str> + Clone,
    id: SourceId,
    name: &str,
) -> Option<SourceId> {
    if names.clone().nth(id) == Some(name) {
        return Some(id);
    }
    let mut named = names.enumerate().filter(|(_, other)| *other == name);
    let (place, _) = named.next()?;
    named.next().is_none().then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_found_in_its_place_or_by_a_name_that_no_other_has() {
        let place = |names: &[&str], id| place_of(names.iter().copied(), id, "a");
        assert_eq!(place(&["b", "a", "a"], 2), Some(2));
        assert_eq!(place(&["b", "a"], 0), Some(1));
        assert_eq!(place(&["b", "a"], 7), Some(1));
        assert_eq!(place(&["a", "b", "a"], 1), None);
        assert_eq!(place(&["b"], 0), None);
    }
}
