//! What a running stream would need to go on elsewhere: its states and windows as data, by the name
//! of their operator, never as code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::block::{Block, SourceId};
use crate::checkpoint::Parts;
use crate::durable::{from_bytes, to_bytes};
use crate::error::{Error, Result};
use crate::graph::{Graph, Source, SourceKind, place_of};
use crate::input::{History, Input, Past};
use crate::intake::Committed;
use crate::received::{Form, ReceivedBlock, RecordPolicy};
use crate::time::{Duration, Time};

/// The version of what a [`Snapshot`] holds. A snapshot of another one is refused.
const VERSION: u32 = 1;

/// The states and windows of a stream, as a batch has left them.
///
/// It is taken by [`Running::snapshot`](crate::Running::snapshot) and given to a context that has
/// not been started, [`StreamingContext::restore`](crate::StreamingContext::restore), which then
/// describes the same graph. It is data: serde can write it and read it.
///
/// What it does not hold is what has been received for batches to come. Of a stream of files it holds which
/// files were taken, so whoever goes on from it takes those that came since.
///
/// ```
/// use millstream::{Conf, ManualClock, Queue, StreamingContext, Time, secs, testing::Collector};
///
/// let (clock, words, sums) = (ManualClock::at(Time::default()), Queue::new(), Collector::new());
/// let start = |snapshot| {
///     let ssc = StreamingContext::new(Conf::new("sums").clock(clock.clone()), secs(1))?;
///     if let Some(snapshot) = snapshot {
///         ssc.restore(snapshot);
///     }
///     let (words, sums) = (words.clone(), sums.clone());
///     ssc.start(move |s| {
///         let pairs = s.queue_stream(&words);
///         let totals = pairs.update_state_by_key(|new: &[u64], old: Option<u64>| {
///             Some(old.unwrap_or_default() + new.iter().sum::<u64>())
///         });
///         sums.collect(&totals.named("sums").map(|(word, sum)| (word, *sum)));
///         Ok(())
///     })
/// };
///
/// words.push(vec![('a', 1), ('a', 2)]);
/// let running = start(None)?;
/// clock.advance(secs(1));
/// running.wait_for_batch(clock.now(), secs(10))?;
/// let snapshot = running.snapshot()?;
/// drop(running);
///
/// words.push(vec![('a', 4)]);
/// let running = start(Some(snapshot))?;
/// clock.advance(secs(1));
/// running.wait_for_batch(clock.now(), secs(10))?;
/// let of_each_batch: Vec<_> = sums.take().into_iter().map(|(_, sums)| sums).collect();
/// assert_eq!(of_each_batch, [[('a', 3)], [('a', 7)]]);
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    batch_interval: Duration,
    /// The time from which slides are counted.
    zero: Time,
    /// The last batch that is in it.
    time: Time,
    operators: BTreeMap<String, Bytes>,
    /// By source, what it remembers, and what windows of raw records keep of it.
    sources: Vec<OfSource>,
}

/// What a checkpoint has of it beside the operators.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    batch_interval: Duration,
    zero: Time,
    time: Time,
    sources: Vec<OfSource>,
}

/// The part of a checkpoint that has the head.
const HEAD: &str = "batches";

/// How the parts of a checkpoint are called that have an operator's state, before its name.
const OPERATOR: &str = "operator ";

#[derive(Clone, Serialize, Deserialize)]
struct OfSource {
    name: String,
    batches: Vec<(Time, Written)>,
    /// As [`Poll::position`](crate::intake::polled::Poll::position) has given it.
    #[serde(default)]
    position: Option<Bytes>,
}

/// An input as it is written.
#[derive(Clone, Serialize, Deserialize)]
enum Written {
    Nothing,
    Blocks(Vec<(Form, Bytes)>),
    Items(Bytes),
}

impl Snapshot {
    /// As the parts of a checkpoint: its head, and the bytes of each operator under its name.
    pub(crate) fn into_parts(self) -> Result<Parts> {
        let Snapshot { version, batch_interval, zero, time, operators, sources } = self;
        let head = Head { version, batch_interval, zero, time, sources };
        let unwritable = |reason| Error::Unwritable { what: "the snapshot".into(), reason };
        let head = (HEAD.to_string(), Bytes::from(to_bytes(&head).map_err(unwritable)?));
        let operators =
            operators.into_iter().map(|(name, bytes)| (format!("{OPERATOR}{name}"), bytes));
        Ok(std::iter::once(head).chain(operators).collect())
    }

    /// What [`into_parts`](Snapshot::into_parts) has given.
    pub(crate) fn of_parts(parts: Parts) -> Result<Self> {
        let unreadable = |reason| Error::Unreadable { what: "the checkpoint".into(), reason };
        let (mut head, mut operators) = (None, BTreeMap::new());
        for (name, bytes) in parts {
            match name.strip_prefix(OPERATOR) {
                Some(name) => drop(operators.insert(name.to_string(), bytes)),
                None if name == HEAD => head = Some(from_bytes(&bytes).map_err(unreadable)?),
                None => {
                    return Err(unreadable(format!("it has a part {name:?}, which is not known")));
                }
            }
        }
        let head: Head = head.ok_or_else(|| unreadable("it has no head".into()))?;
        let Head { version, batch_interval, zero, time, sources } = head;
        Ok(Snapshot { version, batch_interval, zero, time, operators, sources })
    }

    /// The last batch that is in it.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The time from which slides are counted.
    pub(crate) fn zero(&self) -> Time {
        self.zero
    }

    /// What the source of this name, in this place, or once in another, had remembered.
    pub(crate) fn position(&self, id: SourceId, name: &str) -> Option<Bytes> {
        let names = self.sources.iter().map(|source| source.name.as_str());
        self.sources[place_of(names, id, name)?].position.clone()
    }

    /// The names of the operators whose states are in it.
    pub fn operators(&self) -> impl Iterator<Item = &str> {
        self.operators.keys().map(String::as_str)
    }

    /// Takes one, between batches.
    pub(crate) fn take(
        graph: &Graph<'_>,
        history: &History,
        zero: Time,
        time: Time,
    ) -> Result<Snapshot> {
        let mut operators = BTreeMap::new();
        for operator in &graph.operators {
            let kept = operator.keeps.and_then(|stage| graph.stages[stage].work.kept());
            if let Some(kept) = kept {
                let bytes = kept
                    .stateful
                    .snapshot()
                    .map_err(|reason| Error::Unwritable { what: operator.name.clone(), reason })?;
                operators.insert(operator.name.clone(), bytes.into());
            }
        }
        let past = history.past();
        let sources = graph.sources.iter().enumerate();
        let sources = sources.map(|(id, source)| write_source(source, id, &past));
        Ok(Snapshot {
            version: VERSION,
            batch_interval: graph.batch_interval,
            zero,
            time,
            operators,
            sources: sources.collect::<Result<_>>()?,
        })
    }

    /// Has the graph go on from it, before its first batch. Answers what did not fit, in sentences:
    /// states whose operator is not there any more, and operators that begin anew.
    ///
    /// Fails where it is of another version or batch interval, or a state cannot be read.
    pub(crate) fn put(
        &self,
        graph: &Graph<'_>,
        history: &mut History,
        policy: RecordPolicy,
    ) -> Result<Vec<String>> {
        let refused = |what: &str, reason: String| Error::Unreadable { what: what.into(), reason };
        if self.version != VERSION {
            let reason = format!("it is of version {}, and this is {VERSION}", self.version);
            return Err(refused("the snapshot", reason));
        }
        if self.batch_interval != graph.batch_interval {
            let (theirs, ours) = (self.batch_interval, graph.batch_interval);
            let reason = format!(
                "its batches are cut every {theirs}, these every {ours}; windows and slides would not \
                 fit, so give the context a batch interval of {theirs}"
            );
            return Err(refused("the snapshot", reason));
        }
        let mut sentences = Vec::new();
        let mut unused: BTreeSet<&String> = self.operators.keys().collect();
        for operator in &graph.operators {
            let kept = operator.keeps.and_then(|stage| graph.stages[stage].work.kept());
            match (kept, self.operators.get(&operator.name)) {
                (None, _) => {}
                (Some(kept), Some(bytes)) => {
                    unused.remove(&operator.name);
                    let restored = kept.stateful.restore(bytes);
                    restored.map_err(|reason| {
                        let cure = "it was written by an operator of another kind, or with other \
                                    types; give this one a name that the snapshot does not have, \
                                    and it begins anew";
                        refused(&operator.name, format!("{cure} ({reason})"))
                    })?;
                }
                (Some(_), None) => sentences.push(format!(
                    "the snapshot has no state for {}, which begins anew",
                    operator.name
                )),
            }
        }
        sentences.extend(unused.into_iter().map(|name| {
            format!(
                "the snapshot has a state for {name}, which is not in the graph; it is left out"
            )
        }));
        let past = self.read_inputs(&graph.sources, policy, &mut sentences);
        history.restore(past.map_err(|(name, reason)| refused(&name, reason))?);
        Ok(sentences)
    }

    fn read_inputs(
        &self,
        sources: &[Source],
        policy: RecordPolicy,
        sentences: &mut Vec<String>,
    ) -> Result<Past, (String, String)> {
        let mut past: BTreeMap<Time, Vec<Input>> = BTreeMap::new();
        for (id, of_source) in self.sources.iter().enumerate() {
            let name = &of_source.name;
            let Some(id) = place_of(sources.iter().map(|source| &*source.name), id, name) else {
                if !of_source.batches.is_empty() || of_source.position.is_some() {
                    sentences.push(format!(
                        "the snapshot has something of the source {name:?}, which is not in the graph; it is left out"
                    ));
                }
                continue;
            };
            for (time, written) in &of_source.batches {
                let of_batch =
                    past.entry(*time).or_insert_with(|| vec![Input::Nothing; sources.len()]);
                let read = read_input(&sources[id], written, policy);
                of_batch[id] = read.map_err(|reason| (name.clone(), reason))?;
            }
        }
        Ok(past.into_iter().map(|(time, inputs)| (time, Arc::new(inputs))).collect())
    }
}

fn write_source(source: &Source, id: SourceId, past: &Past) -> Result<OfSource> {
    let mut batches = Vec::new();
    for (time, inputs) in past {
        let written = match &inputs[id] {
            Input::Nothing => Written::Nothing,
            Input::Blocks(blocks) => {
                let written = |(block, _): &(Arc<ReceivedBlock>, Committed)| {
                    let damaged = || Error::SpilledDamaged {
                        source_name: source.name.to_string(),
                        batch: *time,
                    };
                    block.whole().map(|bytes| (block.form(), bytes.clone())).ok_or_else(damaged)
                };
                Written::Blocks(blocks.iter().map(written).collect::<Result<_>>()?)
            }
            Input::Items(items) => {
                let written = match &source.kind {
                    SourceKind::Polled(poll) => poll.write_items(items),
                    SourceKind::Dial(..)
                    | SourceKind::Listen(..)
                    | SourceKind::Acknowledged(..) => Err("a socket has blocks, not items".into()),
                };
                let unwritable =
                    |reason| Error::Unwritable { what: source.name.to_string(), reason };
                Written::Items(written.map_err(unwritable)?.into())
            }
        };
        batches.push((*time, written));
    }
    let position = match &source.kind {
        SourceKind::Polled(poll) => poll.position(),
        SourceKind::Dial(..) | SourceKind::Listen(..) | SourceKind::Acknowledged(..) => None,
    };
    Ok(OfSource { name: source.name.to_string(), batches, position })
}

fn read_input(source: &Source, written: &Written, policy: RecordPolicy) -> Result<Input, String> {
    Ok(match (written, &source.kind) {
        (Written::Nothing, _) => Input::Nothing,
        (Written::Blocks(blocks), _) => {
            let blocks = blocks.iter().map(|(form, bytes)| {
                let block = Block::of_bytes(Bytes::copy_from_slice(bytes));
                let policy = RecordPolicy { form: *form, ..policy };
                (Arc::new(ReceivedBlock::new(block, policy)), 0)
            });
            Input::Blocks(blocks.collect())
        }
        (Written::Items(bytes), SourceKind::Polled(poll)) => Input::Items(poll.read_items(bytes)?),
        (Written::Items(_), _) => {
            return Err("it has items where a socket has blocks".into());
        }
    })
}
