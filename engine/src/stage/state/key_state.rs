//! The state of one key, in the hands of a user's function.

/// The state of the key that a function of [`map_with_state`](crate::DStream::map_with_state) is
/// called for: as the calls before it in this batch have left it.
///
/// ```
/// # use millstream::{StateSpec, secs, testing};
/// let out = testing::run(secs(1), 2, |s, out| {
///     let logins = s.queue_stream([vec![('a', 1), ('b', 1), ('a', 1)], vec![('a', 1)]]);
///     let so_far = logins.map_with_state(StateSpec::new(), |user, n, state| {
///         let total: i32 = state.get().copied().unwrap_or(0) + n.unwrap_or(0);
///         state.update(total);
///         (user, total)
///     });
///     out.collect(&so_far);
///     Ok(())
/// })?;
/// assert_eq!(testing::sorted(out), [vec![('a', 1), ('a', 2), ('b', 1)], vec![('a', 3)]]);
/// # Ok::<(), millstream::Error>(())
/// ```
pub struct KeyState<'s, S> {
    /// Before the batch.
    before: Option<&'s S>,
    now: &'s mut Now<S>,
    updated: bool,
    removed: bool,
    timing_out: bool,
}

/// What has become of a state in a batch.
#[derive(Clone)]
pub(super) enum Now<S> {
    AsBefore,
    Set(S),
    Gone,
}

impl<S> Now<S> {
    /// The state now.
    pub(super) fn or<'s>(&'s self, before: Option<&'s S>) -> Option<&'s S> {
        match self {
            Now::AsBefore => before,
            Now::Set(state) => Some(state),
            Now::Gone => None,
        }
    }
}

impl<'s, S> KeyState<'s, S> {
    pub(super) fn new(before: Option<&'s S>, now: &'s mut Now<S>, timing_out: bool) -> Self {
        KeyState { before, now, updated: false, removed: false, timing_out }
    }

    /// Whether the function has set it.
    pub(super) fn was_updated(&self) -> bool {
        self.updated
    }

    /// Whether there is a state for the key.
    pub fn exists(&self) -> bool {
        self.get().is_some()
    }

    /// The state, if there is one.
    pub fn get(&self) -> Option<&S> {
        self.now.or(self.before)
    }

    /// Sets the state.
    ///
    /// # Panics
    /// After [`remove`](KeyState::remove) in the same call, and while the key is timing out; as with
    /// any panic, the batch then fails and changes no state.
    #[track_caller]
    pub fn update(&mut self, state: S) {
        self.refuse_after_the_end("update");
        *self.now = Now::Set(state);
        self.updated = true;
    }

    /// Drops the state, if there is one.
    ///
    /// # Panics
    /// As [`update`](KeyState::update) does.
    #[track_caller]
    pub fn remove(&mut self) {
        self.refuse_after_the_end("remove");
        *self.now = Now::Gone;
        self.removed = true;
        self.updated = false;
    }

    /// Whether this is the last call for a key that nobody has touched for longer than the timeout.
    pub fn is_timing_out(&self) -> bool {
        self.timing_out
    }

    #[track_caller]
    fn refuse_after_the_end(&self, call: &str) {
        assert!(
            !self.removed,
            "{call}() came after remove() in the same call of the function: return after removing"
        );
        assert!(
            !self.timing_out,
            "{call}() came while the key is timing out: it goes whatever is done; ask is_timing_out() first"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_state_is_what_the_last_call_made_of_it() {
        let mut now = Now::AsBefore;
        let mut state = KeyState::new(Some(&1), &mut now, false);
        assert_eq!((state.exists(), state.get(), state.is_timing_out()), (true, Some(&1), false));
        state.update(2);
        assert_eq!(state.get(), Some(&2));
        state.remove();
        assert!(!state.exists());
        let mut later = KeyState::new(Some(&1), &mut now, false);
        assert_eq!(later.get(), None);
        later.update(3);
        assert_eq!(later.get(), Some(&3));
    }

    #[test]
    fn removing_what_is_not_there_is_no_error_but_going_on_after_it_is() {
        let mut now = Now::<i32>::AsBefore;
        let mut state = KeyState::new(None, &mut now, false);
        state.remove();
        assert!(catch_unwind(AssertUnwindSafe(|| state.update(1))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| state.remove())).is_err());
        let mut leaving = KeyState::new(Some(&1), &mut now, true);
        assert!(catch_unwind(AssertUnwindSafe(|| leaving.update(1))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| leaving.remove())).is_err());
    }
}
