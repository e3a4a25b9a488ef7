//! Where records begin: the lines of received blocks, and items that are there already.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::sealed::Sealed;
use super::{Needs, Pipe, TextPiece, Trace};
use crate::batch::Batch;
use crate::block::SourceId;
use crate::columns::Fields;
use crate::columns::cut_lines::for_each_cut_line;
use crate::partition::group;
use crate::received::ReceivedBlock;
use crate::text::for_each_line;

/// The lines of a text source, borrowed from its blocks.
#[derive(Clone)]
pub struct Lines {
    pub(crate) source: SourceId,
    pub(crate) name: Arc<str>,
}

impl Sealed for Lines {}

impl<'b> Pipe<'b> for Lines {
    type Item = &'b str;
    type Plan = Vec<Vec<&'b ReceivedBlock>>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        group(batch.blocks(self.source), |block| block.raw_bytes(), batch.parallelism())
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.len()
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
    {
        for block in &plan[partition] {
            let mut given = 0;
            for_each_line(block.text(), |line| {
                given += 1;
                sink(line)
            })?;
            assert_eq!(given, block.counts().records, "a block gives the records that it counts");
        }
        ControlFlow::Continue(())
    }

    #[inline]
    fn run_text<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(TextPiece<'b>) -> ControlFlow<()>,
    {
        plan[partition].iter().map(|block| TextPiece::Lines(block.text())).try_for_each(sink)
    }

    #[inline]
    fn run_columns<S>(
        &self,
        plan: &Self::Plan,
        partition: usize,
        separator: char,
        mut sink: S,
    ) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
    {
        let Some(separator) = u8::try_from(separator).ok().filter(u8::is_ascii) else {
            return self.run(plan, partition, |line| sink(Fields::new(line, separator)));
        };
        for block in &plan[partition] {
            let mut given = 0;
            for_each_cut_line(block.text(), separator, |line| {
                given += 1;
                sink(line)
            })?;
            assert_eq!(given, block.counts().records, "a block gives the records that it counts");
        }
        ControlFlow::Continue(())
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        plan[partition].iter().map(|block| block.counts().records).sum()
    }

    fn trace(&self) -> Trace {
        Trace {
            text: self.name.to_string(),
            sources: vec![Needs::now(self.source)],
            stages: Vec::new(),
            per_block: true,
            replays: true,
        }
    }
}

/// The items of a [`Queue`](crate::Queue) or of a [`Receiver`](crate::Receiver), cloned out of it.
pub struct Items<T> {
    pub(crate) source: SourceId,
    pub(crate) name: Arc<str>,
    pub(crate) _items: PhantomData<fn() -> T>,
}

impl<T> Clone for Items<T> {
    fn clone(&self) -> Self {
        Items { source: self.source, name: self.name.clone(), _items: PhantomData }
    }
}

impl<T> Sealed for Items<T> {}

impl<'b, T: Clone + Send + Sync + 'static> Pipe<'b> for Items<T> {
    type Item = T;
    type Plan = Vec<&'b [T]>;

    /// `n` items over `p` partitions are cut at `i * n / p`, as Spark cuts a collection; some are
    /// empty where the items are fewer.
    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        let (items, partitions) = (batch.items::<T>(self.source), batch.parallelism());
        let cut = |i: usize| i * items.len() / partitions;
        (0..partitions).map(|i| &items[cut(i)..cut(i + 1)]).collect()
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.len()
    }

    /// An item may stand for anything, a file or a question: only none of them is nothing to do.
    fn known_records(&self, plan: &Self::Plan, partition: usize) -> Option<usize> {
        plan[partition].is_empty().then_some(0)
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(T) -> ControlFlow<()>,
    {
        plan[partition].iter().cloned().try_for_each(sink)
    }

    fn trace(&self) -> Trace {
        Trace {
            text: self.name.to_string(),
            sources: vec![Needs::now(self.source)],
            stages: Vec::new(),
            per_block: false,
            replays: true,
        }
    }
}
