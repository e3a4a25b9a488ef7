//! What a panic of users' code says, and its payload dropped with care.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of a panic, as far as it has one.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

/// Runs what does nothing but drop users' values, when it is too late for a `Drop` that panics to
/// change anything; the panic hook has told of it.
pub(crate) fn drop_all(drops: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(drops)) {
        drop_with_care(panic, String::new());
    }
}

/// Drops a panic's payload, whose `Drop` may panic as well; adds to `reason` if it does.
pub(crate) fn drop_with_care(payload: Box<dyn Any + Send>, reason: String) -> String {
    match catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        Ok(()) => reason,
        Err(again) => {
            // Whatever this is, it is not looked at again.
            std::mem::forget(again);
            format!("{reason} (and its payload's Drop panicked)")
        }
    }
}
