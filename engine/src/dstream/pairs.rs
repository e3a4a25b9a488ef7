//! Operators on streams of pairs.

use super::DStream;
use crate::key::Key;
use crate::pipe::Pipe;
use crate::stage::{Edge, ReduceByKey};

impl<'b, K, V, P> DStream<'b, P>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
{
    /// The values of each key brought together by `f`, which must be associative and commutative.
    /// Within a partition keys come in the order in which they were first seen.
    ///
    /// Cost: a lookup a record, done as blocks close where the values own themselves (numbers,
    /// strings); a copy of each key when it is first seen; at the batch's turn, a merge of the
    /// distinct keys.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let words = s.queue_stream([vec!["to be or", "not to be"]]).flat_map(|line| line.split(' '));
    ///     let counts = words.map(|w| (w, 1u64)).reduce_by_key(|a, b| a + b);
    ///     out.collect(&counts.map(|(word, n)| format!("{word} {n}")));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [["be 2", "not 1", "or 1", "to 2"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn reduce_by_key<F>(&self, f: F) -> DStream<'b, Edge<'b, (K, V)>>
    where
        F: Fn(V, V) -> V + Send + Sync + 'static,
    {
        self.aggregated(ReduceByKey::new("reduce_by_key", f))
    }
}
