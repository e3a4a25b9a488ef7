//! Receivers of a user's own: what one must do, and when it is asked to.

use super::store::Store;
use crate::error::BoxError;

/// A source of a user's own: Spark's custom receiver. [`Scope::receiver_stream`](crate::Scope)
/// makes a stream of what it stores.
///
/// The engine gives each receiver a thread on which it is made, started, started again and stopped.
/// Records come from threads of the receiver's own, through the [`Store`] that it is started with.
///
/// - A start that fails or panics is tried again, after 100 ms, doubling up to 2 s; so is a
///   receiver that asks for it ([`Store::restart`]), and one of whose threads panics while it holds
///   its store. Whatever was stored stays. A receiver that has stored something since its last
///   start begins with 100 ms again.
/// - If the process dies, what was stored and no batch had been given is lost, unless the receiver has waited
///   for it to be kept ([`Store::store_reliably`]).
/// - A receiver that stops itself ([`Store::stop`]) stays stopped; the stream goes on without it.
/// - After a panic in one of its methods a receiver is dropped, and a new one is made.
///
/// ```
/// use std::thread::{self, JoinHandle};
/// use millstream::{BoxError, Receiver, Store};
///
/// /// Numbers from 0, as fast as they are taken.
/// struct Numbers(Option<JoinHandle<()>>);
///
/// impl Receiver for Numbers {
///     type Item = u64;
///
///     fn on_start(&mut self, store: Store<u64>) -> Result<(), BoxError> {
///         self.0 = Some(thread::spawn(move || {
///             for n in 0.. {
///                 if store.store(n).is_err() {
///                     return; // it is being stopped
///                 }
///             }
///         }));
///         Ok(())
///     }
///
///     fn on_stop(&mut self) {
///         if let Some(thread) = self.0.take() {
///             thread.join().expect("it only counts");
///         }
///     }
/// }
/// ```
pub trait Receiver: 'static {
    /// What it receives. Records own what they are made of: none can borrow from a batch.
    type Item: Clone + Send + Sync + 'static;

    /// Starts what receives, and returns: it must not block, for a receiver is stopped by the
    /// thread that runs this. `store` is for this start alone.
    ///
    /// An error is a failure like a panic: it is reported, [`on_stop`](Receiver::on_stop) is called
    /// and the start is tried again.
    fn on_start(&mut self, store: Store<Self::Item>) -> Result<(), BoxError>;

    /// Ends what [`on_start`](Receiver::on_start) has begun, waits for it, and frees everything. By
    /// then the store takes nothing any more, and whoever waited for room in it has been let go.
    fn on_stop(&mut self);
}
