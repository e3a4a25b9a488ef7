//! What the schedule asks for, at a time of it.

use std::time::Duration;

use crate::schedule::TimetableReader;
use crate::summary::MUCH_TOO_LATE_MS;

/// When the schedule is to be judged: lines with lower numbers than this should be sent by now. Nothing
/// before.
pub(crate) fn to_be_sent(
    lines: &mut TimetableReader,
    elapsed: Duration,
    is_ended: bool,
) -> Option<u64> {
    let judged = elapsed.saturating_sub(leeway(lines));
    let is_judged = is_ended || lines.is_over(judged);
    is_judged.then(|| lines.due(judged))
}

/// How long until another line is due, if lines have moments and there is one.
pub(crate) fn next_due_in(lines: &mut TimetableReader, elapsed: Duration) -> Option<Duration> {
    if !lines.timetable().is_timed() {
        return None;
    }
    let due = lines.due(elapsed);
    let has_more = lines.timetable().records().is_none_or(|records| due < records);
    has_more.then(|| lines.due_at(due).saturating_sub(elapsed))
}

/// How long a line may be due when the schedule is judged and not count as one that was not sent.
///
/// Lines of a recording come in bursts, such as all those of a log's second. A burst at the very
/// end takes its time, and is no sign that the schedule was not held.
fn leeway(lines: &TimetableReader) -> Duration {
    let is_recorded = lines.timetable().is_recorded();
    Duration::from_millis(if is_recorded { MUCH_TOO_LATE_MS } else { 0 })
}
