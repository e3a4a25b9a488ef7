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
    type Scratch = Option<T>;
    type Kept = Option<T>;
    type Out = T;

    fn name(&self) -> &'static str {
        "reduce"
    }

    fn keeps_owned(&self) -> bool {
        owns_itself::<T>()
    }

    fn work(&self, pipe: &P, plan: &P::Plan, partition: usize, scratch: &mut Option<T>) {
        push_all(pipe, plan, partition, |item| {
            *scratch = Some(match scratch.take() {
                Some(so_far) => (self.0)(so_far, item),
                None => item,
            });
        });
    }

    fn keep(&self, scratch: &Option<T>, kept: &mut Option<T>) {
        let merged = match (kept.clone(), scratch.clone()) {
            (Some(a), Some(b)) => Some((self.0)(a, b)),
            (a, b) => a.or(b),
        };
        *kept = merged;
    }

    fn finish(
        &self,
        batch: &Batch<'b>,
        kept: &[Option<T>],
        scratches: &[Option<T>],
    ) -> Partitions<T> {
        let parts: Vec<&T> = kept.iter().chain(scratches).flatten().collect();
        match parts[..] {
            [] => vec![Vec::new()],
            _ => batch.run_stage("reduce (merge)", 1, |_| {
                parts.iter().copied().cloned().reduce(&self.0).into_iter().collect()
            }),
        }
    }

    fn clear_scratch(scratch: &mut Option<T>) {
        *scratch = None;
    }

    fn clear_kept(kept: &mut Option<T>) {
        *kept = None;
    }
}
