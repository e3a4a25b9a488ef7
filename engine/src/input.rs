//! What a batch was given, and what is kept of batches before it for the windows that read them
//! again.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::block::SourceId;
use crate::intake::Committed;
use crate::intake::polled::Items;
use crate::received::ReceivedBlock;
use crate::spill::Moved;
use crate::time::{Duration, Time};

/// What a source gives to a batch.
#[derive(Clone)]
pub(crate) enum Input {
    /// Nothing.
    Nothing,
    /// Blocks in order of arrival, each with the early stages that have taken it in.
    Blocks(Vec<(Arc<ReceivedBlock>, Committed)>),
    /// The items of a queue or of a user's receiver.
    Items(Items),
}

impl Input {
    /// Bytes of it that were moved to disk.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        match self {
            Input::Blocks(blocks) => {
                let moved = blocks.iter().filter(|(block, _)| block.is_moved());
                moved.map(|(block, _)| block.raw_bytes() as u64).sum()
            }
            Input::Nothing | Input::Items(_) => 0,
        }
    }

    /// Bytes of received data that it keeps in memory.
    fn block_bytes(&self) -> u64 {
        match self {
            Input::Blocks(blocks) => {
                let in_memory = blocks.iter().filter(|(block, _)| !block.is_moved());
                in_memory.map(|(block, _)| block.raw_bytes() as u64).sum()
            }
            Input::Nothing | Input::Items(_) => 0,
        }
    }

    /// Bytes of a list that it keeps, which is in no slab.
    fn list_bytes(&self) -> u64 {
        match self {
            Input::Items(items) => items.bytes(),
            Input::Nothing | Input::Blocks(_) => 0,
        }
    }

    /// The same input as if no early work had been done on it: what that has kept goes with its
    /// batch.
    fn to_read_again(&self) -> Input {
        match self {
            Input::Blocks(blocks) => {
                Input::Blocks(blocks.iter().map(|(block, _)| (block.clone(), 0)).collect())
            }
            other => other.clone(),
        }
    }
}

/// The inputs of batches that are over, by batch, then by source.
pub(crate) type Past = BTreeMap<Time, Arc<Vec<Input>>>;

/// The inputs that raw windows still need.
///
/// A batch that has failed is not among them: to every later window it is as if nothing had come.
pub(crate) struct History {
    /// By source: how long after its batch an input may still be read; zero for never.
    reach: Vec<Duration>,
    /// How long after its end a batch may still be read at all: what windows keep of it is read
    /// where no source is.
    longest: Duration,
    past: Arc<Past>,
    bytes: u64,
}

impl History {
    /// `stages` says how long after its batch the result of a stage may still be read.
    pub(crate) fn new(reach: Vec<Duration>, stages: impl Iterator<Item = Duration>) -> Self {
        let longest = reach.iter().copied().chain(stages).fold(Duration::ZERO, Duration::max);
        History { reach, longest, past: Arc::default(), bytes: 0 }
    }

    /// What is kept, shared with a batch until it ends.
    pub(crate) fn past(&self) -> Arc<Past> {
        self.past.clone()
    }

    /// Bytes in memory in the blocks that are kept.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of the lists of records that are kept, which are in no slab. Cost: a look at each batch that is kept.
    pub(crate) fn list_bytes(&self) -> u64 {
        self.past.values().flat_map(|inputs| inputs.iter()).map(Input::list_bytes).sum()
    }

    /// The batch at `time` is over: its inputs join the others where it has succeeded, and what no
    /// later window reaches goes.
    ///
    /// Cost: the blocks that enter and leave, and a look at each batch that is kept.
    pub(crate) fn batch_ended(&mut self, time: Time, inputs: Option<&[Input]>) {
        if self.longest == Duration::ZERO {
            return;
        }
        // A dataset that was leaked shares it for ever; then this copies a map of pointers.
        let past = Arc::make_mut(&mut self.past);
        if let Some(inputs) = inputs {
            let kept = inputs.iter().zip(&self.reach).map(|(input, &reach)| {
                if reach > Duration::ZERO { input.to_read_again() } else { Input::Nothing }
            });
            let kept: Vec<Input> = kept.collect();
            self.bytes += kept.iter().map(Input::block_bytes).sum::<u64>();
            past.insert(time, Arc::new(kept));
        }
        let mut unread = std::mem::take(past);
        *past = unread.split_off(&(time - self.longest + Duration::from_millis(1)));
        self.bytes -=
            unread.values().flat_map(|inputs| inputs.iter()).map(Input::block_bytes).sum::<u64>();
        for (&then, inputs) in past.iter_mut() {
            let over = |(input, &reach): (&Input, &Duration)| {
                then + reach <= time && !matches!(input, Input::Nothing)
            };
            if inputs.iter().zip(&self.reach).any(over) {
                for (input, &reach) in Arc::make_mut(inputs).iter_mut().zip(&self.reach) {
                    if then + reach <= time {
                        self.bytes -= input.block_bytes();
                        *input = Input::Nothing;
                    }
                }
            }
        }
    }

    /// Takes over what a snapshot held, as far as windows read it.
    pub(crate) fn restore(&mut self, mut past: Past) {
        for inputs in past.values_mut() {
            let unread = Arc::make_mut(inputs).iter_mut().zip(&self.reach);
            for (input, _) in unread.filter(|(_, reach)| **reach == Duration::ZERO) {
                *input = Input::Nothing;
            }
        }
        self.past = Arc::new(if self.longest > Duration::ZERO { past } else { Past::new() });
        let inputs = self.past.values().flat_map(|inputs| inputs.iter());
        self.bytes = inputs.map(Input::block_bytes).sum();
    }
}

/// A [`History`], shared with the thread that moves blocks out of memory.
#[derive(Clone)]
pub(crate) struct SharedHistory(Arc<Mutex<History>>);

impl SharedHistory {
    pub(crate) fn new(history: History) -> Self {
        SharedHistory(Arc::new(Mutex::new(history)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, History> {
        self.0.lock()
    }

    /// Of what is kept in memory of such sources, the blocks of the newest batch.
    pub(crate) fn last_to_move(
        &self,
        of: impl Fn(SourceId) -> bool,
    ) -> Option<(Time, SourceId, Vec<Arc<ReceivedBlock>>)> {
        let history = self.lock();
        let from_the_end = history.past.iter().rev().flat_map(|(&time, inputs)| {
            inputs.iter().enumerate().map(move |(source, input)| (time, source, input))
        });
        let mut wanted = from_the_end.filter(|(_, source, _)| of(*source));
        wanted.find_map(|(time, source, input)| match input {
            Input::Blocks(blocks) if input.block_bytes() > 0 => {
                let in_memory = blocks.iter().filter(|(block, _)| !block.is_moved());
                Some((time, source, in_memory.map(|(block, _)| block.clone()).collect()))
            }
            _ => None,
        })
    }

    /// Puts blocks of a batch and a source in the place of those that they were before they were moved; unless no
    /// window needs them any more. A batch that runs has those that it began with, until its end.
    pub(crate) fn were_moved(&self, time: Time, source: SourceId, moved: &Moved) {
        let mut history = self.lock();
        let Some(inputs) = history.past.get(&time) else { return };
        let Input::Blocks(blocks) = &inputs[source] else { return };
        let blocks: Vec<_> = blocks.iter().map(|(block, _)| block.clone()).collect();
        let blocks = moved.put_into(&blocks).into_iter().map(|block| (block, 0));
        let input = Input::Blocks(blocks.collect());
        history.bytes -= inputs[source].block_bytes() - input.block_bytes();
        let past = Arc::make_mut(&mut history.past);
        if let Some(inputs) = past.get_mut(&time) {
            Arc::make_mut(inputs)[source] = input;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter::{empty, once};

    use super::*;
    use crate::time::secs;

    fn at(seconds: u64) -> Time {
        Time::default() + secs(seconds)
    }

    fn items(n: u64) -> Input {
        Input::Items(vec![n].into())
    }

    /// Which sources still have something of each batch.
    fn kept(history: &History) -> Vec<(Time, Vec<bool>)> {
        let has = |input: &Input| !matches!(input, Input::Nothing);
        history
            .past
            .iter()
            .map(|(&time, inputs)| (time, inputs.iter().map(has).collect()))
            .collect()
    }

    #[test]
    fn each_source_is_kept_for_as_long_as_a_window_reaches_back_to_it() {
        let mut history = History::new(vec![secs(2), Duration::ZERO, secs(1)], empty());
        for second in 1..=3 {
            history.batch_ended(at(second), Some(&[items(1), items(2), items(3)]));
        }
        // The next batch is at 4, and its windows reach back to 3, and to 2 for the first source.
        let wanted = [(at(2), vec![true, false, false]), (at(3), vec![true, false, true])];
        assert_eq!(kept(&history), wanted);
        assert_eq!(history.list_bytes(), 3 * 8, "what is kept of three batches' lists of a number");
    }

    #[test]
    fn a_batch_is_there_for_as_long_as_what_a_stage_keeps_of_it_is_read() {
        let mut history = History::new(vec![Duration::ZERO], once(secs(2)));
        for second in 1..=3 {
            history.batch_ended(at(second), Some(&[items(1)]));
        }
        assert_eq!(kept(&history), [(at(2), vec![false]), (at(3), vec![false])]);
    }

    #[test]
    fn a_batch_that_failed_is_not_kept() {
        let mut history = History::new(vec![secs(5)], empty());
        history.batch_ended(at(1), Some(&[items(1)]));
        history.batch_ended(at(2), None);
        assert_eq!(kept(&history), [(at(1), vec![true])]);
    }
}
