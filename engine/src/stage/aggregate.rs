//! A stage that brings records together, and can do its map side on each block as soon as the block
//! closes.
//!
//! What tasks make of their records goes into *pieces*, which belong to the stage and to a batch: a task
//! takes a piece, brings its records to those that are in it, and gives it back. At the batch's turn
//! tasks run for the blocks that are left, and a last merge makes the result of the pieces.
//!
//! A task counts the records that it has taken in. One that panics leaves its piece with these, and the
//! next attempt goes on behind them; so no record is taken in twice, and a piece needs no copy to go
//! back to. That asks of users' closures what retries ask anyway: the same records, each time they are
//! run over the same input.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parking_lot::Mutex;

use super::EarlyStage;
use super::edge::{Compute, Partitions};
use crate::batch::{ATTEMPTS, Batch, StageFailed, gave_up, reason_of};
use crate::intake::Committed;
use crate::panics::drop_all;
use crate::pipe::Pipe;
use crate::time::Time;

/// How records are brought together.
pub(crate) trait Aggregate<'b, P: Pipe<'b>>: Send + Sync + 'b {
    /// What some tasks have made of their records.
    type Piece: Default + Send + Sync + 'b;

    /// What comes out.
    type Out: Clone + Send + Sync + 'b;

    /// What it is called.
    fn name(&self) -> &'static str;

    /// Whether a piece owns itself, so that blocks may go before their batch ends. Such a piece can be
    /// gone on with.
    fn keeps_owned(&self) -> bool;

    /// Whether a piece that a panic has left can be gone on with; if not, it is dropped, and with it all
    /// that its task has done.
    fn goes_on(&self) -> bool;

    /// Takes one partition's records into a piece, all but the first `taken`, which are there already.
    /// `taken` says at every moment, also when it panics, how many are.
    fn work(
        &self,
        pipe: &P,
        plan: &P::Plan,
        partition: usize,
        piece: &mut Self::Piece,
        taken: &mut u64,
    );

    /// The result of the batch; in stages, so that a panic is tried again.
    fn finish(&self, batch: &Batch<'b>, pieces: &[Self::Piece]) -> Partitions<Self::Out>;

    /// Empties a piece for the next batch.
    fn clear(piece: &mut Self::Piece);

    /// Bytes that a piece takes, also an empty one.
    fn piece_bytes(piece: &Self::Piece) -> u64 {
        size_of_val(piece) as u64
    }
}

/// An aggregation of one stream.
pub(crate) struct AggregateNode<'b, P: Pipe<'b>, A: Aggregate<'b, P>> {
    pipe: P,
    aggregate: A,
    /// The bit by which blocks say that this stage has taken them in; 0 where there is no early
    /// work.
    bit: Committed,
    /// By batch: what tasks have made so far.
    made: Mutex<BTreeMap<Time, Made<A::Piece>>>,
    /// Pieces of batches that are over. What borrows nothing is emptied when it is used again, by the
    /// task that uses it.
    spent: Mutex<Spent<A::Piece>>,
}

/// Pieces to be used again, the one first that was used last.
struct Spent<P> {
    pieces: Vec<P>,
    /// For how many batches there have been more than were used.
    spare_for: u32,
}

/// Pieces that so many batches have had no use for go, one a batch.
const SPARE_BATCHES: u32 = 16;

impl<P> Default for Spent<P> {
    fn default() -> Self {
        Spent { pieces: Vec::new(), spare_for: 0 }
    }
}

impl<P> Spent<P> {
    /// Takes back what a batch has used. Gives a piece that there is no use for.
    fn put_back(&mut self, mut used: Vec<P>) -> Option<P> {
        self.spare_for = if self.pieces.is_empty() { 0 } else { self.spare_for + 1 };
        let spare = (self.spare_for > SPARE_BATCHES).then(|| self.pieces.remove(0));
        self.pieces.append(&mut used);
        spare
    }
}

/// What tasks have made of a batch so far.
struct Made<P> {
    /// As many as have run at the same time; those that a task has are missing.
    pieces: Vec<P>,
    /// How often early work was tried again.
    retries: u32,
    /// Why early work was given up, and with it the batch.
    failed: Option<String>,
}

impl<P> Made<P> {
    /// What has been made for two batches that are one.
    fn with(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self.retries += other.retries;
        self.failed = self.failed.or(other.failed);
        self
    }
}

impl<P> Default for Made<P> {
    fn default() -> Self {
        Made { pieces: Vec::new(), retries: 0, failed: None }
    }
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> AggregateNode<'b, P, A> {
    pub(crate) fn new(pipe: P, aggregate: A, bit: Committed) -> Self {
        AggregateNode { pipe, aggregate, bit, made: Mutex::default(), spent: Mutex::default() }
    }

    /// A piece of the batch at `time`, to go on with where that is possible.
    fn take_piece(&self, time: Time) -> A::Piece {
        let there = match self.aggregate.goes_on() {
            true => self.made.lock().get_mut(&time).and_then(|made| made.pieces.pop()),
            false => None,
        };
        there.unwrap_or_else(|| {
            let spent = self.spent.lock().pieces.pop();
            spent.map_or_else(A::Piece::default, |mut piece| {
                A::clear(&mut piece);
                piece
            })
        })
    }

    /// Makes all that was made for batches up to that at `time` its own: where due times were left out, it has
    /// been given what was received for them, and early work has been done on that under their names.
    fn gather(&self, time: Time) {
        let mut made = self.made.lock();
        let later = made.split_off(&(time + crate::time::millis(1)));
        let due = std::mem::replace(&mut *made, later).into_values();
        if let Some(all) = due.reduce(Made::with) {
            made.insert(time, all);
        }
    }

    fn give_piece(&self, time: Time, piece: A::Piece) {
        self.made.lock().entry(time).or_default().pieces.push(piece);
    }

    /// Pieces whose batch is over. No value that borrows from it is left in them.
    fn put_away(&self, mut pieces: Vec<A::Piece>) {
        if !self.aggregate.keeps_owned() {
            drop_all(|| pieces.iter_mut().for_each(A::clear));
        }
        let spare = self.spent.lock().put_back(pieces);
        drop_all(|| drop(spare));
    }
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> EarlyStage<'b> for AggregateNode<'b, P, A> {
    fn take_in(&self, blocks: &Batch<'b>) {
        let (time, plan) = (blocks.time(), self.pipe.prepare(blocks));
        let mut piece = self.take_piece(time);
        for partition in 0..self.pipe.partitions(&plan) {
            let mut taken = 0;
            let mut attempt = 1;
            while let Err(panic) = catch_unwind(AssertUnwindSafe(|| {
                self.aggregate.work(&self.pipe, &plan, partition, &mut piece, &mut taken)
            })) {
                let for_good = panic.is::<StageFailed>();
                let reason = reason_of(panic);
                let mut made = self.made.lock();
                let made = made.entry(time).or_default();
                if for_good || attempt == ATTEMPTS {
                    // The batch fails when its turn comes.
                    let why = || match for_good {
                        true => reason,
                        false => gave_up(self.aggregate.name(), &reason),
                    };
                    made.failed.get_or_insert_with(why);
                    break;
                }
                made.retries += 1;
                attempt += 1;
            }
        }
        self.give_piece(time, piece);
    }
}

impl<'b, P: Pipe<'b>, A: Aggregate<'b, P>> Compute<'b, A::Out> for AggregateNode<'b, P, A> {
    fn compute(&self, batch: &Batch<'b>) -> Partitions<A::Out> {
        let (time, name) = (batch.time(), self.aggregate.name());
        if batch.is_current() {
            self.gather(time);
        }
        if let Some(made) = self.made.lock().get_mut(&time) {
            batch.count_early_retries(name, std::mem::take(&mut made.retries));
            if let Some(reason) = made.failed.take() {
                batch.fail(reason);
            }
        }
        let left = batch.without(self.bit);
        let plan = self.pipe.prepare(&left);
        let tasks = self.pipe.partitions(&plan);
        if tasks > 0 {
            let left_off: Vec<LeftOff<A::Piece>> = (0..tasks).map(|_| Mutex::default()).collect();
            batch.run_stage(name, tasks, |partition| {
                let (piece, taken) =
                    left_off[partition].lock().take().unwrap_or_else(|| (self.take_piece(time), 0));
                let mut task = Task {
                    piece,
                    taken,
                    left_off: self.aggregate.goes_on().then_some(&left_off[partition]),
                };
                self.aggregate.work(&self.pipe, &plan, partition, &mut task.piece, &mut task.taken);
                self.give_piece(time, task.done());
            });
        }
        let pieces = self.made.lock().remove(&time).unwrap_or_default().pieces;
        let result = self.aggregate.finish(batch, &pieces);
        self.put_away(pieces);
        result
    }

    fn end_batch(&self, time: Time) {
        // What a failed batch left behind, or one whose output never asked.
        let mut made = self.made.lock();
        let later = made.split_off(&(time + crate::time::millis(1)));
        let over = std::mem::replace(&mut *made, later);
        drop(made);
        over.into_values().for_each(|made| self.put_away(made.pieces));
    }

    fn held_bytes(&self) -> u64 {
        let made = self.made.lock();
        let made: u64 = made.values().flat_map(|made| &made.pieces).map(A::piece_bytes).sum();
        made + self.spent.lock().pieces.iter().map(A::piece_bytes).sum::<u64>()
    }
}

/// Where a task's next attempt finds what the one before has left.
type LeftOff<P> = Mutex<Option<(P, u64)>>;

/// A piece in the hands of a task.
struct Task<'t, P: Default> {
    piece: P,
    taken: u64,
    /// Where it goes if the task panics, if anything can be done with it then.
    left_off: Option<&'t LeftOff<P>>,
}

impl<P: Default> Task<'_, P> {
    fn done(mut self) -> P {
        self.left_off = None;
        std::mem::take(&mut self.piece)
    }
}

impl<P: Default> Drop for Task<'_, P> {
    fn drop(&mut self) {
        match self.left_off {
            Some(left_off) => {
                *left_off.lock() = Some((std::mem::take(&mut self.piece), self.taken))
            }
            None => drop_all(|| drop(std::mem::take(&mut self.piece))),
        }
    }
}
