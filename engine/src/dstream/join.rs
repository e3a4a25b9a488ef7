//! Two streams of pairs brought together by key, within one batch.

use super::DStream;
use crate::keyed::key::Key;
use crate::pipe::{ByFullJoining, ByJoining, ByLeftJoining, ByRightJoining, Operator, Pipe};
use crate::stage::{Cogrouped, Cogrouping, CombineByKey, Joined, sides};

impl<'b, K, V, P> DStream<'b, P>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
{
    /// Each key of either stream with its values in both, as two lists ordered as those of
    /// [`group_by_key`](DStream::group_by_key). Both streams must have the same slide. Cost: as
    /// [`group_by_key`](DStream::group_by_key) over both.
    ///
    /// The keys of both must be of one type. Where one is `&'static str` and the other borrows from
    /// received text, an identity `map(|(k, v)| (k, v))` on the first makes them so.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let clicks = s.queue_stream([vec![(1, 'x'), (2, 'y')]]);
    ///     let names = s.queue_stream([vec![(1, "Ann"), (3, "Cat")]]);
    ///     out.collect(&clicks.cogroup(&names));
    ///     Ok(())
    /// })?;
    /// let ann = (1, (vec!['x'], vec!["Ann"]));
    /// assert_eq!(
    ///     testing::sorted(out),
    ///     [[ann, (2, (vec!['y'], vec![])), (3, (vec![], vec!["Cat"]))]],
    /// );
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn cogroup<W, Q>(&self, other: &DStream<'b, Q>) -> DStream<'b, Cogrouped<'b, K, V, W>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.cogrouped("cogroup", other)
    }

    /// Every pair of a value here and a value there of the same key. Cost: a
    /// [`cogroup`](DStream::cogroup), and a clone of the key and both values for each result.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let clicks = s.queue_stream([vec![(1, 'x'), (2, 'y'), (1, 'z')]]);
    ///     let names = s.queue_stream([vec![(1, "Ann"), (3, "Cat")]]);
    ///     out.collect(&clicks.join(&names));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[(1, ('x', "Ann")), (1, ('z', "Ann"))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn join<W, Q>(&self, other: &DStream<'b, Q>) -> DStream<'b, Joined<'b, K, V, W, ByJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined("join", other, ByJoining)
    }

    /// As [`join`](DStream::join), and each value here whose key is not there, with `None`. Cost: as
    /// `join`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let clicks = s.queue_stream([vec![(1, 'x'), (2, 'y')]]);
    ///     let names = s.queue_stream([vec![(1, "Ann"), (3, "Cat")]]);
    ///     out.collect(&clicks.left_outer_join(&names));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[(1, ('x', Some("Ann"))), (2, ('y', None))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn left_outer_join<W, Q>(
        &self,
        other: &DStream<'b, Q>,
    ) -> DStream<'b, Joined<'b, K, V, W, ByLeftJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined("left_outer_join", other, ByLeftJoining)
    }

    /// As [`join`](DStream::join), and each value there whose key is not here, with `None`. Cost: as
    /// `join`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let clicks = s.queue_stream([vec![(1, 'x'), (2, 'y')]]);
    ///     let names = s.queue_stream([vec![(1, "Ann"), (3, "Cat")]]);
    ///     out.collect(&clicks.right_outer_join(&names));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[(1, (Some('x'), "Ann")), (3, (None, "Cat"))]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn right_outer_join<W, Q>(
        &self,
        other: &DStream<'b, Q>,
    ) -> DStream<'b, Joined<'b, K, V, W, ByRightJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined("right_outer_join", other, ByRightJoining)
    }

    /// As [`join`](DStream::join), and each value of either side whose key the other has not, with
    /// `None`. Cost: as `join`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let clicks = s.queue_stream([vec![(1, 'x'), (2, 'y')]]);
    ///     let names = s.queue_stream([vec![(1, "Ann"), (3, "Cat")]]);
    ///     out.collect(&clicks.full_outer_join(&names));
    ///     Ok(())
    /// })?;
    /// let ann = (1, (Some('x'), Some("Ann")));
    /// assert_eq!(
    ///     testing::sorted(out),
    ///     [[ann, (2, (Some('y'), None)), (3, (None, Some("Cat")))]],
    /// );
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn full_outer_join<W, Q>(
        &self,
        other: &DStream<'b, Q>,
    ) -> DStream<'b, Joined<'b, K, V, W, ByFullJoining>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.joined("full_outer_join", other, ByFullJoining)
    }

    fn cogrouped<W, Q>(
        &self,
        name: &'static str,
        other: &DStream<'b, Q>,
    ) -> DStream<'b, Cogrouped<'b, K, V, W>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
    {
        self.require_same_slide(name, other);
        let both = self.with(sides(self.pipe.clone(), other.pipe.clone()));
        both.aggregated(CombineByKey::new("cogroup", Cogrouping::new()))
    }

    fn joined<W, Q, How>(
        &self,
        name: &'static str,
        other: &DStream<'b, Q>,
        how: How,
    ) -> DStream<'b, Joined<'b, K, V, W, How>>
    where
        W: Clone + Send + Sync + 'b,
        Q: Pipe<'b, Item = (K, W)>,
        How: Operator<(K, (Vec<V>, Vec<W>))> + 'b,
    {
        self.cogrouped(name, other).fused(how)
    }
}
