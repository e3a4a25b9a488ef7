//! Streams that begin at receivers of a user's own.

use super::Scope;
use crate::dstream::DStream;
use crate::durable::Durable;
use crate::intake::custom::Receiver;
use crate::intake::recoverable::Recoverable;
use crate::intake::supervisor::Supervised;
use crate::pipe::Items;

impl<'b> Scope<'b> {
    /// What a receiver of your own stores: Spark's `receiverStream`. `make` makes the receiver, on
    /// a thread that the engine gives it; see [`Receiver`] for its life. A batch gets what was
    /// stored up to its turn; a graceful stop processes everything that was stored. Several
    /// receivers of one kind are several streams, for [`union`](Scope::union) to join.
    ///
    /// If the process dies, what was stored and is in no checkpoint is lost. With
    /// [`Conf::write_ahead_log`](crate::Conf::write_ahead_log) the start fails, for nothing says how to
    /// write the records; [`recoverable_receiver_stream`](Scope::recoverable_receiver_stream) takes those
    /// that can be.
    ///
    /// Cost: a lock and a move for each record that is stored, a clone of it for each output.
    ///
    /// ```
    /// use millstream::{BoxError, Conf, ManualClock, Receiver, Store, StreamingContext};
    /// use millstream::{Time, secs, testing::Collector};
    ///
    /// struct Greeting(&'static str);
    ///
    /// impl Receiver for Greeting {
    ///     type Item = String;
    ///
    ///     fn on_start(&mut self, store: Store<String>) -> Result<(), BoxError> {
    ///         store.store_all(self.0.split(' ').map(str::to_owned))?;
    ///         store.stop("everything is said");
    ///         Ok(())
    ///     }
    ///
    ///     fn on_stop(&mut self) {}
    /// }
    ///
    /// let clock = ManualClock::at(Time::default());
    /// let ssc = StreamingContext::new(Conf::new("greetings").clock(clock.clone()), secs(1))?;
    /// let out = Collector::new();
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     let greetings = ["hello there", "good day"];
    ///     let receivers = greetings.map(|words| s.receiver_stream(move || Greeting(words)));
    ///     collected.collect(&s.union(receivers));
    ///     Ok(())
    /// })?;
    ///
    /// // The receivers have threads of their own: their words may come in the first batch or later.
    /// let mut words = Vec::new();
    /// while words.len() < 4 {
    ///     clock.advance(secs(1));
    ///     running.wait_for_batch(clock.now(), secs(10))?;
    ///     words.extend(out.take().into_iter().flat_map(|(_, words)| words));
    /// }
    /// words.sort();
    /// assert_eq!(words, ["day", "good", "hello", "there"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn receiver_stream<R: Receiver>(
        &self,
        make: impl Fn() -> R + Send + Sync + 'static,
    ) -> DStream<'b, Items<R::Item>> {
        self.items(&name_of::<R>(), Supervised::new(make))
    }

    /// As [`receiver_stream`](Scope::receiver_stream), for records that can be written down: a window of raw
    /// records over them is part of a [`Snapshot`](crate::Snapshot), and with
    /// [`Conf::write_ahead_log`](crate::Conf::write_ahead_log) what a batch takes is logged before it runs.
    /// Cost: as `receiver_stream`, and with the log the records as MessagePack, written and synced once a
    /// batch.
    ///
    /// If the process dies, what a batch was given is processed once, after the restart if it had not been
    /// done. What was stored and not given to a batch is lost, unless its source keeps it until it hears that
    /// it cannot be lost any more: [`Store::store_reliably`](crate::Store::store_reliably) returns then.
    ///
    /// ```
    /// use millstream::disk::MemoryDisk;
    /// use millstream::{BoxError, Conf, ManualClock, Receiver, Store, StreamingContext};
    /// use millstream::{Time, secs, testing::Collector};
    /// use std::thread::{JoinHandle, spawn};
    ///
    /// /// Takes a message from a queue that keeps it until it is acknowledged.
    /// struct Inbox(Option<JoinHandle<()>>);
    ///
    /// impl Receiver for Inbox {
    ///     type Item = String;
    ///
    ///     fn on_start(&mut self, store: Store<String>) -> Result<(), BoxError> {
    ///         self.0 = Some(spawn(move || match store.store_reliably(["hello".to_string()]) {
    ///             Ok(()) => store.stop("the message is acknowledged"),
    ///             Err(e) => store.report_error(e), // it stays where it is
    ///         }));
    ///         Ok(())
    ///     }
    ///
    ///     fn on_stop(&mut self) {
    ///         if let Some(thread) = self.0.take() {
    ///             thread.join().expect("it only stores");
    ///         }
    ///     }
    /// }
    ///
    /// let clock = ManualClock::at(Time::default());
    /// let conf = Conf::new("inbox").disk(MemoryDisk::default()).clock(clock.clone());
    /// let ssc = StreamingContext::new(conf.write_ahead_log(true), secs(1))?;
    /// ssc.checkpoint("/inbox");
    /// let out = Collector::new();
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     collected.collect(&s.recoverable_receiver_stream(|| Inbox(None)));
    ///     Ok(())
    /// })?;
    ///
    /// // The receiver has a thread of its own: its message may come in the first batch or later.
    /// let mut messages = Vec::new();
    /// while messages.is_empty() {
    ///     clock.advance(secs(1));
    ///     running.wait_for_batch(clock.now(), secs(10))?;
    ///     messages.extend(out.take().into_iter().flat_map(|(_, messages)| messages));
    /// }
    /// assert_eq!(messages, ["hello"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn recoverable_receiver_stream<R>(
        &self,
        make: impl Fn() -> R + Send + Sync + 'static,
    ) -> DStream<'b, Items<R::Item>>
    where
        R: Receiver,
        R::Item: Durable,
    {
        self.items(&name_of::<R>(), Recoverable::<R::Item, _>::new(Supervised::new(make)))
    }
}

/// The name of the source.
fn name_of<R>() -> String {
    format!("receiver {}", short_name::<R>())
}

/// A type's name without the modules in front.
fn short_name<R>() -> &'static str {
    let name = std::any::type_name::<R>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}
