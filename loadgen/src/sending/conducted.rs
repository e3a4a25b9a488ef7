//! What whoever conducts a run has to say at its end.

/// What the conductor has to say at the end.
#[derive(Debug, Default)]
pub(crate) struct Conducted {
    /// Why the run was given up, if it was.
    pub(crate) given_up: Option<String>,
    /// By how much the wall clock was set while the run went on, in milliseconds, if it was.
    pub(crate) wall_step_ms: Option<i64>,
}

pub(crate) fn wall_step_sentence(step_ms: i64) -> String {
    let (direction, by_ms) = if step_ms > 0 { ("forward", step_ms) } else { ("back", -step_ms) };
    format!(
        "the wall clock was set {direction} by {by_ms} ms: the schedule goes on by the monotonic \
         clock, but moments in lines no longer agree with those of programs started from now on"
    )
}
