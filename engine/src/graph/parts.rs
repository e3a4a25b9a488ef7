//! What a graph is made of: sources, stages, outputs, and what outlives batches.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::batch::Batch;
use crate::error::{BoxError, Result};
use crate::framing::Framing;
use crate::intake::polled::Poll;
use crate::pipe::Trace;
use crate::stage::window::Fill;
use crate::stage::{EarlyStage, Remembers, Stateful};
use crate::storage::StorageLevel;
use crate::time::Duration;

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
    pub(super) named: bool,
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
