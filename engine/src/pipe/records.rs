//! The records of a source of bytes.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::sealed::Sealed;
use super::{Needs, Pipe, Trace};
use crate::batch::Batch;
use crate::block::SourceId;
use crate::partition::group;
use crate::received::ReceivedBlock;

/// The records of a source of bytes, borrowed from its blocks.
#[derive(Clone)]
pub struct Records {
    pub(crate) source: SourceId,
    pub(crate) name: Arc<str>,
}

impl Sealed for Records {}

impl<'b> Pipe<'b> for Records {
    type Item = &'b [u8];
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
        S: FnMut(&'b [u8]) -> ControlFlow<()>,
    {
        for block in &plan[partition] {
            let mut given = 0;
            for record in block.records() {
                given += 1;
                sink(record)?;
            }
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
