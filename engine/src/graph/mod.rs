//! The graph that a setup closure describes: sources, stages, outputs, and what each needs of the
//! others.

mod folders;
mod needs;
mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use needs::{Early, Reaches};
use parts::Operator;
pub(crate) use parts::{Kept, Output, SharedSlices, SlicesOf, Source, SourceKind, Stage, Work};

use crate::block::SourceId;
use crate::conf::Unparsed;
use crate::error::{Error, Result};
use crate::intake::polled::Poll;
use crate::spill::Overflow;
use crate::stage::Remembers;
use crate::storage::StorageLevel;
use crate::time::Duration;
use crate::writer::{Jobs, Writer};

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
