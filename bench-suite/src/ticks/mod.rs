//! What is late, and by how much: empty batches, short batches under load, and a bare timer beside
//! them. Each is a part of a benchmark, alone in its process.

mod lateness;
mod empty;
mod short;
mod timer;

pub use empty::{EmptyBatches, empty_batches};
pub use lateness::Lateness;
pub use short::short_batches;
pub use timer::bare_timer;
