//! Streams that begin at receivers of a user's own.

use super::Scope;
use crate::dstream::DStream;
use crate::intake::custom::Receiver;
use crate::intake::supervisor::Supervised;
use crate::pipe::Items;

impl<'b> Scope<'b> {
    /// What a receiver of your own stores: Spark's `receiverStream`. `make` makes the receiver, on
    /// a thread that the engine gives it; see [`Receiver`] for its life. A batch gets what was
    /// stored up to its turn; a graceful stop processes everything that was stored. Several
    /// receivers of one kind are several streams, for [`union`](Scope::union) to join.
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
        let name = format!("receiver {}", short_name::<R>());
        self.items(&name, Supervised::new(make))
    }
}

/// A type's name without the modules in front.
fn short_name<R>() -> &'static str {
    let name = std::any::type_name::<R>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}
