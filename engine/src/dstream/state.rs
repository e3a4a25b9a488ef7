//! State by key, kept from batch to batch.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::DStream;
use crate::batch::Batch;
use crate::durable::Durable;
use crate::graph::{Kept, Stage, Work};
use crate::keyed::key::Key;
use crate::pipe::sealed::Sealed;
use crate::pipe::{Pipe, Trace};
use crate::stage::state::{KeyState, MapWithState, Snapshots, StateEdge, StateSpec, UpdateState};
use crate::stage::{CombineByKey, Compute, Edge, Exchange, Grouping, Stateful};
use crate::time::Time;

impl<'b, K, V, P> DStream<'b, P>
where
    K: Key<'b>,
    V: Clone + Send + Sync + 'b,
    P: Pipe<'b, Item = (K, V)>,
{
    /// A state for each key: `f` makes it of the batch's values of the key, in a list that is empty
    /// where none has come, and of the old state; `None` drops the key. `f` is called for every key
    /// that has a state, in every batch, and all of them are the result.
    ///
    /// State changes only with a batch of which no task has failed for good: what a closure that
    /// panics has done is done again, from the state as it was.
    ///
    /// Cost: a call for each key that there is, with a clone of its state, and a
    /// [`group_by_key`](DStream::group_by_key) of the batch. Where few keys of many are touched,
    /// [`map_with_state`](DStream::map_with_state) costs far less.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 3, |s, out| {
    ///     let words = s.queue_stream([vec![('a', 1), ('b', 1)], vec![('a', 1)]]);
    ///     let totals = words.update_state_by_key(|new, old: Option<i32>| {
    ///         Some(old.unwrap_or_default() + new.iter().sum::<i32>())
    ///     });
    ///     out.collect(&totals.map(|(word, total)| (word, *total)));
    ///     Ok(())
    /// })?;
    /// let after_two = vec![('a', 2), ('b', 1)];
    /// assert_eq!(testing::sorted(out), [vec![('a', 1), ('b', 1)], after_two.clone(), after_two]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn update_state_by_key<S, F>(&self, f: F) -> DStream<'b, StateEdge<'b, (K, &'b S)>>
    where
        S: Durable,
        F: Fn(&[V], Option<S>) -> Option<S> + Send + Sync + 'static,
    {
        let spec = StateSpec::new();
        self.updated("update_state_by_key", spec, move |_: Time, _: &K, new: &[V], old| f(new, old))
    }

    /// [`update_state_by_key`](DStream::update_state_by_key) with a state to begin with, and a
    /// function that is told the batch's time and the key. A key that only the initial state has is
    /// called for in the first batch, with no values. Cost: as `update_state_by_key`.
    ///
    /// ```
    /// # use millstream::{StateSpec, secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let seen = s.queue_stream([vec![('a', ())], vec![]]);
    ///     let spec = StateSpec::new().initial_state([('b', 0)]);
    ///     let last_seen_ms = seen.update_state_by_key_with(spec, |time, _key, new, old| match new {
    ///         [] => old,
    ///         _ => Some(time.as_millis()),
    ///     });
    ///     out.collect(&last_seen_ms.map(|(key, ms)| (key, *ms)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[('a', 1000), ('b', 0)], [('a', 1000), ('b', 0)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn update_state_by_key_with<S, F>(
        &self,
        spec: StateSpec<K::Owned, S>,
        f: F,
    ) -> DStream<'b, StateEdge<'b, (K, &'b S)>>
    where
        S: Durable,
        F: Fn(Time, &K, &[V], Option<S>) -> Option<S> + Send + Sync + 'static,
    {
        self.updated("update_state_by_key_with", spec, f)
    }

    fn updated<S, F>(
        &self,
        name: &'static str,
        spec: StateSpec<K::Owned, S>,
        f: F,
    ) -> DStream<'b, StateEdge<'b, (K, &'b S)>>
    where
        S: Durable,
        F: Fn(Time, &K, &[V], Option<S>) -> Option<S> + Send + Sync + 'static,
    {
        self.refuse_bad(name, &spec, true);
        let grouping = CombineByKey::new("group_by_key", Grouping::new());
        let groups = self.aggregated(grouping.into_partitions(spec.partitions));
        let node = Arc::new(UpdateState::new(groups.pipe.clone(), f, spec.initial));
        groups.stateful(name, node)
    }

    /// A state for each key, changed record by record: `f` is called for each record, in order of
    /// arrival, with its key, its value, and the [`KeyState`] as the calls before have left it. What
    /// it returns is the result; all keys and states of each batch are the
    /// [`state_snapshots`](DStream::state_snapshots). With a timeout, `f` is called once more, with
    /// no value, for a key that has been idle for longer; see [`StateSpec::timeout`].
    ///
    /// State changes only with a batch of which no task has failed for good: what a closure that
    /// panics has done is done again, from the state as it was.
    ///
    /// Cost: for each record, its way to the partition of its key, a lookup and the call; nothing
    /// for a key that no record touches.
    ///
    /// ```
    /// # use millstream::{StateSpec, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let clicks = s.queue_stream([vec![('a', 1)], vec![('a', 2), ('b', 1)]]);
    ///     let spec = StateSpec::new().timeout(secs(1));
    ///     let sessions = clicks.map_with_state(spec, |who, n, state| match n {
    ///         Some(n) => {
    ///             let total: i32 = n + state.get().copied().unwrap_or(0);
    ///             state.update(total);
    ///             format!("{who} {total}")
    ///         }
    ///         None => format!("{who} is gone after {}", state.get().copied().unwrap_or(0)),
    ///     });
    ///     out.collect(&sessions);
    ///     Ok(())
    /// })?;
    /// let gone = vec!["a is gone after 3".to_string(), "b is gone after 1".into()];
    /// assert_eq!(testing::sorted(out), [vec!["a 1".into()], vec!["a 3".into(), "b 1".into()], vec![], gone]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn map_with_state<S, U, F>(
        &self,
        spec: StateSpec<K::Owned, S>,
        f: F,
    ) -> DStream<'b, WithState<'b, K, S, U>>
    where
        S: Durable,
        U: Clone + Send + Sync + 'b,
        F: Fn(K, Option<V>, &mut KeyState<'_, S>) -> U + Send + Sync + 'static,
    {
        let f = move |_: Time, key: K, value: Option<V>, state: &mut KeyState<'_, S>| {
            Some(f(key, value, state))
        };
        self.mapped_with_state("map_with_state", spec, f)
    }

    /// [`map_with_state`](DStream::map_with_state) with a function that is told the batch's time,
    /// and whose `None` leaves nothing in the result: the first form of Spark's `StateSpec.function`.
    /// Cost: as `map_with_state`.
    ///
    /// ```
    /// # use millstream::{StateSpec, secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let seen = s.queue_stream([vec![('a', ()), ('a', ())], vec![('a', ()), ('b', ())]]);
    ///     let first_seen = seen.filter_map_with_state(StateSpec::new(), |time, key, _, state| {
    ///         let new = !state.exists();
    ///         state.update(());
    ///         new.then(|| (key, time.as_millis()))
    ///     });
    ///     out.collect(&first_seen);
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[('a', 1000)], [('b', 2000)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn filter_map_with_state<S, U, F>(
        &self,
        spec: StateSpec<K::Owned, S>,
        f: F,
    ) -> DStream<'b, WithState<'b, K, S, U>>
    where
        S: Durable,
        U: Clone + Send + Sync + 'b,
        F: Fn(Time, K, Option<V>, &mut KeyState<'_, S>) -> Option<U> + Send + Sync + 'static,
    {
        self.mapped_with_state("filter_map_with_state", spec, f)
    }

    fn mapped_with_state<S, U, F>(
        &self,
        name: &'static str,
        spec: StateSpec<K::Owned, S>,
        f: F,
    ) -> DStream<'b, WithState<'b, K, S, U>>
    where
        S: Durable,
        U: Clone + Send + Sync + 'b,
        F: Fn(Time, K, Option<V>, &mut KeyState<'_, S>) -> Option<U> + Send + Sync + 'static,
    {
        self.refuse_bad(name, &spec, false);
        let (pipe, partitions) = (self.pipe.clone(), spec.partitions);
        let exchange = Exchange { pipe, partitions, _key: PhantomData };
        let pairs = self.staged("exchange", exchange);
        let node = MapWithState::new(pairs.pipe.clone(), f, spec.timeout, spec.initial);
        let node = Arc::new(node);
        let mapped = pairs.stateful(name, node.clone());
        let snapshots = Snapshots { node, mapped: mapped.pipe.0.clone() };
        let snapshots = mapped.staged("state_snapshots", snapshots);
        let pipe = WithState { mapped: mapped.pipe.clone(), snapshots: StateEdge(snapshots.pipe) };
        DStream { operator: mapped.operator, ..mapped.with(pipe) }
    }

    fn refuse_bad<O, S>(&self, name: &'static str, spec: &StateSpec<O, S>, never_idle: bool) {
        let mut graph = self.graph.lock();
        match spec.timeout.filter(|_| never_idle) {
            Some(idle) => graph.refuse(crate::error::Error::Argument {
                operation: name,
                what: "the timeout of idle keys",
                got: idle.to_string(),
                want: "left out: the function is called for every key in every batch, and drops one by returning None",
            }),
            None => {
                if let Err(error) = spec.check(name) {
                    graph.refuse(error);
                }
            }
        }
    }
}

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// The stream behind a new stage that holds state.
    fn stateful<T, N>(&self, name: &'static str, node: Arc<N>) -> DStream<'b, StateEdge<'b, T>>
    where
        T: Clone + Send + Sync + 'b,
        N: Compute<'b, T> + Stateful<'b> + 'b,
    {
        let mut graph = self.graph.lock();
        let stage = graph.stages.len();
        let edge = Edge::new(stage, name, false, node.clone());
        graph.stages.push(Stage {
            name,
            upstream: self.pipe.trace(),
            slide: self.slide,
            node: edge.remembers(),
            work: Work::Always(Kept { stateful: node, take_in: edge.taking_in() }),
        });
        let operator = graph.add_operator(name, Some(stage), Some(stage));
        drop(graph);
        DStream { operator: Some(operator), ..self.with(StateEdge(edge)) }
    }
}

/// What [`map_with_state`](DStream::map_with_state) gives, and the states behind it.
pub struct WithState<'b, K, S: 'static, U> {
    mapped: StateEdge<'b, U>,
    snapshots: StateEdge<'b, (K, &'b S)>,
}

impl<K, S, U> Clone for WithState<'_, K, S, U> {
    fn clone(&self) -> Self {
        WithState { mapped: self.mapped.clone(), snapshots: self.snapshots.clone() }
    }
}

impl<K, S, U> Sealed for WithState<'_, K, S, U> {}

impl<'b, K, S, U> Pipe<'b> for WithState<'b, K, S, U>
where
    K: Key<'b>,
    S: Send + Sync + 'static,
    U: Clone + Send + Sync + 'b,
{
    type Item = U;
    type Plan = <StateEdge<'b, U> as Pipe<'b>>::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        self.mapped.prepare(batch)
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        self.mapped.partitions(plan)
    }

    #[inline]
    fn run<Sink>(&self, plan: &Self::Plan, partition: usize, sink: Sink) -> ControlFlow<()>
    where
        Sink: FnMut(U) -> ControlFlow<()>,
    {
        self.mapped.run(plan, partition, sink)
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        self.mapped.count(plan, partition)
    }

    fn trace(&self) -> Trace {
        self.mapped.trace()
    }
}

impl<'b, K, S, U> DStream<'b, WithState<'b, K, S, U>>
where
    K: Key<'b>,
    S: Send + Sync + 'static,
    U: Clone + Send + Sync + 'b,
{
    /// All keys and their states, as each batch has left them. Cost: a look at every key, in batches
    /// in which somebody reads it.
    ///
    /// ```
    /// # use millstream::{StateSpec, secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let words = s.queue_stream([vec![('a', 1)], vec![('a', 2)]]);
    ///     let spec = StateSpec::new().initial_state([('z', 26)]);
    ///     let sums = words.map_with_state(spec, |_, n, state| {
    ///         state.update(state.get().copied().unwrap_or(0) + n.unwrap_or(0));
    ///     });
    ///     out.collect(&sums.state_snapshots().map(|(word, sum)| (word, *sum)));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [[('a', 1), ('z', 26)], [('a', 3), ('z', 26)]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn state_snapshots(&self) -> DStream<'b, StateEdge<'b, (K, &'b S)>> {
        self.with(self.pipe.snapshots.clone())
    }
}
