//! The brand, and the one place that makes it.
//!
//! Records borrow from blocks for `'b`, a lifetime that users can never name: a setup closure must
//! work for every `'b` (`impl for<'b> Fn(&Scope<'b>)`), its closures must be `'static`, and so
//! neither has a place in which a `'b` value could outlive its batch. That is what makes
//! [`Batch::lend`] sound: it turns `&Arc<T>` into `&'b T` and keeps the `Arc` until the batch is
//! dropped, and by then every value whose type mentions `'b` is gone:
//!
//! 1. At the end of a batch (phase one) each node of the graph drops what it has remembered; plans,
//!    datasets and partial results on the stack are gone already.
//! 2. Then (phase two) the batch is dropped, and with it what it held. A panic of a user's `Drop`
//!    anywhere between the batch's beginning and this, other than inside an output, which is
//!    caught, aborts the process.
//!
//! An [`Rdd`](crate::Rdd) that is leaked leaks its batch too, which is a loss of memory and nothing
//! worse. Only `'static` data is lent, so what is lent cannot itself hold a `'b` value. The holes
//! that are left are rustc's own: issues 84366 and 25860 let safe code stretch any lifetime, in any
//! crate.

#![allow(unsafe_code)]

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Batch;

/// What a batch has lent. Nothing can be taken out of it: it ends with its batch.
#[derive(Default)]
pub(super) struct Held(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl<'b> Batch<'b> {
    /// Lends `value` until the end of the batch.
    pub(crate) fn lend<T: Send + Sync + 'static>(&self, value: &Arc<T>) -> &'b T {
        self.core.held.0.lock().push(value.clone());
        // SAFETY: `held` has a clone of `value` now. Nobody outside this file can take it out, and
        // `held` ends only with the batch; an `Arc`'s content does not move, and `T` is not mutated
        // while it is shared. `'b` is universally quantified for everybody but the engine, so no
        // user can keep the reference longer; the engine drops its own `'b` values before the batch,
        // as the head of this file lays out. `T: 'static` holds no `'b` value that could dangle in
        // turn. Whoever leaks a `Batch` leaks `held` with it.
        unsafe { &*Arc::as_ptr(value) }
    }
}
