//! What the outside sees of a running stream, from one place: a [`BatchReport`] per batch and a
//! [`Notice`] for whatever else is worth a sentence. Listeners, warnings, JSON lines and the
//! benchmarks all read these.

mod json_lines;
mod listener;
mod notice;
mod report;

pub use json_lines::JsonLines;
pub use listener::Listener;
pub(crate) use listener::Progress;
pub use notice::Notice;
pub(crate) use report::as_ms;
pub use report::{BatchReport, LineCounts, SCHEMA_VERSION, SourceReport, StageReport};
