//! What a stateful operator is told beside its function.

use crate::error::Error;
use crate::partition::check_partitions;
use crate::time::Duration;

/// How [`map_with_state`](crate::DStream::map_with_state) and
/// [`update_state_by_key_with`](crate::DStream::update_state_by_key_with) keep state: what they
/// begin with, when a key that nobody touches is dropped, and over how many partitions.
///
/// `K` is the owned form of the keys ([`KeyText`](crate::KeyText) for `&str`), `S` the state.
///
/// ```
/// use millstream::{KeyText, StateSpec, secs};
/// let initial = [(KeyText::from("a"), 5u64)];
/// let spec = StateSpec::new().initial_state(initial).timeout(secs(30)).partitions(4);
/// # let _ = spec;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a specification describes; give it to map_with_state or update_state_by_key_with"]
pub struct StateSpec<K, S> {
    pub(crate) initial: Vec<(K, S)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) partitions: Option<usize>,
}

impl<K, S> StateSpec<K, S> {
    /// Nothing to begin with, no timeout, a partition for each task that runs at once.
    pub fn new() -> Self {
        StateSpec { initial: Vec::new(), timeout: None, partitions: None }
    }

    /// Begins with these keys and states; of a key that comes twice the first counts. They are in
    /// the first batch's snapshot, and count as touched in it.
    pub fn initial_state(mut self, initial: impl IntoIterator<Item = (K, S)>) -> Self {
        self.initial = initial.into_iter().collect();
        self
    }

    /// Drops a key that no record has touched for longer than `idle`, in the first batch of which
    /// that is so, after a last call of the function with no value. (Spark looks only in every
    /// tenth batch, unless a checkpoint interval is set.) For `map_with_state` alone. Zero and
    /// negative ones are refused at the start.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.timeout = Some(idle);
        self
    }

    /// Over how many partitions keys are spread, and so how many tasks a batch has at most: 1 to
    /// 65 536, or the start fails.
    pub fn partitions(mut self, partitions: usize) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// Why it cannot be.
    pub(crate) fn check(&self, operation: &'static str) -> Result<(), Error> {
        match self.timeout {
            Some(idle) if idle <= Duration::ZERO => Err(Error::Argument {
                operation,
                what: "the timeout of idle keys",
                got: idle.to_string(),
                want: "at least 1 ms; leave it out to keep keys until they are removed",
            }),
            _ => self.partitions.map_or(Ok(()), |n| check_partitions(operation, n)),
        }
    }
}

impl<K, S> Default for StateSpec<K, S> {
    fn default() -> Self {
        StateSpec::new()
    }
}
