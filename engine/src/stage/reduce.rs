//! All records of a batch brought together into one; no record for an empty batch.

use super::aggregate::Aggregate;
use super::edge::Partitions;
use super::owned::owns_itself;
use crate::batch::Batch;
use crate::pipe::{Pipe, push_all};

pub(crate) struct Reduce<F>(pub(crate) F);

impl<'b, T, P, F> Aggregate<'b, P> for Reduce<F>
where
    T: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = T>,
    F: Fn(T, T) -> T + Send + Sync + 'b,
{
    type Piece = Option<T>;
    type Out = T;

    fn name(&self) -> &'static str {
        "reduce"
    }

    fn keeps_owned(&self) -> bool {
        owns_itself::<T>()
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn work(
        &self,
        pipe: &P,
        plan: &P::Plan,
        partition: usize,
        piece: &mut Option<T>,
        _taken: &mut u64,
    ) {
        let mut reduced: Option<T> = None;
        push_all(pipe, plan, partition, |item| {
            reduced = Some(match reduced.take() {
                Some(so_far) => (self.0)(so_far, item),
                None => item,
            });
        });
        // The piece is as before until this is done, so nothing is taken until then.
        *piece = match (piece.clone(), reduced) {
            (Some(so_far), Some(reduced)) => Some((self.0)(so_far, reduced)),
            (so_far, reduced) => so_far.or(reduced),
        };
    }

    fn finish(&self, batch: &Batch<'b>, pieces: &[Option<T>]) -> Partitions<T> {
        let parts: Vec<&T> = pieces.iter().flatten().collect();
        match parts[..] {
            [] => vec![Vec::new()],
            _ => batch.run_stage("reduce (merge)", 1, |_| {
                parts.iter().copied().cloned().reduce(&self.0).into_iter().collect()
            }),
        }
    }

    fn clear(piece: &mut Option<T>) {
        *piece = None;
    }
}
