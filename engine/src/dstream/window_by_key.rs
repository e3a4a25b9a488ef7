//! Windows over pairs, by key.

use super::DStream;
use crate::durable::Durable;
use crate::keyed::key::Key;
use crate::pipe::{Filter, Pipe};
use crate::stage::window::{Groups, Running, Stacks};
use crate::stage::{CombineByKey, Edge, Grouping, Reducing};
use crate::window::Window;

impl<'b, K, V, P> DStream<'b, P>
where
    K: Key<'b>,
    V: Durable,
    P: Pipe<'b, Item = (K, V)>,
{
    /// The values of each key in the window brought together by `f`, which must be associative and
    /// commutative. A key is gone with its last record.
    ///
    /// Each batch leaves a partial result for each key, which a window takes in once and lets go
    /// once. Several windows over one stream share these where they are given the same function: a
    /// `fn`, or one closure that captures nothing, as in a loop over lengths.
    ///
    /// Cost: that of [`reduce_by_key`](DStream::reduce_by_key) for each batch, done as blocks close;
    /// then, a slide, two calls of `f` at most for each partial result that enters or leaves, over a
    /// window's length, and a look at each key that is in the window. None of it grows with the
    /// window's length. Memory: one to two values for each key and batch in the window. See
    /// [what windows cost](crate::windows).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let sales = s.queue_stream([vec![('a', 5)], vec![('a', 2), ('b', 1)], vec![]]);
    ///     out.collect(&sales.reduce_by_key_and_window(|x, y| x.max(y), Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// let expected =
    ///     [vec![('a', 5)], vec![('a', 5), ('b', 1)], vec![('a', 2), ('b', 1)], vec![]];
    /// assert_eq!(testing::sorted(out), expected);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_key_and_window<F>(&self, f: F, window: Window) -> DStream<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Clone + Send + Sync + 'static,
    {
        let sliced = self.sliced::<F, _, _>("by key", || self.partials(f.clone()));
        self.slid("reduce_by_key_and_window", window, Stacks(f), sliced)
    }

    /// [`reduce_by_key_and_window`](DStream::reduce_by_key_and_window) with the inverse of `f`:
    /// `inverse(f(a, b), b)` is `a`. The results are the same, always; with floating-point numbers,
    /// up to what their inverse leaves.
    ///
    /// Spark keeps a key for ever unless a filter drops it, and is wrong where the slide is longer
    /// than the window or a filter drops a key too early; here none of that is so.
    ///
    /// Cost: a slide, one call of `f` for each partial result that enters and one of `inverse` for
    /// each that leaves, and a look at each key that is in the window. Memory: one value for each
    /// key and batch in the window, and one for each key. See [what windows cost](crate::windows).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let words = s.queue_stream([vec![('a', 1)], vec![('a', 1), ('b', 1)]]);
    ///     let window = Window::every_batch(secs(2));
    ///     out.collect(&words.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window));
    ///     Ok(())
    /// })?;
    /// let expected =
    ///     [vec![('a', 1)], vec![('a', 2), ('b', 1)], vec![('a', 1), ('b', 1)], vec![]];
    /// assert_eq!(testing::sorted(out), expected);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_key_and_window_with_inverse<F, I>(
        &self,
        f: F,
        inverse: I,
        window: Window,
    ) -> DStream<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Clone + Send + Sync + 'static,
        I: Fn(V, V) -> V + Send + Sync + 'static,
    {
        self.running("reduce_by_key_and_window_with_inverse", f, inverse, window)
    }

    /// [`reduce_by_key_and_window_with_inverse`](DStream::reduce_by_key_and_window_with_inverse),
    /// of which only the results are seen for which `keep` holds. It hides a result and nothing
    /// more: what is in the window stays there, and a key needs no filter to be forgotten. Cost: a
    /// call for each key in the window.
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 3, |s, out| {
    ///     let changes = s.queue_stream([vec![('a', 1)], vec![('a', -1)], vec![('a', 5)]]);
    ///     let totals = changes.reduce_by_key_and_window_with_inverse_and_filter(
    ///         |a, b| a + b,
    ///         |a, b| a - b,
    ///         |(_, total)| *total != 0,
    ///         Window::every_batch(secs(2)),
    ///     );
    ///     out.collect(&totals);
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![('a', 1)], vec![], vec![('a', 4)]], "in Spark the last is 5");
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_key_and_window_with_inverse_and_filter<F, I, G>(
        &self,
        f: F,
        inverse: I,
        keep: G,
        window: Window,
    ) -> DStream<'b, Filter<Edge<'b, (K, V)>, G>>
    where
        F: Fn(V, V) -> V + Clone + Send + Sync + 'static,
        I: Fn(V, V) -> V + Send + Sync + 'static,
        G: Fn(&(K, V)) -> bool + Clone + Send + Sync + 'static,
    {
        let name = "reduce_by_key_and_window_with_inverse_and_filter";
        let totals = self.running(name, f, inverse, window);
        DStream { operator: totals.operator, ..totals.filter(keep) }
    }

    /// The values of each key in the window in a list, older batches first, those of one batch ordered
    /// as by [`group_by_key`](DStream::group_by_key). Cost: that of `group_by_key` for each batch; a
    /// slide, a clone of every value in the window, for all are in its result. See
    /// [what windows cost](crate::windows).
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 3, |s, out| {
    ///     let visits = s.queue_stream([vec![('a', 1)], vec![('a', 2)]]);
    ///     out.collect(&visits.group_by_key_and_window(Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', vec![1])], [('a', vec![1, 2])], [('a', vec![2])]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn group_by_key_and_window(&self, window: Window) -> DStream<'b, Edge<'b, (K, Vec<V>)>> {
        let groups = || CombineByKey::owning("group_by_key", Grouping::new());
        let sliced = self.sliced::<fn(), _, _>("groups", || self.aggregated(groups()));
        self.slid("group_by_key_and_window", window, Groups, sliced)
    }

    /// A window with a function and its inverse.
    fn running<F, I>(
        &self,
        name: &'static str,
        f: F,
        inverse: I,
        window: Window,
    ) -> DStream<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Clone + Send + Sync + 'static,
        I: Fn(V, V) -> V + Send + Sync + 'static,
    {
        let sliced = self.sliced::<F, _, _>("by key", || self.partials(f.clone()));
        self.slid(name, window, Running::new(f, inverse), sliced)
    }

    /// What each batch leaves of each key.
    pub(super) fn partials<F>(&self, f: F) -> DStream<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Send + Sync + 'static,
    {
        self.aggregated(CombineByKey::owning("reduce_by_key", Reducing::new(f)))
    }
}
