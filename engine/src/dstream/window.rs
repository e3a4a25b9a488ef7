//! Windows over records: what a stream had in its last batches, raw or brought together.

use super::DStream;
use crate::durable::Durable;
use crate::keyed::key::Key;
use crate::pipe::{ByMapping, MapBy, Pipe, Replay, Windowed};
use crate::stage::Edge;
use crate::stage::window::{Running, Stacks};
use crate::window::{Span, Window};

/// What a window that brings all records together gives: a loop over a window with one key.
pub type WindowedWhole<'b, T> = MapBy<Edge<'b, ((), T)>, ((), T), T>;

/// Every record under one key.
type WithOneKey<P, T> = MapBy<P, T, ((), T)>;

fn add(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

fn subtract(a: u64, b: u64) -> u64 {
    a.wrapping_sub(b)
}

impl<'b, P: Replay<'b>> DStream<'b, P> {
    /// All records of the last batches, oldest first.
    ///
    /// What is kept are the received blocks, and each batch in the window is computed from them
    /// again; [`BatchReport::window_bytes`](crate::progress::BatchReport::window_bytes) tells how
    /// much memory they take. A window that could not fit into
    /// [`Conf::memory_bytes`](crate::Conf::memory_bytes) is refused at the start, with both
    /// numbers, unless its source's storage level uses the disk. Cost: a slide costs as much as all records of the window; where they are only
    /// brought together by key, [`reduce_by_key_and_window`](DStream::reduce_by_key_and_window)
    /// costs what enters and leaves. See [what windows
    /// cost](crate::windows).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let numbers = s.queue_stream([vec![1], vec![2], vec![3]]);
    ///     out.collect(&numbers.window(Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1], vec![1, 2], vec![2, 3], vec![3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn window(&self, window: Window) -> DStream<'b, Windowed<P>> {
        self.require_replay("window");
        let Span { length, slide, step } = self.span("window", window);
        let operator = self.graph.lock().add_operator("window", None, None);
        let windowed = self.with(Windowed { pipe: self.pipe.clone(), length, step });
        DStream { slide, operator: Some(operator), ..windowed }
    }
}

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// The window over this stream. One that does not suit it is refused at the start.
    pub(super) fn span(&self, operation: &'static str, window: Window) -> Span {
        let mut graph = self.graph.lock();
        let span = window.over(self.slide, operation).unwrap_or_else(|error| {
            graph.refuse(error);
            Span { length: self.slide, slide: self.slide, step: self.slide }
        });
        graph.note_slide(span.slide);
        span
    }

    /// How many records the window has: one number for every window, 0 for an empty one. Spark's
    /// `countByWindow` gives nothing until the first record has come; this gives 0, as
    /// [`count`](DStream::count) does. Cost: a count as blocks close, and one addition and one
    /// subtraction a slide. See [what windows cost](crate::windows).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let words = s.queue_stream([vec![], vec!["a", "b"], vec!["c"]]);
    ///     out.collect(&words.count_by_window(Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[0], [2], [3], [1]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count_by_window(&self, window: Window) -> DStream<'b, WindowedWhole<'b, u64>> {
        let partials = || self.count().with_one_key().partials(add);
        let sliced = self.sliced::<fn(), (), _>("counts", partials);
        let fold = Running::new(add, subtract);
        self.slid("count_by_window", window, fold, sliced).without_key()
    }

    /// Each distinct record of the window with how often it occurs; a record is gone with its last
    /// occurrence. Cost: as
    /// [`reduce_by_key_and_window_with_inverse`](DStream::reduce_by_key_and_window_with_inverse).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 3, |s, out| {
    ///     let letters = s.queue_stream([vec!['a'], vec!['b', 'b']]);
    ///     out.collect(&letters.count_by_value_and_window(Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [vec![('a', 1)], vec![('a', 1), ('b', 2)], vec![('b', 2)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn count_by_value_and_window(&self, window: Window) -> DStream<'b, Edge<'b, (P::Item, u64)>>
    where
        P::Item: Key<'b>,
    {
        let partials = || self.map(|value| (value, 1u64)).partials(add);
        let sliced = self.sliced::<fn(), _, _>("counts by value", partials);
        self.slid("count_by_value_and_window", window, Running::new(add, subtract), sliced)
    }

    /// All records of the window brought together by `f`, which must be associative and commutative:
    /// one record, or none for an empty window. Cost: one pass as blocks close, and four calls of `f`
    /// a slide at most, over a window's length, however long that is. See
    /// [what windows cost](crate::windows).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let numbers = s.queue_stream([vec![5, 7], vec![1], vec![2]]);
    ///     out.collect(&numbers.reduce_by_window(|a, b| a.max(b), Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[7], [7], [2], [2]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_window<F>(
        &self,
        f: F,
        window: Window,
    ) -> DStream<'b, WindowedWhole<'b, P::Item>>
    where
        P::Item: Durable,
        F: Fn(P::Item, P::Item) -> P::Item + Clone + Send + Sync + 'static,
    {
        let partials = || self.with_one_key().partials(f.clone());
        let sliced = self.sliced::<F, (), _>("whole", partials);
        self.slid("reduce_by_window", window, Stacks(f), sliced).without_key()
    }

    /// [`reduce_by_window`](DStream::reduce_by_window) with the inverse of `f`: `inverse(f(a, b), b)`
    /// is `a`. The results are the same. Cost: one call of `f` for a batch that enters and one of
    /// `inverse` for one that leaves.
    ///
    /// In Spark, once there has been data, an empty window gives what the inverse leaves behind,
    /// such as 0; here it gives nothing, as without an inverse.
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let numbers = s.queue_stream([vec![5, 7], vec![1]]);
    ///     let window = Window::every_batch(secs(2));
    ///     out.collect(&numbers.reduce_by_window_with_inverse(|a, b| a + b, |a, b| a - b, window));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![12], vec![13], vec![1], vec![]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_window_with_inverse<F, I>(
        &self,
        f: F,
        inverse: I,
        window: Window,
    ) -> DStream<'b, WindowedWhole<'b, P::Item>>
    where
        P::Item: Durable,
        F: Fn(P::Item, P::Item) -> P::Item + Clone + Send + Sync + 'static,
        I: Fn(P::Item, P::Item) -> P::Item + Send + Sync + 'static,
    {
        let partials = || self.with_one_key().partials(f.clone());
        let sliced = self.sliced::<F, (), _>("whole", partials);
        let fold = Running::new(f, inverse);
        self.slid("reduce_by_window_with_inverse", window, fold, sliced).without_key()
    }

    /// Every record under the one key that there is.
    fn with_one_key(&self) -> DStream<'b, WithOneKey<P, P::Item>> {
        self.fused(ByMapping((|record| ((), record)) as fn(_) -> _))
    }
}

impl<'b, T: 'b, P: Pipe<'b, Item = ((), T)>> DStream<'b, P> {
    /// The records without the one key. It is still the window that can be named.
    fn without_key(&self) -> DStream<'b, MapBy<P, ((), T), T>> {
        let operator = self.operator;
        DStream { operator, ..self.fused(ByMapping((|((), record)| record) as fn(_) -> _)) }
    }
}
